// Messages of a control socket (docs/control-socket.md): one line of JSON in, one out. Threads:
// any.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "rhumb/result.hh"

namespace rhumb::control {

using json = nlohmann::json;

struct request {
    json id;
    std::string method;
    json params = json::object();
};

[[nodiscard]] result<request> parse_request(std::string_view line);

// Messages to the client, without newline. Whatever is not UTF-8 in them is replaced.
[[nodiscard]] std::string result_line(const json& id, const json& value);
[[nodiscard]] std::string event_line(const json& id, const json& value);
// The value is JSON already, of one line: what no json can hold, as halves of surrogate pairs,
// stays.
[[nodiscard]] std::string event_line_of(const json& id, std::string_view value);
[[nodiscard]] std::string error_line(const json& id, const error& why);

// Typed access to params: nullopt where the key is absent; an error where it is something else.
[[nodiscard]] result<std::optional<std::string>> text_param(const json& params,
                                                            std::string_view key);
[[nodiscard]] result<std::optional<std::uint64_t>> number_param(const json& params,
                                                                std::string_view key,
                                                                std::uint64_t least,
                                                                std::uint64_t most);

}  // namespace rhumb::control
