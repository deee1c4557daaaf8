// Services of this process, over loopback: each with a key and a store of its own in a folder that
// goes with the test. Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/overlay/service/machine_ids.hh"
#include "controlplane/overlay/service/service.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::overlay::test {

class overlay_services : public ::testing::Test {
protected:
    using json = service::json;

    ~overlay_services() override {
        for (const auto& one : running_) {
            stop(*one);
        }
    }

    [[nodiscard]] service_settings settings(const std::string& name) const {
        service_settings made;
        made.key_file = folder_.path(name + ".key");
        made.store_file = folder_.path(name + ".db");
        made.network[0] = 1;  // of these tests
        made.listen = {{"127.0.0.1", 0}};
        made.admits_anyone = true;
        made.switch_timeout = 200;
        return made;
    }
    service& start(const service_settings& with) {
        auto opened = service::open(io_, with, [](const std::string&, const std::string&) {});
        EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.why().text());
        running_.push_back(std::move(opened).value());
        return *running_.back();
    }
    void stop(service& which) {
        bool stopped = false;
        which.stop([&] { stopped = true; });
        run_until([&] { return stopped; });
    }
    static peer_target target(const service& of) {
        return {of.peers().listening().front(), of.id()};
    }
    void connect(service& from, const service& to) {
        ask(from, "overlay.connect", {{"address", address_text(target(to))}});
    }

    // Runs everything until `enough` says so, for half a minute at most.
    template <class Enough>
    void run_until(Enough&& enough) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!enough()) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited for too long";
            io_.restart();
            io_.run_one_for(std::chrono::milliseconds(50));
        }
    }
    json ask(service& of, std::string_view method, const json& params,
             std::vector<json>* events = nullptr) {
        std::optional<result<json>> got;
        of.request(method, params,
                   {[&](result<json> answer) { got = std::move(answer); },
                    [events](std::string_view event) {
                        if (events != nullptr) {
                            events->push_back(json::parse(event));
                        }
                        return true;
                    }});
        run_until([&] { return got.has_value(); });
        EXPECT_TRUE(got && got->ok()) << method << ": " << (got ? got->why().text() : "");
        return got && got->ok() ? got->value() : json();
    }
    std::string refusal(service& of, std::string_view method, const json& params) {
        std::optional<result<json>> got;
        of.request(method, params,
                   {[&](result<json> answer) { got = std::move(answer); },
                    [](std::string_view) { return true; }});
        run_until([&] { return got.has_value(); });
        return got && !got->ok() ? got->why().message : "";
    }
    void publish(service& by, int number) {
        ask(by, "overlay.publish", {{"json", json{{"type", "test"}, {"number", number}}.dump()}});
    }
    static void follow_each_other(overlay_services& test, service& a, service& b) {
        test.ask(a, "overlay.follow", {{"feed", feed_id_text(b.id())}});
        test.ask(b, "overlay.follow", {{"feed", feed_id_text(a.id())}});
    }
    static std::int64_t head(const service& at, const service& of) {
        return at.feeds().machine().head_of(id_of(of.id()));
    }
    static std::size_t replicating(const service& at) {
        std::size_t count = 0;
        for (const auto& one : at.peers().connections()) {
            count += one->replicates() ? 1U : 0U;
        }
        return count;
    }

    boost::asio::io_context io_;
    rhumb::test::temporary_folder folder_;
    std::vector<std::unique_ptr<service>> running_;
};

}  // namespace rhumb::overlay::test
