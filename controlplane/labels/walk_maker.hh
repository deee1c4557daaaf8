// One walk while it is made. A part of label_walk. Threads: one.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/labels/label_walk.hh"

namespace rhumb::labels {

class walk_maker {
public:
    walk_maker(label_walker& by, const walk_options& options,
               std::optional<topology::prefix_number> destination);

    // From the ingress on: what a list leads to, or what goes to a prefix by its SID.
    label_walk make(topology::node_number ingress, const topology::segments& list);
    label_walk make(topology::node_number ingress, prefix_sid_owner to);

private:
    using state = std::pair<topology::node_number, label_stack>;

    label_walk make_from(visit ingress);
    void look_at(std::uint32_t number);
    // Puts a list on top of `under` and goes on. RFC 9256 8.3: the first label is what the next hop
    // is to see.
    void impose(visit& at, const topology::segments& whole, const label_stack& under);
    [[nodiscard]] std::optional<prefix_sid_owner> first_prefix(
        std::span<const topology::segment> list, topology::node_number at) const;
    // False, and the packet lost, where there are too many at this visit.
    bool count_operation(visit& at);
    [[nodiscard]] std::vector<topology::link_number> own_links(
        std::span<const topology::segment> list, topology::node_number at) const;
    // Does what the stack says, as far as this node has to do with it.
    void run(visit& at, label_stack stack);
    // Does what the stack's top says; true when there is more to do at this node.
    bool step(visit& at, label_stack& stack);
    bool step_label(visit& at, label_stack& stack, mpls::label top);
    void end_of_stack(visit& at);
    // False: the node has no such label.
    bool enter_binding(visit& at, const label_stack& rest, mpls::label top);
    void follow_prefix(visit& at, const prefix_sid_owner& owner, const label_stack& rest,
                       walk_operation op);
    void follow_ip(visit& at);
    void follow_adjacency(visit& at, std::span<const topology::link_number> links,
                          const label_stack& rest, bool is_protected);
    // The stack for a neighbour on the way to a prefix; nullopt: it has no label, as `why` says.
    std::optional<label_stack> stack_towards(const prefix_sid_owner& owner,
                                             topology::node_number next, const label_stack& rest,
                                             walk_operation& op, std::string& why);
    [[nodiscard]] std::vector<topology::link_number> next_links(topology::node_number node,
                                                                topology::prefix_number p,
                                                                std::uint8_t algorithm);
    void leave(visit& at, topology::link_number l, walk_operation op, label_stack stack);
    void lose(visit& at, std::string why);
    [[nodiscard]] std::string words_for(const prefix_sid_owner& owner) const;
    [[nodiscard]] std::string branches_words(std::span<const topology::link_number> links) const;
    [[nodiscard]] bool is_down(topology::link_number l) const;

    label_walker& by_;
    const topology::map& map_;
    walk_options options_;
    std::optional<topology::prefix_number> destination_;
    label_walk made_;
    std::map<state, std::uint32_t> known_;
    bool imposing_ = false;       // at this visit a list has been put on
    std::size_t operations_ = 0;  // at this visit
};

// Where binding SIDs of these lead.
[[nodiscard]] list_reader::policy_ends ends_in(const bound_policies* policies);

// What a source says of a prefix; null where it does not have it.
[[nodiscard]] const topology::prefix* said_by(const topology::map& m, topology::prefix_number p,
                                              topology::node_number node);

}  // namespace rhumb::labels
