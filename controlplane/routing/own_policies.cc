#include "controlplane/routing/own_policies.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "controlplane/paths/policy_reasons.hh"

namespace rhumb::routing {

using topology::node_number;

// Its own, those that they are kept apart from, and those whose binding SIDs may shorten a list of
// theirs: without them, paths here would not be what they are for a controller.
config::resolved_policies of_headend(config::resolved_policies all, node_number headend) {
    std::map<paths::policy_key, const config::resolved_policy*> known;
    std::map<std::string, std::vector<paths::policy_key>> groups;
    std::vector<paths::policy_key> wanted;
    for (const config::resolved_policy& policy : all.policies) {
        known.emplace(policy.key, &policy);
        bool helps = policy.key.headend == headend;
        for (const paths::candidate_path& path : policy.candidates) {
            helps = helps || path.binding_sid;
            if (path.dynamic && !path.dynamic->group.empty()) {
                groups[path.dynamic->group].push_back(policy.key);
            }
        }
        if (helps) {
            wanted.push_back(policy.key);
        }
    }
    std::set<paths::policy_key> kept(wanted.begin(), wanted.end());
    const auto want = [&](const paths::policy_key& key) {
        if (kept.insert(key).second) {
            wanted.push_back(key);
        }
    };
    for (std::size_t n = 0; n < wanted.size(); ++n) {
        const auto policy = known.find(wanted[n]);
        if (policy == known.end()) {
            continue;
        }
        for (const paths::candidate_path& path : policy->second->candidates) {
            if (path.dynamic && path.dynamic->disjoint_from) {
                want(*path.dynamic->disjoint_from);
            }
            if (path.dynamic && !path.dynamic->group.empty()) {
                std::ranges::for_each(groups[path.dynamic->group], want);
            }
        }
    }
    std::erase_if(all.policies, [&](const auto& policy) { return !kept.contains(policy.key); });
    return all;
}

own_policies::own_policies(const topology::map& m, node_number own, own_blocks own_labels)
    : map_(m),
      own_(own),
      own_labels_(std::move(own_labels)),
      reserved_(m),
      services_(m, &reserved_),
      policies_(m, services_.services(label_services())),
      steering_(policies_, own) {}

// Labels of a headend as the map has it: binding SIDs keep off its adjacency SIDs.
labels::label_owner* own_policies::labels_of(node_number headend) {
    if (const auto known = labels_.find(headend); known != labels_.end()) {
        return &known->second;
    }
    const topology::advertisement* const said = map_.said(headend);
    if (said == nullptr) {
        return nullptr;
    }
    labels::label_blocks blocks{said->srgb, said->srlb, {}, {}};
    if (headend == own_) {
        blocks.dynamic = own_labels_.dynamic;
        blocks.reserved = own_labels_.reserved;
    }
    auto made = labels::label_owner::make(blocks);
    if (!made) {
        return nullptr;
    }
    labels::label_owner& owner = labels_.emplace(headend, std::move(made).value()).first->second;
    for (const topology::link& l : said->links) {
        for (const topology::adjacency_sid& sid : l.sids) {
            // Members of a set share one.
            (void)owner.claim(fmt::format("adjacency {}", sid.label), sid.label);
        }
    }
    for (const topology::binding_sid& binding : said->bindings) {
        (void)owner.claim(fmt::format("advertised {}", binding.label), binding.label);
    }
    return &owner;
}

paths::label_services own_policies::label_services() {
    // What the node advertises has its label for good, and may become that of a policy.
    const auto is_advertised = [this](node_number headend, mpls::label label) {
        const topology::advertisement* const said = map_.said(headend);
        return said != nullptr &&
               std::ranges::find(said->bindings, label, &topology::binding_sid::label) !=
                   said->bindings.end();
    };
    const auto key_of = [is_advertised](node_number headend, mpls::label label) {
        return fmt::format("{} {}", is_advertised(headend, label) ? "advertised" : "binding SID",
                           label);
    };
    return {[this, key_of](node_number headend, mpls::label label) {
                labels::label_owner* const owner = labels_of(headend);
                return owner != nullptr && owner->claim(key_of(headend, label), label).ok();
            },
            [this, key_of](node_number headend) -> std::optional<mpls::label> {
                labels::label_owner* const owner = labels_of(headend);
                if (owner == nullptr) {
                    return std::nullopt;
                }
                const std::string unnamed = "binding SID";
                const auto label = owner->allocate(unnamed, labels::label_pool::srlb);
                owner->release(unnamed);
                if (label && !owner->claim(key_of(headend, *label), *label).ok()) {
                    return std::nullopt;
                }
                return label;
            },
            [this, key_of, is_advertised](node_number headend, mpls::label label) {
                labels::label_owner* const owner = labels_of(headend);
                if (owner != nullptr && !is_advertised(headend, label)) {
                    owner->release(key_of(headend, label));
                }
            }};
}

void own_policies::set(const config::resolved_policy& wanted) {
    policies_.configure(wanted.key, {wanted.name, wanted.priority, wanted.steer});
    for (const paths::candidate_path& candidate : wanted.candidates) {
        policies_.set(wanted.key, candidate);
    }
}

void own_policies::replace(const config::resolved_policies& all) {
    std::map<paths::policy_key, config::resolved_policy> next;
    std::set<paths::binding_place> bound;
    for (const config::resolved_policy& wanted : all.policies) {
        next.emplace(wanted.key, wanted);
        for (const paths::candidate_path& path : wanted.candidates) {
            if (path.binding_sid) {
                bound.insert({wanted.key.headend, *path.binding_sid});
            }
        }
    }
    services_.set_bound(std::move(bound));
    for (const auto& [key, was] : given_) {
        const auto now = next.find(key);
        if (now == next.end()) {
            (void)policies_.remove(key);
            moved_.erase(key);
            continue;
        }
        if (const auto moved = moved_.find(key); moved != moved_.end() && now->second != was) {
            (void)policies_.remove(key, moved->second);  // it was for a policy of the past
            moved_.erase(moved);
        }
        for (const paths::candidate_path& candidate : was.candidates) {
            if (std::ranges::find(now->second.candidates, candidate.key,
                                  &paths::candidate_path::key) == now->second.candidates.end()) {
                (void)policies_.remove(key, candidate.key);
            }
        }
    }
    for (const auto& [key, wanted] : next) {
        const auto was = given_.find(key);
        if (was == given_.end() || was->second != wanted) {
            set(wanted);
        }
    }
    given_ = std::move(next);

    std::set<ip_prefix> routes;
    for (const config::resolved_route& route : all.routes) {
        if (route.headend != own_) {
            continue;
        }
        paths::colored_route colored{route.prefix, route.next_hop, {}};
        for (const config::color_entry& color : route.colors) {
            colored.colors.push_back({color.color, paths::color_only_of(color.only)});
        }
        steering_.set(std::move(colored));
        routes.insert(route.prefix);
    }
    for (const ip_prefix& gone : routes_) {
        if (!routes.contains(gone)) {
            steering_.remove(gone);
        }
    }
    routes_ = std::move(routes);
    demands_ = all.demands;
}

void own_policies::move(const paths::policy_key& key, paths::candidate_path path) {
    if (policies_.find(key) == nullptr) {
        return;
    }
    moved_.insert_or_assign(key, path.key);
    policies_.set(key, std::move(path));
}

std::size_t own_policies::forget_moves() {
    for (const auto& [key, candidate] : moved_) {
        (void)policies_.remove(key, candidate);
    }
    const std::size_t count = moved_.size();
    moved_.clear();
    return count;
}

bool own_policies::is_settled(const paths::policy_key& key) const {
    const paths::policy_state* const state = policies_.find(key);
    return state == nullptr || state->lists.due() == paths::never;
}

std::string own_policies::reason_of(const paths::policy_state& policy, std::size_t candidate) {
    const paths::candidate_state& state = policy.states[candidate];
    std::string text;
    const auto add = [&](const std::string& more) {
        text += text.empty() || more.empty() ? more : "; " + more;
    };
    add(state.fault == paths::list_fault::none ? "" : std::string(to_string(state.fault)));
    if (state.fault == paths::list_fault::too_deep && !state.too_long.empty()) {
        add(split_text(map_, services_.proposal(policy.key.headend, state.too_long)));
    }
    add(pair_text(map_, state));
    return text;
}

paths::evaluation own_policies::update(const topology::change& changed, microseconds now) {
    if (!changed.empty()) {
        services_.update();
    }
    paths::evaluation done = policies_.update(changed, now);
    (void)steering_.update(done.changed);
    return done;
}

}  // namespace rhumb::routing
