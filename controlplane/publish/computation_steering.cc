// Which prefixes take which policy (RFC 9256 8.4 on).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "controlplane/config/text.hh"
#include "controlplane/publish/computation.hh"

namespace rhumb::publish {

// Of several policies for a prefix that of the highest color holds which has a way.
void computation::steer(std::span<const std::vector<way>> ways) {
    std::map<ip_prefix, std::size_t> chosen;
    std::map<ip_prefix, bool> discarded;
    for (std::size_t n = 0; n < ways.size(); ++n) {
        const paths::installed_policy& policy = from_.policies[n];
        for (const ip_prefix& match : policy.steered) {
            if (ways[n].empty()) {
                discarded[match] |= policy.drop_upon_invalid;
                continue;
            }
            if (const std::string_view why = astray(match, policy); !why.empty()) {
                say(note_kind::loop,
                    fmt::format("{} is not steered into the {}: from there {}",
                                config::to_string(match), policy_name(policy), why));
                continue;
            }
            const auto [at, is_new] = chosen.emplace(match, n);
            if (!is_new && from_.policies[at->second].color < policy.color) {
                at->second = n;
            }
        }
    }
    const auto is_ours = [&](const ip_prefix& match) {
        if (from_.configured.has(match)) {
            say(note_kind::conflict,
                fmt::format("prefix {}, which is steered, has a rule in the configuration, which "
                            "holds",
                            config::to_string(match)));
            steered_.insert(match);
            return false;
        }
        return steered_.insert(match).second;
    };
    for (const auto& [match, n] : chosen) {
        if (is_ours(match)) {
            add_prefix(match, ways[n]);
        }
    }
    for (const auto& [match, drop] : discarded) {
        if (drop && !chosen.contains(match) && is_ours(match)) {
            config::prefix_rule rule;
            rule.match = match;
            rule.discard = true;
            made_.rules.prefixes.push_back(rule);
        }
    }
}

// Where a policy's lists end, which need not be its endpoint; that, where it is not known.
std::set<topology::node_number> computation::ends_of(const paths::installed_policy& policy) const {
    std::set<topology::node_number> ends;
    bool all_known = !policy.lists.empty();
    for (const paths::weighted_segments& list : policy.lists) {
        std::vector<topology::node_number> at{from_.own};
        for (const topology::segment& s : list.segments) {
            at = is_on_map(s) ? ends_of(s, at.empty() ? topology::nobody : at.front())
                              : std::vector<topology::node_number>{};
        }
        all_known = all_known && !at.empty();
        ends.insert(at.begin(), at.end());
    }
    const auto endpoint = all_known ? std::nullopt : from_.map.find(policy.endpoint);
    for (const topology::prefix_source& source :
         endpoint ? from_.map.sources(*endpoint) : std::span<const topology::prefix_source>()) {
        ends.insert(source.node);
    }
    return ends;
}

// What is wrong with where IP leads from the end of a policy; empty: nothing.
std::string_view computation::astray(const ip_prefix& steered,
                                     const paths::installed_policy& policy) {
    const auto p = from_.map.find(steered);
    const auto view = view_of(0);
    if (!p || !view) {
        return {};
    }
    const auto sources = from_.map.sources(*p);
    topology::tree tree;
    for (const topology::node_number end : ends_of(policy)) {
        const bool arrives = std::any_of(sources.begin(), sources.end(),
                                         [&](const auto& source) { return source.node == end; });
        if (arrives) {
            continue;
        }
        topology::shortest_paths_from(g_, *from_.algorithms[*view].view, end, tree,
                                      views_[*view].search);
        topology::distance direct = topology::unreachable;
        topology::distance through = topology::unreachable;
        for (const topology::prefix_source& source : sources) {
            if (tree.reaches(source.node)) {
                direct = std::min(direct, tree.distances[source.node] + source.said->metric);
            }
            if (tree.reaches(from_.own) && views_[*view].tree.reaches(source.node)) {
                through = std::min(through, tree.distances[from_.own] + distance_to(source, *view));
            }
        }
        if (direct == topology::unreachable) {
            return "nothing leads to it";
        }
        if (through <= direct) {
            return "it would come back";
        }
    }
    return {};
}

}  // namespace rhumb::publish
