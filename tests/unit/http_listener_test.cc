// HTTP over real sockets: what is asked, and what is answered.
#include <regex>
#include <string>

#include "tests/unit/http_rig.hh"

namespace rhumb::api {
namespace {

const std::string hello = request("GET", "/hello");

TEST_F(http_rig, a_page_comes_with_its_type_length_and_date) {
    start();
    http_test_client client(address_);
    const http_answer answer = client.ask(hello);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello\n");
    EXPECT_EQ(answer.field("Content-Type"), "text/plain");
    EXPECT_EQ(answer.field("Content-Length"), "6");
    EXPECT_TRUE(std::regex_match(
        answer.field("Date"),
        std::regex(R"([A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)")))
        << answer.field("Date");
}

TEST_F(http_rig, a_page_is_made_anew_for_every_request) {
    start();
    http_test_client client(address_);
    EXPECT_EQ(client.ask(request("GET", "/count")).body, "1");
    EXPECT_EQ(client.ask(request("GET", "/count")).body, "2");
    http_test_client other(address_);
    const http_answer answer = other.ask(request("GET", "/count"));
    EXPECT_EQ(answer.body, "3");
    EXPECT_EQ(answer.field("Content-Type"), "application/json");
}

TEST_F(http_rig, head_has_the_length_and_no_body) {
    start();
    http_test_client client(address_);
    const http_answer head = client.ask(request("HEAD", "/hello"), false);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.field("Content-Length"), "6");
    EXPECT_EQ(client.ask(hello).body, "hello\n");  // nothing lies in between
    EXPECT_EQ(client.ask(request("HEAD", "/none"), false).status, 404);
    EXPECT_EQ(client.ask(hello).status, 200);
}

TEST_F(http_rig, the_path_alone_selects_the_page) {
    start();
    http_test_client client(address_);
    EXPECT_EQ(client.ask(request("GET", "/hello?name[]=x&y=/none")).status, 200);
    EXPECT_EQ(client.ask(request("GET", "http://router:30442/hello?x")).status, 200);
    for (const char* target : {"/", "/none", "/hello/", "/hell", "/Hello", "//hello", "*", "hello",
                               "http://router", "http://", "/?/hello"}) {
        const http_answer answer = client.ask(request("GET", target));
        EXPECT_EQ(answer.status, 404) << target;
        EXPECT_EQ(answer.body, "404 Not Found\n");
    }
}

TEST_F(http_rig, other_methods_are_refused_and_the_connection_goes_on) {
    start();
    http_test_client client(address_);
    for (const char* method : {"PUT", "POST", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
        const http_answer answer = client.ask(request(method, "/hello"));
        EXPECT_EQ(answer.status, 405) << method;
        EXPECT_EQ(answer.field("Allow"), "GET, HEAD");
    }
    EXPECT_EQ(client.ask(hello).status, 200);
    EXPECT_EQ(client.ask(request("GET", "/hello", "Content-Length: 0\r\n")).status, 200);
}

TEST_F(http_rig, a_body_is_refused_and_ends_the_connection) {
    start();
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const std::vector<std::pair<std::string, int>> asked{
        {request("GET", "/hello", "Content-Length: 3\r\n") + "abc", 413},
        {request("GET", "/hello", "Content-Length: 3\r\n"), 413},
        {request("GET", "/hello", "Content-Length: 18446744073709551615\r\n"), 413},
        {request("GET", "/hello", "Content-Length: 5000000\r\nExpect: 100-continue\r\n"), 413},
        {request("GET", "/hello", chunked) + "3\r\nabc\r\n0\r\n\r\n", 413},
        {request("POST", "/hello", "Content-Length: 100000\r\n") + std::string(100000, 'x'), 405},
        {request("GET", "/hello", "Content-Length: 1\r\nContent-Length: 2\r\n"), 400},
        {request("GET", "/hello", "Content-Length: -1\r\n"), 400},
        {request("GET", "/hello", "Content-Length: 18446744073709551616\r\n"), 400},
        {request("GET", "/hello", chunked + "Content-Length: 3\r\n"), 400}};
    for (const auto& [text, status] : asked) {
        http_test_client client(address_);
        client.send(text + hello);  // what follows is not taken for a request
        const http_answer answer = client.answer();
        EXPECT_EQ(answer.status, status) << text.substr(0, 200);
        EXPECT_EQ(answer.field("Connection"), "close");
        EXPECT_TRUE(client.ends()) << text.substr(0, 200);
    }
}

TEST_F(http_rig, a_connection_stays_for_the_next_request_unless_told) {
    start();
    http_test_client client(address_);
    for (int n = 0; n < 20; ++n) {
        EXPECT_EQ(client.ask(hello).status, 200);
    }
    EXPECT_EQ(client.ask(request("GET", "/hello", "Connection: close\r\n")).status, 200);
    EXPECT_TRUE(client.ends());

    http_test_client old(address_);
    EXPECT_EQ(old.ask("GET /hello HTTP/1.0\r\n\r\n").body, "hello\n");
    EXPECT_TRUE(old.ends());
    http_test_client staying(address_);
    const std::string stay = "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    EXPECT_EQ(staying.ask(stay).field("Connection"), "keep-alive");
    EXPECT_EQ(staying.ask(stay).status, 200);
}

TEST_F(http_rig, requests_sent_at_once_are_answered_in_order) {
    start();
    http_test_client client(address_);
    std::string all;
    for (int n = 0; n < 200; ++n) {
        all += request("GET", n % 3 == 2 ? "/none" : "/count");
    }
    client.send(all);
    unsigned counted = 0;
    for (int n = 0; n < 200; ++n) {
        const http_answer answer = client.answer();
        EXPECT_EQ(answer.body, n % 3 == 2 ? "404 Not Found\n" : std::to_string(++counted));
    }
}

TEST_F(http_rig, a_request_may_come_in_pieces) {
    start();
    http_test_client client(address_);
    for (const char c : request("GET", "/hello", "X: y\r\n")) {
        client.send(std::string_view(&c, 1));
    }
    EXPECT_EQ(client.answer().body, "hello\n");
}

TEST_F(http_rig, a_client_that_only_reads_any_more_gets_its_answers) {
    start();
    http_test_client client(address_);
    client.send(hello + request("GET", "/big") + hello);
    client.half_close();
    EXPECT_EQ(client.answer().body, "hello\n");
    EXPECT_EQ(client.answer().body.size(), big_bytes);
    EXPECT_EQ(client.answer().body, "hello\n");
    EXPECT_TRUE(client.ends());
}

TEST_F(http_rig, half_a_request_is_no_request) {
    start();
    http_test_client client(address_);
    client.send("GET /hello HTTP/1.1\r\nHost: r");
    client.half_close();
    EXPECT_EQ(client.answer().status, 400);
    EXPECT_TRUE(client.ends());
    http_test_client silent(address_);
    silent.half_close();
    EXPECT_TRUE(silent.ends());
}

TEST_F(http_rig, what_is_no_request_is_told_so_and_closed) {
    start();
    const std::string bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15);  // TLS
    for (const std::string& text :
         {bytes, std::string("\r\n\r\n"), std::string("hello\r\n\r\n"),
          std::string("GET /hello\r\n\r\n"), std::string("GET  /hello HTTP/1.1\r\n\r\n"),
          std::string("GET /hello HTTP/1.1\r\nHost router\r\n\r\n"),
          std::string("GET /hello HTTP/1.1\r\nHost : router\r\n\r\n"),
          std::string("GET /hel\x01lo HTTP/1.1\r\nHost: router\r\n\r\n"),
          std::string("GET /hello HTTX/1.1\r\nHost: router\r\n\r\n"),
          std::string("GET /hello HTTP/3.0\r\nHost: router\r\n\r\n"),
          std::string("GET /hello HTTP/1.1\n\n"), std::string("GET /hello HTTP/1.1\r\n\r\n"),
          std::string("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
          std::string("GET /hello HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n")}) {
        http_test_client client(address_);
        client.send(text + hello);
        EXPECT_EQ(client.answer().status, 400) << text;
        EXPECT_TRUE(client.ends()) << text;
    }
    EXPECT_EQ(http_test_client(address_).ask(hello).status, 200);
}

TEST_F(http_rig, a_header_may_be_as_long_as_the_limit_and_no_longer) {
    start();
    constexpr std::size_t limit = 8192;
    const std::size_t rest = request("GET", "/hello", "X: \r\n").size();
    http_test_client client(address_);
    const std::string longest =
        request("GET", "/hello", "X: " + std::string(limit - rest, 'y') + "\r\n");
    EXPECT_EQ(longest.size(), limit);
    EXPECT_EQ(client.ask(longest).status, 200);
    EXPECT_EQ(client.ask(hello).status, 200);

    http_test_client longer(address_);
    EXPECT_EQ(
        longer.ask(request("GET", "/hello", "X: " + std::string(limit - rest + 1, 'y') + "\r\n"))
            .status,
        431);
    EXPECT_TRUE(longer.ends());
    http_test_client endless(address_);
    EXPECT_EQ(endless.ask("GET /" + std::string(100'000, 'y')).status, 431);
    EXPECT_TRUE(endless.ends());
}

TEST_F(http_rig, a_page_that_throws_is_an_error_and_nothing_else) {
    start();
    http_test_client client(address_);
    EXPECT_EQ(client.ask(request("GET", "/throws")).status, 500);
    EXPECT_EQ(client.ask(hello).status, 200);
}

}  // namespace
}  // namespace rhumb::api
