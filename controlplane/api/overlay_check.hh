// Of a router's [overlay], without a start: what would keep it from starting, what is written there
// in vain, and the id that others are to be told of. Threads: control.
#pragma once

#include <string>
#include <vector>

#include "controlplane/config/config.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

// Errors are what a start would end with. Warnings have their place in the file, too.
struct overlay_findings {
    std::vector<error> warnings;
    std::vector<std::string> notes;
};
[[nodiscard]] result<overlay_findings> check_overlay(const config::file& file);

// The node's id, and a line for each address that it listens on; makes the key if there is none.
[[nodiscard]] result<std::vector<std::string>> prepare_overlay(const std::string& config_file);

}  // namespace rhumb::api
