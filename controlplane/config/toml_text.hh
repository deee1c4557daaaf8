// Values of a TOML document as TOML again: for a map that stands in a configuration, which the
// running configuration and other readers of the map are to see as it was given. Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "controlplane/config/reader.hh"

namespace rhumb::config {

// A basic string. Precondition: no control characters.
[[nodiscard]] std::string toml_string(std::string_view text);
// A key, bare where it can be.
[[nodiscard]] std::string toml_key(std::string_view text);

// The sections of `root` that are called so, in their order: [NAME], [NAME.KEY] where all that it
// has is tables, or [[NAME]]. `above` ("topology.map.") stands before all names.
// Precondition: readers took it, so that no floating-point numbers, dates and times are in it.
[[nodiscard]] std::string sections_text(value root, std::span<const std::string_view> names,
                                        std::string_view above);

}  // namespace rhumb::config
