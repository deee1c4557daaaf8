// What a label entry packs into 64 bits, and burst arithmetic.
#include "rhumb/table/path.hh"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/impose.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/label_table.hh"
#include "rhumb/table/liveness.hh"
#include "tests/support/dice.hh"

namespace rhumb {
namespace {

TEST(via_ref, a_next_hop_or_a_group) {
    const auto hop = via_ref::to_nexthop(max_nexthops - 1);
    const auto group = via_ref::to_group(max_path_groups - 1);
    EXPECT_FALSE(hop.is_group());
    EXPECT_EQ(hop.id(), max_nexthops - 1);
    EXPECT_TRUE(group.is_group());
    EXPECT_EQ(group.id(), max_path_groups - 1);
    EXPECT_NE(via_ref::to_nexthop(3), via_ref::to_group(3));
    EXPECT_EQ(via_ref::from_bits(group.bits()), group);
}

TEST(label_entry, packs_and_unpacks) {
    EXPECT_EQ(label_entry{}.op(), label_op::none);
    test::dice random(3);
    for (int round = 0; round < 1000; ++round) {
        const mpls::label out = random() & 0xfffff;
        const via_ref via = random() % 2 == 0 ? via_ref::to_nexthop(random() % max_nexthops)
                                              : via_ref::to_group(random() % max_path_groups);
        const bool pipe = random() % 2 == 0;
        const unsigned tc = random() % 8;
        const auto swap = label_entry::make_continue(out, via);
        for (const label_entry e : {swap, swap.with_pipe(pipe).with_tc(tc),
                                    swap.with_tc(7 - tc).with_pipe(!pipe).with_tc(tc)}) {
            EXPECT_EQ(e.op(), label_op::continue_);
            EXPECT_EQ(e.out(), out);
            EXPECT_EQ(e.via(), via);
        }
        EXPECT_FALSE(swap.pipe());
        EXPECT_FALSE(swap.sets_tc());
        EXPECT_EQ(swap.tc(tc), tc);
        const auto both = swap.with_tc(7 - tc).with_tc(tc).with_pipe(true).with_pipe(pipe);
        EXPECT_EQ(both.pipe(), pipe);
        EXPECT_TRUE(both.sets_tc());
        EXPECT_EQ(both.tc(7 - tc), tc);
        const std::uint32_t list = random() % max_segment_lists;
        EXPECT_EQ(label_entry::make_push(list).with_tc(7).with_pipe(true).list(), list);
        EXPECT_EQ(label_entry::make_push(list).op(), label_op::push);
        EXPECT_EQ(label_entry::make_pop(via).via(), via);
    }
    for (int op = 0; op <= static_cast<int>(label_op::reserved); ++op) {
        const auto e = label_entry::make_special(static_cast<label_op>(op)).with_pipe(true);
        EXPECT_EQ(e.op(), static_cast<label_op>(op));
        EXPECT_TRUE(e.pipe());
    }
}

TEST(label_entry, a_swap_keeps_what_the_rule_does_not_set) {
    test::dice random(8);
    for (int round = 0; round < 10000; ++round) {
        const mpls::lse top = random();
        const mpls::label out = random() & 0xfffff;
        const unsigned tc = random() % 8;
        const auto entry = label_entry::make_continue(out, via_ref::to_nexthop(random() % 100));
        const auto swapped = [&](label_entry e) { return byte_swap(e.swapped(byte_swap(top))); };
        const bool bottom = mpls::is_bottom(top);
        const unsigned ttl = mpls::ttl_of(top);
        EXPECT_EQ(swapped(entry), mpls::make(out, mpls::tc_of(top), bottom, ttl));
        EXPECT_EQ(swapped(entry.with_tc(tc)), mpls::make(out, tc, bottom, ttl));
        EXPECT_TRUE(entry.with_tc(tc).with_pipe(true).is_plain_swap());
    }
    EXPECT_FALSE(label_entry::make_continue(1, via_ref::to_group(1)).is_plain_swap());
    EXPECT_FALSE(label_entry::make_pop(via_ref::to_nexthop(1)).is_plain_swap());
    EXPECT_FALSE(label_entry{}.is_plain_swap());
}

TEST(burst, push_and_pull_move_the_front_within_the_room) {
    std::vector<byte> memory(100);
    const auto b = std::make_unique<burst>();
    b->put(0, memory.data() + 20, 80, 20);
    b->pull(0, 14);
    EXPECT_EQ(b->front[0], memory.data() + 34);
    EXPECT_EQ(b->length(0), 66);
    EXPECT_EQ(b->headroom(0), 34);
    EXPECT_TRUE(b->push(0, 34));
    EXPECT_EQ(b->front[0], memory.data());
    EXPECT_EQ(b->length(0), 100);
    EXPECT_EQ(b->headroom(0), 0);
    EXPECT_FALSE(b->push(0, 1));
    EXPECT_EQ(b->front[0], memory.data());
    EXPECT_EQ(b->length(0), 100);
}

TEST(impose, writes_labels_top_first_or_nothing_at_all) {
    std::vector<byte> memory(20, 0xee);
    const auto b = std::make_unique<burst>();
    const auto reset = [&](protocol kind) {
        b->put(0, memory.data() + 12, 8, 12);
        b->kind[0] = kind;
        b->fate[0] = verdict::again;
    };
    const auto first = [](std::size_t count) {
        const std::array<mpls::label, 4> labels{16001, 16002, 16003, 16004};
        return imposed_labels(std::span(labels).first(count));
    };
    reset(protocol::ipv6);
    ASSERT_TRUE(impose_labels(*b, 0, first(3), 3, 5, 63));
    EXPECT_EQ(b->kind[0], protocol::mpls);
    EXPECT_EQ(load_be32(memory.data()), mpls::make(16001, 5, false, 63));
    EXPECT_EQ(load_be32(memory.data() + 4), mpls::make(16002, 5, false, 63));
    EXPECT_EQ(load_be32(memory.data() + 8), mpls::make(16003, 5, true, 63));
    EXPECT_EQ(memory[12], 0xee);
    reset(protocol::mpls);
    ASSERT_TRUE(impose_labels(*b, 0, first(1), 1, 0, 255));
    EXPECT_EQ(load_be32(memory.data() + 8), mpls::make(16001, 0, false, 255));
    reset(protocol::ipv4);
    const auto before = memory;
    EXPECT_FALSE(impose_labels(*b, 0, first(4), 4, 0, 255));
    EXPECT_EQ(b->fate[0], verdict::drop);
    EXPECT_EQ(b->reason[0], drop_reason::no_headroom);
    EXPECT_EQ(memory, before);
}

TEST(liveness, flags) {
    const auto live = std::make_unique<liveness>();
    EXPECT_EQ(live->ports(), 0U);
    live->set_port(0, true);
    live->set_port(63, true);
    EXPECT_EQ(live->ports(), 0x8000000000000001U);
    live->set_port(0, false);
    EXPECT_EQ(live->ports(), 0x8000000000000000U);
    EXPECT_TRUE(live->nexthop_up(max_nexthops - 1));
    live->set_nexthop(max_nexthops - 1, false);
    EXPECT_FALSE(live->nexthop_up(max_nexthops - 1));
    EXPECT_TRUE(live->nexthop_up(max_nexthops - 2));
    live->set_nexthop(max_nexthops - 1, true);
    EXPECT_TRUE(live->nexthop_up(max_nexthops - 1));
}

TEST(counter, counts_packets_and_bytes) {
    counter_array counters(10);
    counters[9].add(64);
    counters[9].add(1500);
    EXPECT_EQ(counters[9].read(), (counter{2, 1564}));
    EXPECT_EQ(counters[9].read() + (counter{1, 1}), (counter{3, 1565}));
    EXPECT_EQ(counters[9].read() - (counter{1, 64}), (counter{1, 1500}));
    EXPECT_EQ(counters[8].read(), counter{});
}

}  // namespace
}  // namespace rhumb
