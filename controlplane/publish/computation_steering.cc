// Which prefixes take which policy (RFC 9256 8.4 on).
#include <fmt/format.h>

#include <algorithm>
#include <map>

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
            if (leads_back(match, policy.endpoint)) {
                say(note_kind::loop,
                    fmt::format("{} is not steered into the policy to {} color {}: from there it "
                                "would come back",
                                config::to_string(match), config::to_string(policy.endpoint),
                                policy.color));
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

// Whether IP leads back here from the end of a policy.
bool computation::leads_back(const ip_prefix& steered, const ip_prefix& endpoint) {
    const auto p = from_.map.find(steered);
    const auto e = from_.map.find(endpoint);
    const auto view = view_of(0);
    if (!p || !e || !view || from_.map.sources(*e).empty()) {
        return false;
    }
    const auto sources = from_.map.sources(*p);
    topology::tree tree;
    for (const topology::prefix_source& end : from_.map.sources(*e)) {
        const bool arrives = std::any_of(sources.begin(), sources.end(), [&](const auto& source) {
            return source.node == end.node;
        });
        if (arrives) {
            continue;
        }
        topology::shortest_paths_from(g_, *from_.algorithms[*view].view, end.node, tree,
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
        if (direct != topology::unreachable && through <= direct) {
            return true;
        }
    }
    return false;
}

}  // namespace rhumb::publish
