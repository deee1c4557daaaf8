// A note of EBT, version 3: what one side says about one feed. It is -1 ("I do not replicate it"),
// or twice the sequence, plus 1 where messages are not to be sent. Threads: any.
#pragma once

#include <cstdint>

namespace rhumb::overlay::ebt {

// Peers of the reference shift 32-bit integers: no higher sequence can be said to them.
inline constexpr std::int64_t max_sequence = (std::int64_t{1} << 30) - 1;
inline constexpr std::int64_t max_note = (max_sequence << 1) | 1;

// A clock's entry is a sequence from 0 on, or one of these. Absent is not 0: a feed of which there
// has never been a message is always asked for.
inline constexpr std::int32_t not_replicated = -1;
inline constexpr std::int32_t absent = -2;

// What the wire passes for a value that is no integer: any number out of range does.
inline constexpr std::int64_t malformed_note = INT64_MIN;

struct note_meaning {
    std::int32_t sequence = not_replicated;
    bool is_replicated = false;
    bool wants_messages = false;
};

// `sequence` from -1 to max_sequence.
[[nodiscard]] constexpr std::int64_t encode_note(std::int64_t sequence, bool wants_messages) {
    return sequence < 0 ? -1 : (sequence << 1) | (wants_messages ? 0 : 1);
}

// What is out of range means -1: neither send nor ask.
[[nodiscard]] constexpr note_meaning decode_note(std::int64_t value) {
    if (value < 0 || value > max_note) {
        return {};
    }
    return {.sequence = static_cast<std::int32_t>(value >> 1),
            .is_replicated = true,
            .wants_messages = (value & 1) == 0};
}

}  // namespace rhumb::overlay::ebt
