// Of a topology file the text of [[policies]], [[routes]] and [[demands]], as its author wrote it:
// what a map is told with, so that others see the same policies. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace rhumb::routing {

// Each of these arrays of tables with what belongs to it; arrays that are written inline at the top
// are left out.
[[nodiscard]] std::string policies_text(std::string_view file);

}  // namespace rhumb::routing
