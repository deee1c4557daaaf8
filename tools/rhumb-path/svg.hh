// Drawings of networks as SVG, with paths in colours and a legend. Pure: it knows nothing of where
// the network comes from, so that every program can use it. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rhumb/result.hh"

namespace rhumb::drawing {

struct drawn_node {
    std::string name;
    std::string note;      // below the name, small; may be empty
    bool is_grey = false;  // not to be passed through, or gone
};

struct drawn_link {
    std::size_t a = 0;  // numbers of nodes
    std::size_t b = 0;
    std::string cost_a;  // from a to b
    std::string cost_b;  // from b to a; where both are equal one is shown
    bool is_down = false;
};

enum class path_kind : std::uint8_t { shortest, backup, policy, other };

struct drawn_hop {
    std::size_t link = 0;
    bool from_a = true;
};

struct drawn_path {
    path_kind kind = path_kind::shortest;
    std::string name;  // in the legend
    std::vector<drawn_hop> hops;
};

struct drawing {
    std::string title;
    std::vector<drawn_node> nodes;
    std::vector<drawn_link> links;
    std::vector<drawn_path> paths;
};

// A whole SVG file. An error: there are too many nodes, or a number names nothing.
[[nodiscard]] result<std::string> to_svg(const drawing& of);

}  // namespace rhumb::drawing
