// Policies over a network of test::edge, with a plain path computation: what policies are tested
// with. A path is spelt by its adjacencies, or by its end alone where that is its shortest path.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/paths/policies.hh"
#include "controlplane/paths/policy_services.hh"
#include "controlplane/paths/reservations.hh"
#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"
#include "rhumb/bytes.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::test {

[[nodiscard]] inline ip_prefix host(std::uint32_t address) {
    ip_prefix p;
    p.length = 32;
    store_be32(p.address.data(), address);
    return p;
}

[[nodiscard]] inline ip_prefix net(std::uint32_t address, std::uint8_t length) {
    ip_prefix p = host(address);
    p.length = length;
    return p;
}

class policies_rig {
public:
    explicit policies_rig(std::vector<topology::advertisement> said,
                          paths::policies_options options = {}, bool real = false,
                          const std::function<void(paths::path_services&)>& adjust = {})
        : said_(std::move(said)), map(make_map(said_)) {
        const paths::label_services labels = {
            [this](auto headend, auto label) { return taken.emplace(headend, label).second; },
            [this](auto headend) {
                mpls::label label = 24'000;
                while (!taken.emplace(headend, label).second) {
                    ++label;
                }
                return std::optional(label);
            },
            [this](auto headend, auto label) { taken.erase({headend, label}); }};
        reserved = std::make_unique<paths::reservations>(map);
        computes = std::make_unique<paths::policy_services>(map, reserved.get());
        paths::path_services services;
        if (real) {
            services = computes->services(labels);
        } else {
            services.compute = [this](auto headend, auto endpoint, const auto& within) {
                return compute(headend, endpoint, within);
            };
            services.encode = [this](auto headend, auto links) { return spell(headend, links); };
            services.labels = labels;
        }
        if (adjust) {
            adjust(services);
        }
        all = std::make_unique<paths::policies>(map, services, options);
    }
    explicit policies_rig(const std::vector<edge>& edges, paths::policies_options options = {},
                          bool real = false,
                          const std::function<void(paths::path_services&)>& adjust = {})
        : policies_rig(make_advertisements(edges), options, real, adjust) {}
    policies_rig(const policies_rig&) = delete;
    policies_rig& operator=(const policies_rig&) = delete;

    [[nodiscard]] topology::node_number node(const std::string& name) const {
        return *map.find(name);
    }
    // The host prefix of a node.
    [[nodiscard]] ip_prefix address(const std::string& name) const {
        return map.said(node(name))->prefixes.front().address;
    }
    [[nodiscard]] paths::policy_key key(const std::string& headend, std::uint32_t color,
                                        const std::string& endpoint) const {
        return {node(headend), color, address(endpoint)};
    }
    [[nodiscard]] paths::hop to(const std::string& name) const {
        paths::hop h;
        h.node = node(name);
        return h;
    }
    [[nodiscard]] paths::hop over(const std::string& a, const std::string& b) const {
        paths::hop h;
        h.is = paths::hop::kind::link;
        h.node = node(a);
        h.remote = node(b);
        return h;
    }
    [[nodiscard]] static paths::hop label(std::uint32_t value) {
        paths::hop h;
        h.is = paths::hop::kind::label;
        h.label = value;
        return h;
    }
    [[nodiscard]] static paths::candidate_path explicit_path(std::vector<paths::hop> hops,
                                                             std::uint32_t preference = 100,
                                                             std::uint32_t discriminator = 0) {
        paths::candidate_path c;
        c.key.discriminator = discriminator;
        c.preference = preference;
        c.lists.push_back({std::move(hops), 1, false});
        return c;
    }
    [[nodiscard]] static paths::candidate_path dynamic_path(const paths::constraints& within = {},
                                                            std::uint32_t preference = 100,
                                                            std::uint32_t discriminator = 0) {
        paths::candidate_path c;
        c.key.discriminator = discriminator;
        c.preference = preference;
        c.dynamic.emplace();
        c.dynamic->within = within;
        return c;
    }

    // Takes a link away in both directions, or puts it back.
    paths::evaluation fail(const std::string& a, const std::string& b, paths::microseconds now) {
        take_away(a, b);
        take_away(b, a);
        return say({a, b}, now);
    }
    paths::evaluation repair(const std::string& a, const std::string& b, paths::microseconds now) {
        for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
            auto& gone = gone_[{from, to}];
            auto& links = of(from).links;
            links.insert(links.end(), gone.begin(), gone.end());
            gone.clear();
        }
        return say({a, b}, now);
    }
    // Nodes say what they now have; all changes as one.
    paths::evaluation say(const std::vector<std::string>& names, paths::microseconds now) {
        topology::change sum;
        for (const std::string& name : names) {
            ++of(name).version;
            auto changed = map.apply(of(name));
            sum.renumbered |= changed->renumbered;
            sum.links.insert(sum.links.end(), changed->links.begin(), changed->links.end());
            sum.nodes.insert(sum.nodes.end(), changed->nodes.begin(), changed->nodes.end());
            sum.prefixes.insert(sum.prefixes.end(), changed->prefixes.begin(),
                                changed->prefixes.end());
        }
        computes->update();
        return all->update(sum, now);
    }
    [[nodiscard]] topology::advertisement& of(const std::string& name) {
        return *std::find_if(said_.begin(), said_.end(),
                             [&](const auto& a) { return a.origin == name; });
    }
    // Nodes along the active path's links, as "a b c"; empty: not valid.
    [[nodiscard]] std::string way(const paths::policy_key& k) const {
        const paths::policy_state* const state = all->find(k);
        return state == nullptr ? "" : way(*state);
    }
    [[nodiscard]] std::string way(const paths::policy_state& state) const {
        topology::node_number at = state.key.headend;
        if (!state.active) {
            return "";
        }
        std::string text = map.name(at);
        std::vector<topology::link_number> left = state.links;
        for (std::size_t i = 0; i < left.size();) {
            if (left[i] != topology::nobody && map.graph().from[left[i]] == at) {
                at = map.graph().to[left[i]];
                left[i] = topology::nobody;
                text += " " + map.name(at);
                i = 0;
            } else {
                ++i;
            }
        }
        return text;
    }

    std::optional<paths::computed_list> compute(topology::node_number headend,
                                                topology::node_number endpoint,
                                                const paths::constraints& within) {
        ++computations;
        const topology::graph& g = map.graph();
        const topology::plane view = within_plane(within);
        topology::tree back;
        shortest_paths_to(g, view, endpoint, back, memory_);
        if (headend == endpoint || !back.reaches(headend)) {
            return std::nullopt;
        }
        paths::computed_list made;
        for (topology::node_number at = headend; at != endpoint;) {
            for (topology::link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
                if (view.costs[l] != topology::unusable && back.reaches(g.to[l]) &&
                    back.distances[g.to[l]] + view.costs[l] == back.distances[at] &&
                    (view.no_transit[g.to[l]] == 0 || g.to[l] == endpoint)) {
                    made.links.push_back(l);
                    at = g.to[l];
                    break;
                }
            }
        }
        if (made.links.size() > within.max_hops) {
            return std::nullopt;
        }
        made.segments = *spell(headend, made.links);
        return made;
    }
    std::optional<topology::segments> spell(topology::node_number,
                                            std::span<const topology::link_number> links) const {
        topology::segments made;
        for (const topology::link_number l : links) {
            made.push_back(topology::segment::over_link(map.graph(), l));
        }
        return made;
    }

private:
    // What of the constraints is about single links.
    [[nodiscard]] topology::plane within_plane(const paths::constraints& within) const {
        const topology::graph& g = map.graph();
        topology::plane view{g.costs(within.metric), g.no_transit};
        for (topology::link_number l = 0; l < g.link_count(); ++l) {
            const auto named = [&](const auto& list, auto value) {
                return std::find(list.begin(), list.end(), value) != list.end();
            };
            const topology::link* const said = map.said_of(l);
            const bool risky = said != nullptr &&
                               std::any_of(said->srlgs.begin(), said->srlgs.end(),
                                           [&](auto r) { return named(within.exclude_srlgs, r); });
            if (risky || named(within.exclude_links, l) || named(within.exclude_nodes, g.from[l]) ||
                named(within.exclude_nodes, g.to[l]) ||
                (g.affinities[l] & within.exclude_any) != 0) {
                view.costs[l] = topology::unusable;
            }
        }
        return view;
    }

    void take_away(const std::string& a, const std::string& b) {
        auto& links = of(a).links;
        for (const auto& l : links) {
            if (l.remote == b) {
                gone_[{a, b}].push_back(l);
            }
        }
        std::erase_if(links, [&](const auto& l) { return l.remote == b; });
    }

    std::vector<topology::advertisement> said_;
    std::map<std::pair<std::string, std::string>, std::vector<topology::link>> gone_;
    topology::spf_workspace memory_;

public:
    topology::map map;
    std::set<std::pair<topology::node_number, mpls::label>> taken;
    std::size_t computations = 0;
    std::unique_ptr<paths::reservations> reserved;
    std::unique_ptr<paths::policy_services> computes;
    std::unique_ptr<paths::policies> all;
};

}  // namespace rhumb::test
