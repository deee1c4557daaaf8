// What becomes of traffic when something fails.
#include <algorithm>
#include <cmath>

#include "controlplane/controller/traffic.hh"

namespace rhumb::controller {

using topology::link_number;
using topology::node_number;

std::vector<failure> single_failures(const topology::map& m) {
    const topology::graph& g = m.graph();
    std::vector<failure> all;
    for (link_number l = 0; l < g.link_count(); ++l) {
        if (g.reverse[l] != topology::nobody && l < g.reverse[l]) {
            all.push_back({failure::kind::link, l});
        }
    }
    for (node_number n = 0; n < g.node_count(); ++n) {
        if (m.said(n) != nullptr) {
            all.push_back({failure::kind::node, n});
        }
    }
    for (const std::uint32_t srlg : m.srlgs()) {
        all.push_back({failure::kind::srlg, srlg});
    }
    return all;
}

traffic::world traffic::without(const failure& f) const {
    const topology::graph& g = map_.graph();
    world in;
    in.failed.assign(g.link_count(), 0);
    const auto remove = [&](link_number l) {
        for (const link_number end : {l, l < g.link_count() ? g.reverse[l] : topology::nobody}) {
            if (end < g.link_count() && in.failed[end] == 0) {
                in.failed[end] = 1;
                in.gone.push_back(end);
            }
        }
    };
    switch (f.of) {
        case failure::kind::link: remove(f.number); break;
        case failure::kind::node:
            for (link_number l = f.number < g.node_count() ? g.first[f.number] : 0;
                 f.number < g.node_count() && l < g.first[f.number + 1]; ++l) {
                remove(l);
            }
            break;
        case failure::kind::srlg:
            for (const link_number l : map_.links_with_srlg(f.number)) {
                remove(l);
            }
            break;
    }
    return in;
}

void traffic::find_detours(const failure& f, world& in, const reroute& otherwise, detours& found,
                           placement& result) {
    std::vector<std::uint32_t> touched = fickle_;
    for (const link_number l : in.gone) {
        touched.insert(touched.end(), link_users_[l].begin(), link_users_[l].end());
    }
    const auto group_count = static_cast<std::uint32_t>(groups_.size());
    for (std::uint32_t number = 0; number < group_count; ++number) {
        if (groups_[number].users.empty() || !touches(in, groups_[number])) {
            continue;
        }
        const topology::tree& tree = tree_of(in, number);
        for (const std::uint32_t d : groups_[number].users) {
            const auto& legs = ways_[d].legs;
            if (std::any_of(legs.begin(), legs.end(), [&](const leg& part) {
                    return part.group == number && !tree.reaches(part.from);
                })) {
                touched.push_back(d);
            }
        }
    }
    if (f.of == failure::kind::node) {
        for (std::uint32_t d = 0; d < demands_.size(); ++d) {
            if (demands_[d].from == f.number || demands_[d].to == f.number) {
                result.lost.push_back(d);
                found.emplace(d, way{});
            }
        }
    }
    std::sort(touched.begin(), touched.end());
    for (const std::uint32_t d : touched) {
        if ((!ways_[d].routable && !ways_[d].fickle) || found.contains(d)) {
            continue;
        }
        const way& made = found.emplace(d, route(in, d, &otherwise)).first->second;
        if (made.routable && made.choice != ways_[d].choice) {
            result.moved.push_back(d);
        }
    }
}

void traffic::replace_loads(world& in, const detours& found, placement& result) {
    std::vector<std::uint8_t> dirty(groups_.size(), 0);
    std::vector<std::vector<std::uint32_t>> added(groups_.size());
    for (const auto& [d, detour] : found) {
        for (const leg& part : ways_[d].legs) {
            dirty[part.group] = 1;
        }
        for (const leg& part : detour.legs) {
            dirty[part.group] = 1;
            auto& list = added[part.group];
            if (list.empty() || list.back() != d) {
                list.push_back(d);
            }
        }
        for (const auto& [l, share] : ways_[d].links) {
            result.loads[l] -= share * demands_[d].rate;
        }
        for (const auto& [l, share] : detour.links) {
            result.loads[l] += share * demands_[d].rate;
        }
    }
    shares loads;
    for (std::uint32_t number = 0; number < groups_.size(); ++number) {
        const group& g = groups_[number];
        if (dirty[number] == 0 && (g.users.empty() || !in.trees.contains(number))) {
            continue;
        }
        for (const auto& [l, load] : g.loads) {
            result.loads[l] -= load;
        }
        for (const std::uint32_t d : g.users) {
            if (!found.contains(d)) {
                inject(ways_[d], number, demands_[d].rate);
            }
        }
        for (const std::uint32_t d : added[number]) {
            inject(found.at(d), number, demands_[d].rate);
        }
        loads.clear();
        spread(in, number, loads);
        for (const auto& [l, load] : loads) {
            result.loads[l] += load;
        }
    }
    // What differences leave behind where nothing flows any more.
    for (std::size_t l = 0; l < result.loads.size(); ++l) {
        const bool nothing = std::abs(result.loads[l]) <= 1e-9 * now_.loads[l];
        result.loads[l] = in.failed[l] != 0 || nothing || result.loads[l] < 0 ? 0 : result.loads[l];
    }
}

placement traffic::after(const failure& f, const reroute& otherwise) {
    placement result;
    result.loads = now_.loads;
    world in = without(f);
    detours found;
    find_detours(f, in, otherwise, found, result);
    replace_loads(in, found, result);
    for (std::uint32_t d = 0; d < demands_.size(); ++d) {
        const auto detour = found.find(d);
        const bool routable = detour == found.end() ? ways_[d].routable : detour->second.routable;
        if (!routable && !std::binary_search(result.lost.begin(), result.lost.end(), d)) {
            result.unroutable.push_back(d);
        }
    }
    return result;
}

}  // namespace rhumb::controller
