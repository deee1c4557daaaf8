// HTTP/1.1 for those who only look (RFC 9110, RFC 9112): GET and HEAD of a few pages, each made
// when it is asked for. No bodies, no TLS, no names that are looked up. What a client may take is
// bounded: connections, header, time, and bytes that wait to be sent. Nothing in here throws.
// Threads: control, which runs the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/result.hh"

namespace rhumb::api {

struct page {
    std::string path;  // "/metrics": as it stands in requests, up to their question mark
    std::string content_type;
    std::function<std::string()> make;  // if it throws, the answer is 500
};

struct http_limits {
    std::uint32_t header_bytes = 8192;  // of a request, its first line included: more is 431
    std::size_t clients = 16;           // at once; more wait until one goes
    // For a request to come, from the answer before it on; a client that is late is disconnected,
    // with 408 if it had begun.
    std::chrono::milliseconds request_time{10'000};
    // For an answer to be taken by the client's machine, to the last byte.
    std::chrono::milliseconds answer_time{30'000};
    // Of all clients together; with more, no page is made, but 503 answered. A single page may be
    // larger.
    std::size_t unsent_bytes = std::size_t{64} << 20;
};

class http_service;

class http_listener {
public:
    // `warn`: gets to know, once, that clients must wait because accept() fails. `io` outlives
    // this.
    http_listener(boost::asio::io_context& io, std::vector<page> pages, http_limits limits = {},
                  std::function<void(std::string_view)> warn = {});
    http_listener(const http_listener&) = delete;
    http_listener& operator=(const http_listener&) = delete;
    // Closes.
    ~http_listener();

    // "127.0.0.1:30442", "[::1]:30442", ":30442" for all addresses of this machine; port 0: any
    // that is free. Errors name the address. Once; again after close().
    [[nodiscard]] result<void> listen(const std::string& address);
    // Where it listens, with the real port; empty if it does not.
    [[nodiscard]] std::string address() const;

    // Disconnects everybody. No page is asked for after this.
    void close();

private:
    boost::asio::io_context& io_;
    const std::vector<page> pages_;
    const http_limits limits_;
    const std::function<void(std::string_view)> warn_;
    std::shared_ptr<http_service> service_;  // while it listens
};

}  // namespace rhumb::api
