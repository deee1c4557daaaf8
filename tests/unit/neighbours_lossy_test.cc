// Two neighbour tables that talk over a wire which loses frames, and one that hears nonsense.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "tests/support/dice.hh"
#include "tests/unit/neighbours_rig.hh"

namespace rhumb::neighbours::test {
namespace {

using rhumb::test::dice;

settings one_interface(byte last) {
    settings made;
    const std::string number = std::to_string(last);
    made.interfaces.push_back({0,
                               0,
                               {2, 0, 0, 0, 0, last},
                               {{ip("192.0.2." + number), 24}, {ip("2001:db8::" + number), 64}},
                               {},
                               {}});
    return made;
}

// Two tables on a wire that loses `percent` of the frames. What each is told of its next hops, it
// remembers, as a data plane would.
class lossy_wire {
public:
    lossy_wire(std::uint32_t seed, std::uint32_t percent) : dice_(seed), percent_(percent) {}

    struct side {
        explicit side(byte last) : table(one_interface(last)) {}
        table_rig table;
        std::map<neighbour_id, mac_address> usable;
        std::size_t sent = 0;
        std::size_t packets = 0;
        std::size_t lost = 0;
    };
    std::array<side, 2> sides{side(1), side(2)};
    time_point now = start;

    // Performs both sides' actions until neither has any.
    void settle() {
        for (bool busy = true; busy;) {
            busy = false;
            for (std::size_t n = 0; n < 2; ++n) {
                for (action& one : sides[n].table->take_actions()) {
                    busy = true;
                    perform(n, one);
                }
            }
        }
    }

    // In steps from deadline to deadline.
    void run(duration time) {
        const time_point end = now + time;
        settle();
        while (now < end) {
            time_point next = end;
            for (auto& one : sides) {
                next = std::min(next, one.table->next_deadline().value_or(end));
            }
            ASSERT_GT(next, now) << "a deadline that is over";
            now = next;
            for (auto& one : sides) {
                one.table->tick(now);
            }
            settle();
        }
    }
    void lose(std::uint32_t percent) { percent_ = percent; }

private:
    void perform(std::size_t n, action& what) {
        side& here = sides[n];
        if (auto* sent = std::get_if<send_frame>(&what)) {
            ++here.sent;
            if (dice_() % 100 >= percent_) {
                EXPECT_TRUE(sides[1 - n].table->frame_received(0, sent->bytes, now));
            }
        } else if (auto* waited = std::get_if<send_packet>(&what)) {
            ++here.packets;
            EXPECT_EQ(here.usable.at(waited->id), waited->mac);
        } else {
            const auto& change = std::get<next_hop_change>(what);
            const bool had = here.usable.contains(change.id);
            EXPECT_EQ(had,
                      change.what == kind::changed || (had && change.what == kind::unreachable));
            if (change.what == kind::unreachable) {
                here.lost += here.usable.erase(change.id);
            } else {
                here.usable[change.id] = change.mac;
            }
        }
    }

    dice dice_;
    std::uint32_t percent_;
};

TEST(neighbours_on_a_wire, find_each_other_however_many_frames_are_lost) {
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        lossy_wire wire(seed, seed);  // up to half of them
        for (byte n = 0; n < 2; ++n) {
            const std::string other = n == 0 ? "2" : "1";
            for (const std::string& to : {"192.0.2." + other, "2001:db8::" + other}) {
                ASSERT_TRUE(wire.sides[n].table->want(ip(to), wire.now).ok());
                EXPECT_TRUE(wire.sides[n].table->wait(ip(to), packet{n}, wire.now));
            }
        }
        wire.run(10min);
        // On a good wire, they are there at the end, whatever was in between.
        wire.lose(0);
        wire.run(1min);
        for (std::size_t n = 0; n < 2; ++n) {
            auto& there = wire.sides[1 - n].table;
            const mac_address mac = there->configured().interfaces[0].mac;
            ASSERT_EQ(wire.sides[n].usable.size(), 2U) << seed;
            for (const auto& [id, used] : wire.sides[n].usable) {
                EXPECT_EQ(used, mac);
            }
            for (const row& one : wire.sides[n].table->rows(wire.now)) {
                EXPECT_NE(one.state, state::unreachable);
                EXPECT_EQ(one.waiting, 0U);
            }
            // Where nothing is lost: a question at first, a probe in 30 s, and as many replies.
            // replies.
            if (seed == 0) {
                EXPECT_LE(wire.sides[n].sent, 2U * 2U * 24U);
                EXPECT_EQ(wire.sides[n].packets, 2U);
                EXPECT_EQ(wire.sides[n].lost, 0U);
            }
        }
    }
}

TEST(neighbours_on_a_wire, lose_each_other_when_it_is_cut_and_come_back) {
    lossy_wire wire(1, 0);
    ASSERT_TRUE(wire.sides[0].table->want(ip("192.0.2.2"), wire.now).ok());
    wire.run(1s);
    ASSERT_EQ(wire.sides[0].usable.size(), 1U);
    wire.lose(100);
    wire.run(33s);  // 30 s reachable, 3 probes
    EXPECT_TRUE(wire.sides[0].usable.empty());
    wire.run(10min);
    EXPECT_LT(wire.sides[0].sent, 80U);
    wire.lose(0);
    wire.run(33s);  // the longest pause, and a row
    EXPECT_EQ(wire.sides[0].usable.size(), 1U);
}

// A good frame, or one of its kin: bytes changed, cut off, put on.
frame nonsense(dice& roll, const std::vector<frame>& seeds) {
    frame made = seeds[roll() % seeds.size()];
    for (std::uint32_t n = roll() % 6; n > 0; --n) {
        made[roll() % made.size()] = static_cast<byte>(roll());
    }
    if (roll() % 4 == 0) {
        made.resize(roll() % 120, static_cast<byte>(roll()));
    }
    if (roll() % 2 == 0 && made.size() >= 62 && made[12] == 0x86 && made[13] == 0xdd) {
        // With a checksum that holds, the rest counts.
        byte* const ip = made.data() + 14;
        const std::size_t length = made.size() - 54;
        store_be16(ip + 4, static_cast<std::uint16_t>(length));
        store_be16(ip + 42, 0);
        store_be16(ip + 42, static_cast<std::uint16_t>(~nd::icmp_sum(ip, length)));
    }
    return made;
}

TEST(neighbours_on_a_wire, stand_any_frames_and_do_not_grow) {
    table_rig rig;
    for (const char* const wanted : {"192.0.2.2", "192.0.2.3", "2001:db8::2", "10.0.0.1"}) {
        rig.want(wanted);
    }
    std::vector<frame> seeds;
    for (const auto text : {linux_arp_request, linux_arp_reply, linux_ns, linux_na,
                            linux_unsolicited_na, linux_probe}) {
        seeds.push_back(bytes_of(text));
        seeds.push_back(bytes_of(text));
        std::copy(our_mac.begin(), our_mac.end(), seeds.back().begin());
        std::copy(peer_mac.begin(), peer_mac.end(), seeds.back().begin() + 6);
    }
    seeds.push_back(gratuitous(other_mac));
    dice roll(7);
    std::size_t taken = 0;
    for (int n = 0; n < 200'000; ++n) {
        taken += rig.receive(nonsense(roll, seeds), roll() % 3) ? 1U : 0U;
        // One frame brings one reply and one probe at most.
        ASSERT_LE(rig.frames.size(), 2U);
        ASSERT_LE(rig.changes.size(), 1U);
        for (const next_hop_change& change : rig.changes) {
            ASSERT_TRUE(is_station(change.mac));
            ASSERT_NE(change.mac, our_mac);
        }
        if (roll() % 8 == 0) {
            rig.after(duration{roll() % 2000});
            ASSERT_LE(rig.frames.size(), rig->size());
        }
        ASSERT_EQ(rig->size(), 4U);
        ASSERT_GT(rig->next_deadline(), rig.now);
    }
    const counters& seen = rig->counted();
    for (const std::uint64_t often : {std::uint64_t{taken}, seen.malformed, seen.replies,
                                      seen.conflicts, seen.refused, seen.solicitations}) {
        EXPECT_GT(often, 100U);
    }
}

}  // namespace
}  // namespace rhumb::neighbours::test
