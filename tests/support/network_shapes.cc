// The shapes of networks that were published, and the list of all shapes.
#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "tests/support/network_maps.hh"

namespace rhumb::test {

namespace {

constexpr std::size_t large_from = 251;  // nodes

struct published {
    const char* name;
    std::size_t nodes;
    std::size_t links;
};

constexpr std::array topology_zoo{
    published{"Abilene", 11, 14},      published{"Nsfnet", 13, 15},
    published{"Geant2012", 40, 61},    published{"Tinet", 53, 89},
    published{"Uninett2010", 74, 101}, published{"Deltacom", 113, 161},
    published{"Ion", 125, 146},        published{"TataNld", 145, 186},
    published{"GtsCe", 149, 193},      published{"Colt", 153, 177},
    published{"UsCarrier", 158, 189},  published{"Cogentco", 197, 243},
    published{"Kdl", 754, 895},
};

constexpr std::array rocketfuel{
    published{"AS3967 Exodus", 79, 147},      published{"AS1755 Ebone", 87, 161},
    published{"AS1221 Telstra", 104, 151},    published{"AS3257 Tiscali", 161, 328},
    published{"AS1239 Sprintlink", 315, 972},
};

std::string numbered(std::size_t n) { return "n" + std::to_string(n); }

// Grows a network link by link.
class grower {
public:
    grower(std::size_t nodes, std::uint64_t seed) : dice_(seed), places_(nodes), degrees_(nodes) {
        for (auto& place : places_) {
            place = {static_cast<double>(below(10'000)), static_cast<double>(below(10'000))};
        }
    }

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(dice_() % n); }
    std::size_t degree(std::size_t node) const { return degrees_[node]; }
    const std::vector<edge>& edges() const { return edges_; }

    // Of the first `count` nodes, the nearest one that has no link to `node`; `node` if none.
    std::size_t nearest(std::size_t node, std::size_t count) const {
        std::size_t best = node;
        for (std::size_t other = 0; other < count; ++other) {
            if (other != node && !taken_.contains(std::minmax(node, other)) &&
                (best == node || squared(node, other) < squared(node, best))) {
                best = other;
            }
        }
        return best;
    }

    // An end of some link: the more links a node has, the likelier.
    std::size_t popular() { return ends_[below(ends_.size())]; }

    bool add(std::size_t a, std::size_t b) {
        if (a == b || !taken_.insert(std::minmax(a, b)).second) {
            return false;
        }
        const auto length = static_cast<topology::cost>(1 + squared(a, b) / 200'000);
        edges_.push_back({numbered(a), numbered(b), length, length, 0, {}, 50 * length, length});
        ends_.insert(ends_.end(), {a, b});
        ++degrees_[a];
        ++degrees_[b];
        return true;
    }

private:
    double squared(std::size_t a, std::size_t b) const {
        const double x = places_[a].first - places_[b].first;
        const double y = places_[a].second - places_[b].second;
        return x * x + y * y;
    }

    std::mt19937_64 dice_;
    std::vector<std::pair<double, double>> places_;
    std::vector<std::size_t> degrees_;
    std::vector<std::size_t> ends_;
    std::set<std::pair<std::size_t, std::size_t>> taken_;
    std::vector<edge> edges_;
};

}  // namespace

std::vector<edge> fibre_network(std::size_t nodes, std::size_t links, std::uint64_t seed) {
    grower network(nodes, seed);
    for (std::size_t n = 1; n < nodes; ++n) {
        network.add(n, network.nearest(n, n));
    }
    links = std::min(links, nodes * (nodes - 1) / 2);
    std::size_t tries = 0;
    while (network.edges().size() < links) {
        // Those that hang by one link come first, as long as some are found.
        const std::size_t n = network.below(nodes);
        if (network.degree(n) == 1 || ++tries > nodes) {
            network.add(n, network.nearest(n, nodes));
        }
    }
    return network.edges();
}

std::vector<edge> router_network(std::size_t nodes, std::size_t links, std::uint64_t seed) {
    grower network(nodes, seed);
    network.add(0, 1);
    for (std::size_t n = 2; n < nodes; ++n) {
        network.add(n, network.popular());
    }
    links = std::min(links, nodes * (nodes - 1) / 2);
    while (network.edges().size() < links) {
        if (!network.add(network.popular(), network.below(nodes))) {
            const std::size_t n = network.below(nodes);
            network.add(n, network.nearest(n, nodes));
        }
    }
    return network.edges();
}

std::vector<shape> all_shapes() {
    std::vector<shape> shapes{
        {"ring of 3", ring(3), false},
        {"ring of 5", ring(5), false},
        {"ring of 16", ring(16), false},
        {"grid of 6 x 5", grid(6, 5), false},
        {"fat tree of 4", fat_tree(4), false},
        {"fat tree of 8", fat_tree(8), false},
        {"random, 30 nodes", random_graph(30, 60, 10, 1), false},
        {"random, 30 nodes, asymmetric", random_graph(30, 60, 10, 2, true), false},
        {"random, 100 nodes, asymmetric", random_graph(100, 300, 100, 3, true), false},
        {"provider of 200", provider(200, 4), false},
        {"provider of 800", provider(800, 5), true},
    };
    std::uint64_t seed = 100;
    for (const published& one : topology_zoo) {
        shapes.push_back({std::string("like ") + one.name,
                          fibre_network(one.nodes, one.links, ++seed), one.nodes >= large_from});
    }
    for (const published& one : rocketfuel) {
        shapes.push_back({std::string("like ") + one.name,
                          router_network(one.nodes, one.links, ++seed), one.nodes >= large_from});
    }
    return shapes;
}

}  // namespace rhumb::test
