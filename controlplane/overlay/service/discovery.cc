#include "controlplane/overlay/service/discovery.hh"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <boost/asio/buffer.hpp>
#include <chrono>

namespace rhumb::overlay {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds announce_interval{5};

// Our addresses on networks that have a broadcast address.
struct local_address {
    asio::ip::address_v4 own;
    asio::ip::address_v4 broadcast;
};
std::vector<local_address> local_addresses() {
    std::vector<local_address> found;
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) {
        return found;
    }
    const auto ipv4 = [](const sockaddr* a) {
        return asio::ip::address_v4(
            ntohl(reinterpret_cast<const sockaddr_in*>(a)->sin_addr.s_addr));
    };
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
            (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_BROADCAST) != 0 &&
            one->ifa_broadaddr != nullptr) {
            found.push_back({ipv4(one->ifa_addr), ipv4(one->ifa_broadaddr)});
        }
    }
    freeifaddrs(all);
    return found;
}

}  // namespace

result<std::unique_ptr<discovery>> discovery::start(asio::io_context& io, const key32& own,
                                                    const std::vector<host_port>& listening,
                                                    found_function found) {
    std::unique_ptr<discovery> made(new discovery(io, own, listening, std::move(found)));
    error_code failed;
    made->socket_.open(udp::v4(), failed);
    if (!failed) {
        // Several nodes of one machine hear the same packets.
        made->socket_.set_option(udp::socket::reuse_address(true), failed);
    }
    if (!failed) {
        made->socket_.set_option(asio::socket_base::broadcast(true), failed);
    }
    if (!failed) {
        made->socket_.bind({udp::v4(), udp_port}, failed);
    }
    if (failed) {
        return error{"local discovery cannot use UDP port 8008: " + failed.message(), {}};
    }
    made->hear();
    made->announce();
    return made;
}

discovery::discovery(asio::io_context& io, const key32& own,
                     const std::vector<host_port>& listening, found_function found)
    : own_(own), listening_(listening), found_(std::move(found)), socket_(io), timer_(io) {}

void discovery::stop() {
    is_stopped_ = true;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
}

void discovery::announce() {
    for (const local_address& on : local_addresses()) {
        for (const host_port& at : listening_) {
            // Who listens on all addresses is reached at the one of this network.
            if (at.host != "0.0.0.0" && at.host != on.own.to_string()) {
                continue;
            }
            const std::string text = address_text({{on.own.to_string(), at.port}, own_});
            error_code ignored;  // a network that has just gone
            socket_.send_to(asio::buffer(text), {on.broadcast, udp_port}, 0, ignored);
        }
    }
    timer_.expires_after(announce_interval);
    timer_.async_wait([this](error_code cancelled) {
        if (!cancelled && !is_stopped_) {
            announce();
        }
    });
}

void discovery::hear() {
    socket_.async_receive_from(
        asio::buffer(packet_), from_, [this](error_code failed, std::size_t count) {
            if (failed == asio::error::operation_aborted || is_stopped_) {
                return;
            }
            if (!failed) {
                for (const peer_target& peer : parse_announcement({packet_.data(), count})) {
                    // Nobody may have us dial a third party.
                    if (peer.key != own_ && peer.at.host == from_.address().to_string()) {
                        found_(peer);
                    }
                }
            }
            hear();
        });
}

}  // namespace rhumb::overlay
