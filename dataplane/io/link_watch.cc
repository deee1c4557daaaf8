#include "dataplane/io/link_watch.hh"

#include <utility>

namespace rhumb::io {

link_watch::link_watch(links watched, liveness& flags, std::chrono::milliseconds interval)
    : links_(std::move(watched)), flags_(flags), interval_(interval), ports_(links_.count) {}

void link_watch::start() {
    for (std::size_t port = 0; port < links_.count; ++port) {
        saw(port, links_.is_up(port));
    }
    watcher_ = std::thread([this] { watch(); });
}

void link_watch::stop() {
    if (!watcher_.joinable()) {
        return;
    }
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        ending_ = true;
    }
    woken_up_.notify_one();
    watcher_.join();
}

void link_watch::wake() {
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        woken_ = true;
    }
    woken_up_.notify_one();
}

void link_watch::wish(std::size_t port, bool up) {
    const std::lock_guard<std::mutex> hold(mutex_);
    ports_[port].wished = up;
    flags_.set_port(port, up && ports_[port].link);
}

bool link_watch::wished(std::size_t port) const {
    const std::lock_guard<std::mutex> hold(mutex_);
    return ports_[port].wished;
}

bool link_watch::saw(std::size_t port, bool up) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (ports_[port].link == up) {
        return false;
    }
    ports_[port].link = up;
    flags_.set_port(port, up && ports_[port].wished);
    return true;
}

void link_watch::watch() {
    std::unique_lock<std::mutex> hold(mutex_);
    while (!ending_) {
        woken_up_.wait_for(hold, interval_, [this] { return woken_ || ending_; });
        woken_ = false;
        hold.unlock();  // a driver may take its time, and wishes must not wait for it
        for (std::size_t port = 0; port < links_.count; ++port) {
            const bool up = links_.is_up(port);
            if (saw(port, up)) {
                links_.changed(port, up);
            }
        }
        hold.lock();
    }
}

}  // namespace rhumb::io
