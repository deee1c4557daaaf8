#include "controlplane/controller/policy_moves.hh"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "controlplane/paths/cspf.hh"

namespace rhumb::controller {

using paths::candidate_path;
using topology::link_number;

namespace {

// The controller's candidate in a policy, which it replaces at each move.
constexpr std::uint32_t controllers_discriminator = std::numeric_limits<std::uint32_t>::max();
constexpr std::string_view controllers_name = "controller";

}  // namespace

std::vector<std::uint32_t> policy_moves::movable() {
    std::map<paths::policy_key, std::size_t> users;
    for (const demand& d : demands_) {
        if (d.policy) {
            ++users[*d.policy];
        }
    }
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < demands_.size(); ++i) {
        const demand& d = demands_[i];
        if (d.policy && users[*d.policy] == 1) {
            const auto& what = replacement_for(i);
            if (what && d.from == d.policy->headend && d.to == what->endpoint) {
                found.push_back(i);
            }
        }
    }
    return found;
}

const std::optional<paths::replacement>& policy_moves::replacement_for(std::uint32_t demand) {
    const auto known = replacements_.find(demand);
    return known != replacements_.end()
               ? known->second
               : replacements_.emplace(demand, policies_.replacement_for(*demands_[demand].policy))
                     .first->second;
}

// Of a pair that keeps apart one may move: the other stays clear of where it was alone.
bool policy_moves::may_move(const paths::replacement& what, const paths::policy_key& key) const {
    return !moved_.contains(key) && !held_.contains(key) &&
           !(what.demands.disjoint_from && moved_.contains(*what.demands.disjoint_from));
}

alternatives policy_moves::ways() {
    return {[this](std::uint32_t demand, std::span<const bits_per_second> room) {
                return find(demand, room);
            },
            [this](const move& one) { decide(one); }};
}

std::vector<alternative> policy_moves::find(std::uint32_t demand,
                                            std::span<const bits_per_second> room) {
    const std::optional<paths::replacement>& what = replacement_for(demand);
    const paths::policy_key& key = *demands_[demand].policy;
    if (!what || !may_move(*what, key)) {
        return {};
    }
    paths::constraints within = what->within;
    for (link_number l = 0; l < room.size(); ++l) {
        if (room[l] < demands_[demand].rate) {
            within.exclude_links.push_back(l);
        }
    }
    std::vector<link_number> links;
    if (what->demands.ecmp) {
        links = equal_cost_links(map_, key.headend, what->endpoint, within);
    } else if (auto found = paths::shortest_path(map_, key.headend, what->endpoint, within,
                                                 &reserved_, what->policy)) {
        links = std::move((*std::move(found)).links);
    }
    if (links.empty()) {
        return {};
    }
    // A policy that moves is no help to others.
    std::vector<paths::offered_binding> offers;
    for (const paths::offered_binding& offer : policies_.offers()) {
        const bool moves = std::any_of(moved_.begin(), moved_.end(), [&](const auto& other) {
            const paths::policy_state* const state = policies_.find(other);
            return other.headend == offer.node && state->bound.label == offer.label;
        });
        if (!moves) {
            offers.push_back(offer);
        }
    }
    const auto segments = policies_.spell(*what, links, offers);
    if (!segments) {
        return {};
    }
    return {{{{paths::expand_offers(map_.graph(), *segments, offers), 1}},
             std::move(links),
             *segments}};
}

void policy_moves::decide(const move& one) {
    const paths::policy_key& key = *demands_[one.demand].policy;
    const std::optional<paths::replacement>& what = replacement_for(one.demand);
    moved_.insert(key);
    if (what->demands.disjoint_from) {
        held_.insert(*what->demands.disjoint_from);
    }
    if (what->within.bandwidth != 0) {
        (void)reserved_.admit(what->policy, one.to.links, what->within.bandwidth);
    }
    for (const topology::segment& s : one.to.spelt) {
        const bool binding = s.kind == topology::segment_kind::binding;
        for (std::uint32_t n = 0; binding && n < policies_.size(); ++n) {
            const paths::policy_state* const state = policies_.at(n);
            if (state != nullptr && state->key.headend == s.node &&
                state->bound.label == s.number) {
                held_.insert(state->key);
            }
        }
    }
}

candidate_path policy_moves::candidate_for(const move& one) {
    const std::optional<paths::replacement>& what = replacement_for(one.demand);
    const paths::policy_state& policy = *policies_.find(*demands_[one.demand].policy);
    candidate_path made;
    made.name = controllers_name;
    made.key.discriminator = controllers_discriminator;
    for (const candidate_path& c : policy.candidates) {
        if (c.key == made.key) {
            made.preference = std::max(made.preference, c.preference);
        } else if (c.preference != std::numeric_limits<std::uint32_t>::max()) {
            made.preference = std::max(made.preference, c.preference + 1);
        } else {
            made.preference = c.preference;
        }
        made.drop_upon_invalid |= c.drop_upon_invalid;
    }
    if (const candidate_path* const active = policy.active_path()) {
        made.binding_sid = active->binding_sid;
        made.specified_binding_sid_only = active->specified_binding_sid_only;
    }
    made.dynamic = what->demands;
    for (const link_number l : one.to.links) {
        paths::hop& h = made.dynamic->pinned.emplace_back();
        h.is = paths::hop::kind::link;
        h.node = map_.graph().from[l];
        h.link = map_.said_of(l)->name;  // paths are of links that somebody has said
    }
    return made;
}

}  // namespace rhumb::controller
