// A burst of packets on their way through the pipeline, field by field (structure of arrays): a
// stage touches only the arrays that it needs, and neighbouring packets share their cache lines.
//
//        headroom          front                    length
//   |<--------------->|<---------------------------------------->|
//   +-----------------+---------------------+--------------------+
//   | free, then the  | network header:     | payload            |
//   | old layer 2     | label, IPv4, IPv6   |                    |
//   +-----------------+---------------------+--------------------+
//
// Push and pop move `front` and keep `length` and `headroom` in step, so the whole pipeline up to
// the rewrite is arithmetic on bytes, with no idea of mbufs. io puts in the opaque `handle`.
// Threads: a burst belongs to one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rhumb/bytes.hh"
#include "rhumb/packet/drop_reason.hh"

namespace rhumb {

// What `front` points at.
enum class protocol : std::uint8_t { unknown, mpls, ipv4, ipv6 };

enum class verdict : std::uint8_t {
    again,    // needs (another) stage: the one that `kind` names
    forward,  // to `nexthop`
    drop,     // because of `reason`
    punt,     // to the control plane because of `reason`; the frame is still as it came in
};

using nexthop_id = std::uint32_t;

struct burst {
    static constexpr std::size_t capacity = 256;
    template <class T>
    using column = std::array<T, capacity>;

    alignas(64) column<byte*> front;
    alignas(64) column<std::uint16_t> length;    // bytes from front to the end of the packet
    alignas(64) column<std::uint16_t> headroom;  // writable bytes before front
    alignas(64) column<nexthop_id> nexthop;
    alignas(64) column<protocol> kind;
    alignas(64) column<verdict> fate;
    alignas(64) column<drop_reason> reason;
    // RFC 3443: this node takes one off the TTL once, however many headers it works through.
    // Once taken, `ttl` is what the packet leaves with at most; until then it means nothing.
    alignas(64) column<std::uint8_t> ttl;
    alignas(64) column<bool> ttl_taken;
    alignas(64) column<std::uint8_t> out_port;  // set by the rewrite
    alignas(64) column<void*> handle;

    std::uint16_t count = 0;
    std::uint8_t in_port = 0;

    void drop(std::size_t i, drop_reason why) noexcept {
        fate[i] = verdict::drop;
        reason[i] = why;
    }
    void punt(std::size_t i, drop_reason why) noexcept {
        fate[i] = verdict::punt;
        reason[i] = why;
    }
    // Removes `bytes` (at most length[i]) from the front.
    void pull(std::size_t i, std::size_t bytes) noexcept {
        front[i] += bytes;
        length[i] = static_cast<std::uint16_t>(length[i] - bytes);
        headroom[i] = static_cast<std::uint16_t>(headroom[i] + bytes);
    }
    // Makes room for `bytes` in front; false, and nothing changed, where the buffer has none.
    [[nodiscard]] bool push(std::size_t i, std::size_t bytes) noexcept {
        if (headroom[i] < bytes) {
            return false;
        }
        front[i] -= bytes;
        length[i] = static_cast<std::uint16_t>(length[i] + bytes);
        headroom[i] = static_cast<std::uint16_t>(headroom[i] - bytes);
        return true;
    }
};

// The packets of a burst that one stage works on: their indices.
struct lane {
    std::array<std::uint8_t, burst::capacity> index;
    std::uint16_t count = 0;

    void add(std::size_t i) noexcept { index[count++] = static_cast<std::uint8_t>(i); }
    [[nodiscard]] const std::uint8_t* begin() const noexcept { return index.data(); }
    [[nodiscard]] const std::uint8_t* end() const noexcept { return index.data() + count; }
};

}  // namespace rhumb
