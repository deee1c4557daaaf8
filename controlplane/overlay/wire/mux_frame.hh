// Frames of packet-stream, which carry all calls of a connection:
//
//     +-----------+------------------+--------------------+------
//     | flags (1) | body length (4)  | request number (4) | body …      network order
//     +-----------+------------------+--------------------+------
//     flags: 8 stream, 4 end or error, 2 and 1 the body's type
//
// A frame without a body, whatever else it says, is the goodbye: JavaScript's reader takes it so.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "controlplane/overlay/wire/byte_queue.hh"
#include "rhumb/bytes.hh"

namespace rhumb::overlay {

enum class body_type : std::uint8_t { binary = 0, text = 1, json = 2 };

inline constexpr std::size_t frame_header_bytes = 9;

struct frame_header {
    bool is_stream = false;
    bool is_end = false;
    body_type type = body_type::json;
    std::uint32_t length = 0;
    std::int32_t request = 0;
};

// Precondition: the body is not empty, and shorter than 4 GiB. `length` is taken from it.
void append_frame(byte_queue& to, frame_header header, std::string_view body);
void append_mux_goodbye(byte_queue& to);

class mux_reader {
public:
    enum class event : std::uint8_t {
        none,    // all was read, more is needed
        header,  // of a frame: look at its length, and discard() its body where it is not wanted
        frame,   // a frame that was not discarded, whole
        goodbye,
        failed
    };

    // Takes from the front of `bytes` until there is an event. It buffers no more than what has
    // come of the body that it reads.
    event read(std::span<const byte>& bytes);
    void discard() noexcept { discards_ = true; }

    [[nodiscard]] const frame_header& header() const noexcept { return header_; }
    // Good until the next read(), while the bytes that were given stay.
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    [[nodiscard]] std::string_view why() const noexcept { return why_; }

private:
    event take_header(const byte* from);
    bool take_body(std::span<const byte>& bytes);

    frame_header header_;
    bool in_body_ = false;
    bool discards_ = false;
    bool failed_ = false;
    std::size_t left_ = 0;  // of the body
    byte_queue part_;       // of a header or a body that comes in pieces
    bool part_is_read_ = false;
    std::string_view body_;
    std::string_view why_;
};

}  // namespace rhumb::overlay
