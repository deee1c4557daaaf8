// Which ports are up: what is wished for and what the links say, brought together into the flags
// that workers read. A thread of its own looks at the links, so that a failure is taken care of
// whatever the control thread has to do. Plain C++: the links are asked through functions.
// Threads: construction, start() and stop() by control; the rest any, but workers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "rhumb/table/liveness.hh"

namespace rhumb::io {

class link_watch {
public:
    struct links {
        std::size_t count = 0;
        // Asked by start(), then by the watching thread alone.
        std::function<bool(std::size_t port)> is_up;
        // Told by the watching thread, once the flag is set.
        std::function<void(std::size_t port, bool up)> changed;
    };

    link_watch(links watched, liveness& flags,
               std::chrono::milliseconds interval = std::chrono::milliseconds(5));
    link_watch(const link_watch&) = delete;
    link_watch& operator=(const link_watch&) = delete;
    ~link_watch() { stop(); }

    // Looks at all links, then goes on doing so after each interval.
    void start();
    // The flags stay as they are. May be called more than once.
    void stop();
    // Looks at once: for the callbacks of drivers, which must neither wait nor ask themselves.
    void wake();

    // A port is up if it is wished for (which is so at first) and its link is up.
    void wish(std::size_t port, bool up);
    [[nodiscard]] bool wished(std::size_t port) const;

private:
    struct state {
        bool wished = true;
        bool link = false;
    };
    // Whether the link is not as it was.
    bool saw(std::size_t port, bool up);
    void watch();

    const links links_;
    liveness& flags_;
    const std::chrono::milliseconds interval_;
    mutable std::mutex mutex_;  // guards what follows, and the order in which flags are written
    std::condition_variable woken_up_;
    std::vector<state> ports_;
    bool woken_ = false;
    bool ending_ = false;
    std::thread watcher_;
};

}  // namespace rhumb::io
