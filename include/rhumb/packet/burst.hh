// A burst of packets on their way through the pipeline, field by field (structure of arrays): a
// stage touches only the arrays that it needs, and neighbouring packets share their cache lines.
//
//   room              front                                     end
//   |<-- headroom --->|<---------------- length --------------->|
//   +-----------------+---------------------+-------------------+
//   | free, then the  | network header:     | payload           |
//   | old layer 2     | label, IPv4, IPv6   |                   |
//   +-----------------+---------------------+-------------------+
//
// Push and pop move `front` alone, so the whole pipeline up to the rewrite is arithmetic on bytes,
// with no idea of mbufs. io puts in the opaque `handle`. Threads: a burst belongs to one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "rhumb/bytes.hh"
#include "rhumb/packet/drop_reason.hh"
#include "rhumb/packet/slow_request.hh"

namespace rhumb {

// What `front` points at.
// scion: an IP header, checked, of a packet for one of this router's underlay addresses.
enum class protocol : std::uint8_t { unknown, mpls, ipv4, ipv6, scion };
inline constexpr std::size_t protocol_count = 5;

enum class verdict : std::uint8_t {
    again,    // needs (another) stage: the one that `kind` names
    forward,  // to `nexthop`
    drop,     // because of `reason`
    punt,     // to the control plane because of `reason`; the frame is still as it came in
    slow,     // to the slow path because of `reason`, which is to do what `slow` says
};

using nexthop_id = std::uint32_t;

struct burst {
    static constexpr std::size_t capacity = 256;
    template <class T>
    using column = std::array<T, capacity>;

    alignas(64) column<byte*> front;
    alignas(64) column<byte*> end;   // of the packet
    alignas(64) column<byte*> room;  // the first byte that may be written
    alignas(64) column<nexthop_id> nexthop;
    alignas(64) column<protocol> kind;
    alignas(64) column<verdict> fate;
    alignas(64) column<drop_reason> reason;
    // RFC 3443: this node takes one off the TTL once, however many headers it works through.
    // Once taken, this is what the packet leaves with at most; until then it is 0.
    alignas(64) column<std::uint8_t> ttl;
    alignas(64) column<std::uint8_t> out_port;  // set by the rewrite
    alignas(64) column<void*> handle;
    alignas(64) column<slow_request> slow;

    std::uint16_t count = 0;
    std::uint16_t slow_count = 0;  // packets with the verdict `slow`
    std::uint16_t punt_count = 0;  // likewise `punt`; once the pipeline is through
    std::uint8_t in_port = 0;

    // Packet `i` is `length` bytes from `first` on, with `headroom` writable bytes before them.
    void put(std::size_t i, byte* first, std::size_t length, std::size_t headroom) noexcept {
        front[i] = first;
        end[i] = first + length;
        room[i] = first - headroom;
    }
    // Nothing has been decided about any packet.
    void start() noexcept {
        fill(fate, verdict::again);
        fill(ttl, std::uint8_t{0});
        slow_count = 0;
        punt_count = 0;
    }
    void set_kinds(protocol all) noexcept { fill(kind, all); }
    // Whether every packet is to be forwarded by the same port, as most bursts are.
    [[nodiscard]] bool leaves_by_one_port() const noexcept {
        return count != 0 && holds(fate, verdict::forward) && holds(out_port, out_port[0]);
    }
    [[nodiscard]] std::size_t length(std::size_t i) const noexcept {
        return static_cast<std::size_t>(end[i] - front[i]);
    }
    [[nodiscard]] std::size_t headroom(std::size_t i) const noexcept {
        return static_cast<std::size_t>(front[i] - room[i]);
    }

    void drop(std::size_t i, drop_reason why) noexcept {
        fate[i] = verdict::drop;
        reason[i] = why;
    }
    void punt(std::size_t i, drop_reason why) noexcept {
        fate[i] = verdict::punt;
        reason[i] = why;
    }
    void ask(std::size_t i, drop_reason why, const slow_request& what) noexcept {
        fate[i] = verdict::slow;
        reason[i] = why;
        slow[i] = what;
        ++slow_count;
    }
    // Removes `bytes` (at most the length) from the front.
    void pull(std::size_t i, std::size_t bytes) noexcept { front[i] += bytes; }
    // Makes room for `bytes` in front; false, and nothing changed, where the buffer has none.
    [[nodiscard]] bool push(std::size_t i, std::size_t bytes) noexcept {
        if (headroom(i) < bytes) {
            return false;
        }
        front[i] -= bytes;
        return true;
    }

private:
    // Whether all packets have this value in a column of bytes; eight are compared at once.
    template <class T>
    [[nodiscard]] bool holds(const column<T>& all, T value) const noexcept {
        static_assert(sizeof(T) == 1 && capacity % 8 == 0);
        const std::uint64_t wanted = 0x0101010101010101U * static_cast<std::uint8_t>(value);
        std::size_t i = 0;
        for (; i + 8 <= count; i += 8) {
            std::uint64_t eight = 0;
            std::memcpy(&eight, &all[i], sizeof eight);
            if (eight != wanted) {
                return false;
            }
        }
        for (; i < count; ++i) {
            if (all[i] != value) {
                return false;
            }
        }
        return true;
    }
    // A column of bytes, in blocks: one or two stores for each.
    template <class T>
    void fill(column<T>& all, T value) noexcept {
        constexpr std::size_t block = 32;
        static_assert(sizeof(T) == 1 && capacity % block == 0);
        for (std::size_t i = 0; i < count; i += block) {
            std::memset(&all[i], static_cast<int>(value), block);
        }
    }
};

}  // namespace rhumb
