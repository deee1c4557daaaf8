#include "tools/rhumb-path/policy.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "controlplane/config/text.hh"
#include "tools/rhumbctl/table.hh"

namespace rhumb::path_tool {

using nlohmann::json;

namespace {

// Why a candidate is not the active one, or that it is.
std::string state_text(routing::own_policies& all, const paths::policy_state& policy,
                       std::size_t n) {
    const paths::candidate_path& candidate = policy.candidates[n];
    const paths::candidate_state& state = policy.states[n];
    const std::string reason = all.reason_of(policy, n);
    if (policy.active && *policy.active == candidate.key) {
        return "active: the first that is valid" + (reason.empty() ? "" : "; " + reason);
    }
    if (!state.tried) {
        return "not tried: one before it is valid";
    }
    if (state.no_binding_sid) {
        return "invalid: its binding SID is not to be had";
    }
    if (state.valid) {
        return "valid";
    }
    if (candidate.dynamic) {
        return "invalid: " + reason;
    }
    return fmt::format("invalid: list {}, segment {}: {}", state.list + 1, state.hop + 1, reason);
}

std::string origin_text(paths::protocol_origin origin) {
    switch (origin) {
        case paths::protocol_origin::pcep: return "pcep";
        case paths::protocol_origin::bgp: return "bgp";
        case paths::protocol_origin::config: break;
    }
    return "configuration";
}

// Those that are preferred stand first; of equals, that of the higher discriminator (RFC 9256 2.9).
std::vector<std::size_t> by_preference(const paths::policy_state& policy) {
    std::vector<std::size_t> order(policy.candidates.size());
    for (std::size_t n = 0; n < order.size(); ++n) {
        order[n] = n;
    }
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        const paths::candidate_path& x = policy.candidates[a];
        const paths::candidate_path& y = policy.candidates[b];
        return std::tuple(x.preference, x.key.origin, y.key.from, x.key.discriminator) >
               std::tuple(y.preference, y.key.origin, x.key.from, y.key.discriminator);
    });
    return order;
}

json candidates_json(routing::own_policies& all, const paths::policy_state& policy) {
    json rows = json::array();
    for (const std::size_t n : by_preference(policy)) {
        const paths::candidate_path& c = policy.candidates[n];
        rows.push_back({{"preference", c.preference},
                        {"name", c.name},
                        {"origin", origin_text(c.key.origin)},
                        {"discriminator", c.key.discriminator},
                        {"kind", c.dynamic ? "dynamic" : "explicit"},
                        {"lists", c.lists.size()},
                        {"active", policy.active && *policy.active == c.key},
                        {"state", state_text(all, policy, n)}});
    }
    return rows;
}

struct told_list {
    const paths::weighted_segments& list;
    labels::label_walk walk;
};

json policy_json(const network& in, routing::own_policies& all, const paths::policy_state& policy,
                 const std::vector<told_list>& lists) {
    json rows = json::array();
    for (const told_list& one : lists) {
        json segments = json::array();
        for (const topology::segment& s : one.list.segments) {
            segments.push_back(labels::to_text(in.map, s));
        }
        rows.push_back({{"weight", one.list.weight},
                        {"segments", segments},
                        {"walk", walk_json(in, one.walk)}});
    }
    return {{"name", policy.settings.name},
            {"color", policy.key.color},
            {"headend", in.name(policy.key.headend)},
            {"endpoint", config::to_string(policy.key.endpoint)},
            {"binding_sid", policy.bound.label ? json(*policy.bound.label) : json()},
            {"dropping", policy.dropping},
            {"candidates", candidates_json(all, policy)},
            {"lists", rows}};
}

void print_candidates(routing::own_policies& all, const paths::policy_state& policy) {
    std::vector<ctl::text_table::row> cells;
    for (const json& row : candidates_json(all, policy)) {
        const std::string name = row["name"];
        cells.push_back({row["preference"].dump(), name.empty() ? "-" : name, row["origin"],
                         row["kind"], row["state"]});
    }
    std::cout << ctl::text_table({{"PREFERENCE", true}, {"NAME"}, {"ORIGIN"}, {"KIND"}, {"STATE"}})
                     .render(cells);
}

void print_policy(const network& in, routing::own_policies& all, const paths::policy_state& policy,
                  const std::vector<told_list>& lists) {
    const std::string name = policy.settings.name.empty() ? "" : " " + policy.settings.name;
    std::string binding = "none";
    if (policy.bound.label) {
        binding = fmt::format("{} ({})", *policy.bound.label,
                              policy.bound.specified ? "specified" : "allocated");
    }
    if (policy.bound.refused) {
        binding += fmt::format("; {} is in use", *policy.bound.refused);
    }
    std::cout << fmt::format("policy{} of {}, color {}, endpoint {}\nbinding SID {}\n\n", name,
                             in.name(policy.key.headend), policy.key.color,
                             config::to_string(policy.key.endpoint), binding);
    print_candidates(all, policy);
    std::uint64_t sum = 0;
    for (const told_list& one : lists) {
        sum += one.list.weight;
    }
    std::size_t number = 0;
    for (const told_list& one : lists) {
        std::cout << fmt::format("\nlist {}, weight {} of {}\nsegments  {}\n\n", ++number,
                                 one.list.weight, sum, to_text(in, one.list.segments));
        print_walk(in, one.walk);
    }
    if (lists.empty()) {
        std::cout << (policy.dropping ? "\nno path is valid: its traffic is dropped\n"
                                      : "\nno path is valid: its traffic goes as if there were "
                                        "no policy\n");
    }
}

}  // namespace

std::unique_ptr<routing::own_policies> evaluate_policies(const network& in,
                                                         std::optional<topology::node_number> own) {
    config::diagnostics errors(in.source, 0);
    const config::resolved_policies all =
        config::resolve_policies(in.policies, in.map, own, errors);
    if (errors.failed()) {
        std::string text;
        for (const error& one : errors.all()) {
            text += (text.empty() ? "" : "\n") + one.text();
        }
        if (!own && text.find("headend is needed") != std::string::npos) {
            text += "\n--node NODE is the headend of all that name none";
        }
        throw failure(exit_status::file, text);
    }
    auto made =
        std::make_unique<routing::own_policies>(in.map, own.value_or(0), routing::own_blocks{});
    made->name_affinities(in.file.affinities);
    made->replace(all, true);
    (void)made->update({}, 0);
    return made;
}

const paths::policy_state& find_policy(const network& in, const paths::policies& all,
                                       topology::node_number from, topology::node_number to,
                                       std::uint32_t color) {
    const paths::policy_state* found = nullptr;
    for (std::uint32_t n = 0; n < all.size(); ++n) {
        const paths::policy_state* const one = all.at(n);
        if (one == nullptr || one->key.headend != from || one->key.color != color) {
            continue;
        }
        const auto ends = paths::endpoint_nodes(in.map, one->key.endpoint);
        if (std::ranges::find(ends, to) != ends.end()) {
            return *one;
        }
        found = paths::is_null(one->key.endpoint) ? one : found;
    }
    if (found == nullptr) {
        throw failure(exit_status::refused, fmt::format("{} has no policy to {} with color {}",
                                                        in.name(from), in.name(to), color));
    }
    return *found;
}

labels::bound_policies bound_policies_of(const paths::policies& all) {
    labels::bound_policies made;
    for (std::uint32_t n = 0; n < all.size(); ++n) {
        const paths::policy_state* const one = all.at(n);
        if (one == nullptr || !one->bound.label) {
            continue;
        }
        labels::bound_policy bound;
        for (const paths::weighted_segments& list : one->lists.in_force().lists) {
            bound.lists.push_back(list.segments);
        }
        bound.end = paths::end_of_offer(all.offers(), one->key.headend, *one->bound.label)
                        .value_or(topology::nobody);
        if (!bound.lists.empty()) {
            made[{one->key.headend, *one->bound.label}] = std::move(bound);
        }
    }
    return made;
}

exit_status tell_policy(const network& in, topology::node_number from, topology::node_number to,
                        std::uint32_t color, const walk_settings& walking, bool as_json) {
    const auto all = evaluate_policies(in, from);
    const paths::policy_state& policy = find_policy(in, all->all(), from, to, color);
    std::vector<told_list> lists;
    const labels::bound_policies bound = bound_policies_of(all->all());
    labels::walk_options options = walking.make(in);
    options.policies = &bound;
    for (const paths::weighted_segments& list : policy.lists.in_force().lists) {
        lists.push_back(
            {list, in.walker->follow(from, list.segments, in.sids->node_prefix(to, 0), options)});
    }
    if (as_json) {
        std::cout << policy_json(in, *all, policy, lists).dump(1, ' ', true) << '\n';
    } else {
        print_policy(in, *all, policy, lists);
    }
    const bool arrives = !lists.empty() && std::ranges::all_of(lists, [](const told_list& one) {
        return one.walk.arrives();
    });
    return arrives ? exit_status::done : exit_status::refused;
}

}  // namespace rhumb::path_tool
