// What one node says of itself: a value, as a file, a feed, FRR or BGP-LS may bring it. The map
// (map.hh) puts those of all nodes together.
//
// Names are those of IS-IS and RFC 8402, 8667, 9350; labels and indexes are SR-MPLS. Costs have 24
// bits, as on the wire: a path over any number of links fits a `distance`. Threads: any (values).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rhumb/table/prefix.hh"

namespace rhumb::topology {

using cost = std::uint32_t;                       // of a link: 1 to max_cost
using distance = std::uint64_t;                   // of a path
inline constexpr cost max_cost = (1U << 24) - 2;  // RFC 5305 3: a link of 2^24 - 1 is not used
inline constexpr cost unusable = 0xffffffff;
inline constexpr distance unreachable = ~distance{0};

using affinity_set = std::uint64_t;  // bit n: administrative group n (RFC 7308), 0 to 63

// Consecutive labels.
struct label_block {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    friend bool operator==(const label_block&, const label_block&) = default;
};

enum class metric_type : std::uint8_t { igp = 0, delay = 1, te = 2 };  // RFC 9350 5.1
inline constexpr std::size_t metric_types = 3;

// RFC 8667 2.1.
struct prefix_sid {
    std::uint32_t index = 0;
    std::uint8_t algorithm = 0;  // 0: shortest path; 128 to 255: flexible (RFC 9350)
    bool no_php = false;         // P: the last hop but one keeps the label ...
    bool explicit_null = false;  // E: ... or sends 0 or 2 instead
    friend bool operator==(const prefix_sid&, const prefix_sid&) = default;
};

struct prefix {
    ip_prefix address;
    cost metric = 0;            // from its node on, 0 to max_cost
    bool node = false;          // N: a host address that stands for this node alone
    bool readvertised = false;  // R: came from elsewhere, its SID is never popped before this node
    std::vector<prefix_sid> sids;
    friend bool operator==(const prefix&, const prefix&) = default;
};

// RFC 8667 2.2.
struct adjacency_sid {
    std::uint32_t label = 0;
    bool is_protected = false;  // B: repaired when the link fails
    bool set = false;           // S: several links share it
    bool persistent = false;    // P: survives a restart
    std::uint8_t weight = 1;    // within a set
    friend bool operator==(const adjacency_sid&, const adjacency_sid&) = default;
};

// One direction of a link: it counts when the other end says the same.
struct link {
    std::string name;         // of this end (an interface), unique at its node
    std::string remote;       // the node at the other end
    std::string remote_link;  // the other end's name; may be empty where there is one link only
    std::optional<ip_prefix> address;  // of this end; all bits
    cost metric = 10;
    cost te_metric = 0;           // 0: not given
    cost delay = 0;               // microseconds; 0: not given
    std::uint64_t bandwidth = 0;  // bits a second; 0: not given
    std::uint64_t reserved = 0;   // of it, by others than SR (RSVP-TE, say)
    affinity_set affinities = 0;
    std::vector<std::uint32_t> srlgs;  // shared risk link groups
    std::vector<adjacency_sid> sids;
    friend bool operator==(const link&, const link&) = default;
};

// A binding SID that this node offers to others: what it leads through, ending at the last node.
struct binding_sid {
    std::uint32_t label = 0;
    std::vector<std::string> nodes;  // from the next one on
    friend bool operator==(const binding_sid&, const binding_sid&) = default;
};

// RFC 9350 5.1: the highest priority wins, then the highest node name.
struct flex_algo_definition {
    std::uint8_t algorithm = 128;
    std::uint8_t priority = 128;
    metric_type metric = metric_type::igp;
    affinity_set exclude_any = 0;
    affinity_set include_any = 0;  // 0: no such rule
    affinity_set include_all = 0;
    std::vector<std::uint32_t> exclude_srlgs;
    friend bool operator==(const flex_algo_definition&, const flex_algo_definition&) = default;
};

struct advertisement {
    std::string origin;                            // the node's name
    std::uint64_t version = 1;                     // from 1; a higher one replaces a lower one
    std::vector<label_block> srgb{{16000, 8000}};  // RFC 8660 2.4: indexes walk the blocks
    std::vector<label_block> srlb{{15000, 1000}};
    std::uint8_t msd = 10;                 // labels that it can impose (RFC 8491)
    bool overload = false;                 // nothing goes through it (IS-IS overload bit)
    std::vector<std::uint8_t> algorithms;  // beside 0
    std::vector<flex_algo_definition> definitions;
    std::vector<link> links;
    std::vector<prefix> prefixes;
    std::vector<binding_sid> bindings;
    friend bool operator==(const advertisement&, const advertisement&) = default;
};

}  // namespace rhumb::topology
