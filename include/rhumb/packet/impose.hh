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

// Up to 16 labels to push, as they will stand in front of a packet: label stack entries in wire
// order without TC, S and TTL, the deepest at the end of the array. So four of them are one load,
// one OR and one store.
struct alignas(16) imposed_labels {
    static constexpr std::size_t most = 16;
    std::array<std::uint32_t, most> entries{};

    imposed_labels() = default;
    // Top first; at most `most`.
    explicit imposed_labels(std::span<const mpls::label> labels) noexcept {
        for (std::size_t n = 0; n < labels.size(); ++n) {
            entries[most - labels.size() + n] = byte_swap(mpls::make(labels[n], 0, false, 0));
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
    constexpr std::size_t block = sizeof(four);
    const std::size_t bytes = count * mpls::lse_bytes;
    const std::size_t blocks = (bytes + block - 1) / block;
    byte* const front = b.front[i];
    const std::size_t headroom = b.headroom(i);
    if (headroom < bytes) [[unlikely]] {
        b.drop(i, drop_reason::no_headroom);
        return false;
    }
    const std::uint32_t rest = byte_swap(mpls::make(0, tc, false, ttl));
    const std::uint32_t bottom = b.kind[i] != protocol::mpls ? byte_swap(mpls::bottom_bit) : 0;
    const byte* const deepest = reinterpret_cast<const byte*>(labels.entries.end());
    if (headroom >= blocks * block) [[likely]] {
        // From the deepest up; what the last block writes above the top one is free room.
        four more{rest, rest, rest, rest | bottom};
        for (std::size_t n = 1; n <= blocks; ++n) {
            four entries;
            std::memcpy(&entries, deepest - n * block, block);
            entries |= more;
            std::memcpy(front - n * block, &entries, block);
            more[3] = rest;
        }
    } else {
        for (std::size_t n = 1; n <= count; ++n) {
            const std::uint32_t entry = labels.entries[imposed_labels::most - n];
            store_wire32(front - n * mpls::lse_bytes, entry | rest | (n == 1 ? bottom : 0));
        }
    }
    b.front[i] = front - bytes;
    b.kind[i] = protocol::mpls;
    return true;
}

}  // namespace rhumb
