// Paths that have more labels than their headends can impose (MSD, RFC 8491): they are tried again
// with the binding SIDs of other policies once it is known what these are. Policies that need such
// help do not help others, so that nobody waits for himself.
#include <algorithm>
#include <tuple>
#include <utility>

#include "controlplane/paths/policies.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

namespace {

// Where the links lead from a node, if they make a path.
std::optional<node_number> path_from(const topology::graph& g, node_number at,
                                     std::span<const link_number> links) {
    for (const link_number l : links) {
        if (g.from[l] != at) {
            return std::nullopt;
        }
        at = g.to[l];
    }
    return at;
}

}  // namespace

// A path that comes, or goes, with a binding SID of its own.
void policies::specify(std::uint32_t policy, const candidate_path& candidate, bool comes) {
    if (!candidate.binding_sid) {
        return;
    }
    const binding_place where{slots_[policy].state.key.headend, *candidate.binding_sid};
    if (comes) {
        specified_.insert(where);
        bound_.insert(where);
    } else {
        specified_.erase(specified_.find(where));
        if (!specified_.contains(where)) {
            bound_.erase(where);
        }
    }
    offers_differ_ = true;
    names_differ_ = true;
}

// Whether the policy is to be tried again when others are settled, as it has too many labels.
bool policies::awaits_bindings(std::uint32_t policy) {
    const slot& s = slots_[policy];
    if (!s.deep || may_name_bindings()) {
        return false;
    }
    deep_.push_back(policy);
    offers_differ_ |= s.state.bound.specified;  // it may have been one that helps
    return true;
}

// A list that fits, with the help of these binding SIDs.
bool policies::fits_with(const slot& s, computed_list& found,
                         std::span<const offered_binding> offers) {
    auto spelt = services_.encode_split
                     ? services_.encode_split(s.state.key.headend, found.links, offers)
                     : std::optional<topology::segments>();
    if (!spelt || checker_.check(s.state.key.headend, *spelt) != list_fault::none) {
        return false;
    }
    found.segments = *std::move(spelt);
    return true;
}

// A list for one of several branches at the headend: for its own link it needs no label, and it is
// better to have one than none.
bool policies::fits_over_own_link(const slot& s, computed_list& found) {
    const topology::graph& g = map_.graph();
    const node_number headend = s.state.key.headend;
    std::vector<link_number> rest;
    std::copy_if(found.links.begin(), found.links.end(), std::back_inserter(rest),
                 [&](link_number l) { return g.from[l] != headend; });
    for (const link_number first : found.links) {
        const topology::link* const said = map_.said_of(first);
        if (g.from[first] != headend || said == nullptr || said->sids.empty()) {
            continue;
        }
        topology::segments list{topology::segment::over_link(g, first)};
        if (g.to[first] != s.endpoint) {
            const auto spelt = services_.encode ? services_.encode(g.to[first], rest)
                                                : std::optional<topology::segments>();
            if (!spelt) {
                continue;
            }
            list.insert(list.end(), spelt->begin(), spelt->end());
        }
        if (checker_.check(headend, list) == list_fault::none) {
            found.segments = std::move(list);
            return true;
        }
    }
    return false;
}

// What is wrong with a path that was computed; it is spelt with binding SIDs if it has to be.
list_fault policies::spell_within_msd(slot& s, std::uint32_t candidate, computed_list& found) {
    const node_number headend = s.state.key.headend;
    const list_fault fault =
        found.segments.empty() ? list_fault::unspelt : checker_.check(headend, found.segments);
    if (fault != list_fault::unspelt && fault != list_fault::too_deep) {
        return fault;
    }
    const bool branches = s.state.candidates[candidate].dynamic->ecmp;
    if (branches ? fits_over_own_link(s, found) : fits_with(s, found, {})) {
        return list_fault::none;
    }
    s.deep = true;
    s.also.insert(s.also.end(), found.links.begin(), found.links.end());
    if (services_.spelling_links) {
        const auto deciding = services_.spelling_links(found.links);
        s.also.insert(s.also.end(), deciding.begin(), deciding.end());
    }
    if (!branches) {
        s.state.states[candidate].too_long = found.links;
    }
    return splitting_ && !branches && fits_with(s, found, offers_) ? list_fault::none : fault;
}

// A policy's binding SID stands for its path where that is one path, or for its list as it was
// written, and does not depend on those who may name it.
std::optional<offered_binding> policies::offer_of(std::uint32_t policy) const {
    const slot& s = slots_[policy];
    const policy_state& state = s.state;
    const auto& lists = state.lists.in_force().lists;
    const candidate_path* const active = s.used && !s.erased ? state.active_path() : nullptr;
    if (active == nullptr || s.deep || !state.bound.specified || lists.size() != 1) {
        return std::nullopt;
    }
    const auto waits = [](const candidate_path& c) {
        return c.dynamic && c.dynamic->disjoint_from;
    };
    if (std::any_of(state.candidates.begin(), state.candidates.end(), waits)) {
        return std::nullopt;
    }
    offered_binding offer{state.key.headend, *state.bound.label, s.endpoint, {}, {}};
    const auto ends = path_from(map_.graph(), state.key.headend, state.links);
    if (active->dynamic) {
        if (ends != s.endpoint) {
            return std::nullopt;  // it branches
        }
        offer.links = state.links;
        return offer;
    }
    offer.segments = lists.front().segments;
    const auto nodes = nodes_along(map_, offer.node, offer.segments);
    offer.end = nodes.back();
    const bool all_links = std::all_of(
        offer.segments.begin(), offer.segments.end(),
        [](const topology::segment& x) { return x.kind == topology::segment_kind::adjacency; });
    if (all_links && ends) {
        offer.links = state.links;
    }
    return offer.end == topology::nobody ? std::nullopt : std::optional(std::move(offer));
}

void policies::list_offers() {
    offers_.clear();
    for (std::uint32_t number = 0; !specified_.empty() && number < size(); ++number) {
        if (auto offer = offer_of(number)) {
            offers_.push_back(*std::move(offer));
        }
    }
    std::sort(offers_.begin(), offers_.end(),
              [](const offered_binding& a, const offered_binding& b) {
                  return std::tuple(a.node, a.label) < std::tuple(b.node, b.label);
              });
}

// Tries those that wait for binding SIDs, and those that may do better, or worse, as these differ.
void policies::split_deep(microseconds now, evaluation& done) {
    if (std::exchange(offers_differ_, false)) {
        const auto before = std::exchange(offers_, {});
        list_offers();
        for (std::uint32_t number = 0; before != offers_ && number < size(); ++number) {
            const slot& s = slots_[number];
            if (s.used && s.deep && s.looks < 3) {
                deep_.push_back(number);
            }
        }
    }
    std::vector<place> places;
    for (const std::uint32_t number : std::exchange(deep_, {})) {
        places.push_back(place_of(number));
    }
    std::sort(places.begin(), places.end());
    std::vector<std::uint32_t> numbers;
    for (const place& p : places) {
        if (numbers.empty() || numbers.back() != p.number) {
            numbers.push_back(p.number);
        }
    }
    splitting_ = true;
    evaluate(numbers, now, done);
    splitting_ = false;
}

}  // namespace rhumb::paths
