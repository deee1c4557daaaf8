// What an SR policy (RFC 9256) has in force at its headend: what paths/ decides and publish/ turns
// into tables. Threads: any (values).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/topology/segment.hh"
#include "rhumb/table/prefix.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::paths {

// Flows are shared out by weight / sum of weights.
struct weighted_segments {
    topology::segments segments;
    std::uint32_t weight = 1;
    friend bool operator==(const weighted_segments&, const weighted_segments&) = default;
};

struct installed_policy {
    std::uint32_t color = 0;
    ip_prefix endpoint;  // all bits
    std::optional<mpls::label> binding_sid;
    std::vector<weighted_segments> lists;  // of the active candidate path; none: invalid
    bool drop_upon_invalid = false;        // RFC 9256 8.2: keep the binding SID, and drop
    std::vector<ip_prefix> steered;        // prefixes that take this policy at this headend
    friend bool operator==(const installed_policy&, const installed_policy&) = default;
};

}  // namespace rhumb::paths
