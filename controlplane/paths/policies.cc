// What callers put into the policies and read out of them.
#include "controlplane/paths/policies.hh"

#include <algorithm>
#include <utility>

#include "controlplane/paths/policy_selection.hh"

namespace rhumb::paths {

using topology::link_number;

namespace {

// All of what makes computed paths equal, in bytes.
class byte_key {
public:
    template <class Number>
    byte_key& add(Number n) {
        for (std::size_t i = 0; i < sizeof(Number); ++i) {
            bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(n) >> 8 * i & 0xff));
        }
        return *this;
    }
    template <class Number>
    byte_key& add(const std::vector<Number>& list) {
        add(list.size());
        for (const Number n : list) {
            add(n);
        }
        return *this;
    }
    byte_key& add(const std::string& text) {
        add(text.size());
        bytes_ += text;
        return *this;
    }
    byte_key& add(const ip_prefix& p) {
        add(static_cast<unsigned>(p.af));
        bytes_.append(reinterpret_cast<const char*>(p.address.data()), p.address.size());
        return add(p.length);
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

std::string key_of(const dynamic_path& d) {
    const constraints& c = d.within;
    byte_key key;
    key.add(static_cast<unsigned>(c.metric)).add(c.exclude_any).add(c.include_any);
    key.add(c.include_all).add(c.exclude_nodes).add(c.exclude_srlgs).add(c.bandwidth);
    key.add(c.max_metric).add(c.max_delay).add(c.max_hops).add(c.via).add(d.avoid.size());
    for (const hop& h : d.avoid) {
        key.add(h.node).add(h.remote).add(h.link);
    }
    key.add(d.pinned.size());
    for (const hop& h : d.pinned) {
        key.add(h.node).add(h.link);
    }
    key.add(d.via.size());
    for (const hop& h : d.via) {
        key.add(h.node).add(h.address);
    }
    key.add(d.group).add(d.strict ? 1U : 0U).add(d.ecmp ? 1U : 0U);
    key.add(static_cast<unsigned>(d.disjoint)).add(d.disjoint_from ? 1U : 0U);
    if (d.disjoint_from) {
        key.add(d.disjoint_from->headend).add(d.disjoint_from->color);
        key.add(d.disjoint_from->endpoint);
    }
    return key.take();
}

}  // namespace

const candidate_path* policy_state::active_path() const {
    const auto at = std::find_if(candidates.begin(), candidates.end(),
                                 [&](const candidate_path& c) { return active == c.key; });
    return at == candidates.end() ? nullptr : &*at;
}

policies::policies(const topology::map& m, path_services services, policies_options options)
    : map_(m),
      services_(std::move(services)),
      options_(options),
      checker_(m, options.reserved_labels),
      bindings_(services_.labels) {
    checker_.set_offers(&offers_);
    index_.clear(m.graph().link_count());
    seen_no_transit_ = m.graph().no_transit;
}

std::uint32_t policies::number_for(const policy_key& key) {
    const auto known = numbers_.find(key);
    if (known != numbers_.end()) {
        slots_[known->second].erased = false;
        return known->second;
    }
    std::uint32_t number = size();
    if (free_.empty()) {
        slots_.emplace_back();
    } else {
        number = free_.back();
        free_.pop_back();
        slots_[number] = slot();
    }
    slots_[number].used = true;
    slots_[number].state.key = key;
    numbers_.emplace(key, number);
    mark_dependents(key);
    return number;
}

void policies::resolve_links(dynamic_class& of) const {
    const topology::graph& g = map_.graph();
    of.within = of.demands.within;
    resolve_waypoints(of);
    const auto exclude = [&](link_number l) {
        of.within.exclude_links.push_back(l);
        if (g.reverse[l] != topology::nobody) {
            of.within.exclude_links.push_back(g.reverse[l]);
        }
    };
    of.within.exclude_links.clear();
    for (const hop& h : of.demands.avoid) {
        if (h.node >= g.node_count()) {
            continue;
        }
        if (!h.link.empty()) {
            if (const auto l = map_.find_link(h.node, h.link)) {
                exclude(*l);
            }
            continue;
        }
        for (link_number l = g.first[h.node]; l < g.first[h.node + 1]; ++l) {
            if (g.to[l] == h.remote) {
                exclude(l);
            }
        }
    }
}

std::uint32_t policies::class_for(const candidate_path& candidate) {
    if (!candidate.dynamic) {
        return no_class;
    }
    std::string key = key_of(*candidate.dynamic);
    const auto known = class_numbers_.find(key);
    if (known != class_numbers_.end()) {
        ++classes_[known->second].users;
        return known->second;
    }
    auto number = static_cast<std::uint32_t>(classes_.size());
    if (free_classes_.empty()) {
        classes_.emplace_back();
    } else {
        number = free_classes_.back();
        free_classes_.pop_back();
    }
    dynamic_class& made = classes_[number];
    made = {*candidate.dynamic, {}, 1, false};
    made.alone = made.demands.within.bandwidth != 0 || made.demands.disjoint_from.has_value() ||
                 !made.demands.group.empty() || made.demands.ecmp || !made.demands.pinned.empty();
    resolve_links(made);
    class_numbers_.emplace(std::move(key), number);
    return number;
}

void policies::drop_class(std::uint32_t number) {
    if (number != no_class && --classes_[number].users == 0) {
        class_numbers_.erase(key_of(classes_[number].demands));
        free_classes_.push_back(number);
    }
}

void policies::link_dependents(std::uint32_t policy) {
    for (const candidate_path& c : slots_[policy].state.candidates) {
        if (c.dynamic && c.dynamic->disjoint_from) {
            auto& list = dependents_[*c.dynamic->disjoint_from];
            if (std::find(list.begin(), list.end(), policy) == list.end()) {
                list.push_back(policy);
            }
        }
    }
}

void policies::set(const policy_key& key, candidate_path candidate) {
    const std::uint32_t number = number_for(key);
    slot& s = slots_[number];
    const std::uint32_t demands = class_for(candidate);
    auto& all = s.state.candidates;
    const auto known = std::find_if(
        all.begin(), all.end(), [&](const candidate_path& c) { return c.key == candidate.key; });
    join(number, candidate);
    if (known != all.end()) {
        leave(number, *known);
        drop_class(s.classes[static_cast<std::size_t>(known - all.begin())]);
        s.classes[static_cast<std::size_t>(known - all.begin())] = demands;
        *known = std::move(candidate);
    } else {
        all.push_back(std::move(candidate));
        s.classes.push_back(demands);
        s.state.states.emplace_back();
    }
    link_dependents(number);
    mark(number);
}

void policies::configure(const policy_key& key, policy_settings settings) {
    const std::uint32_t number = number_for(key);
    slot& s = slots_[number];
    s.differs |= settings.steered != s.state.settings.steered;
    s.state.settings = std::move(settings);
    mark(number);
}

bool policies::remove(const policy_key& key, const candidate_key& candidate) {
    const auto known = numbers_.find(key);
    if (known == numbers_.end()) {
        return false;
    }
    slot& s = slots_[known->second];
    auto& all = s.state.candidates;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].key == candidate) {
            leave(known->second, all[i]);
            drop_class(s.classes[i]);
            const auto offset = static_cast<std::ptrdiff_t>(i);
            all.erase(all.begin() + offset);
            s.classes.erase(s.classes.begin() + offset);
            s.state.states.erase(s.state.states.begin() + offset);
            mark(known->second);
            return true;
        }
    }
    return false;
}

bool policies::remove(const policy_key& key) {
    const auto known = numbers_.find(key);
    if (known == numbers_.end() || slots_[known->second].erased) {
        return false;
    }
    slot& s = slots_[known->second];
    for (std::size_t i = 0; i < s.classes.size(); ++i) {
        leave(known->second, s.state.candidates[i]);
        drop_class(s.classes[i]);
    }
    s.classes.clear();
    s.state.candidates.clear();
    s.state.states.clear();
    s.state.settings = {};
    s.erased = true;
    mark(known->second);
    return true;
}

const policy_state* policies::find(const policy_key& key) const {
    const auto known = numbers_.find(key);
    return known == numbers_.end() ? nullptr : at(known->second);
}

installed_policy policies::installed(const policy_state& state) {
    installed_policy made;
    made.color = state.key.color;
    made.endpoint = state.key.endpoint;
    made.binding_sid = state.bound.label;
    made.lists = state.lists.in_force().lists;
    made.drop_upon_invalid = state.dropping;
    if (!made.lists.empty() || state.dropping) {
        made.steered = state.settings.steered;
    }
    return made;
}

}  // namespace rhumb::paths
