#include "tools/rhumb-path/layout.hh"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>

namespace rhumb::drawing {

namespace {

constexpr double usual_length = 120;  // of an edge, beside the nodes' widths
constexpr double node_height = 34;

using edge = std::pair<std::size_t, std::size_t>;

class layout {
public:
    layout(std::span<const double> widths, std::span<const edge> edges)
        : widths_(widths), edges_(edges), count_(widths.size()), places_(widths.size()) {}

    std::vector<point> make() {
        if (count_ > 1) {
            measure();
            start();
            majorize();
            turn();
            part();
        }
        return std::move(places_);
    }

private:
    double& distance(std::size_t a, std::size_t b) { return distances_[a * count_ + b]; }

    // Wanted distances: along the edges, which are longer where many meet.
    void measure() {
        std::vector<std::vector<std::pair<std::size_t, double>>> next(count_);
        std::vector<double> degree(count_, 0);
        for (const auto& [a, b] : edges_) {
            degree[a] += 1;
            degree[b] += 1;
        }
        for (const auto& [a, b] : edges_) {
            const double crowd = std::sqrt(degree[a]) + std::sqrt(degree[b]) - 2;
            const double length = usual_length * (1 + 0.1 * crowd) + (widths_[a] + widths_[b]) / 2;
            next[a].emplace_back(b, length);
            next[b].emplace_back(a, length);
        }
        const double far = std::numeric_limits<double>::infinity();
        distances_.assign(count_ * count_, far);
        using entry = std::pair<double, std::size_t>;
        double longest = usual_length;
        for (std::size_t root = 0; root < count_; ++root) {
            std::priority_queue<entry, std::vector<entry>, std::greater<>> heap;
            distance(root, root) = 0;
            heap.emplace(0, root);
            while (!heap.empty()) {
                const auto [at, node] = heap.top();
                heap.pop();
                if (at > distance(root, node)) {
                    continue;
                }
                longest = std::max(longest, at);
                for (const auto& [to, length] : next[node]) {
                    if (at + length < distance(root, to)) {
                        distance(root, to) = at + length;
                        heap.emplace(at + length, to);
                    }
                }
            }
        }
        // Parts of the network that do not reach each other stand apart.
        std::ranges::replace(distances_, far, longest * 0.7 + usual_length);
    }

    // Classical scaling: the two main axes of the matrix of distances, by power iteration.
    void start() {
        std::vector<double> mean(count_, 0);
        double all = 0;
        for (std::size_t a = 0; a < count_; ++a) {
            for (std::size_t b = 0; b < count_; ++b) {
                mean[a] += distance(a, b) * distance(a, b) / static_cast<double>(count_);
            }
            all += mean[a] / static_cast<double>(count_);
        }
        std::array<std::vector<double>, 2> axes;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            std::vector<double>& v = axes[axis];
            v.resize(count_);
            for (std::size_t n = 0; n < count_; ++n) {
                v[n] = std::sin(1.0 + static_cast<double>(n * (axis + 2)) * 2.399963);
            }
            double size = 0;
            for (int round = 0; round < 60; ++round) {
                if (axis == 1) {
                    take_out(axes[0], v);
                }
                size = normalize(v);
                std::vector<double> image(count_, 0);
                for (std::size_t a = 0; a < count_; ++a) {
                    for (std::size_t b = 0; b < count_; ++b) {
                        const double d = distance(a, b);
                        image[a] -= (d * d - mean[a] - mean[b] + all) / 2 * v[b];
                    }
                }
                v = std::move(image);
            }
            if (axis == 1) {
                take_out(axes[0], v);
            }
            size = std::sqrt(normalize(v));
            for (std::size_t n = 0; n < count_; ++n) {
                (axis == 0 ? places_[n].x : places_[n].y) = v[n] * size;
            }
        }
        // Nodes that are alike must not stand on one spot.
        for (std::size_t n = 0; n < count_; ++n) {
            const double angle = static_cast<double>(n) * 2.399963;
            places_[n].x += 3 * std::cos(angle);
            places_[n].y += 3 * std::sin(angle);
        }
    }

    static double normalize(std::vector<double>& v) {
        double sum = 0;
        for (const double x : v) {
            sum += x * x;
        }
        const double size = std::sqrt(sum);
        for (double& x : v) {
            x = size > 0 ? x / size : 0;
        }
        return size;
    }

    static void take_out(const std::vector<double>& axis, std::vector<double>& v) {
        double along = 0;
        double size = 0;
        for (std::size_t n = 0; n < v.size(); ++n) {
            along += axis[n] * v[n];
            size += axis[n] * axis[n];
        }
        for (std::size_t n = 0; n < v.size() && size > 0; ++n) {
            v[n] -= along / size * axis[n];
        }
    }

    void majorize() {
        constexpr double work = 4e8;
        const auto rounds =
            static_cast<int>(std::clamp(work / static_cast<double>(count_ * count_), 20.0, 300.0));
        for (int round = 0; round < rounds; ++round) {
            double moved = 0;
            for (std::size_t a = 0; a < count_; ++a) {
                point sum;
                double weights = 0;
                for (std::size_t b = 0; b < count_; ++b) {
                    if (a == b) {
                        continue;
                    }
                    const double wanted = distance(a, b);
                    const double weight = 1 / (wanted * wanted);
                    const double dx = places_[a].x - places_[b].x;
                    const double dy = places_[a].y - places_[b].y;
                    const double is = std::max(std::hypot(dx, dy), 0.01);
                    sum.x += weight * (places_[b].x + wanted * dx / is);
                    sum.y += weight * (places_[b].y + wanted * dy / is);
                    weights += weight;
                }
                const point to{sum.x / weights, sum.y / weights};
                moved = std::max(moved, std::hypot(to.x - places_[a].x, to.y - places_[a].y));
                places_[a] = to;
            }
            if (moved < 0.1) {
                break;
            }
        }
    }

    // The longest direction lies flat, and the first node is on the left and above.
    void turn() {
        point middle;
        for (const point& p : places_) {
            middle.x += p.x / static_cast<double>(count_);
            middle.y += p.y / static_cast<double>(count_);
        }
        double xx = 0;
        double yy = 0;
        double xy = 0;
        for (const point& p : places_) {
            xx += (p.x - middle.x) * (p.x - middle.x);
            yy += (p.y - middle.y) * (p.y - middle.y);
            xy += (p.x - middle.x) * (p.y - middle.y);
        }
        const double angle = std::atan2(2 * xy, xx - yy) / 2;
        for (point& p : places_) {
            const double x = p.x - middle.x;
            const double y = p.y - middle.y;
            p = {x * std::cos(angle) + y * std::sin(angle),
                 y * std::cos(angle) - x * std::sin(angle)};
        }
        const double flip_x = places_[0].x > 1 ? -1 : 1;
        const double flip_y = places_[0].y > 1 ? -1 : 1;
        for (point& p : places_) {
            p = {p.x * flip_x, p.y * flip_y};
        }
    }

    // Nodes move off each other, and off edges of others.
    void part() {
        constexpr std::size_t few = 300;
        for (int round = 0; round < 60; ++round) {
            bool moved = part_nodes();
            if (count_ <= few) {
                moved = part_edges() || moved;
            }
            if (!moved) {
                break;
            }
        }
    }

    bool part_nodes() {
        constexpr double gap = 26;
        bool moved = false;
        for (std::size_t a = 0; a < count_; ++a) {
            for (std::size_t b = a + 1; b < count_; ++b) {
                const double dx = places_[b].x - places_[a].x;
                const double dy = places_[b].y - places_[a].y;
                const double x = (widths_[a] + widths_[b]) / 2 + gap - std::abs(dx);
                const double y = node_height + gap - std::abs(dy);
                if (x <= 0 || y <= 0) {
                    continue;
                }
                moved = true;
                if (x < y) {
                    const double by = (dx < 0 ? -x : x) / 2;
                    places_[a].x -= by;
                    places_[b].x += by;
                } else {
                    const double by = (dy < 0 ? -y : y) / 2;
                    places_[a].y -= by;
                    places_[b].y += by;
                }
            }
        }
        return moved;
    }

    bool part_edges() {
        bool moved = false;
        for (const auto& [a, b] : edges_) {
            const double ex = places_[b].x - places_[a].x;
            const double ey = places_[b].y - places_[a].y;
            const double length = std::max(std::hypot(ex, ey), 1.0);
            for (std::size_t n = 0; n < count_; ++n) {
                if (n == a || n == b) {
                    continue;
                }
                const double px = places_[n].x - places_[a].x;
                const double py = places_[n].y - places_[a].y;
                const double along = (px * ex + py * ey) / (length * length);
                const double off = (ex * py - ey * px) / length;  // to the right of the edge
                // Half the node's extent in the direction across the edge, and some room.
                const double room =
                    (std::abs(ey) * widths_[n] + std::abs(ex) * node_height) / (2 * length) + 14;
                if (along <= 0.03 || along >= 0.97 || std::abs(off) >= room) {
                    continue;
                }
                moved = true;
                const double by = (off < 0 ? -1 : 1) * (room - std::abs(off)) / 2;
                const point push{-ey / length * by, ex / length * by};
                places_[n].x += push.x;
                places_[n].y += push.y;
                for (const std::size_t end : {a, b}) {
                    places_[end].x -= push.x / 2;
                    places_[end].y -= push.y / 2;
                }
            }
        }
        return moved;
    }

    std::span<const double> widths_;
    std::span<const edge> edges_;
    std::size_t count_;
    std::vector<point> places_;
    std::vector<double> distances_;
};

}  // namespace

std::vector<point> lay_out(std::span<const double> widths, std::span<const edge> edges) {
    return layout(widths, edges).make();
}

}  // namespace rhumb::drawing
