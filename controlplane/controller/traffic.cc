#include "controlplane/controller/traffic.hh"

#include <algorithm>

#include "controlplane/topology/flex_algo.hh"

namespace rhumb::controller {

using topology::link_number;
using topology::node_number;

traffic::traffic(const topology::map& m, std::vector<routed_demand> demands)
    : map_(m),
      demands_(std::move(demands)),
      link_users_(m.graph().link_count()),
      sids_(m),
      bindings_(m) {
    now_.loads.assign(m.graph().link_count(), 0);
    flows_.assign(m.graph().node_count(), 0);
    ways_.resize(demands_.size());
    for (std::uint32_t d = 0; d < demands_.size(); ++d) {
        ways_[d] = route(today_, d, nullptr);
        add_way(d);
    }
    for (std::uint32_t g = 0; g < groups_.size(); ++g) {
        place_group(g);
    }
    list_unroutable();
}

const topology::plane& traffic::plane_of(world& in, std::uint8_t algorithm) {
    const auto known = in.planes.find(algorithm);
    if (known != in.planes.end()) {
        return known->second;
    }
    if (in.gone.empty()) {
        return in.planes.emplace(algorithm, make_plane(map_, algorithm)).first->second;
    }
    topology::plane view = plane_of(today_, algorithm);
    for (const link_number l : in.gone) {
        view.costs[l] = topology::unusable;
    }
    return in.planes.emplace(algorithm, std::move(view)).first->second;
}

std::uint32_t traffic::group_for(std::uint8_t algorithm, node_number to) {
    const auto [at, is_new] = group_numbers_.emplace(std::pair(algorithm, to),
                                                     static_cast<std::uint32_t>(groups_.size()));
    if (is_new) {
        group& made = groups_.emplace_back();
        made.algorithm = algorithm;
        made.to = to;
        shortest_paths_to(map_.graph(), plane_of(today_, algorithm), to, made.tree, memory_);
    }
    return at->second;
}

// Whether a link that has failed lies on a shortest path to the group's end.
bool traffic::touches(const world& in, const group& g) const {
    const topology::graph& links = map_.graph();
    const topology::plane& view = today_.planes.at(g.algorithm);
    return std::any_of(in.gone.begin(), in.gone.end(), [&](link_number l) {
        const topology::distance beyond = g.tree.distances[links.to[l]];
        return view.costs[l] != topology::unusable && beyond != topology::unreachable &&
               beyond + view.costs[l] == g.tree.distances[links.from[l]];
    });
}

const topology::tree& traffic::tree_of(world& in, std::uint32_t number) {
    const group& g = groups_[number];
    if (in.gone.empty()) {
        return g.tree;
    }
    if (in.looked.size() < groups_.size()) {
        in.looked.resize(groups_.size(), 0);
    }
    if (in.looked[number] == 0) {
        in.looked[number] = 1;
        if (touches(in, g)) {
            topology::tree& made = in.trees[number];
            shortest_paths_to(map_.graph(), plane_of(in, g.algorithm), g.to, made, memory_);
            return made;
        }
    }
    const auto differs = in.trees.find(number);
    return differs == in.trees.end() ? g.tree : differs->second;
}

// What has been injected into flows_ flows to the group's end, the farthest first.
void traffic::spread(world& in, std::uint32_t number, shares& loads) {
    const topology::graph& g = map_.graph();
    const topology::tree& tree = tree_of(in, number);
    const topology::plane& view = plane_of(in, groups_[number].algorithm);
    const auto leads = [&](node_number node, link_number l) {
        const node_number next = g.to[l];
        return view.costs[l] != topology::unusable && tree.reaches(next) &&
               (view.no_transit[next] == 0 || next == tree.root) &&
               tree.distances[next] + view.costs[l] == tree.distances[node];
    };
    for (std::size_t i = tree.order.size(); i-- > 0;) {
        const node_number node = tree.order[i];
        const double flow = std::exchange(flows_[node], 0);
        if (flow == 0 || node == tree.root) {
            continue;
        }
        unsigned branches = 0;
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            branches += leads(node, l) ? 1U : 0U;
        }
        for (link_number l = g.first[node]; branches != 0 && l < g.first[node + 1]; ++l) {
            if (leads(node, l)) {
                loads.emplace_back(l, flow / branches);
                flows_[g.to[l]] += flow / branches;
            }
        }
    }
}

void traffic::inject(const way& w, std::uint32_t number, bits_per_second rate) {
    for (const leg& part : w.legs) {
        if (part.group == number) {
            flows_[part.from] += part.share * rate;
        }
    }
}

void traffic::place_group(std::uint32_t number) {
    group& g = groups_[number];
    for (const auto& [l, load] : g.loads) {
        now_.loads[l] -= load;
    }
    g.loads.clear();
    for (const std::uint32_t d : g.users) {
        inject(ways_[d], number, demands_[d].rate);
    }
    spread(today_, number, g.loads);
    for (const auto& [l, load] : g.loads) {
        now_.loads[l] += load;
    }
}

namespace {

void insert_sorted(std::vector<std::uint32_t>& list, std::uint32_t number) {
    const auto at = std::lower_bound(list.begin(), list.end(), number);
    if (at == list.end() || *at != number) {
        list.insert(at, number);
    }
}

void erase_sorted(std::vector<std::uint32_t>& list, std::uint32_t number) {
    const auto at = std::lower_bound(list.begin(), list.end(), number);
    if (at != list.end() && *at == number) {
        list.erase(at);
    }
}

}  // namespace

// Groups are placed by whoever calls this, once they have all their users.
void traffic::add_way(std::uint32_t demand) {
    const way& w = ways_[demand];
    for (const leg& part : w.legs) {
        insert_sorted(groups_[part.group].users, demand);
    }
    for (const auto& [l, share] : w.links) {
        insert_sorted(link_users_[l], demand);
        now_.loads[l] += share * demands_[demand].rate;
    }
    if (w.fickle) {
        insert_sorted(fickle_, demand);
    }
}

void traffic::remove_way(std::uint32_t demand) {
    const way& w = ways_[demand];
    for (const leg& part : w.legs) {
        erase_sorted(groups_[part.group].users, demand);
    }
    for (const auto& [l, share] : w.links) {
        erase_sorted(link_users_[l], demand);
        now_.loads[l] -= share * demands_[demand].rate;
    }
    erase_sorted(fickle_, demand);
}

void traffic::list_unroutable() {
    now_.unroutable.clear();
    for (std::uint32_t d = 0; d < ways_.size(); ++d) {
        if (!ways_[d].routable) {
            now_.unroutable.push_back(d);
        }
    }
}

traffic::shares traffic::shares_of(world& in, const way& w) {
    shares all = w.links;
    std::vector<std::uint32_t> numbers;
    for (const leg& part : w.legs) {
        insert_sorted(numbers, part.group);
    }
    for (const std::uint32_t number : numbers) {
        inject(w, number, 1);
        spread(in, number, all);
    }
    std::sort(all.begin(), all.end());
    shares sums;
    for (const auto& [l, share] : all) {
        if (!sums.empty() && sums.back().first == l) {
            sums.back().second += share;
        } else {
            sums.emplace_back(l, share);
        }
    }
    return sums;
}

std::optional<traffic::shares> traffic::shares_along(std::uint32_t demand,
                                                     const segment_lists& lists) {
    way made;
    if (!follow_lists(today_, demands_[demand], lists, made)) {
        return std::nullopt;
    }
    return shares_of(today_, made);
}

void traffic::set_choices(std::uint32_t demand, std::vector<segment_lists> choices) {
    remove_way(demand);
    std::vector<std::uint32_t> dirty;
    for (const leg& part : ways_[demand].legs) {
        insert_sorted(dirty, part.group);
    }
    demands_[demand].choices = std::move(choices);
    ways_[demand] = route(today_, demand, nullptr);
    add_way(demand);
    for (const leg& part : ways_[demand].legs) {
        insert_sorted(dirty, part.group);
    }
    for (const std::uint32_t number : dirty) {
        place_group(number);
    }
    list_unroutable();
}

}  // namespace rhumb::controller
