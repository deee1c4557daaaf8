// Shapes of a drawing: boxes that should not cover each other, and links as curves. Threads: any.
#pragma once

#include <algorithm>
#include <cmath>

#include "tools/rhumb-path/layout.hh"

namespace rhumb::drawing {

struct box {
    double x0 = 0;
    double y0 = 0;
    double x1 = 0;
    double y1 = 0;
    [[nodiscard]] double overlap(const box& o) const {
        const double x = std::min(x1, o.x1) - std::max(x0, o.x0);
        const double y = std::min(y1, o.y1) - std::max(y0, o.y0);
        return x > 0 && y > 0 ? x * y : 0;
    }
};

// A link on paper: a curve with one control point, straight where that is in the middle.
struct curve {
    point from;
    point bend;
    point to;
    [[nodiscard]] point at(double t) const {
        const double u = 1 - t;
        return {u * u * from.x + 2 * u * t * bend.x + t * t * to.x,
                u * u * from.y + 2 * u * t * bend.y + t * t * to.y};
    }
    [[nodiscard]] curve moved(double off) const {
        const double dx = to.x - from.x;
        const double dy = to.y - from.y;
        const double length = std::max(std::hypot(dx, dy), 1.0);
        const point by{-dy / length * off, dx / length * off};
        return {{from.x + by.x, from.y + by.y},
                {bend.x + by.x, bend.y + by.y},
                {to.x + by.x, to.y + by.y}};
    }
    [[nodiscard]] curve reversed() const { return {to, bend, from}; }
    // The part from parameter t0 to t1.
    [[nodiscard]] curve part(double t0, double t1) const {
        const auto blend = [this](double a, double b) {
            return point{
                (1 - a) * (1 - b) * from.x + (a * (1 - b) + b * (1 - a)) * bend.x + a * b * to.x,
                (1 - a) * (1 - b) * from.y + (a * (1 - b) + b * (1 - a)) * bend.y + a * b * to.y};
        };
        return {at(t0), blend(t0, t1), at(t1)};
    }
};

}  // namespace rhumb::drawing
