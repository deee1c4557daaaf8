// A BFD session by itself: packets and times in, packets and changes out.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "controlplane/scion/bfd.hh"

namespace rhumb::bfd {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t ours = 0x11111111;
constexpr std::uint32_t theirs = 0x22222222;
constexpr std::uint32_t least_random = 0;
constexpr std::uint32_t most_random = std::numeric_limits<std::uint32_t>::max();
const time_point start{std::chrono::hours(1000)};

settings with_discriminator() { return {.discriminator = ours}; }

session make(const settings& wanted = with_discriminator(), std::uint32_t random = most_random) {
    EXPECT_TRUE(check(wanted));
    return {wanted, [random] { return random; }, start};
}

control_packet heard(state said, std::uint32_t interval = 200000) {
    return {.state = said,
            .detect_multiplier = 3,
            .my_discriminator = theirs,
            .your_discriminator = said >= state::init ? ours : 0,
            .desired_min_tx = interval,
            .required_min_rx = interval};
}

// A session that came up at `start`.
session make_up(const settings& wanted = with_discriminator(), std::uint32_t random = most_random) {
    session made = make(wanted, random);
    (void)made.tick(start);
    (void)made.received(heard(state::down), start);
    (void)made.received(heard(state::up), start);
    EXPECT_TRUE(made.is_up());
    return made;
}

// Ticks at the deadlines until a packet comes out; returns when.
time_point next_sent(session& of) {
    for (int n = 0; n < 100; ++n) {
        const time_point at = of.next_deadline();
        if (of.tick(at).send) {
            return at;
        }
    }
    ADD_FAILURE() << "nothing is sent";
    return {};
}

TEST(bfd_session, settings_that_cannot_be_sent_are_refused) {
    EXPECT_TRUE(check(with_discriminator()));
    EXPECT_FALSE(check({}));
    const auto refused = [](auto change) {
        settings wanted = with_discriminator();
        change(wanted);
        return !check(wanted).ok();
    };
    EXPECT_TRUE(refused([](settings& s) { s.detect_multiplier = 0; }));
    EXPECT_TRUE(refused([](settings& s) { s.desired_min_tx = microseconds(0); }));
    EXPECT_TRUE(refused([](settings& s) { s.required_min_rx = microseconds(-1); }));
    EXPECT_TRUE(refused([](settings& s) { s.desired_min_tx = microseconds(1LL << 32); }));
    EXPECT_FALSE(refused([](settings& s) { s.desired_min_tx = microseconds(0xffffffff); }));
}

TEST(bfd_session, the_first_packet_says_down_slowly_and_to_nobody) {
    session made = make();
    EXPECT_EQ(made.next_deadline(), start);
    const outcome first = made.tick(start);
    ASSERT_TRUE(first.send);
    EXPECT_FALSE(first.change);
    EXPECT_EQ(*first.send, (control_packet{.state = state::down,
                                           .detect_multiplier = 3,
                                           .my_discriminator = ours,
                                           .desired_min_tx = 1000000,
                                           .required_min_rx = 200000}));
    EXPECT_FALSE(made.tick(start).send);
}

// The acceptance tests of the reference implementation ask for this.
TEST(bfd_session, down_is_answered_by_init_at_full_speed) {
    session made = make();
    (void)made.tick(start);
    control_packet down = heard(state::down, 1000000);
    down.my_discriminator = 12345;
    const outcome answer = made.received(down, start + milliseconds(500));
    EXPECT_EQ(answer.change, (state_change{state::down, state::init, diagnostic::none}));
    ASSERT_TRUE(answer.send);
    EXPECT_EQ(*answer.send, (control_packet{.state = state::init,
                                            .detect_multiplier = 3,
                                            .my_discriminator = ours,
                                            .your_discriminator = 12345,
                                            .desired_min_tx = 200000,
                                            .required_min_rx = 200000}));
}

TEST(bfd_session, every_state_follows_what_is_heard_as_the_rfc_says) {
    struct row {
        state before;
        std::array<state, 4> after;  // of admin_down, down, init, up
    };
    constexpr state a = state::admin_down;
    constexpr state d = state::down;
    constexpr state i = state::init;
    constexpr state u = state::up;
    const std::array<row, 4> rows{
        {{a, {a, a, a, a}}, {d, {d, i, u, d}}, {i, {d, i, u, u}}, {u, {d, d, u, u}}}};
    for (const row& one : rows) {
        for (std::size_t said = 0; said < 4; ++said) {
            session made = one.before == u ? make_up() : make();
            if (one.before == i) {
                (void)made.received(heard(d), start);
            } else if (one.before == a) {
                (void)made.disable(start);
            }
            ASSERT_EQ(made.status().state, one.before);
            const outcome out = made.received(heard(static_cast<state>(said)), start);
            EXPECT_EQ(made.status().state, one.after[said])
                << to_string(one.before) << " hears " << said;
            EXPECT_EQ(out.change.has_value(), one.before != one.after[said]);
            if (out.change && out.change->to == d) {
                EXPECT_EQ(out.change->why, diagnostic::neighbor_signaled_down);
            }
        }
    }
}

TEST(bfd_session, packets_are_sent_at_three_quarters_of_the_interval_to_all_of_it) {
    const std::array<std::tuple<byte, std::uint32_t, std::int64_t>, 4> rows{
        {{byte{3}, least_random, 150000},
         {byte{3}, most_random, 199999},
         {byte{1}, least_random, 150000},
         {byte{1}, most_random, 179999}}};
    for (const auto& [multiplier, random, expected] : rows) {
        settings wanted = with_discriminator();
        wanted.detect_multiplier = multiplier;
        session made = make_up(wanted, random);
        const time_point first = next_sent(made);
        (void)made.received(heard(state::up), first);
        EXPECT_EQ(next_sent(made) - first, microseconds(expected)) << unsigned{multiplier};
    }
}

TEST(bfd_session, who_wants_to_receive_less_is_sent_less) {
    session made = make_up({.discriminator = ours, .desired_min_tx = milliseconds(50)});
    EXPECT_EQ(made.status().tx_interval, milliseconds(200)) << "the peer's limit";
    (void)made.received(heard(state::up, 20000), start);
    EXPECT_EQ(made.status().tx_interval, milliseconds(50)) << "our own";
    EXPECT_EQ(made.status().detection_time, 3 * milliseconds(200)) << "we take no more";
    (void)made.received(heard(state::up, 700000), start);
    EXPECT_EQ(made.status().detection_time, 3 * milliseconds(700));
}

TEST(bfd_session, a_shorter_interval_counts_from_the_last_packet_on) {
    session made = make_up({.discriminator = ours, .detect_multiplier = 5});
    (void)made.received(heard(state::up, 2000000), start);
    const time_point last = next_sent(made);
    EXPECT_GT(made.next_deadline(), last + milliseconds(1000));
    (void)made.received(heard(state::up, 300000), last + milliseconds(100));
    EXPECT_EQ(made.next_deadline(), last + microseconds(299999));
    (void)made.received(heard(state::up, 2000000), last + milliseconds(100));
    const outcome late = made.received(heard(state::up, 300000), last + milliseconds(1000));
    EXPECT_TRUE(late.send) << "it is overdue by now";
}

TEST(bfd_session, a_peer_that_wants_no_packets_gets_none_until_it_does) {
    session made = make_up();
    control_packet quiet = heard(state::up);
    quiet.required_min_rx = 0;
    (void)made.tick(start + shortest_gap);  // tells that we are up
    (void)made.received(quiet, start + milliseconds(20));
    EXPECT_EQ(made.status().tx_interval, microseconds(0));
    EXPECT_EQ(made.next_deadline(), start + milliseconds(620)) << "the detection time";
    EXPECT_EQ(made.status().sent, 2U);
    EXPECT_TRUE(made.received(heard(state::up), start + milliseconds(400)).send) << "overdue";
    EXPECT_EQ(made.status().tx_interval, milliseconds(200));

    // Also before anything was sent.
    session fresh = make();
    quiet.state = state::down;
    (void)fresh.received(quiet, start);
    (void)fresh.received(heard(state::down), start + milliseconds(300));
    EXPECT_LT(fresh.next_deadline(), start + milliseconds(600));
}

TEST(bfd_session, silence_for_the_detection_time_ends_it_and_the_peer_is_forgotten) {
    session made = make_up();
    const time_point end = start + milliseconds(600);
    while (made.next_deadline() < end) {
        EXPECT_FALSE(made.tick(made.next_deadline()).change);
    }
    EXPECT_EQ(made.next_deadline(), end);
    EXPECT_TRUE(made.is_up());
    const outcome out = made.tick(end);
    EXPECT_EQ(out.change,
              (state_change{state::up, state::down, diagnostic::detection_time_expired}));
    ASSERT_TRUE(out.send) << "told at once";
    EXPECT_EQ(out.send->diagnostic, diagnostic::detection_time_expired);
    EXPECT_EQ(out.send->your_discriminator, 0U);
    EXPECT_EQ(out.send->desired_min_tx, 1000000U);
    EXPECT_EQ(made.status().peer.discriminator, 0U);
    EXPECT_EQ(made.status().since, end);
    EXPECT_EQ(made.status().tx_interval, slow_interval);
    EXPECT_EQ(next_sent(made) - end, microseconds(999999)) << "slow, and no more timeouts";
}

TEST(bfd_session, silence_ends_init_too) {
    session made = make();
    (void)made.received(heard(state::down, 1000000), start);
    ASSERT_EQ(made.status().state, state::init);
    (void)made.tick(start + milliseconds(2999));
    EXPECT_EQ(made.status().state, state::init);
    (void)made.tick(start + milliseconds(3000));
    EXPECT_EQ(made.status().state, state::down);
}

TEST(bfd_session, a_long_pause_is_followed_by_one_packet_not_by_all_that_were_missed) {
    session made = make();
    (void)made.tick(start);
    const time_point late = start + std::chrono::hours(1);
    EXPECT_TRUE(made.tick(late).send);
    EXPECT_FALSE(made.tick(late).send);
    EXPECT_GT(made.next_deadline(), late + milliseconds(749));
}

TEST(bfd_session, the_shortest_interval_still_takes_time) {
    session made = make_up({.discriminator = ours, .desired_min_tx = microseconds(1)}, 0);
    (void)made.received(heard(state::up, 1), start);
    for (time_point last = start; last < start + milliseconds(11);) {
        (void)made.tick(made.next_deadline());
        ASSERT_GT(made.next_deadline(), last);
        last = made.next_deadline();
    }
}

TEST(bfd_session, changes_of_state_are_told_at_once_but_do_not_flood) {
    session made = make();
    unsigned sent = 0;
    // A peer gone mad: INIT and DOWN in turns, every 0.1 ms for a tenth of a second.
    for (int n = 0; n < 1000; ++n) {
        const time_point now = start + n * microseconds(100);
        sent += made.received(heard(n % 2 == 0 ? state::init : state::down), now).send ? 1U : 0U;
    }
    EXPECT_EQ(sent, 10U);
    EXPECT_GT(made.status().state_changes, 400U);
    // The last one is still told, when the gap is over.
    const time_point at = made.next_deadline();
    EXPECT_LE(at, start + milliseconds(110));
    const outcome last = made.tick(at);
    ASSERT_TRUE(last.send);
    EXPECT_EQ(last.send->state, made.status().state);
}

TEST(bfd_session, an_administrator_takes_it_down_and_brings_it_back) {
    session made = make_up();
    const time_point later = start + milliseconds(100);
    const outcome off = made.disable(later);
    EXPECT_EQ(off.change,
              (state_change{state::up, state::admin_down, diagnostic::administratively_down}));
    ASSERT_TRUE(off.send);
    EXPECT_EQ(off.send->state, state::admin_down);
    EXPECT_EQ(off.send->diagnostic, diagnostic::administratively_down);
    EXPECT_FALSE(made.received(heard(state::init), later).change);
    EXPECT_FALSE(made.tick(later + std::chrono::seconds(10)).change) << "no timeout";
    EXPECT_EQ(made.status().state, state::admin_down);
    EXPECT_EQ(made.enable(later).change,
              (state_change{state::admin_down, state::down, diagnostic::none}));
    EXPECT_FALSE(made.enable(later).change);
}

TEST(bfd_session, a_foreign_discriminator_is_counted_and_taken) {
    session made = make();
    control_packet init = heard(state::init);
    init.your_discriminator = ours + 1;
    (void)made.received(init, start);
    EXPECT_TRUE(made.is_up());
    EXPECT_EQ(made.status().foreign, 1U);
    (void)made.received(heard(state::up), start);
    EXPECT_EQ(made.status().foreign, 1U);
    EXPECT_EQ(made.status().received, 2U);
}

TEST(bfd_session, states_and_diagnostics_have_names) {
    EXPECT_EQ(to_string(state::admin_down), "admin-down");
    EXPECT_EQ(to_string(state::up), "up");
    EXPECT_EQ(to_string(diagnostic::none), "none");
    EXPECT_EQ(to_string(diagnostic::reverse_concatenated_path_down),
              "reverse concatenated path down");
    constexpr std::array<byte, packet_bytes> unknown{0x3f, 0x40, 3, 24, 0, 0, 0, 1};
    EXPECT_EQ(to_string(load(unknown.data()).diagnostic), "reserved");
}

}  // namespace
}  // namespace rhumb::bfd
