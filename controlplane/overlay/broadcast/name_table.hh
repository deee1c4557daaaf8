// From 64-bit names (keyed_hash: already as good as random) to 32-bit numbers, in one piece of
// memory: open addressing, a quarter of the cells empty at least, nothing left behind by removal.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rhumb::overlay::broadcast {

class name_table {
public:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t memory() const noexcept { return cells_.size() * sizeof(cell); }

    // none where there is no such name.
    [[nodiscard]] std::uint32_t find(std::uint64_t name) const noexcept {
        if (cells_.empty()) {
            return none;
        }
        for (std::size_t at = name & mask();; at = (at + 1) & mask()) {
            if (cells_[at].number == none || cells_[at].name == name) {
                return cells_[at].number;
            }
        }
    }

    // Precondition: find(name) == none, and number is not none.
    void add(std::uint64_t name, std::uint32_t number) {
        if ((size_ + 1) * 4 > cells_.size() * 3) {
            grow();
        }
        place({name, number});
        ++size_;
    }

    // Precondition: find(name) != none.
    void remove(std::uint64_t name) noexcept {
        std::size_t hole = name & mask();
        while (cells_[hole].name != name || cells_[hole].number == none) {
            hole = (hole + 1) & mask();
        }
        // What stands behind it may have been meant to stand before it.
        for (std::size_t at = (hole + 1) & mask(); cells_[at].number != none;
             at = (at + 1) & mask()) {
            const std::size_t home = cells_[at].name & mask();
            if (((at - home) & mask()) >= ((at - hole) & mask())) {
                cells_[hole] = cells_[at];
                hole = at;
            }
        }
        cells_[hole].number = none;
        --size_;
    }

private:
    struct cell {
        std::uint64_t name = 0;
        std::uint32_t number = none;
    };

    [[nodiscard]] std::size_t mask() const noexcept { return cells_.size() - 1; }
    void place(const cell& what) noexcept {
        std::size_t at = what.name & mask();
        while (cells_[at].number != none) {
            at = (at + 1) & mask();
        }
        cells_[at] = what;
    }
    void grow() {
        std::vector<cell> before(cells_.empty() ? 8 : cells_.size() * 2);
        std::swap(before, cells_);
        for (const cell& each : before) {
            if (each.number != none) {
                place(each);
            }
        }
    }

    std::vector<cell> cells_;  // a power of two of them
    std::size_t size_ = 0;
};

}  // namespace rhumb::overlay::broadcast
