// What the controller has found, by names instead of numbers: for JSON, tables and people.
// Threads: any (values).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/controller/demands.hh"
#include "controlplane/controller/reoptimise.hh"
#include "controlplane/controller/what_if.hh"

namespace rhumb::controller::report {

struct link {
    std::string node;
    std::string name;
    std::string remote;
    bits_per_second load = 0;
    bits_per_second capacity = 0;  // 0: not known
    double utilisation = 0;
    std::optional<bits_per_second> measured;  // by counters
};

struct demand {
    std::string from;
    std::string to;
    std::string policy;  // its name, or "color 100 endpoint 192.0.2.5"; empty: shortest paths
    bits_per_second rate = 0;
};

struct failed {
    std::string kind;  // link, node, srlg
    std::string what;  // "r1:eth0", "r3", "7"
    std::optional<link> worst;
    std::vector<link> overloaded;
    std::vector<demand> unroutable;
    bits_per_second unroutable_rate = 0;
    bits_per_second lost_rate = 0;
    std::size_t moved = 0;
};

struct network {
    std::vector<link> links;  // that have a load or a measured rate, the fullest first
    std::vector<demand> unroutable;
    std::vector<failed> failures;
};

struct moved {
    demand of;
    std::vector<std::string> lists;  // "r2, r2->r3 (weight 2)"
    double during = 0;
    double after = 0;
};

struct plan {
    double before = 0;
    double after = 0;
    std::optional<link> worst;
    std::vector<moved> moves;
    std::string why;
};

[[nodiscard]] std::string name_of(const topology::map& m, const failure& f);

// `demands` are those that the traffic was made of. `measured`, by link, may be empty.
[[nodiscard]] network describe(const traffic& t, std::span<const controller::demand> demands,
                               const what_if_report& found,
                               std::span<const std::optional<bits_per_second>> measured = {});
[[nodiscard]] failed describe(const traffic& t, std::span<const controller::demand> demands,
                              const failure_report& found);
[[nodiscard]] plan describe(const traffic& t, std::span<const controller::demand> demands,
                            const reoptimisation& found);

// Which single failures: "all", "link", "node", "srlg" or "none"; nullopt: there is no such kind.
[[nodiscard]] std::optional<std::vector<failure>> failures_of(const topology::map& m,
                                                              std::string_view kind);

}  // namespace rhumb::controller::report
