// What a router can be asked through its control socket (docs/control-socket.md). Knows nothing of
// sockets or DPDK. Threads: control.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controlplane/control/messages.hh"
#include "controlplane/publish/forwarding.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

using control::error_line;
using control::event_line;
using control::json;
using control::number_param;
using control::parse_request;
using control::request;
using control::result_line;
using control::text_param;

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
    // overlay.*: the overlay service answers.
    virtual std::optional<error> ask_overlay(const request& asked) = 0;
};

// Carries out one line. The answer, without its newline; nullopt if it comes later.
[[nodiscard]] std::optional<std::string> answer(std::string_view line, commands& router);

}  // namespace rhumb::api
