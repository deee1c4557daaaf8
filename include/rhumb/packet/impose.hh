// Pushing labels in front of a packet (RFC 3031 section 3.10, RFC 8402 PUSH). Threads: worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "rhumb/bytes.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

// Up to 16 labels to push, as they will stand in front of an IP packet: label stack entries in wire
// order without TC and TTL, the deepest, with the bottom-of-stack bit, at the end of the array. So
// four of them are one load, one OR and one store.
struct alignas(16) imposed_labels {
    static constexpr std::size_t most = 16;
    std::array<std::uint32_t, most> entries{};

    imposed_labels() = default;
    // Top first; at most `most`.
    explicit imposed_labels(std::span<const mpls::label> labels) noexcept {
        std::size_t at = most - labels.size();
        for (const mpls::label label : labels) {
            entries[at] = byte_swap(mpls::make(label, 0, at + 1 == most, 0));
            ++at;
        }
    }
    // The n-th from the top, of `count`.
    [[nodiscard]] mpls::label label(std::size_t n, std::size_t count) const noexcept {
        return mpls::label_of(byte_swap(entries[most - count + n]));
    }
};

// Puts `count` labels (not 0) in front of packet `i`, each with this TC and TTL. Over an IP packet
// the deepest gets the bottom-of-stack bit; over labels none does. Drops the packet and returns
// false where the buffer has no room.
[[nodiscard]] inline bool impose_labels(burst& b, std::size_t i, const imposed_labels& labels,
                                        std::size_t count, unsigned tc, unsigned ttl) noexcept {
    using four = std::uint32_t __attribute__((vector_size(16)));
    const std::size_t bytes = count * mpls::lse_bytes;
    const std::size_t whole_blocks = (bytes + sizeof(four) - 1) / sizeof(four) * sizeof(four);
    byte* const front = b.front[i];
    const std::size_t headroom = b.headroom(i);
    const std::uint32_t rest = byte_swap(mpls::make(0, tc, false, ttl));
    if (headroom >= whole_blocks) [[likely]] {
        // From the deepest up; what the last block writes above the top one is free room.
        const byte* const end = reinterpret_cast<const byte*>(labels.entries.end());
        for (std::size_t n = sizeof(four); n <= whole_blocks; n += sizeof(four)) {
            four entries;
            std::memcpy(&entries, end - n, sizeof entries);
            entries |= rest;
            std::memcpy(front - n, &entries, sizeof entries);
        }
    } else if (headroom >= bytes) {
        for (std::size_t n = 1; n <= count; ++n) {
            store_wire32(front - n * mpls::lse_bytes,
                         labels.entries[imposed_labels::most - n] | rest);
        }
    } else {
        b.drop(i, drop_reason::no_headroom);
        return false;
    }
    if (b.kind[i] == protocol::mpls) {
        front[-2] &= static_cast<byte>(~1U);  // the bottom is further down
    }
    b.front[i] = front - bytes;
    b.kind[i] = protocol::mpls;
    return true;
}

}  // namespace rhumb
