// One client of the HTTP listener: reads a request, answers it, reads the next. Also what all of
// them share. Internal to http_listener. Threads: control.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/api/http_listener.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

class http_service;

class http_client : public std::enable_shared_from_this<http_client> {
public:
    http_client(boost::asio::ip::tcp::socket socket, http_service& owner);

    void start() { read(); }
    void close();
    [[nodiscard]] std::size_t unsent() const { return answer_ ? answer_->body().size() : 0; }

private:
    using request = boost::beast::http::request<boost::beast::http::empty_body>;
    using response = boost::beast::http::response<boost::beast::http::string_body>;
    using status = boost::beast::http::status;
    enum class phase { reading, writing, leaving };

    void allow(phase what, std::chrono::milliseconds time);
    void out_of_time();
    void read();
    void on_request(boost::system::error_code failed, std::size_t header_bytes);
    void answer(const request& asked, bool has_body);
    void refuse(status why);
    void write(response answer);
    void on_written(boost::system::error_code failed);
    void leave();
    void discard();
    response made_page(std::string_view path);

    boost::asio::ip::tcp::socket socket_;
    http_service* owner_;  // null once closed
    boost::asio::steady_timer timer_;
    phase phase_ = phase::reading;
    bool is_late_ = false;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
    std::optional<response> answer_;
    std::array<char, 4096> discarded_{};
    std::size_t discarded_bytes_ = 0;
};

// An open listener. It never opens again: what its clients and handlers know of it stays true.
class http_service : public std::enable_shared_from_this<http_service> {
public:
    http_service(boost::asio::io_context& io, std::vector<page> pages, const http_limits& limits,
                 std::function<void(std::string_view)> warn);

    [[nodiscard]] result<void> listen(const std::string& address);
    [[nodiscard]] std::string address() const;
    void close();

    [[nodiscard]] const http_limits& limits() const noexcept { return limits_; }
    [[nodiscard]] const page* find(std::string_view path) const;
    [[nodiscard]] std::size_t unsent() const;
    void forget(http_client* gone);

private:
    void accept();
    void accept_later(boost::system::error_code why);

    const std::vector<page> pages_;
    const http_limits limits_;
    const std::function<void(std::string_view)> warn_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer accept_timer_;
    bool accepts_ = false;       // or waits to do it again
    bool accept_fails_ = false;  // it has been told
    std::list<std::shared_ptr<http_client>> clients_;
};

}  // namespace rhumb::api
