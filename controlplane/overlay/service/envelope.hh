// What a broadcast message of ours says: the payload that its origin signs (broadcast/frames.hh).
// Big endian:
//
//     version 1 (1) | kind 1 | milliseconds since 1970, 8 | content, to the end
//
//     kind 1, text        UTF-8
//     kind 2, link down   version of the origin's map entry, 8 | name of its link, 1 to 255 bytes
//
// The time bounds how long a message can be replayed: sequences tell a node only of what it has
// seen. Other kinds are passed on and not looked at. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rhumb/bytes.hh"

namespace rhumb::overlay {

enum class broadcast_kind : std::uint8_t { text = 1, link_down = 2 };

inline constexpr std::size_t envelope_head = 1 + 1 + 8;

struct envelope {
    std::uint8_t kind = 0;  // not 0; perhaps one that is not known here
    std::int64_t sent_ms = 0;
    std::span<const byte> content;

    [[nodiscard]] bool is(broadcast_kind what) const noexcept {
        return kind == static_cast<std::uint8_t>(what);
    }
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(content.data()), content.size()};
    }
};

// Nothing: no envelope, or a content that its kind does not allow. It looks into `payload`.
[[nodiscard]] std::optional<envelope> read_envelope(std::span<const byte> payload);
void append_envelope(std::vector<byte>& to, const envelope& what);

// Whether a message of that time may be taken at `now_ms`: neither older nor, as clocks differ,
// further ahead than a lifetime.
[[nodiscard]] bool is_fresh(std::int64_t sent_ms, std::int64_t now_ms,
                            std::int64_t lifetime_ms) noexcept;

// "Traffic does not pass this link any more", said by the node that has it.
struct link_down {
    std::uint64_t version = 0;  // of what it has said of itself; what it says later overrules this
    std::string_view link;
};
[[nodiscard]] std::optional<link_down> read_link_down(std::span<const byte> content);
void append_link_down(std::vector<byte>& to, const link_down& what);

}  // namespace rhumb::overlay
