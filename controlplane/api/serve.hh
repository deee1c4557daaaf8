// The control thread's loop: signals, timers, the control socket. Threads: control.
#pragma once

#include <chrono>

#include "controlplane/api/router.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

struct serve_options {
    std::chrono::milliseconds until_idle{0};  // 0: until a signal
    std::uint32_t trace = 0;                  // how many of the first packets to trace
    bool summary = false;                     // what was counted, at the end
};

// Runs the router until SIGTERM, SIGINT, `shutdown` over the socket, or idleness; drains, and
// returns. Traces and the summary go to standard output.
[[nodiscard]] result<void> serve(router& running, const serve_options& options);

}  // namespace rhumb::api
