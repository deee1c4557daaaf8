// What becomes of a policy's new outcome: lists, reservations, binding SID, and what is due later.
#include <algorithm>
#include <utility>

#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

namespace {

bool names_links(const std::vector<weighted_segments>& lists) {
    return std::any_of(lists.begin(), lists.end(), [](const weighted_segments& list) {
        return std::any_of(list.segments.begin(), list.segments.end(), [](const segment& s) {
            return s.kind == segment_kind::adjacency || s.kind == segment_kind::parallel;
        });
    });
}

bool keeps_dropping(const policy_state& state) {
    return std::any_of(state.candidates.begin(), state.candidates.end(),
                       [](const candidate_path& c) { return c.drop_upon_invalid; });
}

}  // namespace

void policies::settle_on(std::uint32_t policy, std::optional<std::uint32_t> candidate,
                         outcome found, microseconds now, evaluation& done) {
    slot& s = slots_[policy];
    policy_state& state = s.state;
    state.active.reset();
    if (candidate) {
        state.active = state.candidates[*candidate].key;
    }
    const bool dropping = !candidate && keeps_dropping(state);
    s.differs |= std::exchange(state.dropping, dropping) != dropping;
    const bool moved = renumbered_ || found.links != state.links;
    if (moved) {
        state.links = found.links;
    }
    std::sort(s.also.begin(), s.also.end());
    s.also.erase(std::unique(s.also.begin(), s.also.end()), s.also.end());
    // The path that is waited for is watched as well: it may fail before its time has come.
    if (moved || state.better_since || s.watching || s.also != s.watched) {
        s.watched = s.also;
        s.watching = state.better_since.has_value();
        std::vector<link_number> watched = state.links;
        if (s.watching) {
            watched.insert(watched.end(), s.better.begin(), s.better.end());
        }
        watched.insert(watched.end(), s.watched.begin(), s.watched.end());
        index_.set(policy, watched);
    }
    exchange(policy, std::move(found), now, done);
    bind(policy, now);
    if (moved) {
        mark_dependents(state.key);
    }
}

void policies::exchange(std::uint32_t policy, outcome found, microseconds now, evaluation& done) {
    slot& s = slots_[policy];
    const bool stale = renumbered_ && names_links(found.lists);
    if (!stale && !s.admitted && found.lists == s.state.lists.in_force().lists &&
        (found.bandwidth != 0) == (s.bandwidth != 0)) {
        return;
    }
    list_generation next;
    if (!found.lists.empty()) {
        next = {++generations_, std::move(found.lists)};
    }
    s.bandwidth = found.bandwidth;
    if (std::exchange(s.admitted, false)) {
        s.reserved.push_back(next.number);
    }
    const std::size_t first = done.steps.size();
    s.state.lists.replace(policy, std::move(next), after(now, options_.keep_old), done.steps);
    note_steps(done, first);
}

// What steps mean for reservations, and for whoever installs.
void policies::note_steps(const evaluation& done, std::size_t first) {
    for (std::size_t i = first; i < done.steps.size(); ++i) {
        const transition& t = done.steps[i];
        if (t.step == transition_step::switch_to) {
            slots_[t.policy].differs = true;
        } else if (t.step == transition_step::remove) {
            free_reservation(t.policy, t.generation);
        }
    }
}

void policies::bind(std::uint32_t policy, microseconds now) {
    slot& s = slots_[policy];
    policy_state& state = s.state;
    const binding before = state.bound;
    const microseconds release_at = after(now, options_.keep_old);
    if (const candidate_path* const active = state.active_path()) {
        bindings_.bind(policy, state.key.headend, active->binding_sid, state.bound, release_at);
    } else if (state.dropping) {
        std::optional<mpls::label> wanted = state.bound.label;
        for (const std::uint32_t c : s.order) {
            wanted = wanted ? wanted : state.candidates[c].binding_sid;
        }
        bindings_.bind(policy, state.key.headend, wanted, state.bound, release_at);
    } else {
        bindings_.unbind(policy, state.key.headend, state.bound, release_at);
    }
    s.wanting |= state.bound.refused.has_value();
    s.differs |= state.bound.label != before.label;
    const auto is_named = [&](const binding& b) { return b.label && named_.contains(*b.label); };
    names_differ_ |=
        state.bound.label != before.label && (is_named(before) || is_named(state.bound));
    offers_differ_ |= before.specified || state.bound.specified;
}

void policies::claim_again(node_number headend) {
    bindings_.claim_again(headend);
    for (std::uint32_t number = 0; number < size(); ++number) {
        slot& s = slots_[number];
        binding& bound = s.state.bound;
        if (!s.used || s.state.key.headend != headend) {
            continue;
        }
        if (bound.label && !bindings_.has(number, headend, *bound.label)) {
            names_differ_ |= named_.contains(*bound.label);
            bound = {};
            s.differs = offers_differ_ = true;
            mark(number);
        } else if (!bound.label || bound.refused ||
                   (!bound.specified && !bindings_.in_pool(headend, *bound.label))) {
            mark(number);
        }
    }
}

// Bandwidth for the outcome, beside that of what is in force. Two reservations are the most: an
// older one than that goes early.
bool policies::reserve(std::uint32_t policy, const outcome& found) {
    slot& s = slots_[policy];
    const bandwidth_services& bandwidth = services_.bandwidth;
    if (found.bandwidth == 0 || !bandwidth.admit) {
        return true;
    }
    if (!renumbered_ && found.links == s.state.links && found.bandwidth == s.bandwidth &&
        !s.reserved.empty()) {
        return true;
    }
    if (s.reserved.size() == 2) {
        if (bandwidth.settle) {
            bandwidth.settle(policy);
        }
        s.reserved.erase(s.reserved.begin());
    }
    if (!bandwidth.admit(policy, found.links, found.bandwidth)) {
        return false;
    }
    if (s.reserved.size() == 2) {
        s.reserved.pop_back();
    }
    s.admitted = true;
    return true;
}

void policies::free_reservation(std::uint32_t policy, std::uint64_t generation) {
    slot& s = slots_[policy];
    const auto at = std::find(s.reserved.begin(), s.reserved.end(), generation);
    if (at == s.reserved.end()) {
        return;
    }
    const bandwidth_services& bandwidth = services_.bandwidth;
    const auto& call = s.reserved.size() == 1     ? bandwidth.release
                       : at == s.reserved.begin() ? bandwidth.settle
                                                  : bandwidth.abandon;
    if (call) {
        call(policy);
    }
    s.reserved.erase(at);
    freed_ = true;
}

// What is due by now; what it sets free, others may have wanted.
void policies::advance_times(microseconds now, evaluation& done) {
    if (bindings_.advance(now)) {
        freed_ = true;
        names_differ_ |= !named_.empty();
    }
    for (std::uint32_t number = 0; number < size(); ++number) {
        slot& s = slots_[number];
        if (!s.used) {
            continue;
        }
        if (s.state.lists.due() <= now) {
            const std::size_t first = done.steps.size();
            s.state.lists.advance(number, now, done.steps);
            note_steps(done, first);
        }
        if (s.state.better_since && now >= after(*s.state.better_since, options_.settle)) {
            mark(number, true);
        }
    }
    if (std::exchange(freed_, false)) {
        mark_wanting();
    }
}

microseconds policies::due() const {
    microseconds first = marked_.empty() && !freed_ ? bindings_.due() : 0;
    for (const slot& s : slots_) {
        if (s.used) {
            first = std::min(first, s.state.lists.due());
            if (s.state.better_since) {
                first = std::min(first, after(*s.state.better_since, options_.settle));
            }
        }
    }
    return first;
}

// Lists that are on their way in or out name links by numbers that mean others now.
void policies::flush_all(evaluation& done) {
    for (std::uint32_t number = 0; number < size(); ++number) {
        const std::size_t first = done.steps.size();
        slots_[number].state.lists.flush(number, done.steps);
        note_steps(done, first);
    }
}

void policies::free_slot(std::uint32_t policy) {
    slot& s = slots_[policy];
    if (!s.reserved.empty() && services_.bandwidth.release) {
        services_.bandwidth.release(policy);
    }
    index_.set(policy, {});
    numbers_.erase(s.state.key);
    s = slot();
    free_.push_back(policy);
}

}  // namespace rhumb::paths
