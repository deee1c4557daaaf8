// A service of the overlay on a thread of its own, for benchmarks. Threads: that of who made it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "controlplane/overlay/service/service.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::overlay::bench {

// Listens on loopback, lets anyone in, and lets peers cost what they like.
inline service_settings settings_in(const rhumb::test::temporary_folder& folder,
                                    const std::string& name) {
    service_settings made;
    made.key_file = folder.path(name + ".key");
    made.store_file = folder.path(name + ".db");
    made.listen = {{"127.0.0.1", 0}};
    made.admits_anyone = true;
    made.messages_per_second = made.verifies_per_second = 1'000'000;
    return made;
}

class node {
public:
    explicit node(const service_settings& with) {
        auto opened = service::open(io_, with, [](const std::string&, const std::string&) {});
        if (!opened) {
            std::printf("%s\n", opened.why().text().c_str());
            std::exit(1);
        }
        service_ = std::move(opened).value();
        thread_ = std::thread([this] { service_->run(); });
    }
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node() {
        if (thread_.joinable()) {
            stop();
        }
    }
    void stop() {
        boost::asio::post(io_, [this] { service_->stop([this] { io_.stop(); }); });
        thread_.join();
    }
    void ask(std::string_view method, const service::json& params,
             service::client from = nobody()) {
        boost::asio::post(io_,
                          [this, method = std::string(method), params, from = std::move(from)] {
                              service_->request(method, params, from);
                          });
    }
    // What `look` sees in the service.
    template <class Look>
    auto see(const Look& look) {
        std::promise<decltype(look(std::as_const(*service_)))> seen;
        boost::asio::post(io_, [&] { seen.set_value(look(std::as_const(*service_))); });
        return seen.get_future().get();
    }
    // What does not change while it runs, and all once it has stopped.
    [[nodiscard]] const service& what() const { return *service_; }
    [[nodiscard]] peer_target address() const {
        return {what().peers().listening().front(), what().id()};
    }

private:
    static service::client nobody() {
        return {[](const result<service::json>&) {}, [](std::string_view) { return true; }};
    }

    boost::asio::io_context io_{1};
    std::unique_ptr<service> service_;
    std::thread thread_;
};

}  // namespace rhumb::overlay::bench
