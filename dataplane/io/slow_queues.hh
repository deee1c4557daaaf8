// Between a worker and the thread of the slow path: packets that it is to answer, and packets and
// frames that it sends. All copies: the packet path waits for nobody, and what finds no room, or
// comes faster than it may, is refused. BFD has queues and limits to itself in both directions, so
// that no flood of anything else keeps a session waiting, and so have answers of neighbours: what
// waits for one must not take its place. No DPDK. Threads: as said; one a side.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/io/record_queue.hh"
#include "rhumb/bytes.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/packet/slow_request.hh"
#include "rhumb/table/scion_table.hh"

namespace rhumb::io {

inline constexpr std::size_t slow_path_bytes = 9728;  // of a packet; longer ones are refused

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
    std::uint16_t by = 0;               // a frame's port; a packet's SCION link
    bool of_session = false;            // BFD
    std::uint16_t length = 0;
    std::array<byte, slow_path_bytes> data;
};

class slow_queues {
public:
    // Packets a second, in all and by one link.
    struct limits {
        std::uint32_t all = 0;
        std::uint32_t link = 0;
    };

    // The worker's side. Takes a copy; false: there is no room, or it is one too many.
    [[nodiscard]] bool take(const slow_request& what, std::span<const byte> bytes,
                            std::uint64_t now_ms, const limits& most) noexcept;
    [[nodiscard]] bool has_own() const noexcept {
        return own_sessions_.has_filled() || own_others_.has_filled();
    }
    // What is to be sent next, BFD first, or null; to be given back.
    [[nodiscard]] own_packet* next_own() noexcept {
        own_packet* const first = own_sessions_.pop();
        return first != nullptr ? first : own_others_.pop();
    }
    void give_back(own_packet* sent) noexcept { own_queue(sent->of_session).give_back(sent); }

    // The slow path's side.
    [[nodiscard]] record_queue<slow_packet>& sessions() noexcept { return sessions_; }
    [[nodiscard]] record_queue<slow_packet>& neighbours() noexcept { return neighbours_; }
    [[nodiscard]] record_queue<slow_packet>& others() noexcept { return others_; }
    // Leaves a copy to be sent; false: there is no room. `kind` and `by` as own_packet has them.
    bool send(protocol kind, std::uint16_t by, bool of_session,
              std::span<const byte> bytes) noexcept;

private:
    // How many packets passed in a hundredth of a second.
    struct window {
        std::uint64_t number = 0;
        std::uint32_t used = 0;
    };
    using windows = std::array<window, scion::max_links>;
    [[nodiscard]] static bool passes(window& w, std::uint64_t now_ms, std::uint32_t rate) noexcept;
    [[nodiscard]] bool may_pass(const slow_request& what, std::uint64_t now_ms,
                                const limits& most) noexcept;
    [[nodiscard]] record_queue<slow_packet>& queue_of(slow_task task) noexcept {
        return task == slow_task::bfd         ? sessions_
               : task == slow_task::neighbour ? neighbours_
                                              : others_;
    }
    [[nodiscard]] record_queue<own_packet>& own_queue(bool of_session) noexcept {
        return of_session ? own_sessions_ : own_others_;
    }

    record_queue<slow_packet> sessions_{128};
    record_queue<slow_packet> neighbours_{64};
    record_queue<slow_packet> others_{256};
    record_queue<own_packet> own_sessions_{128};
    record_queue<own_packet> own_others_{256};
    window of_neighbours_;
    window all_;  // but BFD, and neighbours
    std::unique_ptr<windows> sessions_by_link_ = std::make_unique<windows>();
    std::unique_ptr<windows> others_by_link_ = std::make_unique<windows>();
};

}  // namespace rhumb::io
