// Whole files, read. Errors say why in few words and have no position. Threads: control.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "rhumb/result.hh"

namespace rhumb::scion::control {

// A file's bytes; more than `max_mib` MiB of them are an error.
[[nodiscard]] result<std::string> read_file(const std::string& path, std::size_t max_mib);

// A file's bytes into `buffer`; how many there are. More than fit are an error. Leaves no copy
// elsewhere in this process, for what must not lie about.
[[nodiscard]] result<std::size_t> read_file(const std::string& path, std::span<char> buffer);

}  // namespace rhumb::scion::control
