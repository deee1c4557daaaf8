// What most subcommands start from: the options that they share, and the network, its keys and its
// segments that follow from them. Threads: one.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/scion_paths/beaconing.hh"
#include "controlplane/scion_paths/combinator.hh"
#include "controlplane/scion_paths/key_ring.hh"
#include "controlplane/scion_paths/network.hh"
#include "tools/rhumb-scion/subcommand.hh"

namespace rhumb::scion::tool {

namespace po = boost::program_options;

// A subcommand's line: its options, and words of a fixed number.
class command_line {
public:
    // `usage` is printed above the options by --help.
    explicit command_line(std::string usage) : usage_(std::move(usage)) {}

    // To add options to.
    po::options_description options{"options"};

    // False: --help was asked for and given.
    [[nodiscard]] bool parse(const words& line, std::size_t word_count);
    [[nodiscard]] const words& given() const { return words_; }
    [[nodiscard]] bool has(const char* option) const { return map_.contains(option); }

private:
    std::string usage_;
    words words_;
    po::variables_map map_;
};

struct lab_options {
    std::optional<std::uint64_t> seed;
    std::string keys;  // folder
    std::optional<std::uint64_t> time;
    std::size_t most_ases = 10;
    bool as_json = false;

    void add_to(po::options_description& options, bool with_segments);
};

struct lab {
    paths::network of;
    paths::key_ring keys;
    paths::segment_store segments;
    std::uint64_t now_ms = 0;

    [[nodiscard]] std::size_t as_of(const std::string& text) const;
    [[nodiscard]] std::vector<paths::path> paths_between(std::size_t from, std::size_t to) const;
    // "1-ff00:0:110#41"
    [[nodiscard]] paths::path_interface interface_of(const std::string& text) const;
};
// By pointer: walkers refer to its network.
[[nodiscard]] std::unique_ptr<lab> make_lab(const std::string& file, const lab_options& how);

// A path's interfaces as a chain: "1-ff00:0:112#1 > 11#1-ff00:0:111#1 > 11#1-ff00:0:110".
[[nodiscard]] std::string chain_of(const std::vector<paths::path_interface>& interfaces);
// "up, core, down", "up ~ down" over a peering link.
[[nodiscard]] std::string kinds_of(const paths::path& p);

}  // namespace rhumb::scion::tool
