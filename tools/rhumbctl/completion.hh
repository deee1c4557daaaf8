// The completion script for bash: rhumbctl.bash, put into the program by meson. Threads: any.
#pragma once

#include <string_view>

namespace rhumb::ctl {

extern const std::string_view completion_script;

}  // namespace rhumb::ctl
