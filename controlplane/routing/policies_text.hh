// Of a topology file the text of policies, routes and demands, as its author wrote it: what a map
// is told with, so that others see the same policies. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace rhumb::routing {

struct policies_in_words {
    std::string inline_arrays;     // `policies = [...]` and such: to stand above all tables
    std::string arrays_of_tables;  // [[policies]] and such, with what belongs to them
};
// Precondition: the file is TOML.
[[nodiscard]] policies_in_words policies_text(std::string_view file);

}  // namespace rhumb::routing
