#include "controlplane/routing/own_policies.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/paths/policy_reasons.hh"

namespace rhumb::routing {

using topology::node_number;

namespace {

bool reserves(const config::resolved_policy& policy) {
    return std::ranges::any_of(policy.candidates, [](const paths::candidate_path& path) {
        return path.dynamic && path.dynamic->within.bandwidth != 0;
    });
}

// Policies that others are computed after, with, or beside.
class dependencies {
public:
    explicit dependencies(const config::resolved_policies& all) {
        for (const config::resolved_policy& policy : all.policies) {
            known_.emplace(policy.key, &policy);
            if (reserves(policy)) {
                reserving_.push_back(policy.key);
            }
            for (const paths::candidate_path& path : policy.candidates) {
                if (path.dynamic && !path.dynamic->group.empty()) {
                    groups_[path.dynamic->group].push_back(policy.key);
                }
            }
        }
    }

    void want(const paths::policy_key& key) {
        if (kept.insert(key).second) {
            wanted_.push_back(key);
        }
    }
    void follow() {
        for (std::size_t n = 0; n < wanted_.size(); ++n) {
            const auto policy = known_.find(wanted_[n]);
            if (policy == known_.end()) {
                continue;
            }
            if (reserves(*policy->second)) {
                want_all(std::exchange(reserving_, {}));
            }
            for (const paths::candidate_path& path : policy->second->candidates) {
                if (path.dynamic && path.dynamic->disjoint_from) {
                    want(*path.dynamic->disjoint_from);
                }
                if (path.dynamic && !path.dynamic->group.empty()) {
                    want_all(groups_[path.dynamic->group]);
                }
            }
        }
    }

    std::set<paths::policy_key> kept;

private:
    void want_all(const std::vector<paths::policy_key>& keys) {
        for (const paths::policy_key& key : keys) {
            want(key);
        }
    }

    std::map<paths::policy_key, const config::resolved_policy*> known_;
    std::map<std::string, std::vector<paths::policy_key>> groups_;
    std::vector<paths::policy_key> reserving_;
    std::vector<paths::policy_key> wanted_;
};

}  // namespace

// Its own, those that they are kept apart from, those whose binding SIDs may shorten a list of
// theirs, and where any of these reserves bandwidth all that do: without them, paths here would not
// be what they are for a controller.
config::resolved_policies of_headend(config::resolved_policies all, node_number headend) {
    dependencies found(all);
    for (const config::resolved_policy& policy : all.policies) {
        const bool helps = std::ranges::any_of(
            policy.candidates,
            [](const paths::candidate_path& path) { return path.binding_sid.has_value(); });
        if (helps || policy.key.headend == headend) {
            found.want(policy.key);
        }
    }
    found.follow();
    std::erase_if(all.policies,
                  [&](const auto& policy) { return !found.kept.contains(policy.key); });
    return all;
}

own_policies::own_policies(const topology::map& m, node_number own, own_blocks own_labels,
                           const paths::policies_options& options, const whole_map* source)
    : map_(m),
      source_(source),
      own_(own),
      own_labels_(std::move(own_labels)),
      options_(options),
      reserved_(m),
      services_(m, &reserved_),
      policies_(m, services_.services(label_services()), options),
      steering_(policies_, own) {}

namespace {

// Labels that a node advertises, in order.
std::vector<std::uint32_t> advertised_labels(const topology::advertisement& said) {
    std::vector<std::uint32_t> found;
    for (const topology::link& l : said.links) {
        for (const topology::adjacency_sid& sid : l.sids) {
            found.push_back(sid.label);
        }
    }
    for (const topology::binding_sid& binding : said.bindings) {
        found.push_back(binding.label);
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

}  // namespace

// Labels of a headend as the map has it: binding SIDs keep off its adjacency SIDs.
own_policies::headend_labels* own_policies::labels_of(node_number headend) {
    if (const auto known = labels_.find(headend); known != labels_.end()) {
        return &known->second;
    }
    const topology::advertisement* const said = whole_of(headend);
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
    headend_labels known{std::move(made).value(), said->srgb, said->srlb, advertised_labels(*said)};
    for (const std::uint32_t label : known.taken) {
        (void)known.owner.claim(fmt::format("advertised {}", label), label);
    }
    return &labels_.emplace(headend, std::move(known)).first->second;
}

// After a change of the map. What is not advertised any more may be so again (a node leaves out its
// links that are down when it speaks anew), unless the file is another one.
void own_policies::renew_labels() {
    const bool all = std::exchange(all_labels_, false);
    std::vector<node_number> differ;
    for (const auto& [headend, known] : labels_) {
        const topology::advertisement* const said = whole_of(headend);
        if (said == nullptr) {
            continue;
        }
        const std::vector<std::uint32_t> taken = advertised_labels(*said);
        if (known.srgb != said->srgb || known.srlb != said->srlb ||
            (all ? known.taken != taken : !std::ranges::includes(known.taken, taken))) {
            differ.push_back(headend);
        }
    }
    for (const node_number headend : differ) {
        labels_.erase(headend);
        policies_.claim_again(headend);
    }
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
                headend_labels* const known = labels_of(headend);
                return known != nullptr && known->owner.claim(key_of(headend, label), label).ok();
            },
            [this, key_of](node_number headend) -> std::optional<mpls::label> {
                headend_labels* const known = labels_of(headend);
                if (known == nullptr) {
                    return std::nullopt;
                }
                const std::string unnamed = "binding SID";
                const auto label = known->owner.allocate(unnamed, labels::label_pool::srlb);
                known->owner.release(unnamed);
                if (label && !known->owner.claim(key_of(headend, *label), *label).ok()) {
                    return std::nullopt;
                }
                return label;
            },
            [this, key_of, is_advertised](node_number headend, mpls::label label) {
                headend_labels* const known = labels_of(headend);
                if (known != nullptr && !is_advertised(headend, label)) {
                    known->owner.release(key_of(headend, label));
                }
            },
            [this](node_number headend, mpls::label label) {
                const headend_labels* const known = labels_of(headend);
                return known != nullptr && labels::index_of(known->srlb, label).has_value();
            }};
}

void own_policies::set(const config::resolved_policy& wanted) {
    policies_.configure(wanted.key, {wanted.name, wanted.priority, wanted.steer});
    for (const paths::candidate_path& candidate : wanted.candidates) {
        policies_.set(wanted.key, candidate);
    }
}

// Who keeps apart from whom may differ: moves of such policies end where any of them changes.
void own_policies::forget_moves_of_groups(const given_policies& next) {
    const auto grouped = [](const given_policies& all) {
        given_policies found;
        for (const auto& [key, policy] : all) {
            for (const paths::candidate_path& path : policy.candidates) {
                if (path.dynamic && !path.dynamic->group.empty()) {
                    found.emplace(key, policy);
                }
            }
        }
        return found;
    };
    const given_policies before = grouped(given_);
    if (before != grouped(next)) {
        for (const auto& [key, policy] : before) {
            forget_move(key);
        }
    }
}

void own_policies::replace(const config::resolved_policies& all, bool is_new_file) {
    all_labels_ |= is_new_file;
    given_policies next;
    std::set<paths::binding_place> bound;
    for (const config::resolved_policy& wanted : all.policies) {
        next.emplace(wanted.key, wanted);
        for (const paths::candidate_path& path : wanted.candidates) {
            if (path.binding_sid) {
                bound.insert({wanted.key.headend, *path.binding_sid});
            }
        }
    }
    forget_moves_of_groups(next);
    services_.set_bound(std::move(bound));
    for (const auto& [key, was] : given_) {
        const auto now = next.find(key);
        if (now == next.end()) {
            (void)policies_.remove(key);
            moved_.erase(key);
            continue;
        }
        if (now->second != was) {
            forget_move(key);  // it was for a policy of the past
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

void own_policies::forget_move(const paths::policy_key& key) {
    if (const auto moved = moved_.find(key); moved != moved_.end()) {
        (void)policies_.remove(key, moved->second);
        moved_.erase(moved);
    }
}

std::map<paths::policy_key, paths::candidate_path> own_policies::moves() const {
    std::map<paths::policy_key, paths::candidate_path> made;
    for (const auto& [key, candidate] : moved_) {
        const paths::policy_state* const state = policies_.find(key);
        for (const paths::candidate_path& path : state->candidates) {
            if (path.key == candidate) {
                made.emplace(key, path);
            }
        }
    }
    return made;
}

bool own_policies::follows_move(const paths::policy_key& key) const {
    const auto moved = moved_.find(key);
    return moved != moved_.end() && policies_.find(key)->active == moved->second;
}

bool own_policies::is_settled(const paths::policy_key& key) const {
    const paths::policy_state* const state = policies_.find(key);
    return state == nullptr || state->lists.due() == paths::never;
}

std::string own_policies::reason_of(const paths::policy_state& policy,
                                    std::size_t candidate) const {
    const paths::candidate_state& state = policy.states[candidate];
    std::string text;
    const auto add = [&](const std::string& more) {
        text += text.empty() || more.empty() ? more : "; " + more;
    };
    add(state.fault == paths::list_fault::none ? "" : std::string(to_string(state.fault)));
    // That searches: of a great many policies only the fault is told.
    constexpr std::uint32_t many = 200;
    if (state.fault == paths::list_fault::not_computed && policy.candidates[candidate].dynamic &&
        policies_.size() <= many) {
        // As what others have reserved stands now.
        const paths::replacement asked = policies_.demands_of(policy, candidate);
        add(services_.why_none(policy.key.headend, paths::endpoint_nodes(map_, policy.key.endpoint),
                               asked.within, asked.policy, affinities_));
    }
    if (state.fault == paths::list_fault::too_deep && !state.too_long.empty()) {
        add(split_text(map_, services_.proposal(policy.key.headend, state.too_long)));
    }
    add(pair_text(map_, state));
    return text;
}

paths::evaluation own_policies::update(const topology::change& changed, microseconds now) {
    if (all_labels_ || !changed.empty()) {
        renew_labels();
    }
    if (!changed.empty()) {
        services_.update();
    }
    paths::evaluation done = policies_.update(changed, now);
    (void)steering_.update(done.changed);
    return done;
}

}  // namespace rhumb::routing
