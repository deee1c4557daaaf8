#include "controlplane/overlay/wire/box_stream.hh"

#include <sodium.h>

#include <algorithm>

namespace rhumb::overlay {
namespace {

constexpr std::size_t tag_bytes = crypto_secretbox_MACBYTES;
constexpr std::size_t header_bytes = 2 + tag_bytes;
static_assert(segment_header_bytes == header_bytes + tag_bytes);

void increment(stream_nonce& nonce) noexcept {
    for (auto digit = nonce.rbegin(); digit != nonce.rend(); ++digit) {
        if (++*digit != 0) {
            return;
        }
    }
}

}  // namespace

void box_writer::seal_header(std::span<const byte> header, std::span<byte> into) noexcept {
    crypto_secretbox_easy(into.data(), header.data(), header.size(), nonce_.data(), key_->data());
}

void box_writer::seal(std::span<const byte> plain, byte_queue& to) {
    const std::size_t segments = (plain.size() + segment_bytes - 1) / segment_bytes;
    std::span<byte> out = to.grow(plain.size() + segments * segment_header_bytes);
    std::array<byte, header_bytes> header{};
    while (!plain.empty()) {
        const std::size_t length = std::min(plain.size(), segment_bytes);
        stream_nonce body_nonce = nonce_;
        increment(body_nonce);
        store_be16(header.data(), static_cast<std::uint16_t>(length));
        crypto_secretbox_detached(out.data() + segment_header_bytes, header.data() + 2,
                                  plain.data(), length, body_nonce.data(), key_->data());
        seal_header(header, out);
        nonce_ = body_nonce;
        increment(nonce_);
        plain = plain.subspan(length);
        out = out.subspan(segment_header_bytes + length);
    }
}

void box_writer::goodbye(byte_queue& to) {
    constexpr std::array<byte, header_bytes> zeroes{};
    seal_header(zeroes, to.grow(segment_header_bytes));
    increment(nonce_);
}

box_reader::event box_reader::fail(const char* why) noexcept {
    state_ = state::failed;
    why_ = why;
    return event::failed;
}

std::span<byte> box_reader::whole(std::span<byte>& bytes, std::size_t wanted) noexcept {
    if (part_size_ == 0 && bytes.size() >= wanted) {
        const std::span<byte> in_place = bytes.first(wanted);
        bytes = bytes.subspan(wanted);
        return in_place;
    }
    const std::size_t taken = std::min(wanted - part_size_, bytes.size());
    std::copy_n(bytes.begin(), taken, part_.begin() + static_cast<std::ptrdiff_t>(part_size_));
    bytes = bytes.subspan(taken);
    part_size_ += taken;
    if (part_size_ != wanted) {
        return {};
    }
    part_size_ = 0;
    return std::span(part_).first(wanted);
}

box_reader::event box_reader::read(std::span<byte>& bytes) {
    for (;;) {
        if (state_ == state::failed) {
            return event::failed;
        }
        if (state_ == state::ended) {
            return event::goodbye;
        }
        const bool is_header = state_ == state::header;
        const std::span<byte> piece = whole(bytes, is_header ? segment_header_bytes : length_);
        if (piece.empty()) {
            return event::none;
        }
        const event found = is_header ? open_header(piece) : open_body(piece);
        if (found != event::none) {
            return found;
        }
    }
}

box_reader::event box_reader::open_header(std::span<const byte> box) {
    std::array<byte, header_bytes> header{};
    if (crypto_secretbox_open_easy(header.data(), box.data(), box.size(), nonce_.data(),
                                   key_->data()) != 0) {
        return fail("a segment's header was changed on its way");
    }
    increment(nonce_);
    if (sodium_is_zero(header.data(), header.size()) == 1) {
        state_ = state::ended;
        return event::goodbye;
    }
    length_ = load_be16(header.data());
    if (length_ == 0 || length_ > segment_bytes) {
        return fail("a segment is not of 1 to 4096 bytes");
    }
    std::copy(header.begin() + 2, header.end(), tag_.begin());
    state_ = state::body;
    return event::none;
}

box_reader::event box_reader::open_body(std::span<byte> body) {
    if (crypto_secretbox_open_detached(body.data(), body.data(), tag_.data(), body.size(),
                                       nonce_.data(), key_->data()) != 0) {
        return fail("a segment was changed on its way");
    }
    increment(nonce_);
    state_ = state::header;
    plain_ = body;
    return event::data;
}

}  // namespace rhumb::overlay
