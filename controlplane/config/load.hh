// Reads configuration: TOML files, CSV label tables, and changes to a running router. Strict:
// unknown keys, duplicates, wrong types and values out of range are errors that name file, line and
// column, and say what would be right. Threads: control.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "rhumb/result.hh"

namespace rhumb::config {

inline constexpr std::size_t max_toml_bytes = std::size_t{64} << 20;

// A file's bytes, at most `max` of them. The error says why in few words and has no position.
[[nodiscard]] result<std::string> read_file(const std::string& path, std::size_t max);

// The file at `path`, with the label table that it names (its path counts from the file's folder).
[[nodiscard]] result<file> load(const std::string& path);

// The same from text; `name` stands in errors, tables are looked for from `folder`.
[[nodiscard]] result<file> parse(std::string_view text, const std::string& name,
                                 const std::string& folder);

// Adds the rules of a CSV label table to `into`; `file_index` goes into their positions.
// `name` stands in errors. See docs/configuration.md for the columns.
[[nodiscard]] result<void> parse_labels_csv(std::string_view text, const std::string& name,
                                            std::uint16_t file_index, rules& into);

// What changes a running router: rules and next hops as in a file, and
//   [remove] labels = [16002], prefixes = ["10.2.0.0/16"], nexthops = ["r2"]
struct fragment {
    std::vector<mpls::label> remove_labels;
    std::vector<ip_prefix> remove_prefixes;
    std::vector<std::string> remove_nexthops;
    std::vector<nexthop> nexthops;
    config::rules rules;
};

// A fragment from text; errors have line and column, but no file.
[[nodiscard]] result<fragment> parse_fragment(std::string_view text);

}  // namespace rhumb::config
