// Which packets of a burst need which protocol's stage. Threads: worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rhumb/packet/burst.hh"

namespace rhumb {

// The packets that one stage works on: their indices in the burst.
using lane = std::span<const std::uint8_t>;

// A lane in the making.
struct lane_list {
    std::array<std::uint8_t, burst::capacity> index;
    std::uint16_t count = 0;

    void add(std::size_t i) noexcept { index[count++] = static_cast<std::uint8_t>(i); }
    [[nodiscard]] lane all() const noexcept { return {index.data(), count}; }
};

// Packets that wait for a stage, by what `front` points at.
class lanes {
public:
    void add(protocol kind, std::size_t i) noexcept { of(kind).add(i); }
    [[nodiscard]] lane_list& of(protocol kind) noexcept {
        return lists_[static_cast<std::size_t>(kind)];
    }

private:
    std::array<lane_list, protocol_count> lists_;
};

}  // namespace rhumb
