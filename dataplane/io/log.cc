#include "dataplane/io/log.hh"

#include <rte_log.h>

namespace rhumb::io {

namespace {

// Registered before DPDK reads its arguments, as its own libraries are: so of several levels for it
// the last one holds.
const int log_type = rte_log_register_type_and_pick_level("rhumb", RTE_LOG_NOTICE);

std::uint32_t rte_level(log_level level) {
    switch (level) {
        case log_level::error: return RTE_LOG_ERR;
        case log_level::warning: return RTE_LOG_WARNING;
        case log_level::notice: return RTE_LOG_NOTICE;
        case log_level::info: return RTE_LOG_INFO;
        case log_level::debug: break;
    }
    return RTE_LOG_DEBUG;
}

// Quoted where it would not be one word; control characters never get to the terminal.
std::string as_word(const std::string& text) {
    bool plain = !text.empty();
    std::string quoted = "\"";
    for (const char c : text) {
        plain = plain && c > ' ' && c != '"' && c != '=' && c != '\x7f';
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
    }
    return plain ? text : quoted + '"';
}

}  // namespace

void log(log_level level, std::string_view event, std::initializer_list<log_field> fields) {
    std::string line = "rhumb: ";
    line += event;
    for (const auto& [key, value] : fields) {
        line += ' ';
        line += key;
        line += '=' + as_word(value);
    }
    rte_log(rte_level(level), static_cast<std::uint32_t>(log_type), "%s\n", line.c_str());
}

}  // namespace rhumb::io
