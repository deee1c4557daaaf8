// The control socket: a Unix stream socket, lines of JSON, many clients. Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "controlplane/api/requests.hh"
#include "controlplane/api/router.hh"
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
    // Removes the socket's file.
    ~server();

    // Binds and listens. A socket file that nobody listens on is replaced; one in use is an error.
    [[nodiscard]] result<void> listen(const std::string& path);
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // Closes everything; what is still unsent to clients gets a last chance.
    void close();

    // For connections.
    [[nodiscard]] router& running() noexcept { return running_; }
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
        std::uint8_t port;     // capture
        std::uint64_t wanted;  // 0: no end
        std::uint64_t done = 0;
        std::uint64_t missed_before;
    };

    void accept();
    void accept_later(boost::system::error_code why);
    void wait_for_taps();
    void collect_traces();
    void collect_captures();
    void finish(std::list<watch>::iterator ended);
    void update_requests();
    void forget_records(bool traces);
    [[nodiscard]] std::uint64_t missed(bool traces) const;
    [[nodiscard]] std::vector<std::string> port_names() const;

    boost::asio::io_context& io_;
    router& running_;
    const bool own_trace_;
    std::function<void()> shut_down_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    boost::asio::steady_timer accept_timer_;
    bool accept_fails_ = false;  // it is in the log already
    boost::asio::steady_timer tap_timer_;
    std::string path_;
    std::list<std::shared_ptr<connection>> clients_;
    std::list<watch> watches_;
    bool tap_timer_runs_ = false;
};

}  // namespace rhumb::api
