#include "dataplane/io/telemetry.hh"

#include <rte_telemetry.h>
#include <rte_version.h>

#include <cctype>
#include <cerrno>
#include <mutex>

namespace rhumb::io {

namespace {

constexpr std::size_t max_fields = RTE_TEL_MAX_DICT_ENTRIES - 2;

std::mutex source_mutex;
telemetry_source current_source;

// DPDK 23.03 renamed the function and deprecated the old name.
void add_number(rte_tel_data* into, const char* name, std::uint64_t value) {
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
    rte_tel_data_add_dict_uint(into, name, value);
#else
    rte_tel_data_add_dict_u64(into, name, value);
#endif
}

// DPDK takes letters, digits, '_' and '/' in names, 63 of them.
std::string as_name(const std::string& text) {
    std::string name = text.substr(0, RTE_TEL_MAX_STRING_LEN / 2 - 1);
    for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '/') {
            c = '_';
        }
    }
    return name;
}

int answer(const char* command, const char* params, rte_tel_data* into) {
    const std::lock_guard<std::mutex> hold(source_mutex);
    if (!current_source) {
        return -EAGAIN;
    }
    const auto fields = current_source(command, params != nullptr ? params : "");
    if (!fields) {
        return -EINVAL;
    }
    rte_tel_data_start_dict(into);
    std::size_t count = 0;
    for (const auto& [name, value] : *fields) {
        if (++count > max_fields) {
            rte_tel_data_add_dict_string(into, "more", "not all fields fit: ask for fewer");
            break;
        }
        if (const auto* number = std::get_if<std::uint64_t>(&value)) {
            add_number(into, as_name(name).c_str(), *number);
        } else {
            const std::string text =
                std::get<std::string>(value).substr(0, RTE_TEL_MAX_STRING_LEN - 1);
            rte_tel_data_add_dict_string(into, as_name(name).c_str(), text.c_str());
        }
    }
    return 0;
}

}  // namespace

bool add_telemetry(const char* command, const char* help) {
    return rte_telemetry_register_cmd(command, answer, help) == 0;
}

void set_telemetry_source(telemetry_source source) {
    const std::lock_guard<std::mutex> hold(source_mutex);
    current_source = std::move(source);
}

}  // namespace rhumb::io
