// From marked policies to their active paths.
#include <algorithm>
#include <tuple>
#include <utility>

#include "controlplane/paths/policies.hh"
#include "controlplane/paths/policy_selection.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

evaluation policies::update(const topology::change& changed, microseconds now) {
    evaluation done;
    advance_times(now, done);
    if (changed.renumbered) {
        flush_all(done);
    }
    mark_changed(changed);
    if (!changed.empty() || names_differ_) {
        mark_naming();
    }
    find_loops();
    pairs_.clear();
    evaluate_marked(now, done);
    for (std::uint32_t number = 0; number < size(); ++number) {
        slot& s = slots_[number];
        s.looks = 0;
        if (std::exchange(s.differs, false)) {
            done.changed.push_back(number);
        }
        if (s.used && s.erased && s.state.lists.due() == never) {
            free_slot(number);
        }
    }
    renumbered_ = false;
    put_in_order(done.steps);
    return done;
}

// Policies that are to keep apart from others come after these, those of a pair side by side; paths
// that need binding SIDs of others come when all of these are known.
void policies::evaluate_marked(microseconds now, evaluation& done) {
    std::vector<place> places;
    std::vector<std::uint32_t> numbers;
    while (!marked_.empty() || !deep_.empty() || offers_differ_) {
        if (marked_.empty()) {
            split_deep(now, done);
            continue;
        }
        places.clear();
        for (const std::uint32_t number : marked_) {
            slots_[number].marked = false;
            places.push_back(place_of(number));
        }
        marked_.clear();
        std::sort(places.begin(), places.end());
        for (std::size_t first = 0; first < places.size();) {
            numbers.clear();
            const bool depends = places[first].depends;
            for (; first < places.size() && places[first].depends == depends; ++first) {
                numbers.push_back(places[first].number);
            }
            evaluate(numbers, now, done);
        }
    }
}

policies::place policies::place_of(std::uint32_t policy) const {
    const slot& s = slots_[policy];
    const auto& all = s.state.candidates;
    const bool depends = std::any_of(all.begin(), all.end(), [](const candidate_path& c) {
        return c.dynamic && c.dynamic->disjoint_from;
    });
    return {depends, s.state.settings.priority.value_or(priority_of(all)),
            s.paired != 0 ? first_of_groups(policy) : policy, policy};
}

void policies::evaluate(std::span<const std::uint32_t> numbers, microseconds now,
                        evaluation& done) {
    for (const std::uint32_t number : numbers) {
        slot& s = slots_[number];
        ++s.looks;
        ++done.looked_at;
        s.wanting = false;
        s.endpoints = endpoint_nodes(map_, s.state.key.endpoint);
        s.endpoint = s.endpoints.empty() ? topology::nobody : s.endpoints.front();
        const bool keep = options_.keep_installed && s.state.active.has_value();
        order_of_preference(s.state.candidates, keep ? &*s.state.active : nullptr, s.order);
        begin(number, now, done);
    }
    while (!requests_.empty()) {
        answer_requests(now, done);
    }
}

void policies::begin(std::uint32_t policy, microseconds now, evaluation& done) {
    slot& s = slots_[policy];
    s.next = 0;
    s.deep = false;
    s.also.clear();
    s.state.states.assign(s.state.candidates.size(), {});
    advance(policy, now, done);
}

// Tries candidates until one is valid, or has to be computed together with others'.
void policies::advance(std::uint32_t policy, microseconds now, evaluation& done) {
    slot& s = slots_[policy];
    while (s.next < s.order.size()) {
        const std::uint32_t candidate = s.order[s.next++];
        candidate_state& state = s.state.states[candidate];
        state.tried = true;
        s.wanting |= s.next > 1;  // the one before was not to be had
        if (!may_bind(policy, candidate)) {
            state.no_binding_sid = true;
            continue;
        }
        const std::uint32_t demands = s.classes[candidate];
        if (demands == no_class) {
            outcome found;
            const bool valid = try_explicit(s, candidate, found);
            if (awaits_bindings(policy)) {
                return;
            }
            if (valid) {
                settle_on(policy, candidate, std::move(found), now, done);
                return;
            }
            continue;
        }
        if (s.endpoint == topology::nobody) {
            state.fault = list_fault::no_endpoint;
            continue;
        }
        const request asked{policy, candidate, demands, s.state.key.headend, s.endpoint};
        const bool paired = !classes_[demands].demands.group.empty();
        if (!classes_[demands].alone && s.endpoints.size() == 1) {
            requests_.push_back(asked);
            return;
        }
        if (paired ? try_pair(asked, now, done) : try_alone(asked, now, done)) {
            return;
        }
    }
    s.wanting |= !s.order.empty();
    settle_on(policy, std::nullopt, {}, now, done);
}

// 6.2.3: a path that is to be used with its own binding SID only.
bool policies::may_bind(std::uint32_t policy, std::uint32_t candidate) {
    const slot& s = slots_[policy];
    const candidate_path& c = s.state.candidates[candidate];
    return !c.specified_binding_sid_only ||
           (c.binding_sid && bindings_.available(policy, s.state.key.headend, *c.binding_sid));
}

// 5.1: lists that are not valid are left out; the path is valid while there is one.
bool policies::try_explicit(slot& s, std::uint32_t candidate, outcome& found) {
    const candidate_path& c = s.state.candidates[candidate];
    candidate_state& state = s.state.states[candidate];
    state.fault = c.lists.empty() ? list_fault::empty : list_fault::none;
    for (std::uint32_t i = 0; i < c.lists.size(); ++i) {
        list_verdict verdict = checker_.check(s.state.key.headend, c.lists[i]);
        if (coming_back_.contains({s.state.key, c.key, i})) {
            verdict.fault = list_fault::comes_back;
            verdict.hop = 0;
        }
        if (verdict.fault == list_fault::too_deep) {
            s.deep = true;
            auto split = replace_by_bindings(map_, s.state.key.headend, verdict.segments,
                                             present_offers(), bound_);
            if (may_name_bindings() && checker_.fits(s.state.key.headend, split)) {
                verdict.segments = std::move(split);
                verdict.fault = list_fault::none;
            }
        }
        if (verdict.fault == list_fault::none) {
            found.lists.push_back({std::move(verdict.segments), c.lists[i].weight});
            found.links.insert(found.links.end(), verdict.links.begin(), verdict.links.end());
            continue;
        }
        s.wanting = true;
        if (state.fault == list_fault::none) {
            state.fault = verdict.fault;
            state.list = i;
            state.hop = verdict.hop;
        }
    }
    state.valid = !found.lists.empty();
    return state.valid;
}

// The constraints of a class, less what the other policy's present path uses.
constraints policies::apart_from(const slot& s, const dynamic_class& demands) const {
    constraints within = demands.within;
    const auto& from = demands.demands.disjoint_from;
    const policy_state* const other = from ? find(*from) : nullptr;
    if (other == nullptr || other == &s.state) {
        return within;
    }
    const topology::graph& g = map_.graph();
    const kept_apart kind = demands.demands.disjoint;
    for (const link_number l : other->links) {
        within.exclude_links.push_back(l);
        if (g.reverse[l] != topology::nobody) {
            within.exclude_links.push_back(g.reverse[l]);
        }
        const topology::link* const said = map_.said_of(l);
        if ((kind == kept_apart::srlg || kind == kept_apart::node_and_srlg) && said != nullptr) {
            within.exclude_srlgs.insert(within.exclude_srlgs.end(), said->srlgs.begin(),
                                        said->srlgs.end());
        }
        if (kind == kept_apart::node || kind == kept_apart::node_and_srlg) {
            for (const node_number n : {g.from[l], g.to[l]}) {
                const auto is_end = [&](const std::vector<node_number>& ends) {
                    return std::find(ends.begin(), ends.end(), n) != ends.end();
                };
                const bool head = n == s.state.key.headend || n == other->key.headend;
                if (!head && !is_end(s.endpoints) &&
                    !is_end(endpoint_nodes(map_, other->key.endpoint))) {
                    within.exclude_nodes.push_back(n);
                }
            }
        }
    }
    return within;
}

bool policies::try_alone(const request& asked, microseconds now, evaluation& done) {
    slot& s = slots_[asked.policy];
    const dynamic_class& demands = classes_[asked.demands];
    const constraints within = apart_from(s, demands);
    ++done.computed;
    std::optional<computed_list> found;
    if (!demands.demands.pinned.empty()) {
        found = pinned_list(asked, within);
    } else if (s.endpoints.size() > 1) {
        found = compute_nearest(asked, within, demands.demands.ecmp);
    } else if (within.bandwidth != 0 && services_.compute_sharing) {
        found = services_.compute_sharing(asked.headend, asked.endpoint, within, asked.policy);
    } else if (demands.demands.ecmp) {
        if (services_.compute_ecmp) {
            found = services_.compute_ecmp(asked.headend, asked.endpoint, within);
        }
    } else if (services_.compute) {
        found = services_.compute(asked.headend, asked.endpoint, within);
    }
    return answer(asked, found, now, done);
}

std::optional<computed_list> policies::pinned_list(const request& asked,
                                                   const constraints& within) {
    slot& s = slots_[asked.policy];
    const dynamic_path& demands = classes_[asked.demands].demands;
    computed_list made;
    for (const hop& h : demands.pinned) {
        const auto l = map_.find_link(h.node, h.link);
        if (!l) {
            return std::nullopt;
        }
        made.links.push_back(*l);
    }
    const auto ends_at = [&](node_number end) {
        return services_.keeps_to && services_.keeps_to(asked.headend, end, made.links, within,
                                                        demands.ecmp, asked.policy);
    };
    const auto end = std::find_if(s.endpoints.begin(), s.endpoints.end(), ends_at);
    if (end == s.endpoints.end() || !services_.encode) {
        return std::nullopt;
    }
    s.endpoint = *end;
    made.segments = services_.encode(asked.headend, made.links).value_or(topology::segments());
    return made;
}

void policies::answer_requests(microseconds now, evaluation& done) {
    std::vector<request> asked;
    asked.swap(requests_);
    const auto key = [](const request& r) { return std::tuple(r.headend, r.demands, r.endpoint); };
    std::sort(asked.begin(), asked.end(), [&](const request& a, const request& b) {
        return std::tuple(key(a), a.policy) < std::tuple(key(b), b.policy);
    });
    std::vector<node_number> endpoints;
    std::vector<std::optional<computed_list>> found;
    for (std::size_t first = 0; first < asked.size();) {
        std::size_t last = first;
        endpoints.clear();
        for (; last < asked.size() && asked[last].headend == asked[first].headend &&
               asked[last].demands == asked[first].demands;
             ++last) {
            if (endpoints.empty() || endpoints.back() != asked[last].endpoint) {
                endpoints.push_back(asked[last].endpoint);
            }
        }
        found.assign(endpoints.size(), std::nullopt);
        done.computed += endpoints.size();
        const constraints& within = classes_[asked[first].demands].within;
        if (services_.compute_many) {
            services_.compute_many(asked[first].headend, within, endpoints, found);
        } else if (services_.compute) {
            for (std::size_t i = 0; i < endpoints.size(); ++i) {
                found[i] = services_.compute(asked[first].headend, endpoints[i], within);
            }
        }
        std::size_t which = 0;
        for (; first < last; ++first) {
            which += asked[first].endpoint != endpoints[which] ? 1U : 0U;
            if (!answer(asked[first], found[which], now, done)) {
                advance(asked[first].policy, now, done);
            }
        }
    }
}

// True where the policy is settled by it, or will be.
bool policies::answer(const request& asked, const std::optional<computed_list>& found,
                      microseconds now, evaluation& done) {
    slot& s = slots_[asked.policy];
    candidate_state& state = s.state.states[asked.candidate];
    if (!found) {
        state.fault = list_fault::not_computed;
        return false;
    }
    computed_list spelt = *found;
    state.fault = spell_within_msd(s, asked.candidate, spelt);
    if (state.fault != list_fault::none) {
        return awaits_bindings(asked.policy);
    }
    outcome made;
    if (!keeps_present(s, asked.candidate, spelt, now, made)) {
        made.lists.push_back({std::move(spelt.segments), 1});
        made.links = std::move(spelt.links);
    }
    if (s.endpoints.size() > 1 && !classes_[asked.demands].demands.ecmp) {
        s.endpoint = map_.graph().to[made.links.back()];
    }
    made.bandwidth = classes_[asked.demands].within.bandwidth;
    if (!reserve(asked.policy, made)) {
        state.fault = list_fault::not_computed;
        return false;
    }
    state.valid = true;
    settle_on(asked.policy, asked.candidate, std::move(made), now, done);
    return true;
}

// Whether a better path has to prove itself first. The present one then needs segments that still
// lead over its links: those that it has may follow the better path.
bool policies::keeps_present(slot& s, std::uint32_t candidate, const computed_list& found,
                             microseconds now, outcome& present) {
    const dynamic_path& demands = *s.state.candidates[candidate].dynamic;
    const bool may =
        s.may_wait && demands.group.empty() && !demands.ecmp && options_.settle != 0 &&
        services_.encode && !renumbered_ && s.state.active == s.state.candidates[candidate].key &&
        !s.state.links.empty() &&
        std::find(s.endpoints.begin(), s.endpoints.end(), map_.graph().to[s.state.links.back()]) !=
            s.endpoints.end();
    if (!may || found.links == s.state.links) {
        s.state.better_since.reset();
        return false;
    }
    auto segments = services_.encode(s.state.key.headend, s.state.links);
    if (!segments || checker_.check(s.state.key.headend, *segments) != list_fault::none) {
        s.state.better_since.reset();
        return false;
    }
    if (!s.state.better_since || s.better != found.links) {
        s.state.better_since = now;
        s.better = found.links;
    }
    if (now >= after(*s.state.better_since, options_.settle)) {
        s.state.better_since.reset();
        return false;
    }
    present.lists.push_back({*std::move(segments), 1});
    present.links = s.state.links;
    return true;
}

}  // namespace rhumb::paths
