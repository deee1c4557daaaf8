// Explicit lists that lead back to themselves (RFC 9256 5.1: such a list is not valid): they name
// the binding SID of a policy whose list, or one of whose lists, leads to theirs again. What counts
// is what policies are given, not what is active: all who have the same policies come to the same,
// and no order of changes makes a loop for a moment.
#include <algorithm>
#include <utility>

#include "controlplane/paths/policies.hh"
#include "controlplane/topology/binding_cycles.hh"

namespace rhumb::paths {

// Labels that a path's lists name come, or go; true if there are any.
bool policies::note_names(const candidate_path& candidate, bool comes) {
    bool any = false;
    for (const explicit_list& list : candidate.lists) {
        for (const hop& h : list.hops) {
            if (h.is != hop::kind::label) {
                continue;
            }
            any = true;
            if (comes) {
                named_.insert(h.label);
            } else {
                named_.erase(named_.find(h.label));
            }
        }
    }
    return any;
}

// Those that may have a binding SID, by node and label; one that leaves leads on until it has gone.
std::multimap<binding_place, std::uint32_t> policies::owners_of_bindings() const {
    std::multimap<binding_place, std::uint32_t> owners;
    for (std::uint32_t number = 0; number < size(); ++number) {
        const slot& s = slots_[number];
        if (!s.used || s.erased) {
            continue;
        }
        std::set<mpls::label> labels;
        for (const mpls::label label : former_labels(number)) {
            labels.insert(label);
        }
        if (s.state.bound.label) {
            labels.insert(*s.state.bound.label);
        }
        for (const candidate_path& c : s.state.candidates) {
            if (c.binding_sid) {
                labels.insert(*c.binding_sid);
            }
        }
        for (const mpls::label label : labels) {
            if (named_.contains(label)) {
                owners.emplace(binding_place{s.state.key.headend, label}, number);
            }
        }
    }
    return owners;
}

void policies::find_loops() {
    if (!std::exchange(names_differ_, false)) {
        return;
    }
    bindings_.avoid({named_.begin(), named_.end()});
    std::vector<topology::binding_use> uses;
    std::vector<list_place> lists;  // that they are of
    const auto owners =
        named_.empty() ? std::multimap<binding_place, std::uint32_t>() : owners_of_bindings();
    const auto end_of_policy = [&](const binding_place& of) {
        const auto owner = owners.find(of);
        return owner == owners.end()
                   ? std::nullopt
                   : std::optional(endpoint_nodes(map_, slots_[owner->second].state.key.endpoint));
    };
    for (std::uint32_t number = 0; !owners.empty() && number < size(); ++number) {
        const policy_state& state = slots_[number].state;
        for (const candidate_path& c : state.candidates) {
            for (std::uint32_t i = 0; i < c.lists.size(); ++i) {
                for (const binding_place& label :
                     checker_.labels_of(state.key.headend, c.lists[i], end_of_policy)) {
                    const auto [first, last] = owners.equal_range(label);
                    for (auto owner = first; owner != last; ++owner) {
                        uses.push_back({number, owner->second});
                        lists.push_back({state.key, c.key, i});
                    }
                }
            }
        }
    }
    std::set<list_place> found;
    const std::vector<bool> loops = topology::on_cycles(size(), uses);
    for (std::size_t i = 0; i < uses.size(); ++i) {
        if (loops[i]) {
            found.insert(lists[i]);
        }
    }
    std::vector<list_place> differ;
    std::set_symmetric_difference(found.begin(), found.end(), coming_back_.begin(),
                                  coming_back_.end(), std::back_inserter(differ));
    coming_back_ = std::move(found);
    for (const list_place& one : differ) {
        if (const auto policy = numbers_.find(one.policy); policy != numbers_.end()) {
            mark(policy->second);
        }
    }
}

}  // namespace rhumb::paths
