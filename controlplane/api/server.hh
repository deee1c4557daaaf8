// The router's control socket, and the traces and captures that its clients wait for.
// Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "controlplane/api/overlay_thread.hh"
#include "controlplane/api/requests.hh"
#include "controlplane/api/router.hh"
#include "controlplane/control/line_server.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

class connection;

class server {
public:
    // `shut_down` is called when a client asks for it.
    // `own_trace`: rhumbd --trace has the trace records, and clients get none.
    server(boost::asio::io_context& io, router& running, bool own_trace,
           std::function<void()> shut_down);
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] result<void> listen(const std::string& path) { return lines_.listen(path); }
    [[nodiscard]] const std::string& path() const noexcept { return lines_.path(); }

    // Closes everything; what is still unsent to clients gets a last chance.
    void close();

    // Who answers overlay.*; null: nobody.
    void use(overlay_thread* overlay) { overlay_ = overlay; }

    // For connections.
    [[nodiscard]] router& running() noexcept { return running_; }
    [[nodiscard]] control::line_server& lines() noexcept { return lines_; }
    [[nodiscard]] overlay_thread* overlay() noexcept { return overlay_; }
    void shut_down() { shut_down_(); }
    void forget(connection* gone);
    [[nodiscard]] std::optional<error> start_trace(connection& client, const json& id,
                                                   const trace_request& wanted);
    [[nodiscard]] std::optional<error> start_capture(connection& client, const json& id,
                                                     const capture_request& wanted);

private:
    // A client's trace or capture that runs.
    struct watch {
        connection* client;
        json id;
        bool is_trace;
        std::uint32_t round;   // records of earlier ones are not for it
        std::uint8_t port;     // capture
        std::uint64_t wanted;  // 0: no end
        std::uint64_t done = 0;
        std::uint64_t missed_before;
    };

    void wait_for_taps(std::chrono::milliseconds time);
    [[nodiscard]] bool has_records() const;
    void collect_traces();
    void collect_captures();
    void finish(std::list<watch>::iterator ended);
    void update_requests();
    void forget_records(bool traces);
    [[nodiscard]] std::uint64_t missed(bool traces) const;
    [[nodiscard]] std::vector<std::string> port_names() const;

    router& running_;
    const bool own_trace_;
    std::function<void()> shut_down_;
    boost::asio::steady_timer tap_timer_;
    std::list<watch> watches_;
    bool tap_timer_runs_ = false;
    overlay_thread* overlay_ = nullptr;
    control::line_server lines_;  // last: its clients know the rest
};

}  // namespace rhumb::api
