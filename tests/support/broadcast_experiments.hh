// The experiments of the HyParView and Plumtree papers (DSN 2007, SRDS 2007), and some of our own,
// on simulated networks: numbers for tests to judge and for tools/bench/broadcast_bench to print.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/broadcast_network.hh"

namespace rhumb::test {

// Of the papers' simulations: links of one hop's time (1 ms), no batching of IHAVEs, no signatures,
// no limits of rate. A cycle is a shuffle period.
[[nodiscard]] overlay::broadcast::options paper_options();
inline constexpr auto paper_cycle = std::chrono::seconds(10);

// What `nodes` come to by joining one after another and so many cycles.
[[nodiscard]] overlay_views grown_overlay(std::size_t nodes, std::size_t cycles,
                                          std::uint32_t seed);

// A new network with these views.
[[nodiscard]] broadcast_network with_views(const overlay_views& views,
                                           const overlay::broadcast::options& each,
                                           const broadcast_links& links, std::uint32_t seed);

struct spread_result {
    double reliability = 0;  // of live nodes, the mean over messages
    double payload = 0;      // copies that arrived at live nodes, for a message
    double control = 0;
    double hops = 0;  // LDH: the most hops to a delivery, the mean over messages
    std::uint16_t most_hops = 0;
    double mean_latency = 0;         // milliseconds, over deliveries
    double last_latency = 0;         // over messages
    std::vector<double> redundancy;  // RMR, message by message
};

// Messages one after the other, all of one node or each of another; the first `warm_up` are not
// counted, but in `redundancy`.
[[nodiscard]] spread_result spread(
    broadcast_network& network, std::size_t messages, std::size_t warm_up, bool one_sender,
    broadcast_network::duration each = std::chrono::milliseconds(500));

// Fails so many of the nodes that live.
void fail_some(broadcast_network& network, std::size_t count, std::uint32_t seed);

// Neighbours of whoever failed learn it, and a cycle goes by.
void heal_for_a_cycle(broadcast_network& network);

// What a flood reaches of a random 5-regular graph of whose nodes a part has failed: the largest
// component (its part of the live nodes), and that times the chance that the sender is in it.
struct reach {
    double largest = 0;
    double expected = 0;
};
[[nodiscard]] reach reach_after(double failed);

// Of random gossip with this fanout, where a part of the copies is lost: what it reaches once it is
// under way.
[[nodiscard]] double gossip_reach(double fanout, double loss);

}  // namespace rhumb::test
