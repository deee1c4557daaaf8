// The neighbours of a running router: between the table that finds them and what the slow path
// sends and receives. Threads: that of the slow path.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/neighbours/table.hh"
#include "rhumb/bytes.hh"

namespace rhumb::api {

// A neighbour's MAC is known, or known no longer.
struct neighbour_news {
    neighbours::ip_address address;
    std::uint16_t port = 0;
    std::optional<ethernet::mac_address> mac;  // none: unreachable
    bool is_gateway = false;
};

class neighbour_keeper {
public:
    using time_point = neighbours::time_point;
    struct frame_to_send {
        std::uint16_t port = 0;
        std::vector<byte> bytes;
    };

    // `wanted` are to be known all the time. Neighbours that the configuration before had resolved
    // stay so where their port does.
    [[nodiscard]] result<void> use(neighbours::settings settings,
                                   const std::vector<neighbours::ip_address>& wanted,
                                   time_point now);

    void frame_received(std::uint16_t port, std::span<const byte> frame, time_point now);
    // An IP packet, ready to be sent, for a destination that has no next hop yet.
    void resolve(std::span<const byte> packet, time_point now);
    void tick(time_point now);

    [[nodiscard]] std::vector<frame_to_send> take_frames() { return std::exchange(frames_, {}); }
    [[nodiscard]] std::vector<neighbour_news> take_news() { return std::exchange(news_, {}); }
    // With the port of each.
    [[nodiscard]] std::vector<std::pair<std::uint16_t, neighbours::row>> rows(time_point now) const;

private:
    void want(const neighbours::ip_address& address, bool for_good, time_point now);
    void perform();
    [[nodiscard]] bool is_gateway(const neighbours::ip_address& address) const;

    // For good: until the next configuration. Others go when they cannot be reached.
    struct user {
        neighbours::neighbour_id id = 0;
        bool for_good = false;
    };
    std::optional<neighbours::neighbour_table> table_;
    std::map<neighbours::ip_address, user> users_;  // by destination
    std::vector<frame_to_send> frames_;
    std::vector<neighbour_news> news_;
};

}  // namespace rhumb::api
