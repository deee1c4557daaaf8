// Where nodes of a drawing stand: stress majorization (Gansner, Koren and North, 2004), so that
// distances on paper are like those in the graph; then nodes move off each other and off links that
// they have no part in. The same graph always gets the same places. Threads: any.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace rhumb::drawing {

struct point {
    double x = 0;
    double y = 0;
};

inline constexpr std::size_t max_nodes = 2000;  // more take too long, and nobody could read them

// In units that are pixels at a usual size. `widths` are those of the nodes. Edges name nodes by
// number. Precondition: at most max_nodes.
[[nodiscard]] std::vector<point> lay_out(
    std::span<const double> widths, std::span<const std::pair<std::size_t, std::size_t>> edges);

}  // namespace rhumb::drawing
