// How full links are, and how full they would be after failures: which demands would have no way,
// which link would be the fullest, which would be too full. Threads: one at a time, as traffic.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/controller/traffic.hh"

namespace rhumb::controller {

struct loaded_link {
    topology::link_number link = topology::nobody;
    bits_per_second load = 0;
    double utilisation = 0;  // of its capacity
    friend bool operator==(const loaded_link&, const loaded_link&) = default;
};

struct load_summary {
    std::optional<loaded_link> worst;     // of several the lowest number; none: no link has a load
    std::vector<loaded_link> overloaded;  // above the limit, the fullest first
};

// Links that do not say their bandwidth are left out.
[[nodiscard]] load_summary summarise(const topology::map& m, std::span<const bits_per_second> loads,
                                     double limit);
[[nodiscard]] double worst_utilisation(const topology::map& m,
                                       std::span<const bits_per_second> loads);

struct failure_report {
    failure what;
    std::vector<std::uint32_t> unroutable;  // demands that had a way before
    bits_per_second unroutable_rate = 0;
    bits_per_second lost_rate = 0;  // of demands that begin or end at a node that fails
    std::vector<std::uint32_t> moved;
    load_summary loads;
};

struct what_if_report {
    load_summary now;
    std::vector<std::uint32_t> unroutable;  // now
    std::vector<failure_report> failures;   // in the order in which they were asked for
    // By the highest utilisation, and by what has no way; none where nothing was asked for.
    std::optional<std::size_t> worst_load;
    std::optional<std::size_t> worst_loss;
};

[[nodiscard]] what_if_report what_if(traffic& t, std::span<const failure> failures,
                                     double limit = 1.0, const traffic::reroute& otherwise = {});

}  // namespace rhumb::controller
