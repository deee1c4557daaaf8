// HTTP over real sockets: clients that are slow or many, and addresses.
#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <list>
#include <string>

#include "tests/unit/http_rig.hh"

namespace rhumb::api {
namespace {

using namespace std::chrono_literals;

const std::string hello = request("GET", "/hello");

TEST_F(http_rig, a_client_with_nothing_to_ask_is_disconnected_without_a_word) {
    constexpr auto request_time = 4s;
    start({.request_time = request_time});
    http_test_client silent(address_);
    http_test_client once(address_);
    silent.patience(30000);
    once.patience(30000);
    const auto asked = std::chrono::steady_clock::now();
    EXPECT_EQ(once.ask(hello).status, 200);
    EXPECT_TRUE(once.ends());
    EXPECT_GE(std::chrono::steady_clock::now() - asked, request_time);
    EXPECT_TRUE(silent.ends());
}

TEST_F(http_rig, time_for_a_request_is_limited_however_many_bytes_come) {
    constexpr auto request_time = 4s;
    start({.request_time = request_time});
    const auto begin = std::chrono::steady_clock::now();
    http_test_client slow(address_);
    slow.patience(30000);
    std::thread dripping([&] {
        for (const char c : std::string("GET /hello HTTP/1.1\r\nHost: router\r\nX: yyyyyyyyyyyy")) {
            slow.send(std::string_view(&c, 1));
            std::this_thread::sleep_for(100ms);  // longer than there is time, all together
        }
    });
    EXPECT_EQ(slow.answer().status, 408);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, request_time);
    EXPECT_TRUE(slow.ends());
    dripping.join();
}

TEST_F(http_rig, a_client_that_does_not_read_disturbs_nobody_and_is_disconnected) {
    start({.answer_time = 500ms});
    http_test_client lazy(address_, 4096);
    lazy.send(request("GET", "/big"));
    http_test_client other(address_);
    for (int n = 0; n < 10; ++n) {
        EXPECT_EQ(other.ask(hello).status, 200);
    }
    std::this_thread::sleep_for(2s);
    EXPECT_EQ(lazy.answer().status, 0);  // what the kernel still had, but not all
}

TEST_F(http_rig, no_page_is_made_while_too_much_waits_to_be_sent) {
    start({.unsent_bytes = big_bytes - 1});
    http_test_client lazy(address_, 4096);
    lazy.send(request("GET", "/big"));
    EXPECT_TRUE(http_test_client(address_).ask(request("GET", "/none")).status == 404);
    http_test_client other(address_);
    const http_answer refused = other.ask(request("GET", "/count"));
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.field("Retry-After"), "1");
    EXPECT_EQ(made_, 0U);
    lazy.close();
    for (int n = 0; n < 100 && other.ask(request("GET", "/count")).status != 200; ++n) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(made_, 1U);
}

TEST_F(http_rig, more_clients_than_may_be_wait_until_one_goes) {
    start();
    std::list<http_test_client> clients;
    for (int n = 0; n < 16; ++n) {
        EXPECT_EQ(clients.emplace_back(address_).ask(hello).status, 200);
    }
    http_test_client next(address_);
    next.send(hello);
    EXPECT_TRUE(next.hears_nothing(100));
    EXPECT_EQ(clients.back().ask(hello).status, 200);
    clients.pop_front();
    EXPECT_EQ(next.answer().status, 200);
}

TEST_F(http_rig, many_clients_come_and_go) {
    start();
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int n = 0; n < 40; ++n) {
        threads.emplace_back([&] {
            for (int round = 0; round < 10; ++round) {
                http_test_client client(address_);
                client.send(hello + hello);
                good += client.answer().status == 200 && client.answer().status == 200 ? 1 : 0;
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    EXPECT_EQ(good, 400);
}

TEST_F(http_rig, clients_that_vanish_leave_nothing) {
    start();
    for (int n = 0; n < 40; ++n) {  // more than may be at once
        http_test_client client(address_);
        client.send(n % 4 == 0 ? request("GET", "/big") : std::string("GET /hel"));
        client.close();
    }
    EXPECT_EQ(http_test_client(address_).ask(hello).status, 200);
}

TEST_F(http_rig, without_descriptors_clients_wait_and_the_thread_sleeps) {
    start();
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    http_test_client client(address_);
    EXPECT_EQ(client.ask(hello).status, 200);
    http_test_client second(address_);  // its descriptor is here; the listener's is still to come
    EXPECT_EQ(second.ask(hello).status, 200);
    // connect() needs no descriptor, socket() does: so the third one has it before the limit falls.
    const int third = ::socket(AF_INET, SOCK_STREAM, 0);
    const std::filesystem::directory_iterator open_ones("/proc/self/fd");
    int highest = 0;
    for (const auto& each : open_ones) {
        highest = std::max(highest, std::stoi(each.path().filename()));
    }
    std::vector<int> fillers;  // no gaps below the limit
    for (int fd = ::dup(0); fd >= 0 && fd < highest; fd = ::dup(0)) {
        fillers.push_back(fd);
    }
    const rlimit none{third < highest ? static_cast<rlim_t>(highest) : static_cast<rlim_t>(third),
                      before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address_.substr(10))));
    EXPECT_EQ(connect(third, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    for (int n = 0; n < 1000 && warnings_ == 0; ++n) {
        std::this_thread::sleep_for(10ms);
    }
    const auto begin = std::chrono::steady_clock::now();
    const unsigned handlers = handlers_;
    std::this_thread::sleep_for(500ms);
    const unsigned more = handlers_ - handlers;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(warnings_, 1U);
    EXPECT_LT(more, 40 * took.count());
    EXPECT_EQ(client.ask(hello).status, 200);  // those that are in are served

    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(::send(third, hello.data(), hello.size(), 0), std::ssize(hello));
    char first = 0;
    const timeval patience{30, 0};
    setsockopt(third, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(recv(third, &first, 1, 0), 1);
    EXPECT_EQ(first, 'H');
    fillers.push_back(third);
    for (const int fd : fillers) {
        ::close(fd);
    }
}

TEST_F(http_rig, closing_disconnects_everybody_and_frees_the_address) {
    start();
    http_test_client idle(address_);
    EXPECT_EQ(idle.ask(hello).status, 200);
    http_test_client reading(address_, 4096);
    reading.send(request("GET", "/big"));
    there([this] {
        listener_->close();
        EXPECT_EQ(listener_->address(), "");
        EXPECT_TRUE(listener_->listen(address_));
        EXPECT_EQ(listener_->address(), address_);
    });
    EXPECT_TRUE(idle.ends());
    EXPECT_EQ(reading.answer().status, 0);
    EXPECT_EQ(http_test_client(address_).ask(hello).status, 200);
}

TEST_F(http_rig, a_page_may_close_the_listener) {
    http_listener* closing = nullptr;
    http_listener listener(io_, {{"/close", "text/plain", [&] {
                                      closing->close();
                                      return std::string("closed");
                                  }}});
    closing = &listener;
    ASSERT_TRUE(listener.listen("127.0.0.1:0"));
    http_test_client client(listener.address());
    client.send(request("GET", "/close"));
    work_.reset();
    io_.run();
    EXPECT_EQ(client.answer().status, 0);
}

TEST_F(http_rig, ipv6_works_as_well) {
    const int probe = ::socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    const bool has_v6 =
        probe >= 0 && bind(probe, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
    ::close(probe);
    if (!has_v6) {
        GTEST_SKIP() << "this machine has no IPv6";
    }
    start({}, "[::1]:0");
    EXPECT_TRUE(address_.starts_with("[::1]:")) << address_;
    EXPECT_EQ(http_test_client(address_).ask(hello).status, 200);
}

TEST_F(http_rig, without_a_host_all_addresses_are_listened_on) {
    start({}, ":0");
    EXPECT_EQ(
        http_test_client("127.0.0.1" + address_.substr(address_.rfind(':'))).ask(hello).status,
        200);
}

TEST_F(http_rig, errors_of_listening_name_the_address) {
    start();
    http_listener other(io_, {});
    for (const char* bad :
         {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8o",
          "localhost:80", "::1:80", "[::1]", "[127.0.0.1]:80", "[]:80", "[:80", "]:80", "[::1:80",
          " 127.0.0.1:80", "127.0.0.1 :80", "1.2.3:80", "http://127.0.0.1:80"}) {
        const auto refused = other.listen(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.why().text().substr(0, 15 + std::string(bad).size()),
                  std::string("HTTP address ") + bad + ": ");
    }
    const auto taken = other.listen(address_);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.why().text(), "HTTP address " + address_ + ": Address already in use");
    const auto foreign = other.listen("192.0.2.1:80");
    ASSERT_FALSE(foreign);
    EXPECT_NE(foreign.why().text().find("192.0.2.1:80"), std::string::npos);
    EXPECT_EQ(other.address(), "");
    ASSERT_TRUE(other.listen("127.0.0.1:0"));
    EXPECT_FALSE(other.listen("127.0.0.1:0"));
}

}  // namespace
}  // namespace rhumb::api
