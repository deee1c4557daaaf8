// Tells systemd (Type=notify) about a change of state: sd_notify(3)'s protocol is one datagram.
// Without systemd nothing happens. Threads: any.
#pragma once

namespace rhumb::control {

// "READY=1", "STOPPING=1", ...
void notify_systemd(const char* state);

}  // namespace rhumb::control
