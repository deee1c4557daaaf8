// A Unix stream socket, mode 0600, that takes lines and answers with lines; many clients. What the
// lines mean is for whoever derives his clients from line_client. Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rhumb/result.hh"

namespace rhumb::control {

class line_server;

class line_client : public std::enable_shared_from_this<line_client> {
public:
    using socket = boost::asio::local::stream_protocol::socket;
    static constexpr std::size_t max_line = std::size_t{16} << 20;
    static constexpr std::size_t max_unsent = std::size_t{64} << 20;

    line_client(socket connected, line_server& owner)
        : socket_(std::move(connected)), owner_(&owner) {}
    line_client(const line_client&) = delete;
    line_client& operator=(const line_client&) = delete;
    virtual ~line_client() = default;

    void start() { read(); }
    // Queues one message; a client that lets too much pile up is cut off.
    void send(std::string line);
    // Goes on with the next line, after one that was answered later.
    void answered();
    void close();
    [[nodiscard]] bool is_open() const noexcept { return owner_ != nullptr; }
    [[nodiscard]] std::size_t unsent() const noexcept { return unsent_; }

protected:
    // The answer to a line; nothing: it comes later, by send() and answered().
    virtual std::optional<std::string> on_line(std::string_view line) = 0;
    // Before answers to lines that came together are sent.
    virtual void before_answers() {}
    virtual void on_close() {}

private:
    void read();
    void end_input();
    void handle_lines();
    void answer_with(std::string lines);
    void send_lines(std::string lines);
    void write();
    // Whether the client has sent all it will, and has got all it asked for.
    [[nodiscard]] bool is_done() const { return ended_ && !waiting_ && output_.empty(); }

    socket socket_;
    line_server* owner_;  // null once closed
    std::string input_;
    std::deque<std::string> output_;
    std::size_t unsent_ = 0;
    bool ended_ = false;    // the client sends no more
    bool waiting_ = false;  // for an answer that comes later: lines after it must wait
};

class line_server {
public:
    using make_function = std::function<std::shared_ptr<line_client>(line_client::socket)>;
    // Tells whoever writes a log that something is not well, and what the system says.
    using warn_function = std::function<void(std::string_view what, const std::string& why)>;

    line_server(boost::asio::io_context& io, make_function make, warn_function warn);
    line_server(const line_server&) = delete;
    line_server& operator=(const line_server&) = delete;
    // Removes the socket's file.
    ~line_server() { close(); }

    // Binds and listens. A socket file that nobody listens on is replaced; one in use is an error.
    [[nodiscard]] result<void> listen(const std::string& path);
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    void close();

    // For clients.
    void forget(line_client* gone);
    void warn(std::string_view what, const std::string& why) { warn_(what, why); }

private:
    void accept();
    void accept_later(const std::string& why);

    boost::asio::io_context& io_;
    make_function make_;
    warn_function warn_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    boost::asio::steady_timer accept_timer_;
    bool accept_fails_ = false;  // it has been told
    std::string path_;
    std::list<std::shared_ptr<line_client>> clients_;
};

// Where the control socket of a node is, if its configuration does not say.
[[nodiscard]] std::string default_socket(const std::string& node);

}  // namespace rhumb::control
