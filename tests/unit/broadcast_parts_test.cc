// The tables below the broadcast node, against plain ones; and its options.
#include <gtest/gtest.h>

#include <map>
#include <unordered_map>

#include "tests/unit/broadcast_rig.hh"

namespace rhumb::overlay::broadcast::test {
namespace {

// Keys and results of the paper's appendix, and of its authors' list of vectors.
TEST(keyed_hash, is_siphash_2_4) {
    const keyed_hash hash({0x0706050403020100, 0x0f0e0d0c0b0a0908});
    bytes input;
    for (byte n = 0; n < 15; ++n) {
        input.push_back(n);
    }
    EXPECT_EQ(hash(input), 0xa129ca6149be45e5U);
    EXPECT_EQ(hash(std::span<const byte>()), 0x726fdb47dd0e0e31U);
    EXPECT_EQ(hash(std::span<const byte>(input).first(8)), 0x93f5f5799a932462U);
    EXPECT_EQ(hash(std::uint64_t{0x0706050403020100}), 0x93f5f5799a932462U);
}

TEST(keyed_hash, of_a_message_is_that_of_its_bytes_and_depends_on_the_key) {
    const message_id id{key(77), 0x0102030405060708};
    bytes flat(id.origin.begin(), id.origin.end());
    for (int n = 0; n < 8; ++n) {
        flat.push_back(static_cast<byte>(id.sequence >> (8 * n)));
    }
    const keyed_hash hash({1, 2});
    EXPECT_EQ(hash(id), hash(flat));
    EXPECT_NE(hash(id), keyed_hash({1, 3})(id));
}

TEST(dice, fall_evenly) {
    dice d({1, 2});
    std::array<int, 6> times{};
    for (int n = 0; n < 60'000; ++n) {
        ++times[d.below(6)];
    }
    for (const int t : times) {
        EXPECT_NEAR(t, 10'000, 400);
    }
    EXPECT_EQ(d.below(1), 0U);
}

TEST(name_table, agrees_with_a_plain_map) {
    name_table table;
    std::unordered_map<std::uint64_t, std::uint32_t> plain;
    dice d({5, 6});
    for (std::uint32_t n = 0; n < 100'000; ++n) {
        // Few low bits: long runs, which wrap around.
        const std::uint64_t name = (d.below(300) << 32) | (d.below(2) == 0 ? d.below(8) : ~0U);
        const auto found = plain.find(name);
        ASSERT_EQ(table.find(name), found == plain.end() ? name_table::none : found->second);
        if (found == plain.end()) {
            table.add(name, n);
            plain.emplace(name, n);
        } else if (d.below(3) != 0) {
            table.remove(name);
            plain.erase(found);
        }
        ASSERT_EQ(table.size(), plain.size());
    }
}

memory_options small_memory() {
    memory_options made;
    made.ids = 50;
    made.payload_bytes = 2000;
    made.id_age = 100ms;
    made.payload_age = 40ms;
    return made;
}

TEST(message_store, agrees_with_a_plain_one_and_stays_within_its_memory) {
    const memory_options limits = small_memory();
    message_store store(limits);
    struct plain {
        std::uint64_t name;
        time_point arrived;
        bytes body;
    };
    std::vector<plain> all;
    dice d({7, 8});
    time_point now(1h);
    for (std::uint64_t n = 0; n < 20'000; ++n) {
        now += 1ms * (d.below(20) == 0 ? d.below(150) : d.below(3));
        const bytes body(1 + d.below(n % 1000 < 500 ? 400 : 30), static_cast<byte>(n));
        const std::uint64_t name = n * 0x9e3779b97f4a7c15U;
        store.add(name, static_cast<std::uint16_t>(n), body, now);
        all.push_back({name, now, body});
        ASSERT_LE(store.size(), limits.ids);
        ASSERT_LE(store.memory(), 2000U + 64 * sizeof(message_store::entry) + 128U * 16);
        std::size_t whole = 0;
        bool gone = false;  // once one is whole, all later ones are
        for (std::size_t k = all.size() > 60 ? all.size() - 60 : 0; k < all.size(); ++k) {
            const message_store::entry* e = store.find(all[k].name);
            const bool in_time = now - all[k].arrived <= limits.id_age;
            const bool among_last = all.size() - k <= limits.ids;
            ASSERT_EQ(e != nullptr, in_time && among_last) << n << " " << k;
            if (e == nullptr) {
                continue;
            }
            const auto part = store.body(*e);
            if (part.empty()) {
                ASSERT_FALSE(gone);
                continue;
            }
            gone = true;
            ASSERT_LE(now - all[k].arrived, limits.payload_age);
            ASSERT_TRUE(
                std::equal(part.begin(), part.end(), all[k].body.begin(), all[k].body.end()));
            whole += part.size();
        }
        ASSERT_TRUE(gone);  // the newest always is
        ASSERT_LE(whole, limits.payload_bytes);
    }
}

TEST(message_store, keeps_as_much_as_it_may) {
    memory_options limits = small_memory();
    message_store store(limits);
    const time_point now(1h);
    for (std::uint64_t n = 1; n <= 40; ++n) {
        store.add(n * 0x9e3779b97f4a7c15U, 1, bytes(100, 1), now);
    }
    EXPECT_EQ(store.body_bytes(), 2000U);
    store.expire(now + 41ms);
    EXPECT_EQ(store.body_bytes(), 0U);
    EXPECT_EQ(store.size(), 40U);
    store.expire(now + 101ms);
    EXPECT_EQ(store.size(), 0U);
}

TEST(broadcast_options, have_good_defaults) { EXPECT_TRUE(check(options())); }

TEST(broadcast_options, out_of_range_are_refused_by_name) {
    const auto refused = [](auto&& change) {
        options wanted;
        change(wanted);
        const result<void> done = check(wanted);
        return done ? std::string() : done.why().message;
    };
    EXPECT_EQ(refused([](options& o) { o.membership.active = 17; }),
              "broadcast: active is 17, and must be from 1 to 16");
    EXPECT_NE(refused([](options& o) { o.membership.active = 0; }), "");
    EXPECT_NE(refused([](options& o) { o.membership.passive = 257; }), "");
    EXPECT_NE(refused([](options& o) { o.membership.shuffle_period = 0s; }), "");
    EXPECT_NE(refused([](options& o) { o.tree.graft_wait = -1s; }), "");
    EXPECT_NE(refused([](options& o) { o.tree.announce_batch = 2000; }), "");
    EXPECT_EQ(refused([](options& o) { o.tree.announce_recent = 897; }),
              "broadcast: announce_recent is 897, and must be from 0 to 896");
    EXPECT_NE(refused([](options& o) { o.tree.prune_after = 0; }), "");
    EXPECT_NE(refused([](options& o) { o.gossip_fanout = 0; }), "");
    EXPECT_NE(refused([](options& o) { o.retransmission.outstanding = 65536; }), "");
    EXPECT_NE(refused([](options& o) { o.order.window = 513; }), "");
    EXPECT_NE(refused([](options& o) { o.payload = 60'001; }), "");
    EXPECT_NE(refused([](options& o) { o.memory.payload_bytes = 1000; }), "");
    EXPECT_EQ(refused([](options& o) { o.memory.payload_age = 2h; }),
              "broadcast: payload_age must be more than 0 and an hour at most");
    EXPECT_NE(refused([](options& o) { o.memory.payload_age = 91s; }), "");
    EXPECT_NE(refused([](options& o) { o.retransmission.attempts = 17; }), "");
    EXPECT_NE(refused([](options& o) { o.rate.bytes_burst = 1000; }), "");
    EXPECT_NE(refused([](options& o) { o.rate.frames_burst = 0; }), "");
    EXPECT_EQ(refused([](options& o) { o.tree.first_wait = 0s; }), "");
    EXPECT_EQ(refused([](options& o) { o.rate.frames_per_second = o.rate.frames_burst = 0; }), "");
}

TEST(drop_texts, say_something_of_each_reason) {
    for (const drop_text& each : drop_texts) {
        EXPECT_FALSE(each.name.empty());
        EXPECT_EQ(each.sentence.back(), '.');
    }
}

}  // namespace
}  // namespace rhumb::overlay::broadcast::test
