// An HTTP listener on a thread of its own, and blocking clients for it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/api/http_listener.hh"

namespace rhumb::api {

struct http_answer {
    int status = 0;  // 0: the connection ended before it was whole
    std::map<std::string, std::string> fields;
    std::string body;

    // Empty where there is none.
    [[nodiscard]] std::string field(const std::string& name) const {
        const auto found = fields.find(name);
        return found == fields.end() ? "" : found->second;
    }
};

class http_test_client {
public:
    // "127.0.0.1:PORT", "[::1]:PORT"; `receive_buffer`: of the kernel, 0 for its default.
    explicit http_test_client(const std::string& address, int receive_buffer = 0) {
        const auto port =
            static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
        const bool is_v6 = address.front() == '[';
        socket_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
        if (receive_buffer != 0) {
            setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        patience(30000);
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        v6.sin6_addr = in6addr_loopback;
        const int done = is_v6 ? connect(socket_, reinterpret_cast<sockaddr*>(&v6), sizeof v6)
                               : connect(socket_, reinterpret_cast<sockaddr*>(&v4), sizeof v4);
        EXPECT_EQ(done, 0) << address;
    }
    ~http_test_client() { close(); }
    http_test_client(const http_test_client&) = delete;
    http_test_client& operator=(const http_test_client&) = delete;

    // How long to wait for bytes.
    void patience(int milliseconds) const {
        const timeval time{milliseconds / 1000, milliseconds % 1000 * 1000};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    }
    void send(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) {
                return;  // the other end has had enough
            }
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    void half_close() const { shutdown(socket_, SHUT_WR); }
    void close() {
        if (socket_ >= 0) {
            ::close(std::exchange(socket_, -1));
        }
    }

    // The next answer; of one to HEAD, `has_body` false.
    http_answer answer(bool has_body = true) {
        http_answer read;
        std::size_t end = 0;
        while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
            if (!receive()) {
                return read;
            }
        }
        const std::string head = input_.substr(0, end + 2);
        input_.erase(0, end + 4);
        for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
            const std::size_t colon = head.find(": ", at);
            const std::size_t line_end = head.find("\r\n", at);
            read.fields[head.substr(at, colon - at)] = head.substr(colon + 2, line_end - colon - 2);
            at = line_end + 2;
        }
        const std::size_t length = has_body ? std::stoul(read.fields["Content-Length"]) : 0;
        while (input_.size() < length) {
            if (!receive()) {
                return read;
            }
        }
        read.body = input_.substr(0, length);
        input_.erase(0, length);
        read.status = std::stoi(head.substr(9, 3));
        return read;
    }
    http_answer ask(std::string_view request, bool has_body = true) {
        send(request);
        return answer(has_body);
    }
    // Whether the router ends the connection, in order, with nothing more to say.
    bool ends() { return input_.empty() && !receive() && input_.empty() && last_ == 0; }
    // Whether nothing comes for a while, and the connection stays.
    bool hears_nothing(int milliseconds) {
        patience(milliseconds);
        const bool nothing = input_.empty() && !receive() && last_ < 0 &&
                             (error_ == EAGAIN || error_ == EWOULDBLOCK);
        patience(30000);
        return nothing;
    }

private:
    bool receive() {
        char part[16384];
        last_ = recv(socket_, part, sizeof part, 0);
        error_ = errno;
        if (last_ > 0) {
            input_.append(part, static_cast<std::size_t>(last_));
        }
        return last_ > 0;
    }

    int socket_ = -1;
    std::string input_;
    ssize_t last_ = 0;
    int error_ = 0;
};

class http_rig : public testing::Test {
protected:
    ~http_rig() override { stop(); }

    // With /hello, /big (16 MB), /throws, /count (how often it was made).
    void start(http_limits limits = {}, const std::string& address = "127.0.0.1:0") {
        std::vector<page> pages{
            {"/hello", "text/plain", [] { return std::string("hello\n"); }},
            {"/big", "text/plain", [] { return std::string(big_bytes, 'x'); }},
            {"/throws", "text/plain", []() -> std::string { throw std::runtime_error("no"); }},
            {"/count", "application/json", [this] { return std::to_string(++made_); }}};
        listener_ = std::make_unique<http_listener>(io_, std::move(pages), limits,
                                                    [this](std::string_view) { ++warnings_; });
        const auto listening = listener_->listen(address);
        ASSERT_TRUE(listening) << listening.why().text();
        address_ = listener_->address();
        thread_ = std::thread([this] {
            while (io_.run_one() != 0) {
                ++handlers_;
            }
        });
    }
    // Calls something on the listener's thread, and waits for it.
    void there(const std::function<void()>& act) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            act();
            done.set_value();
        });
        done.get_future().wait();
    }
    // Destroys the listener; whatever it left in the io_context must come to its end.
    void stop() {
        if (thread_.joinable()) {
            there([this] { listener_.reset(); });
            work_.reset();
            thread_.join();
        }
    }

    static constexpr std::size_t big_bytes = std::size_t{16} << 20;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    std::unique_ptr<http_listener> listener_;
    std::string address_;
    std::atomic<unsigned> made_{0};
    std::atomic<unsigned> warnings_{0};
    std::atomic<unsigned> handlers_{0};
    std::thread thread_;
};

// A request without a body, with what HTTP/1.1 wants, and these fields.
inline std::string request(const std::string& method, const std::string& target,
                           const std::string& fields = "") {
    return method + " " + target + " HTTP/1.1\r\nHost: router\r\n" + fields + "\r\n";
}

}  // namespace rhumb::api
