// Small networks with SIDs of all kinds, for tests of segment lists.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "controlplane/paths/compress_engine.hh"
#include "tests/support/brute_paths.hh"

namespace rhumb::test {

// A small network with two flexible algorithms, anycast prefixes, binding SIDs and sets of parallel
// links, each of them now and then.
inline topology::map make_segment_network(dice& roll, bool plain) {
    small_network size{4 + roll() % 4,  6 + roll() % 7,  1 + roll() % 4,
                       roll() % 2 == 0, roll() % 2 == 0, !plain && roll() % 4 == 0};
    auto said = make_small(size, roll);
    if (plain) {
        return make_map(said);
    }
    const bool flexible = roll() % 2 == 0;
    for (topology::advertisement& a : said) {
        for (std::uint8_t algorithm = 128; flexible && algorithm < 130; ++algorithm) {
            if (roll() % 6 != 0) {
                a.algorithms.push_back(algorithm);
                const auto metric =
                    algorithm == 128 ? topology::metric_type::te : topology::metric_type::igp;
                a.definitions.push_back({algorithm,
                                         128,
                                         metric,
                                         algorithm == 129 ? topology::affinity_set{1} : 0,
                                         0,
                                         0,
                                         {}});
            }
        }
        for (std::uint32_t group = 0; group < 2; ++group) {
            if (roll() % 3 == 0) {
                topology::prefix p;
                p.address.length = 32;
                p.address.address = {192, 0, 2, static_cast<byte>(group)};
                p.metric = roll() % 3;
                p.sids.push_back({500 + group, 0, false, false});
                p.sids.push_back({600 + group, 128, false, false});
                a.prefixes.push_back(p);
            }
        }
        for (std::uint32_t b = 0; b < 2 && roll() % 3 == 0; ++b) {
            topology::binding_sid binding{900 + b, {}};
            const topology::advertisement* at = &a;
            for (std::uint32_t hops = 1 + roll() % 3; hops > 0 && !at->links.empty(); --hops) {
                binding.nodes.push_back(at->links[roll() % at->links.size()].remote);
                at = &*std::find_if(said.begin(), said.end(), [&](const auto& x) {
                    return x.origin == binding.nodes.back();
                });
            }
            a.bindings.push_back(binding);
        }
        if (roll() % 3 == 0 && a.links.size() > 1) {
            const std::string to = a.links[roll() % a.links.size()].remote;
            for (topology::link& l : a.links) {
                if (l.remote == to) {
                    l.sids.push_back({14'000, false, true, false, 1});
                }
            }
        }
    }
    return make_map(said);
}

// Takes SIDs away.
inline void drop_sids(paths::path_engine& engine, dice& roll) {
    const auto draw = [&](std::size_t count) {
        std::vector<bool> has(count);
        for (std::size_t i = 0; i < count; ++i) {
            has[i] = roll() % 3 != 0;
        }
        return has;
    };
    for (std::size_t p = 0; p < engine.plane_count(); ++p) {
        engine.set_node_sids(engine.algorithm(p), draw(engine.graph().node_count()));
    }
    if (roll() % 2 == 0) {
        engine.set_adjacency_sids(draw(engine.graph().link_count()));
    }
}

}  // namespace rhumb::test
