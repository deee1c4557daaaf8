// Who and what in a broadcast overlay: peers are public keys with an address to dial, messages are
// (origin, sequence). Addresses are opaque text: the host knows how to dial them, and its handshake
// proves the key, so that a wrong address costs one failed dial and no more.
// Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rhumb/bytes.hh"

namespace rhumb::overlay::broadcast {

inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t signature_size = 64;

using peer_key = std::array<byte, key_size>;
using signature_bytes = std::array<byte, signature_size>;

// Text of at most `most` bytes, in place; empty: not known.
class address {
public:
    static constexpr std::size_t most = 63;

    address() = default;
    // Nothing where `text` is too long.
    [[nodiscard]] static std::optional<address> of(std::span<const byte> text) noexcept {
        if (text.size() > most) {
            return std::nullopt;
        }
        address made;
        made.length_ = static_cast<byte>(text.size());
        std::copy(text.begin(), text.end(), made.text_.begin());
        return made;
    }

    [[nodiscard]] std::span<const byte> view() const noexcept { return {text_.data(), length_}; }
    [[nodiscard]] bool empty() const noexcept { return length_ == 0; }
    friend bool operator==(const address&, const address&) = default;

private:
    byte length_ = 0;
    std::array<byte, most> text_{};
};

struct contact {
    peer_key key{};
    address where;
};

// Numbers of one origin ascend; they need not be dense unless delivery is in order. An origin that
// restarts begins above what it used before (the time of day in microseconds does).
struct message_id {
    peer_key origin{};
    std::uint64_t sequence = 0;
    friend bool operator==(const message_id&, const message_id&) = default;
};

}  // namespace rhumb::overlay::broadcast
