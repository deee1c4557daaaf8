// The router's end of the conversation (docs/control-socket.md): requests, answers, events.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "tools/rhumbctl/connection.hh"

namespace rhumb::ctl {

using json = nlohmann::json;

inline constexpr std::size_t max_depth = 32;  // of nested arrays and objects that are read

// One line that the router may send.
struct message {
    enum class kind { result, error, event };
    kind what = kind::result;
    json id;
    json body;
};

// Throws failure{no_connection} if the line is none.
[[nodiscard]] message parse_message(std::string_view line);

// The request as a line. Throws failure{usage} if it holds bytes that are not UTF-8, or is longer
// than the router reads.
[[nodiscard]] std::string request_line(std::uint64_t id, std::string_view method,
                                       const json& params);

class client {
public:
    // `wait`: for an answer.
    client(connection to, patience wait) : connection_(std::move(to)), wait_(wait) {}

    // The result. Throws refusal, or failure{no_connection}.
    json call(std::string_view method, const json& params);

    // The same for a request that first yields events, whenever they come; nullopt if `interrupt`,
    // a descriptor, turned readable.
    using on_event = std::function<void(const json&)>;
    std::optional<json> follow(std::string_view method, const json& params, const on_event& tell,
                               int interrupt = -1);

private:
    void send(std::string_view method, const json& params);
    [[nodiscard]] message checked(std::string_view line) const;

    connection connection_;
    patience wait_;
    std::uint64_t id_ = 0;
};

}  // namespace rhumb::ctl
