// What a broadcast node may be told. Defaults are those of the papers where they have some
// (HyParView: Leitao, Pereira, Rodrigues, DSN 2007; Plumtree: the same, SRDS 2007), for up to
// 10,000 nodes, and of today's practice for times. Threads: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "controlplane/overlay/broadcast/keyed_hash.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay::broadcast {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

// The way a message spreads.
enum class spreading : std::uint8_t {
    plumtree,  // eager push along a tree, announcements (IHAVE) beside it
    flooding,  // to all neighbours
    gossip,    // to `gossip_fanout` peers, chosen anew for each message
};

struct membership_options {
    std::size_t active = 5;           // log10(n) + 1: neighbours, symmetric, one link each
    std::size_t passive = 30;         // 6 times that: who could become a neighbour
    std::uint8_t active_walk = 6;     // ARWL: hops of a FORWARDJOIN
    std::uint8_t passive_walk = 3;    // PRWL: where on that walk the joining peer is remembered
    std::size_t shuffle_active = 3;   // ka
    std::size_t shuffle_passive = 4;  // kp
    std::uint8_t shuffle_walk = 6;
    duration shuffle_period = std::chrono::seconds(60);
    duration neighbour_timeout = std::chrono::milliseconds(500);
    // How many refusals one period brings at most: each is a link opened for nothing.
    std::size_t most_refusals = 30;
};

struct tree_options {
    // timeout1: from an announcement to the GRAFT. More than (depth of the tree - hops of the
    // announcement) times the delay of a hop, or whole branches are grafted for nothing.
    duration first_wait = std::chrono::milliseconds(80);
    // timeout2: from a GRAFT to the next one, about a round trip.
    duration graft_wait = std::chrono::milliseconds(40);
    // IHAVEs are collected for so long; 0: each goes at once, in a frame of its own.
    duration announce_delay = std::chrono::milliseconds(5);
    std::size_t announce_batch = 128;  // and go when there are so many
    // Hops by which another way must be shorter for the tree to change; 0: never. 3 with one
    // origin, 7 with many.
    std::uint16_t threshold = 7;
    // PRUNE after so many duplicates in a row from one neighbour. With many origins, more than 1
    // keeps more of the shortest ways, for more copies.
    std::uint32_t prune_after = 1;
    std::size_t missing_per_peer = 1024;  // announced and not here yet
    // A new neighbour is announced so many of the last messages, as far as their bytes are here; 0:
    // none, as in the paper. A node that had no neighbour for a moment gets what it has missed.
    std::size_t announce_recent = 0;
};

// For links that lose frames. Over streams it is of no use.
struct retransmission_options {
    bool on = false;
    duration wait = std::chrono::milliseconds(200);  // doubles each time
    std::size_t attempts = 5;                        // the first included
    std::size_t outstanding = 4096;
};

struct order_options {
    bool on = false;
    duration gap_wait = std::chrono::seconds(2);  // then what is missing is given up
    std::size_t window = 64;                      // numbers that a message may be ahead and wait
    std::size_t bytes = std::size_t{1} << 20;     // of all origins
};

struct memory_options {
    duration id_age = std::chrono::seconds(90);
    std::size_t ids = std::size_t{1} << 16;
    duration payload_age = std::chrono::seconds(30);
    std::size_t payload_bytes = std::size_t{4} << 20;
    std::size_t origins = 4096;    // whose last numbers are remembered
    std::size_t unverified = 256;  // messages at the host for verification
    std::size_t unverified_per_peer = 64;
    std::size_t unverified_bytes = std::size_t{1} << 20;
};

// What one peer may ask of us. 0: as much as it likes.
struct rate_options {
    std::uint32_t frames_per_second = 500;
    std::uint32_t frames_burst = 1000;
    // JOIN to SHUFFLE reply: each may make us dial.
    std::uint32_t membership_per_second = 50;
    std::uint32_t membership_burst = 200;
    std::uint32_t bytes_per_second = 1'000'000;
    std::uint32_t bytes_burst = 2'000'000;
    std::size_t peers = 256;  // remembered; the one unheard for longest goes first
};

struct options {
    spreading way = spreading::plumtree;
    membership_options membership;
    tree_options tree;
    std::size_t gossip_fanout = 4;
    retransmission_options retransmission;
    order_options order;
    memory_options memory;
    rate_options rate;
    std::size_t payload = std::size_t{16} << 10;  // longest, up to most_payload
    std::uint16_t hop_limit = 255;                // messages that came further are not passed on
    // Whether the host looks at each message's signature before it is delivered or passed on.
    bool verify = true;
    // Of this process, random. Without one, strangers can make hashes collide.
    secret key;
    // Of this node's own messages: above those of its last run.
    std::uint64_t first_sequence = 1;
};

inline constexpr std::size_t most_neighbours = 16;
inline constexpr std::size_t most_passive = 256;
inline constexpr std::size_t most_payload = 60'000;

// Whether these can be worked with, and what is wrong if not.
[[nodiscard]] result<void> check(const options& wanted);

}  // namespace rhumb::overlay::broadcast
