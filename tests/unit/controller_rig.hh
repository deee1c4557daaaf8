// Networks with bandwidth, demands and segment lists drawn at random, for tests of the controller.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/controller/reoptimise.hh"
#include "controlplane/controller/traffic.hh"
#include "controlplane/paths/cspf.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::test {

// The shortest path over links that have room, link by link.
[[nodiscard]] inline controller::alternatives paths_with_room(const controller::traffic& t) {
    return {[&t](std::uint32_t demand, std::span<const controller::bits_per_second> room) {
        std::vector<controller::alternative> found;
        const controller::routed_demand& d = t.demands()[demand];
        paths::constraints within;
        for (topology::link_number l = 0; l < room.size(); ++l) {
            if (room[l] < d.rate) {
                within.exclude_links.push_back(l);
            }
        }
        const auto way = paths::shortest_path(t.network(), d.from, d.to, within);
        if (way && !way->links.empty()) {
            topology::segments made;
            for (const topology::link_number l : way->links) {
                made.push_back(topology::segment::over_link(t.network().graph(), l));
            }
            found.push_back({{{made, 1}}, way->links, {}});
        }
        return found;
    }};
}

class random_network {
public:
    random_network(std::size_t nodes, std::size_t links, std::uint64_t seed)
        : dice_(seed), nodes_(nodes), said(make(nodes, links, seed)), map(make_map(said)) {}

    std::uint64_t below(std::uint64_t n) { return dice_() % n; }
    topology::node_number node() { return static_cast<topology::node_number>(below(nodes_)); }
    topology::link_number link() {
        return static_cast<topology::link_number>(below(map.graph().link_count()));
    }

    topology::segment segment() {
        const topology::graph& g = map.graph();
        switch (below(8)) {
            case 0: return topology::segment::over_link(g, link());
            case 1: {
                auto s = topology::segment::over_link(g, link());
                s.kind = topology::segment_kind::parallel;
                return s;
            }
            case 2: return {topology::segment_kind::anycast, 0, topology::nobody, *map.find(any_)};
            case 3:
                return {topology::segment_kind::sid, 0, topology::nobody,
                        static_cast<std::uint32_t>(16'001 + below(nodes_))};
            default: return topology::segment::to_node(node());
        }
    }
    // A walk that exists, now and then one that may not.
    topology::segments walk(topology::node_number from) {
        const topology::graph& g = map.graph();
        topology::segments made;
        for (auto n = 1 + below(3); n != 0; --n) {
            if (below(3) == 0) {
                made.push_back(segment());
                from = made.back().kind == topology::segment_kind::node ? made.back().node : from;
            } else if (below(2) == 0 && g.first[from] != g.first[from + 1]) {
                const auto l = static_cast<topology::link_number>(
                    g.first[from] + below(g.first[from + 1] - g.first[from]));
                made.push_back(topology::segment::over_link(g, l));
                from = g.to[l];
            } else {
                from = node();
                made.push_back(topology::segment::to_node(from));
            }
        }
        return made;
    }
    controller::routed_demand demand() {
        controller::routed_demand d;
        d.from = node();
        d.to = node();
        d.rate = static_cast<double>(1 + below(1000));
        for (auto choices = below(3); choices != 0; --choices) {
            auto& lists = d.choices.emplace_back();
            for (auto n = 1 + below(3); n != 0; --n) {
                lists.push_back({walk(d.from), static_cast<std::uint32_t>(below(4))});
            }
        }
        d.drop = below(6) == 0;
        return d;
    }
    std::vector<controller::routed_demand> demands(std::size_t count) {
        std::vector<controller::routed_demand> made;
        while (made.size() < count) {
            made.push_back(demand());
        }
        return made;
    }
    // The same network with links gone; numbers stay.
    topology::map without(const std::vector<std::uint8_t>& failed) const {
        topology::map m = make_map(said);
        for (topology::node_number n = 0; n < nodes_; ++n) {
            topology::advertisement a = *map.said(n);
            ++a.version;
            std::erase_if(a.links, [&](const topology::link& l) {
                return failed[*map.find_link(n, l.name)] != 0;
            });
            (void)m.apply(std::move(a));
        }
        return m;
    }

private:
    std::vector<topology::advertisement> make(std::size_t nodes, std::size_t links,
                                              std::uint64_t seed) {
        auto edges = random_graph(nodes, links, 4, seed);
        for (std::size_t extra = 0; extra < 3; ++extra) {
            edges.push_back(edges[below(edges.size())]);  // parallel ones
        }
        for (auto& e : edges) {
            e.srlgs = {static_cast<std::uint32_t>(below(5))};
        }
        auto made = make_advertisements(edges);
        any_.length = 32;
        any_.address = {203, 0, 113, 9};
        for (auto& a : made) {
            for (auto& l : a.links) {
                l.bandwidth = below(10) == 0 ? 0 : 1000 * (1 + below(10));
            }
            if (below(nodes) < 3 || &a == &made.front()) {
                topology::prefix p;
                p.address = any_;
                p.sids.push_back({900, 0, false, false});
                a.prefixes.push_back(p);
            }
            a.overload = below(12) == 0;
        }
        return made;
    }

    std::mt19937_64 dice_;
    std::size_t nodes_;
    ip_prefix any_;

public:
    std::vector<topology::advertisement> said;
    topology::map map;
};

}  // namespace rhumb::test
