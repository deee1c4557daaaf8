// The box stream that follows a handshake (Scuttlebutt Protocol Guide, "Box stream"): segments of 1
// to 4096 bytes, each behind a box with its length.
//
//     +----------------------------------+--------------------+
//     | box (34): length (2) | tag (16)  | ciphertext (length) |
//     +----------------------------------+--------------------+
//
// The nonce is a number of 24 bytes, network order; a header takes one, its body the next. A box of
// 18 zeroes is the goodbye: without it, the end of the connection is an attack or an accident.
// Nothing is allocated but what the queue needs. Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "controlplane/overlay/wire/byte_queue.hh"
#include "controlplane/overlay/wire/wiped.hh"
#include "rhumb/bytes.hh"

namespace rhumb::overlay {

using stream_key = std::array<byte, 32>;
using stream_nonce = std::array<byte, 24>;

inline constexpr std::size_t segment_bytes = 4096;  // most of plain text
inline constexpr std::size_t segment_header_bytes = 34;

class box_writer {
public:
    box_writer(const stream_key& key, const stream_nonce& nonce) : key_(key), nonce_(nonce) {}

    // In segments as large as possible: give it all that waits at once.
    void seal(std::span<const byte> plain, byte_queue& to);
    void goodbye(byte_queue& to);

private:
    void seal_header(std::span<const byte> header, std::span<byte> into) noexcept;

    wiped<stream_key> key_;
    stream_nonce nonce_;
};

class box_reader {
public:
    enum class event : std::uint8_t {
        none,     // all was read, more is needed
        data,     // plain() holds some
        goodbye,  // nothing more will come
        failed    // why(): the connection is to be closed
    };

    box_reader(const stream_key& key, const stream_nonce& nonce) : key_(key), nonce_(nonce) {}

    // Takes from the front of `bytes` until there is an event. A segment that lies there whole is
    // decrypted where it is.
    event read(std::span<byte>& bytes);
    // Good until the next read(), while the bytes that were given stay.
    [[nodiscard]] std::span<const byte> plain() const noexcept { return plain_; }
    // Whether the goodbye was read: what ends otherwise was cut.
    [[nodiscard]] bool ended() const noexcept { return state_ == state::ended; }
    [[nodiscard]] std::string_view why() const noexcept { return why_; }

private:
    enum class state : std::uint8_t { header, body, ended, failed };

    // `wanted` bytes in one piece, or nothing yet.
    std::span<byte> whole(std::span<byte>& bytes, std::size_t wanted) noexcept;
    event open_header(std::span<const byte> box);
    event open_body(std::span<byte> body);
    event fail(const char* why) noexcept;

    wiped<stream_key> key_;
    stream_nonce nonce_;
    state state_ = state::header;
    std::size_t length_ = 0;
    std::array<byte, 16> tag_{};
    std::array<byte, segment_bytes> part_{};  // of what came in pieces
    std::size_t part_size_ = 0;
    std::span<const byte> plain_;
    std::string_view why_;
};

}  // namespace rhumb::overlay
