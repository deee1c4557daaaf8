// Policies of a file against the map: names become nodes, links and addresses.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "controlplane/config/form.hh"
#include "controlplane/config/policies_file.hh"
#include "controlplane/config/text.hh"

namespace rhumb::config {

namespace {

using paths::hop;
using topology::nobody;
using topology::node_number;

class resolver {
public:
    resolver(const topology::map& m, std::optional<node_number> own, diagnostics& errors)
        : map_(m), own_(own), errors_(errors) {}

    resolved_policies run(const policies_file& file) {
        resolved_policies made;
        std::set<paths::policy_key> seen;
        std::vector<paths::policy_key> keys;
        std::vector<bool> has_end;
        for (const policy_entry& p : file.policies) {
            const auto endpoint = address(p.endpoint);
            const paths::policy_key key{headend(p.headend, p.where), p.color,
                                        endpoint.value_or(ip_prefix())};
            has_end.push_back(endpoint.has_value());
            if (!seen.insert(key).second) {
                errors_.fail(p.where,
                             "a policy of this headend, color and endpoint stands here "
                             "already");
            }
            if (!p.name.empty()) {
                names_.emplace(p.name, key);
            }
            keys.push_back(key);
        }
        // Paths may name policies that stand further down.
        for (std::size_t i = 0; i < file.policies.size(); ++i) {
            const policy_entry& p = file.policies[i];
            resolved_policy policy{keys[i], p.name, p.priority, p.steer, {}};
            for (const policy_path_entry& path : p.paths) {
                policy.candidates.push_back(candidate(path, keys[i]));
            }
            made.policies.push_back(std::move(policy));
        }
        check_groups(file, made);
        for (const route_entry& r : file.routes) {
            const node_number from = headend(r.headend, r.where);
            if (const auto next_hop = address(r.next_hop)) {
                made.routes.push_back({from, r.prefix, *next_hop, r.colors});
            }
        }
        for (const demand_entry& d : file.demands) {
            made.demands.push_back(demand(d));
        }
        // Nobody's address is the null endpoint, which is everybody's.
        std::size_t place = 0;
        std::erase_if(made.policies, [&](const auto&) { return !has_end[place++]; });
        return made;
    }

private:
    // A group is two paths of different policies that are alike in what they demand.
    void check_groups(const policies_file& file, const resolved_policies& made) {
        struct member {
            std::size_t policy;
            const paths::dynamic_path* path;
        };
        std::map<std::string, std::vector<member>, std::less<>> groups;
        for (std::size_t i = 0; i < made.policies.size(); ++i) {
            const auto& paths = file.policies[i].paths;
            for (std::size_t n = 0; n < paths.size(); ++n) {
                if (!paths[n].dynamic || !paths[n].dynamic->group) {
                    continue;
                }
                const name_at& name = *paths[n].dynamic->group;
                auto& group = groups[name.text];
                group.push_back({i, &*made.policies[i].candidates[n].dynamic});
                const std::string text = in_quotes(name.text);
                if (group.size() > 2) {
                    errors_.fail(name.where,
                                 fmt::format("disjoint_group {} has two paths already", text));
                } else if (group.size() == 2 && group[0].policy == i) {
                    errors_.fail(name.where,
                                 fmt::format("disjoint_group {} has two paths of one policy, of "
                                             "which one at most is active",
                                             text));
                } else if (*group[0].path != *group.back().path) {
                    errors_.fail(name.where,
                                 fmt::format("the two paths of disjoint_group {} have to demand "
                                             "the same",
                                             text));
                }
            }
        }
    }

    node_number node(const name_at& name) {
        const auto found = map_.find(name.text);
        if (!found || map_.said(*found) == nullptr) {
            errors_.fail(name.where,
                         fmt::format("there is no node {} on the map", in_quotes(name.text)));
            return nobody;
        }
        return *found;
    }

    node_number headend(const name_at& name, position where) {
        if (!name.text.empty()) {
            return node(name);
        }
        if (!own_) {
            errors_.fail(where, R"(a headend is needed here, as in headend = "r1")");
        }
        return own_.value_or(nobody);
    }

    // An address, or that of a node: its first host prefix that stands for it alone.
    std::optional<ip_prefix> address(const name_at& name) {
        if (const auto given = parse_host(name.text)) {
            return given;
        }
        const node_number n = node(name);
        if (n == nobody) {
            return std::nullopt;
        }
        for (const topology::prefix& p : map_.said(n)->prefixes) {
            if (p.node && p.address.length == address_bits(p.address.af)) {
                return p.address;
            }
        }
        errors_.fail(name.where, fmt::format("node {} has no address of its own (a host prefix "
                                             "with flag N); give an address",
                                             in_quotes(name.text)));
        return std::nullopt;
    }

    // "r1:eth0" or "r1->r2".
    std::optional<hop> link(const name_at& name) {
        hop made;
        made.is = hop::kind::link;
        if (const std::size_t arrow = name.text.find("->"); arrow != std::string::npos) {
            made.node = node({name.text.substr(0, arrow), name.where});
            made.remote = node({name.text.substr(arrow + 2), name.where});
            const topology::graph& g = map_.graph();
            bool there = made.node == nobody || made.remote == nobody;
            for (topology::link_number l = there ? 0 : g.first[made.node];
                 !there && l < g.first[made.node + 1]; ++l) {
                there = g.to[l] == made.remote;
            }
            if (!there) {
                errors_.fail(name.where, fmt::format("there is no link {}", in_quotes(name.text)));
            }
            return made;
        }
        const std::size_t colon = name.text.find(':');
        if (colon == std::string::npos) {
            return std::nullopt;
        }
        made.node = node({name.text.substr(0, colon), name.where});
        made.link = name.text.substr(colon + 1);
        if (made.node != nobody && !map_.find_link(made.node, made.link)) {
            errors_.fail(name.where,
                         fmt::format("node {} has no link {}", in_quotes(map_.name(made.node)),
                                     in_quotes(made.link)));
        }
        return made;
    }

    hop prefix_hop(const ip_prefix& prefix, position where) {
        hop made;
        made.is = hop::kind::prefix;
        made.address = prefix;
        const auto known = map_.find(prefix);
        if (!known || map_.sources(*known).empty()) {
            errors_.fail(where,
                         fmt::format("no node of the map has the prefix {}", to_string(prefix)));
        }
        return made;
    }

    hop segment(const segment_entry& s) {
        hop made;
        made.algorithm = s.algorithm;
        if (s.label) {
            made.is = hop::kind::label;
            made.label = *s.label;
            return made;
        }
        if (const auto known = map_.find(s.name.text); known && map_.said(*known) != nullptr) {
            made.node = *known;
            return made;
        }
        const auto host = parse_host(s.name.text);
        if (const auto prefix = host ? host : parse_prefix(s.name.text)) {
            made = prefix_hop(*prefix, s.name.where);
            made.algorithm = s.algorithm;
            return made;
        }
        if (const auto over = link(s.name)) {
            if (s.algorithm != 0) {
                errors_.fail(s.name.where, "an algorithm goes with nodes and prefixes");
            }
            return *over;
        }
        made.node = node(s.name);
        return made;
    }

    paths::candidate_path candidate(const policy_path_entry& path, const paths::policy_key& own) {
        paths::candidate_path made = path.path;
        for (const segment_list_entry& list : path.lists) {
            paths::explicit_list& added = made.lists.emplace_back();
            added.weight = list.weight;
            added.verify = list.verify;
            for (const segment_entry& s : list.segments) {
                added.hops.push_back(segment(s));
            }
        }
        if (path.dynamic) {
            made.dynamic = dynamic(*path.dynamic, own);
        }
        return made;
    }

    paths::dynamic_path dynamic(const dynamic_entry& entry, const paths::policy_key& own) {
        paths::dynamic_path made;
        made.within = entry.within;
        made.disjoint = entry.disjoint;
        made.group = entry.group ? entry.group->text : "";
        made.strict = entry.strict;
        made.ecmp = entry.ecmp;
        for (const name_at& name : entry.exclude_nodes) {
            made.within.exclude_nodes.push_back(node(name));
        }
        resolve_via(entry, made);
        for (const name_at& name : entry.exclude_links) {
            if (auto found = link(name)) {
                made.avoid.push_back(*std::move(found));
            } else {
                errors_.fail(name.where,
                             fmt::format(R"({} is no link; write "r1:eth0" or "r1->r2")",
                                         in_quotes(name.text)));
            }
        }
        if (entry.disjoint_from) {
            made.disjoint_from = policy(*entry.disjoint_from);
            if (made.disjoint_from == own) {
                errors_.fail(entry.disjoint_from->where, "a policy cannot keep apart from itself");
            }
        }
        return made;
    }

    // Nodes, unless one is a prefix: who has that follows the map.
    void resolve_via(const dynamic_entry& entry, paths::dynamic_path& into) {
        bool all_nodes = true;
        for (const name_at& name : entry.via) {
            hop& made = into.via.emplace_back();
            const bool is_node = map_.find(name.text).has_value();
            const auto host = is_node ? std::nullopt : parse_host(name.text);
            const auto prefix = host || is_node ? host : parse_prefix(name.text);
            if (prefix) {
                made = prefix_hop(*prefix, name.where);
                all_nodes = false;
            } else {
                made.node = node(name);
            }
        }
        if (all_nodes) {
            for (const hop& h : std::exchange(into.via, {})) {
                into.within.via.push_back(h.node);
            }
        }
    }

    std::optional<paths::policy_key> policy(const name_at& name) {
        const auto known = names_.find(name.text);
        if (known == names_.end()) {
            errors_.fail(name.where, fmt::format("there is no policy {}", in_quotes(name.text)));
            return std::nullopt;
        }
        return known->second;
    }

    resolved_demand demand(const demand_entry& d) {
        resolved_demand made;
        made.from = node(d.from);
        made.to = node(d.to);
        made.rate = d.rate;
        if (d.policy) {
            made.policy = policy(*d.policy);
            if (made.policy && made.policy->headend != made.from &&
                made.policy->headend != nobody) {
                errors_.fail(d.policy->where,
                             fmt::format("policy {} begins at another node than the demand",
                                         in_quotes(d.policy->text)));
            }
        }
        if (made.policy && made.to != nobody) {
            check_end(d, made);
        }
        return made;
    }

    // Policies to the null endpoint, and to nobody of the map, carry traffic to anywhere.
    void check_end(const demand_entry& d, const resolved_demand& made) {
        const auto endpoint = map_.find(made.policy->endpoint);
        const auto sources =
            endpoint ? map_.sources(*endpoint) : std::span<const topology::prefix_source>();
        const bool ends_there =
            std::ranges::find(sources, made.to, &topology::prefix_source::node) != sources.end();
        if (!paths::is_null(made.policy->endpoint) && !sources.empty() && !ends_there) {
            errors_.fail(d.to.where, fmt::format("policy {} does not end at {}",
                                                 in_quotes(d.policy->text), in_quotes(d.to.text)));
        } else if (!demands_.emplace(*made.policy, made.to).second) {
            errors_.fail(d.policy->where,
                         fmt::format("another demand takes policy {} to {} already; add up the two",
                                     in_quotes(d.policy->text), in_quotes(d.to.text)));
        }
    }

    const topology::map& map_;
    std::optional<node_number> own_;
    diagnostics& errors_;
    std::map<std::string, paths::policy_key, std::less<>> names_;
    std::set<std::pair<paths::policy_key, node_number>> demands_;  // that take a policy, by end
};

}  // namespace

resolved_policies resolve_policies(const policies_file& file, const topology::map& m,
                                   std::optional<topology::node_number> own, diagnostics& errors) {
    return resolver(m, own, errors).run(file);
}

}  // namespace rhumb::config
