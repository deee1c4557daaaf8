#include <fmt/format.h>

#include "controlplane/labels/fec.hh"
#include "controlplane/labels/label_walk.hh"
#include "controlplane/paths/policy_check.hh"
#include "controlplane/routing/rows.hh"

namespace rhumb::routing {

using nlohmann::json;

namespace {

std::string address_text(const ip_prefix& host) {
    const std::string text = labels::to_text(host);
    return text.substr(0, text.find('/'));
}

// Segments in words, and the labels that say them: each as the node sees it where the one before
// has ended.
json list_row(const network& known, topology::node_number headend,
              const paths::weighted_segments& list) {
    const topology::map& m = known.map();
    const labels::list_reader lists(
        m, known.labels(), [&](topology::node_number node, mpls::label label) {
            return paths::end_of_offer(known.policies()->all().offers(), node, label);
        });
    json segments = json::array();
    json labels = json::array();
    std::vector<topology::node_number> at{headend};
    for (const topology::segment& s : list.segments) {
        segments.push_back(labels::to_text(m, s));
        const auto label = lists.label_of(s, at);
        labels.push_back(label ? json(label.value()) : json(nullptr));
        at = lists.ends_of(s, at.empty() ? topology::nobody : at.front());
    }
    return {
        {"segments", std::move(segments)}, {"labels", std::move(labels)}, {"weight", list.weight}};
}

std::string state_of(const paths::candidate_state& state, bool active, bool computed) {
    if (active) {
        return "active";
    }
    if (!state.tried) {
        return "not looked at: a better one is valid";
    }
    if (state.valid) {
        return "valid";
    }
    if (state.no_binding_sid) {
        return "invalid: its binding SID is not to be had";
    }
    if (computed) {
        return fmt::format("invalid: {}", paths::to_string(state.fault));
    }
    return fmt::format("invalid: {} (list {}, segment {})", paths::to_string(state.fault),
                       state.list + 1, state.hop + 1);
}

json candidate_rows(const own_policies& all, const paths::policy_state& state) {
    json rows = json::array();
    for (std::size_t i = 0; i < state.candidates.size(); ++i) {
        const paths::candidate_path& candidate = state.candidates[i];
        const bool active = state.active && *state.active == candidate.key;
        rows.push_back(
            {{"name", candidate.name},
             {"preference", candidate.preference},
             {"kind", candidate.dynamic ? "dynamic" : "explicit"},
             {"state", state_of(state.states[i], active, candidate.dynamic.has_value())}});
        if (const std::string reason = all.reason_of(state, i); !reason.empty()) {
            rows.back()["reason"] = reason;
        }
    }
    return rows;
}

}  // namespace

json policy_rows(const network& known) {
    json rows = json::array();
    if (known.policies() == nullptr) {
        return rows;
    }
    const paths::policies& all = known.policies()->all();
    for (std::uint32_t n = 0; n < all.size(); ++n) {
        const paths::policy_state* const state = all.at(n);
        if (state == nullptr) {
            continue;
        }
        json row{{"policy", state->settings.name},
                 {"headend", known.map().name(state->key.headend)},
                 {"color", state->key.color},
                 {"endpoint", address_text(state->key.endpoint)},
                 {"up", state->active.has_value()},
                 {"candidates", candidate_rows(*known.policies(), *state)}};
        if (state->bound.label) {
            row["binding_sid"] = *state->bound.label;
        }
        if (const paths::candidate_path* const active = state->active_path()) {
            row["preference"] = active->preference;
            row["active"] = active->name;
        }
        json lists = json::array();
        for (const paths::weighted_segments& list : state->lists.in_force().lists) {
            lists.push_back(list_row(known, state->key.headend, list));
        }
        row["lists"] = std::move(lists);
        json steered = json::array();
        const std::vector<ip_prefix> prefixes = state->key.headend == known.own()
                                                    ? known.policies()->steered().prefixes_of(n)
                                                    : state->settings.steered;
        for (const ip_prefix& prefix : prefixes) {
            steered.push_back(labels::to_text(prefix));
        }
        row["steered"] = std::move(steered);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace rhumb::routing
