// One client of the control socket: reads lines, queues answers. Threads: control.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <memory>
#include <string>

#include "controlplane/api/requests.hh"
#include "controlplane/api/show.hh"

namespace rhumb::api {

class server;

class connection : public std::enable_shared_from_this<connection>, private commands {
public:
    static constexpr std::size_t max_line = std::size_t{16} << 20;
    static constexpr std::size_t max_unsent = std::size_t{64} << 20;

    connection(boost::asio::local::stream_protocol::socket socket, server& owner)
        : socket_(std::move(socket)), server_(&owner) {}

    void start() { read(); }
    // Queues one message; a client that lets too much pile up is cut off.
    void send(std::string line);
    // Goes on with the next request after a trace or capture.
    void answered();
    void close();

private:
    void read();
    void end_input();
    void handle_lines();
    // Publishes what was changed, then answers.
    void answer_with(std::string lines);
    void send_lines(std::string lines);
    void write();
    // Whether the client has sent all it will, and has got all it asked for.
    [[nodiscard]] bool is_done() const { return ended_ && !waiting_ && output_.empty(); }

    result<json> show(const json& params) override;
    result<json> apply(const publish::changes& batch) override;
    result<json> reload() override;
    result<json> set_port(const std::string& name, bool up) override;
    result<json> set_nexthop(const std::string& name, bool up) override;
    result<json> reoptimise(const reoptimise_request& wanted) override;
    result<json> revert_moves() override;
    result<json> shut_down() override;
    std::optional<error> start_trace(const json& id, const trace_request& wanted) override;
    std::optional<error> start_capture(const json& id, const capture_request& wanted) override;

    boost::asio::local::stream_protocol::socket socket_;
    server* server_;  // null once closed
    std::string input_;
    std::deque<std::string> output_;
    std::size_t unsent_ = 0;
    long_answers pages_;
    bool ended_ = false;    // the client sends no more
    bool waiting_ = false;  // a trace or capture runs: later requests wait for its end
};

}  // namespace rhumb::api
