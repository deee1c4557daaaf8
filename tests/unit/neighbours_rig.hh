// Addresses and frames as text, and a neighbour table whose actions are looked at one kind at a
// time. Threads: one each.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controlplane/neighbours/table.hh"

namespace rhumb::neighbours::test {

using namespace std::chrono_literals;
using ethernet::mac_address;
using kind = next_hop_change::kind;

inline constexpr time_point start{std::chrono::hours{1}};
inline constexpr mac_address our_mac{2, 0, 0, 0, 0, 1};
inline constexpr mac_address peer_mac{2, 0, 0, 0, 0, 2};
inline constexpr mac_address other_mac{2, 0, 0, 0, 0, 3};
inline constexpr mac_address broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// What Linux 6 sent when two of its hosts met: 192.0.2.1 and 2001:db8::1 with our_mac, 192.0.2.2
// and 2001:db8::2 with peer_mac.
inline constexpr std::string_view linux_arp_request =
    "ffffffffffff02000000000108060001080006040001020000000001c0000201000000000000c0000202";
inline constexpr std::string_view linux_arp_reply =
    "02000000000102000000000208060001080006040002020000000002c0000202020000000001c0000201";
inline constexpr std::string_view linux_ns =
    "3333ff00000202000000000186dd6000000000203aff20010db8000000000000000000000001ff0200000000000000"
    "000001ff00000287001c270000000020010db80000000000000000000000020101020000000001";
inline constexpr std::string_view linux_na =
    "02000000000102000000000286dd6000000000203aff20010db800000000000000000000000220010db80000000000"
    "0000000000000188008a716000000020010db80000000000000000000000020201020000000002";
inline constexpr std::string_view linux_unsolicited_na =
    "33330000000102000000000186dd6000000000203aff20010db8000000000000000000000001ff0200000000000000"
    "0000000000000188 00f92a2000000020010db80000000000000000000000010201020000000001";
// A probe for duplicates of 2001:db8::1, with a nonce (RFC 7527): an option of type 14.
inline constexpr std::string_view linux_probe =
    "3333ff00000102000000000186dd6000000000203aff00000000000000000000000000000000ff0200000000000000"
    "000001ff00000187009b0c0000000020010db80000000000000000000000010e01b9ba71a37879";

inline frame bytes_of(std::string_view hex) {
    frame made;
    std::string pair;
    for (const char c : hex) {
        if (c != ' ') {
            pair += c;
        }
        if (pair.size() == 2) {
            made.push_back(static_cast<byte>(std::stoul(pair, nullptr, 16)));
            pair.clear();
        }
    }
    return made;
}

inline ip_address ip(const std::string& text) {
    ip_address made;
    made.af = text.find(':') == std::string::npos ? family::ipv4 : family::ipv6;
    EXPECT_EQ(
        inet_pton(made.af == family::ipv4 ? AF_INET : AF_INET6, text.c_str(), made.bytes.data()), 1)
        << text;
    return made;
}

// Port 0 untagged with gateways, port 1 with VLAN 100.
inline settings two_interfaces() {
    settings made;
    made.interfaces.push_back({0,
                               0,
                               our_mac,
                               {{ip("192.0.2.1"), 24}, {ip("2001:db8::1"), 64}},
                               ip("192.0.2.254"),
                               ip("2001:db8::fe")});
    made.interfaces.push_back({1,
                               100,
                               {2, 0, 0, 0, 1, 1},
                               {{ip("198.51.100.1"), 25}, {ip("2001:db8:1::1"), 64}},
                               {},
                               {}});
    return made;
}

inline frame arp_frame(const mac_address& to, const arp::message& what, std::uint16_t vlan = 0) {
    frame made(arp::frame_bytes);
    made.resize(arp::write_frame(made, to, vlan, what));
    return made;
}

inline frame nd_frame(const mac_address& to, const mac_address& from, const nd::message& what) {
    frame made(nd::max_frame_bytes);
    made.resize(nd::write_frame(made, to, from, 0, what));
    return made;
}

// An answer by `from` that it has 192.0.2.`last`.
inline frame arp_answer(const mac_address& from, byte last = 2) {
    return arp_frame(our_mac, {arp::reply, from, {192, 0, 2, last}, our_mac, {192, 0, 2, 1}});
}

inline frame gratuitous(const mac_address& from, byte last = 2) {
    return arp_frame(broadcast, {arp::request, from, {192, 0, 2, last}, {}, {192, 0, 2, last}});
}

class table_rig {
public:
    explicit table_rig(settings with = two_interfaces()) {
        auto made = neighbour_table::create(std::move(with));
        if (!made.ok()) {
            ADD_FAILURE() << made.why().text();
            std::abort();
        }
        table_.emplace(std::move(made.value()));
    }
    // With a new configuration.
    void replace(settings with) {
        auto made = neighbour_table::create(std::move(with), *table_, now);
        ASSERT_TRUE(made.ok()) << made.why().text();
        table_.emplace(std::move(made.value()));
    }
    neighbour_table* operator->() { return &*table_; }

    time_point now = start;

    // Sorts the actions since the last call. Each list is what that call brought.
    void sort() {
        frames.clear();
        packets.clear();
        changes.clear();
        for (action& one : table_->take_actions()) {
            if (auto* sent = std::get_if<send_frame>(&one)) {
                frames.push_back(std::move(*sent));
            } else if (auto* waited = std::get_if<send_packet>(&one)) {
                packets.push_back(std::move(*waited));
            } else {
                changes.push_back(std::get<next_hop_change>(one));
            }
        }
    }
    std::vector<send_frame> frames;
    std::vector<send_packet> packets;
    std::vector<next_hop_change> changes;

    next_hop want(const std::string& address) {
        auto found = table_->want(ip(address), now);
        EXPECT_TRUE(found.ok()) << address << ": " << (found.ok() ? "" : found.why().text());
        sort();
        return found.ok() ? found.value() : next_hop{};
    }
    bool receive(const frame& bytes, interface_id on = 0) {
        const bool taken = table_->frame_received(on, bytes, now);
        sort();
        return taken;
    }
    bool wait(const std::string& address, const packet& bytes) {
        const bool kept = table_->wait(ip(address), bytes, now);
        sort();
        return kept;
    }
    void after(duration time) {
        now += time;
        table_->tick(now);
        sort();
    }
    // The row of an address, one without an id that exists where there is none.
    row at(const std::string& address) {
        for (const row& one : table_->rows(now)) {
            if (one.address == ip(address)) {
                return one;
            }
        }
        ADD_FAILURE() << "no row of " << address;
        return {};
    }
    neighbours::state state_of(const std::string& address) { return at(address).state; }

    // The one change of the last call.
    next_hop_change change() {
        EXPECT_EQ(changes.size(), 1U);
        return changes.empty() ? next_hop_change{} : changes.front();
    }

private:
    std::optional<neighbour_table> table_;
};

}  // namespace rhumb::neighbours::test
