// What a broadcast node counts: frames by type, messages, and why something was dropped.
// Threads: one, the node's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rhumb::overlay::broadcast {

// Values are on the wire; 0 is none.
enum class frame_type : std::uint8_t {
    join = 1,
    forward_join,
    neighbour,
    neighbour_reply,
    disconnect,
    shuffle,
    shuffle_reply,
    gossip,
    ihave,
    graft,
    prune,
    ack,
};
inline constexpr std::size_t frame_types = 13;

enum class drop_reason : std::uint8_t {
    none,
    version,
    type,
    malformed,
    too_long,
    rate,
    from_self,
    not_neighbour,
    unexpected,
    duplicate,
    stale,
    unverified_full,
    bad_signature,
    missing_full,
    hop_limit,
    payload_gone,
    retransmission_full,
    given_up,
    late,
    unwanted,
};
inline constexpr std::size_t drop_reasons = 20;

struct drop_text {
    std::string_view name;
    std::string_view sentence;
};

inline constexpr std::array<drop_text, drop_reasons> drop_texts{{
    {"none", "Not dropped."},
    {"version", "The frame is of a version that is not spoken here."},
    {"type", "The frame's type is unknown."},
    {"malformed", "The frame is shorter or longer than its type says, or a value is out of range."},
    {"too_long", "The payload is longer than the longest allowed."},
    {"rate", "The peer sends more frames or bytes a second than it may."},
    {"from_self", "The frame or message says that it comes from this node."},
    {"not_neighbour", "The frame is for neighbours, and the peer is none."},
    {"unexpected", "An answer to nothing that was asked."},
    {"duplicate", "The message was here before."},
    {"stale", "The message's number is far below the last of its origin: perhaps replayed."},
    {"unverified_full", "Too many messages wait for verification."},
    {"bad_signature", "The host refused the message."},
    {"missing_full", "The peer has announced more messages than are remembered."},
    {"hop_limit", "The message has come too far and is not passed on."},
    {"payload_gone", "A peer asks for a message that is no longer kept."},
    {"retransmission_full", "Too many messages wait for acknowledgement: this one is sent once."},
    {"given_up", "A message was never acknowledged."},
    {"late", "The message came after its gap was given up, so it is not delivered."},
    {"unwanted", "The host does not take messages of this origin, or the message is too old."},
}};

struct counters {
    std::array<std::uint64_t, frame_types> sent{};  // frames, by type
    std::array<std::uint64_t, frame_types> received{};
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t delivered = 0;
    std::uint64_t retransmitted = 0;
    std::uint64_t optimised = 0;  // branches of the tree that became shorter
    std::uint64_t gaps = 0;       // given up, where order is kept
    std::array<std::uint64_t, drop_reasons> dropped{};

    void drop(drop_reason why) noexcept { ++dropped[static_cast<std::size_t>(why)]; }
    [[nodiscard]] std::uint64_t of(drop_reason why) const noexcept {
        return dropped[static_cast<std::size_t>(why)];
    }
    [[nodiscard]] std::uint64_t sent_of(frame_type type) const noexcept {
        return sent[static_cast<std::size_t>(type)];
    }
    [[nodiscard]] std::uint64_t received_of(frame_type type) const noexcept {
        return received[static_cast<std::size_t>(type)];
    }
};

}  // namespace rhumb::overlay::broadcast
