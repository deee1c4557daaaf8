// The log: one event a line with its facts as key=value, through RTE_LOG (type "rhumb"), so that
// DPDK's options for levels and streams hold for it, too. Never on the packet path.
// Threads: any but workers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace rhumb::io {

enum class log_level { error, warning, notice, info, debug };

using log_field = std::pair<std::string_view, std::string>;

// "rhumb: EVENT key=value key="value with spaces""
void log(log_level level, std::string_view event, std::initializer_list<log_field> fields = {});

}  // namespace rhumb::io
