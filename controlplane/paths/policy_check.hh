// From what an explicit segment list says to segments, and whether it is valid (RFC 9256 5.1): not
// empty, a weight, hops that exist and lead from one to the next, no more labels than the headend
// can impose. Threads: one at a time, with the map.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/paths/policy.hh"
#include "controlplane/paths/policy_reach.hh"
#include "controlplane/paths/policy_split.hh"
#include "controlplane/topology/binding_paths.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"

namespace rhumb::paths {

enum class list_fault : std::uint8_t {
    none,
    empty,
    no_weight,
    unresolved,    // the map has no such node, link, prefix or label, or it has no SID
    unreachable,   // it exists, and no path leads there
    disconnected,  // a link that does not begin where the list has come to
    too_deep,      // more labels than the headend can impose (MSD)
    not_computed,  // dynamic: no path keeps to the constraints
    no_endpoint,   // dynamic: nobody on the map is the endpoint
    unspelt,       // dynamic: there is a path, but no SIDs for it
    not_apart,     // dynamic: no pair of paths keeps apart
    no_pair,       // dynamic: a group of more than two paths, or of two that differ
    comes_back,    // by binding SIDs of policies it leads back to itself
};
[[nodiscard]] std::string_view to_string(list_fault fault);  // in words

struct list_verdict {
    list_fault fault = list_fault::none;
    std::uint32_t hop = 0;  // that is at fault
    // Where there is none:
    topology::segments segments;
    std::vector<topology::link_number> links;  // those that it names, and fails with
};

class list_checker {
public:
    // `reserved` labels of the MSD are left for others (services, repairs).
    explicit list_checker(const topology::map& m, std::uint32_t reserved = 0)
        : map_(m), reach_(m), sids_(m), backed_(m), reserved_(reserved) {}

    [[nodiscard]] list_verdict check(topology::node_number headend, const explicit_list& list);
    // Segments that were computed: whether each is still there and within reach.
    [[nodiscard]] list_fault check(topology::node_number headend,
                                   std::span<const topology::segment> segments);

    // Where each label of a list is looked at, as far as that is known, and the label.
    // `end_of_policy`: where the policy leads whose binding SID that is, if it is one.
    using policy_ends =
        std::function<std::optional<std::vector<topology::node_number>>(const binding_place&)>;
    [[nodiscard]] std::vector<binding_place> labels_of(topology::node_number headend,
                                                       const explicit_list& list,
                                                       const policy_ends& end_of_policy);
    // Where the list ends, as far as that is known.
    [[nodiscard]] std::vector<topology::node_number> ends_of(topology::node_number headend,
                                                             const explicit_list& list,
                                                             const policy_ends& end_of_policy);

    // Binding SIDs of policies that lists may name, beside those that the map has. They have to
    // outlive the checker, by headend and label.
    void set_offers(const std::vector<offered_binding>* offers) { offers_ = offers; }

    // To be called when the map has changed. False: no reachability differs.
    [[nodiscard]] bool refresh(const topology::change& changed);

    [[nodiscard]] bool fits(topology::node_number headend,
                            std::span<const topology::segment> segments) const;

private:
    // Where a walk along a list has come to.
    struct place {
        topology::node_number node = topology::nobody;  // nobody: one of several, or unknown
        bool known = true;
    };
    struct resolved {
        list_fault fault = list_fault::none;
        topology::segment segment;
    };
    [[nodiscard]] resolved resolve(const hop& h, const place& at, bool first, bool verify);
    [[nodiscard]] resolved resolve_link(const hop& h) const;
    // Links that the segment names are added to `links`.
    [[nodiscard]] list_fault step(const topology::segment& s, place& at,
                                  std::vector<topology::link_number>& links);
    [[nodiscard]] list_fault step_sid(const topology::segment& s, place& at,
                                      std::vector<topology::link_number>& links);
    [[nodiscard]] std::vector<topology::node_number> walk(topology::node_number headend,
                                                          const explicit_list& list,
                                                          const policy_ends& end_of_policy,
                                                          std::vector<binding_place>& labels);
    [[nodiscard]] std::vector<topology::node_number> ends_of(const hop& h) const;
    [[nodiscard]] std::vector<topology::node_number> ends_of(const topology::segment& s) const;
    [[nodiscard]] bool has_node_sid(topology::node_number node, std::uint8_t algorithm) const;
    [[nodiscard]] bool has_sid(topology::prefix_number p, std::uint8_t algorithm) const;
    [[nodiscard]] bool usable(topology::link_number l) const;

    const topology::map& map_;
    reachability reach_;
    sid_reader sids_;
    topology::binding_paths backed_;
    std::uint32_t reserved_;
    const std::vector<offered_binding>* offers_ = nullptr;
    std::vector<topology::link_number> unused_;
};

// The nodes that are the endpoint, by number: several where it is an anycast one; none for the null
// endpoint, and where nobody is it.
[[nodiscard]] std::vector<topology::node_number> endpoint_nodes(const topology::map& m,
                                                                const ip_prefix& endpoint);

}  // namespace rhumb::paths
