// Between a worker and the thread of the slow path: packets that it is to answer, and packets and
// frames that it sends. All copies: the packet path waits for nobody, and what finds no room, or
// comes faster than the tables allow, is dropped and counted. Threads: as said; one thread a side.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/io/record_queue.hh"
#include "dataplane/io/transmit.hh"
#include "rhumb/bytes.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb::io {

inline constexpr std::size_t slow_path_bytes = 9728;  // of a packet; longer ones are dropped

// What a worker could not do.
struct slow_packet {
    slow_request what;
    std::uint16_t length = 0;
    std::array<byte, slow_path_bytes> data;  // from the IP header on

    [[nodiscard]] std::span<const byte> bytes() const { return {data.data(), length}; }
};

// What the slow path sends: an IP packet, which takes the way that the tables have for it, or a
// frame for a port.
struct own_packet {
    protocol kind = protocol::unknown;  // ipv4, ipv6; unknown: a frame
    std::uint8_t port = 0;              // of a frame
    std::uint16_t length = 0;
    std::array<byte, slow_path_bytes> data;
};

class slow_path {
public:
    // The worker's side.
    slow_path(transmitter& out, rte_mempool* buffers) : out_(out), buffers_(buffers) {}

    // Takes copies of the burst's packets whose verdict is `slow`.
    void take(const burst& b, const stage_context& context) noexcept;
    // Of its punted frames those by which neighbours are found, as they came in.
    void take_neighbours(const burst& b, const stage_context& context) noexcept;
    // Sends what the slow path has left; whether there was anything.
    bool send(const stage_context& context) noexcept;
    [[nodiscard]] bool has_own() noexcept { return own_.has_filled(); }

    // The slow path's side. BFD has a queue to itself, so that nothing keeps it waiting, and so
    // have answers of neighbours: what waits for one must not take its place.
    [[nodiscard]] record_queue<slow_packet>& sessions() noexcept { return sessions_; }
    [[nodiscard]] record_queue<slow_packet>& neighbours() noexcept { return neighbours_; }
    [[nodiscard]] record_queue<slow_packet>& others() noexcept { return others_; }
    [[nodiscard]] record_queue<own_packet>& own() noexcept { return own_; }

private:
    // How many packets passed in a hundredth of a second.
    struct window {
        std::uint64_t number = 0;
        std::uint32_t used = 0;
    };
    [[nodiscard]] static bool passes(window& w, std::uint64_t now_ms, std::uint32_t rate) noexcept;
    [[nodiscard]] slow_packet* room(const slow_request& what, std::size_t length,
                                    const stage_context& context) noexcept;
    [[nodiscard]] record_queue<slow_packet>& queue_of(slow_task task) noexcept;
    void send_one(const own_packet& packet, const stage_context& context) noexcept;

    transmitter& out_;
    rte_mempool* const buffers_;
    record_queue<slow_packet> sessions_{128};
    record_queue<slow_packet> neighbours_{64};
    record_queue<slow_packet> others_{256};
    record_queue<own_packet> own_{256};
    window of_neighbours_;
    window all_;  // but BFD, and neighbours
    std::unique_ptr<std::array<window, scion::max_links>> by_link_ =
        std::make_unique<std::array<window, scion::max_links>>();
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
};

}  // namespace rhumb::io
