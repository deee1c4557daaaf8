#include "controlplane/overlay/wire/mux_frame.hh"

#include <algorithm>
#include <array>

namespace rhumb::overlay {
namespace {

constexpr unsigned stream_flag = 8;
constexpr unsigned end_flag = 4;
constexpr unsigned type_mask = 3;
constexpr unsigned unused_types = 3;
constexpr std::size_t length_at = 1;
constexpr std::size_t request_at = 5;

std::string_view text_of(std::span<const byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void append_frame(byte_queue& to, frame_header header, std::string_view body) {
    byte* const out = to.grow(frame_header_bytes + body.size()).data();
    out[0] = static_cast<byte>((header.is_stream ? stream_flag : 0) |
                               (header.is_end ? end_flag : 0) | static_cast<unsigned>(header.type));
    store_be32(out + length_at, static_cast<std::uint32_t>(body.size()));
    store_be32(out + request_at, static_cast<std::uint32_t>(header.request));
    std::copy(body.begin(), body.end(), out + frame_header_bytes);
}

void append_mux_goodbye(byte_queue& to) {
    const std::span<byte> zeroes = to.grow(frame_header_bytes);
    std::fill(zeroes.begin(), zeroes.end(), byte{0});
}

mux_reader::event mux_reader::read(std::span<const byte>& bytes) {
    if (failed_) {
        return event::failed;
    }
    if (part_is_read_) {  // the body that was given last
        part_.clear();
        part_is_read_ = false;
    }
    if (!in_body_) {
        if (part_.empty() && bytes.size() >= frame_header_bytes) {
            const byte* const header = bytes.data();
            bytes = bytes.subspan(frame_header_bytes);
            return take_header(header);
        }
        const std::size_t taken = std::min(frame_header_bytes - part_.size(), bytes.size());
        part_.append(bytes.first(taken));
        bytes = bytes.subspan(taken);
        if (part_.size() != frame_header_bytes) {
            return event::none;
        }
        std::array<byte, frame_header_bytes> header{};
        std::copy_n(part_.waiting().begin(), header.size(), header.begin());
        part_.clear();
        return take_header(header.data());
    }
    if (!take_body(bytes)) {
        return event::none;
    }
    in_body_ = false;
    return discards_ ? read(bytes) : event::frame;
}

mux_reader::event mux_reader::take_header(const byte* from) {
    const unsigned flags = from[0];
    header_ = {.is_stream = (flags & stream_flag) != 0,
               .is_end = (flags & end_flag) != 0,
               .type = static_cast<body_type>(flags & type_mask),
               .length = load_be32(from + length_at),
               .request = static_cast<std::int32_t>(load_be32(from + request_at))};
    if (header_.length == 0) {
        return event::goodbye;
    }
    if (flags > (stream_flag | end_flag | type_mask) || (flags & type_mask) == unused_types) {
        failed_ = true;
        why_ = "a frame of an unknown kind";
        return event::failed;
    }
    in_body_ = true;
    discards_ = false;
    left_ = header_.length;
    return event::header;
}

// Whether the body is whole, or gone.
bool mux_reader::take_body(std::span<const byte>& bytes) {
    if (!discards_ && part_.empty() && bytes.size() >= left_) {
        body_ = text_of(bytes.first(left_));
        bytes = bytes.subspan(left_);
        return true;
    }
    const std::size_t taken = std::min(left_, bytes.size());
    if (!discards_) {
        part_.append(bytes.first(taken));
    }
    bytes = bytes.subspan(taken);
    left_ -= taken;
    if (left_ != 0) {
        return false;
    }
    if (!discards_) {
        body_ = text_of(part_.waiting());
        part_is_read_ = true;
    }
    return true;
}

}  // namespace rhumb::overlay
