// All SR policies (RFC 9256) of one or more headends: which candidate path of each is active, what
// it has in force, and how that changes with the map, with candidates that come and go, and with
// time, which callers give. Only policies that a change may concern are looked at again: they are
// known by the links that they use. Candidates are tried in order of preference until one is valid;
// those behind it are looked at when they are needed. Threads: one at a time, with the map.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/paths/path_services.hh"
#include "controlplane/paths/policies_index.hh"
#include "controlplane/paths/policy.hh"
#include "controlplane/paths/policy_bindings.hh"
#include "controlplane/paths/policy_check.hh"
#include "controlplane/paths/policy_lists.hh"
#include "controlplane/paths/policy_split.hh"
#include "controlplane/paths/policy_transition.hh"
#include "controlplane/topology/map.hh"

namespace rhumb::paths {

struct policies_options {
    bool keep_installed = false;        // 2.9: rather than by originator and discriminator
    std::uint32_t reserved_labels = 0;  // of the MSD, for services and repairs
    // After a change of lists or labels, those of before stay for so long.
    microseconds keep_old = 1'000'000;
    // A better dynamic path is taken once it has been the best for so long.
    microseconds settle = 0;
    friend bool operator==(const policies_options&, const policies_options&) = default;
};

struct policy_settings {
    std::string name;
    std::optional<std::uint8_t> priority;  // instead of the candidates'
    std::vector<ip_prefix> steered;
    friend bool operator==(const policy_settings&, const policy_settings&) = default;
};

// What came of a path's disjoint association.
enum class pairing : std::uint8_t {
    none,      // it has none, or the path was not tried
    single,    // nobody else names it
    disjoint,  // the two keep apart
    sharing,   // they share something, and could not share less as far as is known
    separate,  // there is no pair: each goes its own way
};

// What came of a candidate when it was last tried.
struct candidate_state {
    bool tried = false;
    bool valid = false;
    list_fault fault = list_fault::none;  // of the first list that has one
    std::uint32_t list = 0;               // that one ...
    std::uint32_t hop = 0;                // ... and what in it
    bool no_binding_sid = false;          // it may only be used with the one that it specifies
    pairing pair = pairing::none;
    std::optional<policy_key> with;               // the other one of the pair
    shared_risks shared;                          // what the two share
    topology::distance pair_cost = 0;             // of both paths
    std::string why;                              // there is no pair, or none that keeps apart
    std::vector<topology::link_number> too_long;  // of a path that has more labels than the MSD
};

struct policy_state {
    policy_key key;
    policy_settings settings;
    std::vector<candidate_path> candidates;
    std::vector<candidate_state> states;  // of the candidates
    std::optional<candidate_key> active;
    binding bound;
    list_exchange lists;
    std::vector<topology::link_number> links;  // of the active path, in their order
    bool dropping = false;                     // invalid, and 8.2 wants its traffic dropped
    std::optional<microseconds> better_since;  // of a path that is waited for

    [[nodiscard]] const candidate_path* active_path() const;
};

// What an update has done.
struct evaluation {
    std::vector<std::uint32_t> changed;  // policies whose installed form is another, in order
    std::vector<transition> steps;       // in order
    std::size_t looked_at = 0;           // policies
    std::size_t computed = 0;            // paths
};

class improvements;

class policies {
public:
    policies(const topology::map& m, path_services services, policies_options options = {});

    // Adds a candidate path, or replaces the one of the same key. They count from the next update.
    void set(const policy_key& key, candidate_path candidate);
    void configure(const policy_key& key, policy_settings settings);
    bool remove(const policy_key& key, const candidate_key& candidate);
    bool remove(const policy_key& key);  // all of it

    // The headend's labels are given out anew, by other rules: policies keep binding SIDs that they
    // may still have. It counts from the next update.
    void claim_again(topology::node_number headend);

    // Looks at what is new, and at what a change of the map, which it has already made, concerns.
    [[nodiscard]] evaluation update(const topology::change& changed, microseconds now);
    [[nodiscard]] evaluation update(microseconds now) { return update(topology::change{}, now); }
    [[nodiscard]] microseconds due() const;  // when the next update is wanted

    [[nodiscard]] const policy_state* find(const policy_key& key) const;
    // Of an anycast endpoint the node that the dynamic path in use leads to; nobody: another case.
    [[nodiscard]] topology::node_number present_member(const policy_key& key) const;
    [[nodiscard]] const policy_state* at(std::uint32_t policy) const {
        return policy < slots_.size() && slots_[policy].used && !slots_[policy].erased
                   ? &slots_[policy].state
                   : nullptr;
    }
    // Numbers in use are below this.
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }

    // policies_replace.cc. What a dynamic candidate has to keep to, as things are.
    [[nodiscard]] replacement demands_of(const policy_state& policy, std::size_t candidate) const;
    // For whoever looks for another path for a policy. nullopt: it has to stay
    // where it is, as it has no path, or as others follow it (`disjoint_from`) or name its binding
    // SID.
    [[nodiscard]] std::optional<replacement> replacement_for(const policy_key& key) const;
    // Segments for such a path that its headend can impose, with the binding SIDs of others where
    // it needs them.
    [[nodiscard]] std::optional<topology::segments> spell(
        const replacement& what, std::span<const topology::link_number> links,
        std::span<const offered_binding> offers);

    // Binding SIDs that lists of others may name, by headend and label; as the last update found
    // them.
    [[nodiscard]] std::span<const offered_binding> offers() const { return offers_; }

    // As publish takes them; steering (steering.hh) adds prefixes that routes bring.
    [[nodiscard]] static installed_policy installed(const policy_state& state);
    // Binding SIDs of the past, which packets may still bring for a while.
    [[nodiscard]] std::vector<mpls::label> former_labels(std::uint32_t policy) const {
        return bindings_.leaving_of(policy, slots_[policy].state.key.headend);
    }

private:
    // Dynamic candidates of equal demands share trees.
    struct dynamic_class {
        dynamic_path demands;
        constraints within;  // with the links' present numbers
        std::uint32_t users = 0;
        bool alone = false;  // one by one: bandwidth or other policies matter, or it may branch
    };
    static constexpr std::uint32_t no_class = 0xffffffff;

    struct outcome {
        std::vector<weighted_segments> lists;
        std::vector<topology::link_number> links;
        std::uint64_t bandwidth = 0;
    };
    struct slot {
        policy_state state;
        std::vector<std::uint32_t> classes;         // of the candidates
        std::vector<std::uint32_t> order;           // of preference, while it is looked at
        std::uint32_t next = 0;                     // position in `order`
        std::vector<topology::link_number> better;  // links of the path that is waited for
        std::vector<std::uint64_t> reserved;        // generations that hold bandwidth, 2 at most
        std::uint64_t bandwidth = 0;                // of the youngest of these
        // When it was last looked at: who has the endpoint, and which of these its path leads to.
        std::vector<topology::node_number> endpoints;
        topology::node_number endpoint = topology::nobody;
        // That what it has depends on beside its own: of the other path of a pair, and those that
        // decide how a path is spelt that has too many labels.
        std::vector<topology::link_number> also;
        std::vector<topology::link_number> watched;  // `also`, as the index has it
        std::uint32_t paired = 0;                    // candidates that name a group
        std::uint32_t looks = 0;                     // in this update
        bool used = false;
        bool erased = false;    // goes when its lists have gone
        bool marked = false;    // to be looked at
        bool may_wait = false;  // marked, but what it has is as good as before
        bool wanting = false;   // something that it would rather have was not to be had
        bool differs = false;   // its installed form
        bool watching = false;  // the links of a path that is waited for
        bool admitted = false;  // bandwidth for lists that are to be installed next
        bool deep = false;      // a path that it would rather have has too many labels by itself
    };
    struct request {
        std::uint32_t policy;
        std::uint32_t candidate;
        std::uint32_t demands;  // a class
        topology::node_number headend;
        topology::node_number endpoint;
    };

    struct place {  // in the order in which policies are evaluated
        bool depends;
        std::uint8_t priority;
        std::uint32_t group;
        std::uint32_t number;
        friend auto operator<=>(const place&, const place&) = default;
    };

    // policies_mark.cc: what a change concerns.
    void mark(std::uint32_t policy, bool may_wait = false);
    void mark_changed(const topology::change& changed);
    [[nodiscard]] bool mark_link(topology::link_number l);
    [[nodiscard]] bool mark_node(topology::node_number n);
    void mark_doubtful();
    void mark_hopeful(std::span<const topology::link_number> better, bool all);
    void mark_naming();
    void mark_wanting();
    void mark_dependents(const policy_key& key);

    // policies_pairs.cc: paths that are computed together with another policy's.
    struct pair_of_group {
        std::array<std::uint32_t, 2> policies;
        computed_pair found;
        bool alike = false;  // the ends are the same
        bool taken = false;  // one of the policies has its path of it
    };
    void join(std::uint32_t policy, const candidate_path& candidate);
    void leave(std::uint32_t policy, const candidate_path& candidate);
    void mark_partners(std::uint32_t policy);
    [[nodiscard]] bool try_pair(const request& asked, microseconds now, evaluation& done);
    [[nodiscard]] bool try_half(const request& asked, pair_of_group& pair, std::size_t which,
                                microseconds now, evaluation& done);
    [[nodiscard]] pair_of_group* pair_for(const request& asked, candidate_state& state,
                                          evaluation& done);
    [[nodiscard]] bool hopes_for_pair(const slot& s, std::uint32_t number,
                                      improvements& better) const;
    [[nodiscard]] std::uint32_t first_of_groups(std::uint32_t policy) const;

    [[nodiscard]] bool is_followed(const policy_state& state) const;  // policies_replace.cc

    // policies_split.cc: paths of more labels than their headends can impose.
    [[nodiscard]] bool may_name_bindings() const { return splitting_ || specified_.empty(); }
    [[nodiscard]] std::span<const offered_binding> present_offers() const {
        return splitting_ ? std::span<const offered_binding>(offers_)
                          : std::span<const offered_binding>();
    }
    void specify(std::uint32_t policy, const candidate_path& candidate, bool comes);
    [[nodiscard]] bool awaits_bindings(std::uint32_t policy);
    void split_deep(microseconds now, evaluation& done);
    void list_offers();
    [[nodiscard]] std::optional<offered_binding> offer_of(std::uint32_t policy) const;
    [[nodiscard]] bool fits_with(const slot& s, computed_list& found,
                                 std::span<const offered_binding> offers);
    [[nodiscard]] bool fits_over_own_link(const slot& s, computed_list& found);
    [[nodiscard]] list_fault spell_within_msd(slot& s, std::uint32_t candidate,
                                              computed_list& found);

    // policies_anycast.cc: endpoints and waypoints that several nodes have.
    [[nodiscard]] std::optional<computed_list> compute_nearest(const request& asked,
                                                               const constraints& within,
                                                               bool ecmp);
    [[nodiscard]] computed_pair compute_nearest_pair(pair_request& wanted,
                                                     const constraints& within);
    void resolve_waypoints(dynamic_class& of) const;
    void mark_waypoints();

    // policies_loops.cc: lists that lead back to themselves by binding SIDs.
    struct list_place {
        policy_key policy;
        candidate_key candidate;
        std::uint32_t list = 0;
        friend auto operator<=>(const list_place&, const list_place&) = default;
    };
    [[nodiscard]] bool note_names(const candidate_path& candidate, bool comes);
    [[nodiscard]] std::multimap<binding_place, std::uint32_t> owners_of_bindings() const;
    void find_loops();

    // policies_hopeful.cc: whom something better may concern.
    [[nodiscard]] bool hopes(const slot& s, improvements& better) const;
    [[nodiscard]] bool hopes_for_segments(const slot& s, improvements& better) const;
    [[nodiscard]] bool hopes_for_branches(const slot& s, improvements& better) const;

    // policies_evaluate.cc: from marks to active paths.
    void evaluate_marked(microseconds now, evaluation& done);
    void evaluate(std::span<const std::uint32_t> numbers, microseconds now, evaluation& done);
    [[nodiscard]] place place_of(std::uint32_t policy) const;
    void begin(std::uint32_t policy, microseconds now, evaluation& done);
    void advance(std::uint32_t policy, microseconds now, evaluation& done);
    [[nodiscard]] bool may_bind(std::uint32_t policy, std::uint32_t candidate);
    [[nodiscard]] bool try_explicit(slot& s, std::uint32_t candidate, outcome& found);
    [[nodiscard]] bool try_alone(const request& asked, microseconds now, evaluation& done);
    [[nodiscard]] std::optional<computed_list> pinned_list(const request& asked,
                                                           const constraints& within);
    void answer_requests(microseconds now, evaluation& done);
    [[nodiscard]] bool answer(const request& asked, const std::optional<computed_list>& found,
                              microseconds now, evaluation& done);
    [[nodiscard]] bool keeps_present(slot& s, std::uint32_t candidate, const computed_list& found,
                                     microseconds now, outcome& present);
    [[nodiscard]] constraints apart_from(const slot& s, const dynamic_class& demands) const;

    // policies_install.cc: what becomes of an outcome.
    void settle_on(std::uint32_t policy, std::optional<std::uint32_t> candidate, outcome found,
                   microseconds now, evaluation& done);
    void exchange(std::uint32_t policy, outcome found, microseconds now, evaluation& done);
    void bind(std::uint32_t policy, microseconds now);
    [[nodiscard]] bool reserve(std::uint32_t policy, const outcome& found);
    void note_steps(const evaluation& done, std::size_t first);
    void free_reservation(std::uint32_t policy, std::uint64_t generation);
    void advance_times(microseconds now, evaluation& done);
    void flush_all(evaluation& done);
    void free_slot(std::uint32_t policy);

    std::uint32_t number_for(const policy_key& key);
    std::uint32_t class_for(const candidate_path& candidate);
    void drop_class(std::uint32_t number);
    void resolve_links(dynamic_class& of) const;
    void link_dependents(std::uint32_t policy);

    const topology::map& map_;
    path_services services_;
    policies_options options_;
    list_checker checker_;
    policy_bindings bindings_;
    policies_index index_;
    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<policy_key, std::uint32_t, policy_key_hash> numbers_;
    std::vector<dynamic_class> classes_;
    std::vector<std::uint32_t> free_classes_;
    std::unordered_map<std::string, std::uint32_t> class_numbers_;
    std::vector<std::uint32_t> marked_;
    std::vector<request> requests_;
    std::unordered_map<policy_key, std::vector<std::uint32_t>, policy_key_hash> dependents_;
    // Policies by the groups that their paths name, once for each path, by key.
    std::unordered_map<std::string, std::vector<std::uint32_t>> groups_;
    std::unordered_map<std::string, pair_of_group> pairs_;  // of this update
    std::vector<std::uint32_t> deep_;         // to be tried with binding SIDs of others
    std::vector<offered_binding> offers_;     // by headend
    std::multiset<binding_place> specified_;  // binding SIDs that paths have of their own
    std::set<binding_place> bound_;           // these, each once
    std::multiset<mpls::label> named_;        // labels that explicit lists name
    std::set<list_place> coming_back_;
    bool names_differ_ = false;  // they, or what they mean, since that was found
    bool splitting_ = false;     // offers_ are those of all who have any
    bool offers_differ_ = false;
    std::uint64_t generations_ = 0;
    bool freed_ = false;       // labels or bandwidth that somebody may have wanted
    bool renumbered_ = false;  // lists that are in force name links by numbers of the past

    std::vector<std::uint8_t> seen_no_transit_;  // when it was last looked at
};

}  // namespace rhumb::paths
