// What every subcommand of rhumb-path starts from: a topology file, the map and the labels of it.
// Threads: one.
#pragma once

#include <boost/program_options.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/policies_file.hh"
#include "controlplane/config/topology_file.hh"
#include "controlplane/labels/label_walk.hh"
#include "controlplane/labels/sid_labels.hh"
#include "controlplane/paths/compress_engine.hh"
#include "controlplane/topology/map.hh"
#include "tools/rhumbctl/failure.hh"

namespace rhumb::path_tool {

namespace po = boost::program_options;

using ctl::exit_status;  // refused: there is no path, or a packet does not arrive
using ctl::failure;
using words = std::vector<std::string>;

struct network;
// A network by what the line calls its file. Throws failure.
using network_source = std::function<std::unique_ptr<network>(const std::string& file)>;

struct subcommand {
    std::string_view name;
    std::string_view arguments;
    std::string_view summary;
    // `line` is without the program's and the subcommand's name.
    exit_status (*run)(const words& line, const network_source& open);
};

exit_status show(const words& line, const network_source& open);
exit_status spf(const words& line, const network_source& open);
exit_status path(const words& line, const network_source& open);
exit_status walk(const words& line, const network_source& open);
exit_status protection(const words& line, const network_source& open);
exit_status report(const words& line, const network_source& open);
exit_status reoptimise(const words& line, const network_source& open);
exit_status svg(const words& line, const network_source& open);

// A subcommand's line: its options, and words between two numbers.
class command_line {
public:
    // `usage` is printed above the options by --help.
    explicit command_line(std::string usage) : usage_(std::move(usage)) {}

    // To add options to.
    po::options_description options{"options"};

    // False: --help was asked for and given.
    [[nodiscard]] bool parse(const words& line, std::size_t least, std::size_t most);
    void check(std::size_t count, std::size_t least, std::size_t most) const;
    [[nodiscard]] const words& given() const { return words_; }

private:
    std::string usage_;
    words words_;
};

struct network {
    std::string source;  // the file's name
    config::topology_file file;
    config::policies_file policies;  // those of the same file
    topology::map map;
    std::unique_ptr<labels::sid_labels> sids;
    std::unique_ptr<labels::label_walker> walker;
    std::unique_ptr<paths::path_engine> engine;  // segments are nodes and links that have SIDs

    // These throw failure: usage, where there is no such thing.
    [[nodiscard]] topology::node_number node(const std::string& name) const;
    // The node of that name, or all that have the prefix.
    [[nodiscard]] std::vector<topology::node_number> nodes(const std::string& text) const;
    // "r1:to-r2"
    [[nodiscard]] topology::link_number link(const std::string& text) const;
    // Which algorithm; 0, or one that somebody defines.
    [[nodiscard]] std::uint8_t algorithm(unsigned number) const;

    // What may have been meant by a word that is nothing of this network: "did you mean "r3"?",
    // "r1:r1-2 has that name"; empty: nobody knows.
    [[nodiscard]] std::string similar(const std::string& word) const;

    [[nodiscard]] const std::string& name(topology::node_number n) const { return map.name(n); }
    // "r1:to-r2"
    [[nodiscard]] std::string link_name(topology::link_number l) const;
    // "red, blue"
    [[nodiscard]] std::string affinities(topology::affinity_set set) const;
};

// By pointer: labels and others refer to the map. Throws failure: file, with all errors.
[[nodiscard]] std::unique_ptr<network> load(const std::string& file);
// The same from text; `name` stands in errors.
[[nodiscard]] std::unique_ptr<network> read(std::string_view text, const std::string& name);

// Throws failure: refused, where the node takes no part in the algorithm.
void expect_part(const network& in, topology::node_number node, unsigned algorithm);

// Segments in words, one after the other.
[[nodiscard]] std::string to_text(const network& in, const topology::segments& list);

}  // namespace rhumb::path_tool
