// Bytes that wait: written at the end, taken from the front. It keeps its memory while it is in use
// and gives back what one large burst took once it is empty. Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb::overlay {

class byte_queue {
public:
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

    // What waits. Good until the next call that changes it.
    [[nodiscard]] std::span<byte> waiting() noexcept { return {bytes_.get() + begin_, size()}; }
    [[nodiscard]] std::span<const byte> waiting() const noexcept {
        return {bytes_.get() + begin_, size()};
    }
    // Precondition: so many wait.
    void take(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == end_) {
            clear();
        }
    }
    void clear() noexcept {
        begin_ = end_ = 0;
        if (room_ > kept) {
            bytes_.reset();
            room_ = 0;
        }
    }

    // Room for `count` more, to be written at once; what they hold is undefined.
    [[nodiscard]] std::span<byte> grow(std::size_t count) {
        if (room_ - end_ < count) {
            make_room(count);
        }
        end_ += count;
        return {bytes_.get() + end_ - count, count};
    }
    void append(std::span<const byte> bytes) {
        std::copy(bytes.begin(), bytes.end(), grow(bytes.size()).begin());
    }
    void append(std::string_view text) {
        std::copy(text.begin(), text.end(), grow(text.size()).begin());
    }

private:
    static constexpr std::size_t kept = std::size_t{128} << 10;
    static constexpr std::size_t first = 4096;

    void make_room(std::size_t count) {
        const std::size_t used = size();
        std::unique_ptr<byte[]> fresh;
        byte* to = bytes_.get();
        // Half of it free at the front: moving is cheaper than growing, and happens rarely.
        if (used + count > room_ || begin_ < room_ / 2) {
            room_ = std::max({first, 2 * room_, used + count});
            fresh = std::make_unique_for_overwrite<byte[]>(room_);
            to = fresh.get();
        }
        std::copy_n(bytes_.get() + begin_, used, to);
        begin_ = 0;
        end_ = used;
        if (fresh) {
            bytes_ = std::move(fresh);
        }
    }

    std::unique_ptr<byte[]> bytes_;
    std::size_t room_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace rhumb::overlay
