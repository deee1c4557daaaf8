#include "controlplane/routing/steering_loops.hh"

#include <algorithm>
#include <functional>
#include <iterator>
#include <queue>
#include <set>
#include <tuple>

#include "controlplane/paths/policy_check.hh"
#include "controlplane/paths/steering.hh"
#include "controlplane/topology/binding_cycles.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::routing {

using topology::distance;
using topology::link_number;
using topology::node_number;
using topology::prefix_number;

namespace {

constexpr unsigned most_rounds = 16;  // of binding SIDs that name binding SIDs

void sort_out(std::vector<node_number>& nodes) {
    std::ranges::sort(nodes);
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
}

void add(std::vector<node_number>& to, const std::vector<node_number>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

// Where each policy may lead: to its endpoint, to where a list of it ends, and to where policies
// end whose binding SIDs it names.
std::vector<std::vector<node_number>> ends_of(const topology::map& m,
                                              const config::resolved_policies& all) {
    std::vector<std::vector<node_number>> ends;
    std::multimap<paths::binding_place, std::size_t> owners;
    for (const config::resolved_policy& policy : all.policies) {
        for (const paths::candidate_path& path : policy.candidates) {
            if (path.binding_sid) {
                owners.emplace(paths::binding_place{policy.key.headend, *path.binding_sid},
                               ends.size());
            }
        }
        ends.push_back(paths::endpoint_nodes(m, policy.key.endpoint));
    }
    paths::list_checker checker(m);
    const auto of_owners = [&](const paths::binding_place& place) {
        const auto [first, last] = owners.equal_range(place);
        std::optional<std::vector<node_number>> found;
        for (auto owner = first; owner != last; ++owner) {
            found = found.value_or(std::vector<node_number>());
            add(*found, ends[owner->second]);
        }
        return found;
    };
    bool differs = true;
    for (unsigned round = 0; round < most_rounds && differs; ++round) {
        differs = false;
        for (std::size_t n = 0; n < ends.size(); ++n) {
            const config::resolved_policy& policy = all.policies[n];
            std::vector<node_number> found = ends[n];
            for (const paths::candidate_path& path : policy.candidates) {
                for (const paths::explicit_list& list : path.lists) {
                    add(found, checker.ends_of(policy.key.headend, list, of_owners));
                }
            }
            std::erase_if(found, [&](node_number e) { return e >= m.graph().node_count(); });
            sort_out(found);
            differs |= found != ends[n];
            ends[n] = std::move(found);
        }
    }
    return ends;
}

// Prefixes that contain another one, the longest first.
class covering {
public:
    void add(const ip_prefix& one) { lengths_.emplace(one.af, one.length); }
    void each(const ip_prefix& of, const std::function<void(const ip_prefix&)>& visit) const {
        for (const auto& [af, length] : lengths_) {
            if (af == of.af && length <= of.length) {
                visit(of.shortened(length));
            }
        }
    }

private:
    std::set<std::pair<family, std::uint8_t>, std::greater<>> lengths_;
};

// How far it is from each node to the nearest that has the prefix, and what that adds.
std::vector<distance> distances_to(const topology::map& m, const topology::plane& view,
                                   prefix_number prefix) {
    const topology::graph& g = m.graph();
    std::vector<distance> left(g.node_count(), topology::unreachable);
    using entry = std::pair<distance, node_number>;
    std::priority_queue<entry, std::vector<entry>, std::greater<>> queue;
    std::vector<bool> has(g.node_count());
    for (const topology::prefix_source& source : m.sources(prefix)) {
        has[source.node] = true;
        left[source.node] = std::min<distance>(left[source.node], source.said->metric);
        queue.emplace(left[source.node], source.node);
    }
    while (!queue.empty()) {
        const auto [far, at] = queue.top();
        queue.pop();
        if (far != left[at] || (view.no_transit[at] != 0 && !has[at])) {
            continue;
        }
        for (link_number out = g.first[at]; out < g.first[at + 1]; ++out) {
            const link_number l = g.reverse[out];
            if (l != topology::nobody && view.costs[l] != topology::unusable &&
                far + view.costs[l] < left[g.to[out]]) {
                left[g.to[out]] = far + view.costs[l];
                queue.emplace(left[g.to[out]], g.to[out]);
            }
        }
    }
    return left;
}

// From each node to the next ones, as plain IP goes by the longest prefix that leads anywhere.
std::vector<topology::binding_use> plain_hops(const topology::map& m, const topology::plane& view,
                                              const std::vector<prefix_number>& prefixes) {
    const topology::graph& g = m.graph();
    std::vector<topology::binding_use> hops;
    std::vector<bool> settled(g.node_count());
    for (const prefix_number prefix : prefixes) {
        const std::vector<distance> left = distances_to(m, view, prefix);
        std::vector<bool> has(g.node_count());
        for (const topology::prefix_source& source : m.sources(prefix)) {
            has[source.node] = true;
        }
        for (node_number n = 0; n < g.node_count(); ++n) {
            if (settled[n] || left[n] == topology::unreachable) {
                continue;
            }
            settled[n] = true;
            for (link_number l = g.first[n]; !has[n] && l < g.first[n + 1]; ++l) {
                if (view.costs[l] != topology::unusable && left[g.to[l]] < left[n] &&
                    left[g.to[l]] + view.costs[l] == left[n] &&
                    (view.no_transit[g.to[l]] == 0 || has[g.to[l]])) {
                    hops.push_back({n, g.to[l]});
                }
            }
        }
    }
    return hops;
}

}  // namespace

steering_loops::leads_to steering_loops::all_steered(const topology::map& m,
                                                     const config::resolved_policies& all) {
    const auto ends = ends_of(m, all);
    leads_to found;
    using of_headend = std::pair<node_number, std::uint32_t>;  // and color
    std::map<of_headend, std::vector<std::size_t>> by_color;
    for (std::size_t n = 0; n < ends.size(); ++n) {
        const paths::policy_key& key = all.policies[n].key;
        by_color[{key.headend, key.color}].push_back(n);
        for (const ip_prefix& prefix : all.policies[n].steer) {
            add(found[{key.headend, prefix}], ends[n]);
        }
    }
    // Routes of the same colors and next hop lead to the same: only what differs is looked up.
    std::map<std::tuple<of_headend, paths::color_only, ip_prefix>, std::vector<node_number>> known;
    for (const config::resolved_route& route : all.routes) {
        for (const config::color_entry& color : route.colors) {
            const of_headend wanted{route.headend, color.color};
            const paths::color_only only = paths::color_only_of(color.only);
            const auto [at, is_new] = known.try_emplace({wanted, only, route.next_hop});
            const auto policies = by_color.find(wanted);
            if (is_new && policies != by_color.end()) {
                for (const std::size_t n : policies->second) {
                    const ip_prefix& endpoint = all.policies[n].key.endpoint;
                    if (endpoint == route.next_hop || only == paths::color_only::any_endpoint ||
                        (only == paths::color_only::null_endpoint && paths::is_null(endpoint))) {
                        add(at->second, ends[n]);
                    }
                }
                sort_out(at->second);
            }
            if (!at->second.empty()) {
                add(found[{route.headend, route.prefix}], at->second);
            }
        }
    }
    for (auto& [steered, to] : found) {
        sort_out(to);
    }
    return found;
}

void steering_loops::replace(const topology::map& m, const config::resolved_policies& all) {
    classes_.clear();
    const leads_to steered = all_steered(m, all);
    std::map<ip_prefix, std::vector<leads_to::const_iterator>> by_prefix;
    covering of_steering;
    covering of_map;
    for (auto one = steered.begin(); one != steered.end(); ++one) {
        by_prefix[one->first.prefix].push_back(one);
        of_steering.add(one->first.prefix);
    }
    for (prefix_number p = 0; !steered.empty() && p < m.prefix_count(); ++p) {
        of_map.add(m.address(p));
    }
    for (const auto& [longest, unused] : by_prefix) {
        packets made;
        std::vector<steered_prefix> by;
        bool of_others = false;  // else the headend's own check (publish) sees as much
        of_map.each(longest, [&](const ip_prefix& one) {
            if (const auto p = m.find(one)) {
                made.on_map.push_back(*p);
            }
        });
        of_steering.each(longest, [&](const ip_prefix& one) {
            const auto known = by_prefix.find(one);
            for (const auto& entry : known == by_prefix.end()
                                         ? std::vector<leads_to::const_iterator>()
                                         : known->second) {
                by.push_back(entry->first);
                of_others |= entry->first.headend != by.front().headend;
                for (const node_number end : entry->second) {
                    made.policies.emplace_back(entry->first.headend, end);
                }
            }
        });
        if (of_others) {
            std::ranges::sort(made.policies);
            made.policies.erase(std::unique(made.policies.begin(), made.policies.end()),
                                made.policies.end());
            auto& all_of_class = classes_[std::move(made)];
            all_of_class.insert(all_of_class.end(), by.begin(), by.end());
        }
    }
}

std::vector<steered_prefix> steering_loops::find(const topology::map& m) const {
    std::set<steered_prefix> found;
    std::map<std::vector<prefix_number>, std::vector<topology::binding_use>> plain;
    const auto count = static_cast<std::uint32_t>(m.graph().node_count());
    const topology::plane view = classes_.empty() ? topology::plane() : topology::make_plane(m, 0);
    for (const auto& [one, by] : classes_) {
        const auto [at, is_new] = plain.try_emplace(one.on_map);
        if (is_new) {
            at->second = plain_hops(m, view, one.on_map);
        }
        std::vector<topology::binding_use> hops;
        for (const auto& [headend, end] : one.policies) {
            hops.push_back({headend, end});
        }
        hops.insert(hops.end(), at->second.begin(), at->second.end());
        const std::vector<bool> loops = topology::on_cycles(count, hops);
        std::set<node_number> headends;
        for (std::size_t n = 0; n < one.policies.size(); ++n) {
            if (loops[n]) {
                headends.insert(one.policies[n].first);
            }
        }
        for (const steered_prefix& steered : by) {
            if (headends.contains(steered.headend)) {
                found.insert(steered);
            }
        }
    }
    return {found.begin(), found.end()};
}

}  // namespace rhumb::routing
