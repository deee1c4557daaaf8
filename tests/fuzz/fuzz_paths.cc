// Any network, any wish: paths keep the constraints, pairs are apart where they say so, and
// segments lead where they were asked to.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "controlplane/paths/compress.hh"
#include "controlplane/paths/cspf.hh"
#include "controlplane/paths/disjoint.hh"
#include "controlplane/paths/k_shortest.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/segment_walk.hh"

namespace {

using namespace rhumb;
using namespace rhumb::paths;
using topology::link_number;
using topology::node_number;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

class run {
public:
    explicit run(std::span<const byte> input) : input_(input) {}

    void go() {
        auto said = draw_network();
        for (topology::advertisement& a : said) {
            // What makes no sense is refused, and the network does without.
            static_cast<void>(map_.apply(a));
        }
        if (map_.node_count() == 0) {
            return;
        }
        for (int wishes = 0; wishes < 4 && !input_.empty(); ++wishes) {
            const constraints c = draw_constraints();
            const node_number from = next() % 16;
            const node_number to = next() % 16;
            reserved_.emplace(map_);
            path_of(c, from, to);
            several(c, from, to);
            pair_of(c, from, to);
        }
    }

private:
    byte next() {
        const byte first = input_.empty() ? byte{0} : input_.front();
        input_ = input_.subspan(input_.empty() ? 0 : 1);
        return first;
    }

    std::vector<topology::advertisement> draw_network() {
        std::vector<test::edge> edges;
        for (unsigned n = 1 + next() % 20; n > 0; --n) {
            const byte ends = next();
            const unsigned a = ends & 7;
            const unsigned b = ends >> 4 & 7;
            const byte costs = next();
            const byte more = next();
            edges.push_back({"n" + std::to_string(a),
                             "n" + std::to_string(b),
                             costs == 255 ? topology::max_cost : 1U + (costs & 3),
                             1U + (costs >> 2 & 3),
                             more & 7U,
                             {},
                             costs >> 4 & 7U,
                             more >> 5 & 7U});
            if ((more & 8) != 0) {
                edges.back().srlgs = {more >> 4 & 3U};
            }
            if (a == b) {
                edges.pop_back();
            }
        }
        auto said = test::make_advertisements(edges);
        for (topology::advertisement& a : said) {
            const byte how = next();
            a.overload = how % 8 == 1;
            a.msd = how >> 4;
            for (topology::link& l : a.links) {
                l.bandwidth = how;
            }
            if (how % 8 == 2) {
                a.algorithms = {128};
                a.definitions.push_back({128, 128, topology::metric_type::te, 0, 0, 0, {}});
            }
            if (how % 8 >= 6) {
                topology::prefix p;
                p.address.length = 32;
                p.address.address = {192, 0, 2, static_cast<byte>(how >> 7)};
                p.metric = how >> 3 & 3;
                p.sids.push_back({500, 0, false, false});
                a.prefixes.push_back(p);
            }
            if (how % 8 == 3) {
                a.bindings.push_back(
                    {900, {"n" + std::to_string(next() % 8), "n" + std::to_string(next() % 8)}});
            }
        }
        return said;
    }

    constraints draw_constraints() {
        constraints c;
        const byte which = next();
        c.metric = static_cast<topology::metric_type>(which % 3);
        c.exclude_any = (which & 4) != 0 ? next() % 8 : 0;
        c.include_any = (which & 8) != 0 ? next() % 8 : 0;
        if ((which & 16) != 0) {
            c.exclude_srlgs = {next() % 4U};
            c.exclude_links = {next()};
            c.exclude_nodes = {next() % 16U};
        }
        c.bandwidth = (which & 32) != 0 ? next() : 0;
        if ((which & 64) != 0) {
            c.max_metric = next();
            c.max_delay = next();
            c.max_hops = next() % 8;
        }
        if ((which & 128) != 0) {
            c.via = {next() % 16U};
        }
        return c;
    }

    void check(const path& p, const constraints& c, node_number from, node_number to) {
        const topology::graph& g = map_.graph();
        const topology::plane view = prune(map_, c, {&*reserved_, no_owner});
        node_number at = from;
        bool passes = c.via.empty() || c.via.front() == from;
        for (const link_number l : p.links) {
            require(l < g.link_count() && g.from[l] == at && view.costs[l] != topology::unusable);
            require(at == from || g.no_transit[at] == 0);
            at = g.to[l];
            passes |= !c.via.empty() && c.via.front() == at;
        }
        require(at == to && passes && within(p, c));
        require(p == make_path(g, c.metric, p.links));
    }

    void path_of(const constraints& c, node_number from, node_number to) {
        const auto found = shortest_path(map_, from, to, c, &*reserved_);
        if (!found) {
            require(!found.why().text.empty());
            return;
        }
        check(*found, c, from, to);
        path_engine engine(map_);
        const auto list = compress(engine, from, found->links);
        require(list.ok());
        // The walk takes a path for a set of links.
        std::vector<link_number> links = found->links;
        std::sort(links.begin(), links.end());
        const bool simple = std::adjacent_find(links.begin(), links.end()) == links.end();
        const test::segment_walk walk(map_, engine);
        require(!simple || !c.via.empty() || walk.pins(from, found->links, list.value()));
        auto split = compress_to_msd(engine, from, found->links);
        require(!split || split->segments.size() <= engine.msd(from));
        constraints free = c;
        free.via.clear();
        const auto wanted = equal_cost_links(map_, from, to, free, &*reserved_);
        auto set = compress_set(engine, from, to, wanted);
        require(!set || walk.stays_within(from, to, {wanted.begin(), wanted.end()}, *set));
    }

    void several(const constraints& c, node_number from, node_number to) {
        const auto found = k_shortest_paths(map_, from, to, 5, c, &*reserved_);
        for (std::size_t i = 0; i < found.paths.size(); ++i) {
            check(found.paths[i], c, from, to);
            require(i == 0 || nearer(found.paths[i - 1], found.paths[i]));
        }
    }

    void pair_of(const constraints& c, node_number from, node_number to) {
        disjoint_options options;
        options.kind = static_cast<disjointness>(next() % 4);
        options.max_branches = 50;
        const auto pair = disjoint_pair(map_, from, to, c, options, &*reserved_);
        if (!pair) {
            require(!pair.why().text.empty());
            return;
        }
        check(pair->first, c, from, to);
        check(pair->second, c, from, to);
        require(pair->shared == shared_by(map_, pair->first, pair->second, options.kind));
        require(pair->disjoint == (pair->shared == shared_risks{}));
    }

    std::span<const byte> input_;
    topology::map map_;
    std::optional<reservations> reserved_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    run({data, size}).go();
    return 0;
}
