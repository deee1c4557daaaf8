// Messages that were here: their names for one time, their bytes for a shorter one, both in the
// order of arrival and in bounded memory. Names and bytes lie in rings that grow up to their limit
// and then let the oldest go.
// Threads: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/broadcast/identity.hh"
#include "controlplane/overlay/broadcast/name_table.hh"
#include "controlplane/overlay/broadcast/options.hh"

namespace rhumb::overlay::broadcast {

class message_store {
public:
    struct entry {
        std::uint64_t name = 0;
        std::uint64_t offset = 0;  // of the body; counts all bytes ever stored
        time_point arrived;
        std::uint32_t length = 0;  // 0: the body is gone
        std::uint16_t hops = 0;
    };

    explicit message_store(const memory_options& wanted) : options_(wanted) {}

    // nullptr: not here, or forgotten. Valid until the next call that changes something.
    [[nodiscard]] const entry* find(std::uint64_t name) const noexcept;
    // Empty where it is gone.
    [[nodiscard]] std::span<const byte> body(const entry& of) const noexcept;

    // Precondition: not here; body not empty.
    void add(std::uint64_t name, std::uint16_t hops, std::span<const byte> body, time_point now);
    void expire(time_point now);

    // Calls `each(entry)` for the last `most` that came, as far as their bodies are here, the
    // oldest of them first.
    template <class Each>
    void each_recent(std::size_t most, Each&& each) const {
        for (std::uint64_t n = end_ - std::min<std::uint64_t>(end_ - first_body_, most); n != end_;
             ++n) {
            each(at(n));
        }
    }

    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(end_ - first_);
    }
    [[nodiscard]] std::size_t body_bytes() const noexcept {
        return static_cast<std::size_t>(head_ - tail_);
    }
    // All of it, in bytes.
    [[nodiscard]] std::size_t memory() const noexcept {
        return entries_.size() * sizeof(entry) + bytes_.size() + names_.memory();
    }

private:
    [[nodiscard]] entry& at(std::uint64_t number) noexcept {
        return entries_[number & (entries_.size() - 1)];
    }
    [[nodiscard]] const entry& at(std::uint64_t number) const noexcept {
        return entries_[number & (entries_.size() - 1)];
    }
    void drop_name();
    void drop_body();
    void grow_entries();
    void grow_bytes(std::size_t wanted);
    [[nodiscard]] std::uint64_t place_for(std::size_t length) const noexcept;

    memory_options options_;
    name_table names_;            // to the low bits of entries' numbers
    std::vector<entry> entries_;  // a ring, a power of two of them; numbers ascend for ever
    std::uint64_t first_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t first_body_ = 0;  // entries before this one have none
    std::vector<byte> bytes_;       // a ring; no body wraps around
    std::uint64_t tail_ = 0;
    std::uint64_t head_ = 0;
};

}  // namespace rhumb::overlay::broadcast
