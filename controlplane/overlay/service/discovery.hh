// Peers of the same local network (as ssb-local does it): every few seconds our address goes out as
// one UDP packet to the multicast or broadcast address, port 8008, and whoever hears such a packet
// may dial. What is heard is not believed: the handshake proves who answers, and strangers are not
// let in. Threads: control.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "controlplane/overlay/service/address.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

class discovery {
public:
    using found_function = std::function<void(const peer_target&)>;
    static constexpr std::uint16_t udp_port = 8008;

    [[nodiscard]] static result<std::unique_ptr<discovery>> start(
        boost::asio::io_context& io, const key32& own, const std::vector<host_port>& listening,
        found_function found);

    // Nothing is sent or heard any more. It must live until the loop has stopped.
    void stop();

private:
    using udp = boost::asio::ip::udp;
    discovery(boost::asio::io_context& io, const key32& own,
              const std::vector<host_port>& listening, found_function found);

    void announce();
    void hear();

    const key32 own_;
    const std::vector<host_port> listening_;
    const found_function found_;
    udp::socket socket_;
    boost::asio::steady_timer timer_;
    bool is_stopped_ = false;
    udp::endpoint from_;
    std::array<char, 2048> packet_{};
};

}  // namespace rhumb::overlay
