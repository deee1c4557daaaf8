// Parts of reading [[policies]] that its files share. Threads: control.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/policies_file.hh"

namespace rhumb::config {

// A name that is not empty, with where it stands.
[[nodiscard]] name_at read_name_at(value from, std::string_view key, diagnostics& errors);

// An array of at most `most` elements, or one element alone.
[[nodiscard]] std::vector<value> read_some(value from, std::string_view key, std::size_t most,
                                           diagnostics& errors);

// The table `dynamic` of a path.
[[nodiscard]] dynamic_entry read_dynamic(value from, std::span<const std::string> affinities,
                                         diagnostics& errors);

}  // namespace rhumb::config
