// Binding SIDs of SR policies (RFC 9256 6): the label that a policy has at its headend, specified
// or allocated. A specified one that is not to be had is a conflict: the policy keeps the label
// that it has, or gets an allocated one. Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/paths/policy_transition.hh"
#include "controlplane/topology/graph.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::paths {

// Who gives out labels at each headend. A function that is missing gives and refuses nothing.
struct label_services {
    std::function<bool(topology::node_number headend, mpls::label label)> claim;  // false: in use
    std::function<std::optional<mpls::label>(topology::node_number headend)> allocate;
    std::function<void(topology::node_number headend, mpls::label label)> release;
    // Whether `allocate` could have given it.
    std::function<bool(topology::node_number headend, mpls::label label)> in_pool = nullptr;
};

struct binding {
    std::optional<mpls::label> label;
    bool specified = false;
    std::optional<mpls::label> refused;  // the specified one, where it is not to be had
    friend bool operator==(const binding&, const binding&) = default;
};

class policy_bindings {
public:
    explicit policy_bindings(label_services services) : services_(std::move(services)) {}

    // Whether the policy has the label, or could.
    [[nodiscard]] bool available(std::uint32_t policy, topology::node_number headend,
                                 mpls::label label);
    // Labels that are allocated to nobody: lists name them, and mean something else.
    void avoid(std::set<mpls::label> labels) { avoided_ = std::move(labels); }
    // Gives `to` the label that is wanted, or any. The one that it had stays the policy's until
    // `release_at`.
    void bind(std::uint32_t policy, topology::node_number headend,
              std::optional<mpls::label> wanted, binding& to, microseconds release_at);
    void unbind(std::uint32_t policy, topology::node_number headend, binding& to,
                microseconds release_at);

    // The headend's labels are given out anew: claims those that policies have, and forgets those
    // that are not to be had. True if there are any.
    bool claim_again(topology::node_number headend);
    [[nodiscard]] bool has(std::uint32_t policy, topology::node_number headend,
                           mpls::label label) const;
    [[nodiscard]] bool in_pool(topology::node_number headend, mpls::label label) const {
        return !services_.in_pool || services_.in_pool(headend, label);
    }

    // Labels that the policy has given up and not yet lost.
    [[nodiscard]] std::vector<mpls::label> leaving_of(std::uint32_t policy,
                                                      topology::node_number headend) const;
    // Releases what is due; true if something was.
    bool advance(microseconds now);
    [[nodiscard]] microseconds due() const noexcept;

private:
    static std::uint64_t place(topology::node_number headend, mpls::label label) {
        return std::uint64_t{headend} << 32 | label;
    }
    [[nodiscard]] std::optional<mpls::label> allocate(topology::node_number headend) const;
    [[nodiscard]] bool take(std::uint32_t policy, topology::node_number headend, mpls::label label);

    struct leaving {
        topology::node_number headend;
        mpls::label label;
        microseconds at;
    };
    label_services services_;
    std::unordered_map<std::uint64_t, std::uint32_t> owners_;
    std::vector<leaving> leaving_;
    std::set<mpls::label> avoided_;
};

}  // namespace rhumb::paths
