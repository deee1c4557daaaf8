// The parts of a topology file: what its readers share. Threads: control.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/config/reader.hh"
#include "controlplane/config/topology_file.hh"

namespace rhumb::config {

inline constexpr std::array<std::string_view, 8> topology_sections{
    "affinities", "defaults", "nodes", "flex_algo", "links", "policies", "routes", "demands"};

// Which adjacency SIDs a link gets by itself.
enum class adjacency_sids : std::uint8_t { nothing, unprotected, is_protected, both };

struct topology_defaults {
    std::vector<topology::label_block> srgb = topology::advertisement{}.srgb;
    std::vector<topology::label_block> srlb = topology::advertisement{}.srlb;
    std::uint8_t msd = topology::advertisement{}.msd;
    topology::cost metric = topology::link{}.metric;
    adjacency_sids sids = adjacency_sids::both;
};

// What is known while a file is read.
struct topology_reading {
    topology_reading(topology_file& network, diagnostics& found) : into(network), errors(found) {}

    topology_file& into;
    diagnostics& errors;
    topology_defaults defaults;
    std::map<std::string, unsigned, std::less<>> affinity_bits;
    std::unordered_map<std::string_view, std::size_t> node_numbers;
};

// A network that stands in the table [topology.map] of a configuration; of policies, routes and
// demands nothing is read here.
void read_topology_map(value from, topology_file& into, diagnostics& errors);

// Sections, in the order in which they are read.
void read_affinity_names(value from, topology_reading& reading);
void read_defaults(value from, topology_reading& reading);
void read_nodes(value from, topology_reading& reading);
void read_flex_algos(value from, topology_reading& reading);
void read_links(value from, topology_reading& reading);

// Single values. They return something sensible after an error.
[[nodiscard]] std::vector<topology::label_block> read_label_blocks(value from, std::string_view key,
                                                                   diagnostics& errors);
[[nodiscard]] topology::affinity_set read_affinities(value from, std::string_view key,
                                                     const topology_reading& reading);
[[nodiscard]] std::vector<std::uint32_t> read_srlgs(value from, std::string_view key,
                                                    diagnostics& errors);
[[nodiscard]] std::optional<std::uint8_t> read_flexible_algorithm(std::string_view text,
                                                                  position where,
                                                                  diagnostics& errors);
// An integer within bounds; `low` after an error.
[[nodiscard]] std::int64_t read_integer_in(value from, std::string_view key, std::int64_t low,
                                           std::int64_t high, diagnostics& errors);
[[nodiscard]] topology::cost read_metric(value from, std::string_view key, diagnostics& errors);
// "2ms", "1.5s", or microseconds.
[[nodiscard]] topology::cost read_delay(value from, std::string_view key, diagnostics& errors);
// "10G", "2.5G", or bits a second.
[[nodiscard]] std::uint64_t read_bandwidth(value from, std::string_view key, diagnostics& errors);
[[nodiscard]] adjacency_sids read_sids_word(value from, std::string_view key, diagnostics& errors);
// The node of that name; nullopt, with an error, where there is none.
[[nodiscard]] std::optional<std::size_t> find_node(std::string_view name, std::string_view key,
                                                   position where, const topology_reading& reading);
// The definition of a flexible algorithm, as in [flex_algo.128] and [nodes.NAME.flex_algo.128].
[[nodiscard]] topology::flex_algo_definition read_definition(const table_reader& table,
                                                             std::uint8_t algorithm,
                                                             const topology_reading& reading);

// Gives labels of SRLBs to adjacencies that have asked for one, link after link.
class adjacency_labels {
public:
    explicit adjacency_labels(topology_reading& reading);

    // A label is taken by what the file says itself.
    void take(std::size_t node, std::uint32_t label) { used_[node].push_back(label); }
    // To be called when all that are taken are known.
    void sort();
    // The next free label of the node's SRLB; nullopt where there is none.
    [[nodiscard]] std::optional<std::uint32_t> next(std::size_t node);

private:
    struct place {
        std::size_t block = 0;
        std::uint32_t offset = 0;
    };
    topology_reading& reading_;
    std::vector<std::vector<std::uint32_t>> used_;  // by node
    std::vector<place> places_;                     // by node
};

}  // namespace rhumb::config
