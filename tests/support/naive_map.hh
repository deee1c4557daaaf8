// What topology::map must be, without numbers and without regard to time: a list of what nodes say,
// from which all is worked out anew when asked. For tests and fuzzers that hold the two together.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/topology/map.hh"

namespace rhumb::test {

class naive_map {
public:
    // False: stale. Nodes that the map has never heard of are not to be withdrawn.
    bool apply(const topology::advertisement& said);
    bool withdraw(const std::string& origin, std::uint64_t version);

    // In what the map differs from this one; empty if in nothing.
    [[nodiscard]] std::string difference(const topology::map& m) const;

private:
    using end = std::pair<std::string, std::string>;  // node, link

    [[nodiscard]] std::map<end, end> pairs() const;
    [[nodiscard]] std::string wrong_link(const topology::map& m, const std::map<end, end>& pairs,
                                         const std::string& node, const topology::link& l) const;
    [[nodiscard]] std::string wrong_links(const topology::map& m) const;
    [[nodiscard]] std::string wrong_prefixes(const topology::map& m) const;
    [[nodiscard]] std::string wrong_srlgs(const topology::map& m) const;

    std::map<std::string, topology::advertisement> said_;
    std::map<std::string, std::uint64_t> versions_;
};

// What can be seen of a map at one time, to tell what an update has changed.
class map_picture {
public:
    explicit map_picture(const topology::map& m);

    // What is wrong with a change that led from here to the map as it now is; empty: nothing.
    // `exactly`: it must not list more than what differs.
    [[nodiscard]] std::string wrong(const topology::map& now, const topology::change& changed,
                                    bool exactly) const;

private:
    struct link_picture {
        std::string name;  // as long as it is there
        std::optional<topology::link> said;
        topology::node_number from, to;
        topology::link_number reverse;
        std::array<topology::cost, topology::metric_types> costs;
        topology::affinity_set affinities;
        friend bool operator==(const link_picture&, const link_picture&) = default;
    };
    using sources = std::vector<std::pair<topology::node_number, topology::prefix>>;

    [[nodiscard]] std::string wrong_numbers(const map_picture& now) const;

    std::uint64_t renumberings_;
    std::vector<std::string> names_;
    std::vector<std::optional<topology::advertisement>> nodes_;  // without links and prefixes
    std::vector<link_picture> links_;
    std::vector<ip_prefix> addresses_;
    std::vector<sources> sources_;
};

// What does not fit within a graph; empty: nothing.
[[nodiscard]] std::string wrong_graph(const topology::graph& g);

}  // namespace rhumb::test
