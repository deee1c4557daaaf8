// A router whose 4000 labels all go east, or all go north, with traffic through it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/daemon.hh"
#include "tests/vdev/hitless_traffic.hh"

namespace rhumb::test {

// A sequence number that no packet has, with room to add to it.
inline constexpr std::uint64_t never = ~std::uint64_t{0} / 2;

class hitless : public testing::Test {
protected:
    static constexpr mpls::label first_label = 16000;
    static constexpr std::size_t labels = 4000;

    static mpls::label label_of(std::uint64_t sequence) {
        return static_cast<mpls::label>(first_label + sequence % labels);
    }
    // Version A swaps label n to n and sends east; version B to n + labels, and sends north.
    std::string config(char version, const std::string& nexthop_keys = "",
                       const std::string& node_keys = "") const {
        std::string text = router_without_labels(nexthop_keys, node_keys);
        for (std::size_t n = 0; n < labels; ++n) {
            text += rule(first_label + n, version);
        }
        return text;
    }
    // Next hop e is east, n is north.
    std::string router_without_labels(const std::string& nexthop_keys,
                                      const std::string& node_keys) const {
        std::string text =
            "[node]\nname = \"hitless-" + std::to_string(::getpid()) + "\"\n" + node_keys +
            "[runtime]\nsocket = \"r.sock\"\nworkers = " + std::to_string(workers_) + "\n";
        for (std::size_t n = 0; n < port_names.size(); ++n) {
            text += "[ports." + std::string(port_names[n]) + "]\ndevice = \"net_memif" +
                    std::to_string(n) + ",role=server,id=0,socket-abstract=no,socket=" +
                    (folder_.path() / (std::string(port_names[n]) + ".memif")).string() +
                    "\"\nmac = \"02:00:00:00:01:0" + std::to_string(n + 1) + "\"\n";
        }
        text += "[nexthops.e]\nport = \"east\"\nmac = \"02:00:00:00:02:01\"\n" + nexthop_keys;
        text += "[nexthops.n]\nport = \"north\"\nmac = \"02:00:00:00:02:02\"\n";
        return text;
    }
    static std::string rule(std::size_t label, char version) {
        const bool a = version == 'A';
        return "[[labels]]\nlabel = " + std::to_string(label) +
               "\nop = \"continue\"\nout = " + std::to_string(label + (a ? 0 : labels)) +
               "\nvia = \"" + (a ? "e" : "n") + "\"\n";
    }
    // Whether the packet went as version A or B wants it: 'A', 'B', or '?'.
    static char version_of(const arrival& a) {
        const mpls::label in = label_of(a.sequence);
        if (a.ttl != 63 || a.second != 0) {
            return '?';
        }
        if (a.port == 1 && a.neighbor == 1 && a.top == in) {
            return 'A';
        }
        return a.port == 2 && a.neighbor == 2 && a.top == in + labels ? 'B' : '?';
    }

    void start(const std::string& text, const traffic::labelling& labelled = label_of) {
        folder_.write("r.toml", text);
        router_.emplace(folder_, std::vector<std::string>{"--config", "r.toml"});
        ASSERT_TRUE(router_->connect("r.sock")) << router_->log();
        wire_.emplace(folder_, labelled);
        ASSERT_TRUE(wire_->wait_for_links()) << router_->log();
        wait_until_the_router_knows();
    }
    // It looks at links every few milliseconds, if it is let.
    void wait_until_the_router_knows() {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        const auto all_up = [this] {
            const nlohmann::json ports = router_->ask("show", {{"what", "ports"}}).at("rows");
            return std::all_of(ports.begin(), ports.end(),
                               [](const auto& port) { return port.at("up").template get<bool>(); });
        };
        while (!all_up()) {
            ASSERT_LT(std::chrono::steady_clock::now(), until) << router_->log();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    // Waits for a while, and until every label had its turn with packets that the router gets from
    // now on. Not for the thread that sends.
    void expect_a_round_of_labels() {
        const std::uint64_t enough = wire_->next() + labels + 3 * most_in_flight;
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (wire_->next() < enough && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        EXPECT_GE(wire_->next(), enough) << "too few packets are sent";
    }
    void expect_clean_end() {
        if (HasFailure()) {  // where did they go?
            for (const char* what : {"drops", "ports", "workers"}) {
                std::printf("%s\n", router_->ask("show", {{"what", what}}).dump(2).c_str());
            }
        }
        wire_.reset();
        router_->signal(SIGTERM);
        EXPECT_EQ(router_->wait(), 0) << router_->log();
    }

    int workers_ = 1;
    temporary_folder folder_;
    std::optional<daemon> router_;
    std::optional<traffic> wire_;
};

}  // namespace rhumb::test
