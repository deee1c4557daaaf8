// What a list of segments is in labels (RFC 8660 2.4): each label is that of the node which will
// see it on top, where the segment before has ended. After an anycast segment that may be any of
// its nodes, and all have to read the label alike. Threads: any, if those are that it refers to;
// they have to outlive it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/segment.hh"

namespace rhumb::labels {

using label_stack = std::vector<mpls::label>;  // top first

class list_reader {
public:
    // Where a policy's binding SID leads, which goes before what the map says of the label;
    // nullopt: no policy is known to have it.
    using policy_ends =
        std::function<std::optional<topology::node_number>(topology::node_number, mpls::label)>;

    list_reader(const topology::map& m, const sid_labels& labels, policy_ends end_of_policy)
        : map_(m), labels_(labels), end_of_policy_(std::move(end_of_policy)) {}

    // Where a segment ends that begins at `at` (nobody: unknown); empty: nobody knows.
    [[nodiscard]] std::vector<topology::node_number> ends_of(const topology::segment& s,
                                                             topology::node_number at) const;
    // The label that says a segment wherever of these nodes it is looked at.
    [[nodiscard]] result<mpls::label> label_of(const topology::segment& s,
                                               std::span<const topology::node_number> at) const;
    // The labels, the first of which any of these nodes may see. An error names the first segment
    // without one.
    [[nodiscard]] result<label_stack> read(std::span<const topology::segment> list,
                                           std::vector<topology::node_number> at) const;

private:
    [[nodiscard]] std::vector<topology::node_number> ends_of_label(mpls::label label,
                                                                   topology::node_number at) const;
    [[nodiscard]] std::vector<topology::node_number> sources_of(topology::prefix_number p) const;

    const topology::map& map_;
    const sid_labels& labels_;
    policy_ends end_of_policy_;
};

}  // namespace rhumb::labels
