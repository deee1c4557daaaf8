// The control socket's messages (docs/control-socket.md): one line of JSON in, one out. Knows
// nothing of sockets or DPDK. Threads: control.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/publish/forwarding.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

using json = nlohmann::json;

struct request {
    json id;
    std::string method;
    json params = json::object();
};

// What `trace` and `capture` ask for.
struct trace_request {
    std::uint32_t count = 1;
    std::string port;  // "": any
    std::optional<mpls::label> label;
};
struct capture_request {
    std::string port;
    std::uint64_t count = 0;  // 0: no end
};

// What `reoptimise` asks for; what is not said is as the configuration has it.
struct reoptimise_request {
    std::optional<std::uint64_t> target;  // percent
    std::optional<std::uint64_t> moves;
    bool apply = false;
};

// What a router can be asked through the socket.
class commands {
public:
    virtual ~commands() = default;
    virtual result<json> show(const json& params) = 0;
    virtual result<json> apply(const publish::changes& batch) = 0;
    virtual result<json> reload() = 0;
    virtual result<json> set_port(const std::string& name, bool up) = 0;
    virtual result<json> set_nexthop(const std::string& name, bool up) = 0;
    virtual result<json> reoptimise(const reoptimise_request& wanted) = 0;
    virtual result<json> revert_moves() = 0;
    virtual result<json> shut_down() = 0;
    // These answer later, with events before (nullopt), or refuse at once.
    virtual std::optional<error> start_trace(const json& id, const trace_request& wanted) = 0;
    virtual std::optional<error> start_capture(const json& id, const capture_request& wanted) = 0;
};

[[nodiscard]] result<request> parse_request(std::string_view line);

// Carries out one line. The answer, without its newline; nullopt if it comes later.
[[nodiscard]] std::optional<std::string> answer(std::string_view line, commands& router);

// Messages to the client, without newline. Whatever is not UTF-8 in them is replaced.
[[nodiscard]] std::string result_line(const json& id, const json& value);
[[nodiscard]] std::string event_line(const json& id, const json& value);
[[nodiscard]] std::string error_line(const json& id, const error& why);

// Typed access to params: nullopt where the key is absent; an error where it is something else.
[[nodiscard]] result<std::optional<std::string>> text_param(const json& params,
                                                            std::string_view key);
[[nodiscard]] result<std::optional<std::uint64_t>> number_param(const json& params,
                                                                std::string_view key,
                                                                std::uint64_t least,
                                                                std::uint64_t most);

}  // namespace rhumb::api
