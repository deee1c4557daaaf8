// Endpoints and waypoints that several nodes have (anycast): the path goes to the nearest under the
// metric and constraints that are wanted, and to another one when that has gone.
#include <algorithm>
#include <tuple>
#include <utility>

#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

using topology::distance;
using topology::node_number;

namespace {

std::vector<node_number> nodes_of(const topology::map& m, const hop& h) {
    return h.is == hop::kind::prefix ? endpoint_nodes(m, h.address) : std::vector{h.node};
}

distance cost_of(const topology::map& m, topology::metric_type metric,
                 std::span<const topology::link_number> links) {
    distance sum = 0;
    for (const topology::link_number l : links) {
        sum += m.graph().costs(metric)[l];
    }
    return sum;
}

std::size_t count_of(const shared_risks& shared) {
    return shared.nodes.size() + shared.links.size() + shared.srlgs.size();
}

// What keeps apart goes first, then what shares the least, then what costs the least.
bool goes_before(const computed_pair& a, const computed_pair& b) {
    const auto rank = [](const computed_pair& p) {
        return std::tuple(!p.found, !p.disjoint, count_of(p.shared),
                          p.paths[0].metric + p.paths[1].metric);
    };
    return rank(a) < rank(b);
}

}  // namespace

std::optional<computed_list> policies::compute_nearest(const request& asked,
                                                       const constraints& within, bool ecmp) {
    slot& s = slots_[asked.policy];
    std::optional<computed_list> best;
    if (std::find(s.endpoints.begin(), s.endpoints.end(), asked.headend) != s.endpoints.end()) {
        return std::nullopt;  // the nearest is the headend itself
    }
    if (services_.compute_any) {
        best = services_.compute_any(asked.headend, s.endpoints, within, asked.policy);
    }
    for (const node_number end : s.endpoints) {
        if (services_.compute_any || !services_.compute) {
            continue;
        }
        auto one = services_.compute(asked.headend, end, within);
        if (one && (!best || cost_of(map_, within.metric, one->links) <
                                 cost_of(map_, within.metric, best->links))) {
            best = std::move(one);
        }
    }
    if (!best || best->links.empty()) {
        return std::nullopt;
    }
    s.endpoint = map_.graph().to[best->links.back()];
    if (!ecmp) {
        return best;
    }
    return services_.compute_ecmp ? services_.compute_ecmp(asked.headend, s.endpoint, within)
                                  : std::nullopt;
}

// Of all that the members of both endpoints allow; `wanted` gets the endpoints of the best.
computed_pair policies::compute_nearest_pair(pair_request& wanted, const constraints& within) {
    constexpr std::size_t most = 8;  // members: each pair of them is a search
    std::array<std::vector<node_number>, 2> ends;
    for (std::size_t i = 0; i < 2; ++i) {
        ends[i] = endpoint_nodes(map_, slots_[wanted.policies[i]].state.key.endpoint);
        ends[i].resize(std::clamp<std::size_t>(ends[i].size(), 1, most), topology::nobody);
    }
    std::optional<computed_pair> best;
    pair_request tried = wanted;
    for (const node_number first : ends[0]) {
        for (const node_number second : ends[1]) {
            tried.endpoints = {first, second};
            computed_pair found =
                services_.compute_pair ? services_.compute_pair(tried, within) : computed_pair();
            if (!best || goes_before(found, *best)) {
                best = std::move(found);
                wanted.endpoints = tried.endpoints;
            }
        }
    }
    return std::move(best).value_or(computed_pair());
}

node_number policies::present_member(const policy_key& key) const {
    const auto known = numbers_.find(key);
    if (known == numbers_.end()) {
        return topology::nobody;
    }
    const slot& s = slots_[known->second];
    const candidate_path* const active = s.state.active_path();
    return s.endpoints.size() > 1 && active != nullptr && active->dynamic ? s.endpoint
                                                                          : topology::nobody;
}

void policies::resolve_waypoints(dynamic_class& of) const {
    of.within.through.clear();
    for (const hop& h : of.demands.via) {
        of.within.through.push_back(nodes_of(map_, h));
    }
}

// After a change of prefixes: who goes by a group whose members are others now.
void policies::mark_waypoints() {
    for (std::uint32_t n = 0; n < classes_.size(); ++n) {
        dynamic_class& of = classes_[n];
        const auto before = of.within.through;
        if (of.users == 0 || of.demands.via.empty()) {
            continue;
        }
        resolve_waypoints(of);
        for (std::uint32_t number = 0; of.within.through != before && number < size(); ++number) {
            const auto& used = slots_[number].classes;
            if (std::find(used.begin(), used.end(), n) != used.end()) {
                mark(number);
            }
        }
    }
}

}  // namespace rhumb::paths
