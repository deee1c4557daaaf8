// A persistent array in one piece, for tables that are small, seldom changed and asked for every
// packet: a version that differs is a copy of the whole, and a lookup is one load.
//
// flat_view is the workers' side, any thread. flat_array is the control thread's side, used as
// paged_array: edit() as often as needed, then commit() for the next version.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "rhumb/table/retired.hh"

namespace rhumb {

template <class T>
class flat_view {
public:
    flat_view() = default;
    explicit flat_view(const T* slots) noexcept : slots_(slots) {}

    // `i` has been edited in the array that this is a view of.
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return slots_[i]; }

private:
    const T* slots_ = nullptr;
};

template <class T>
class flat_array {
public:
    using view = flat_view<T>;

    flat_array() : slots_(new T[1]{}) {}
    flat_array(const flat_array&) = delete;
    flat_array& operator=(const flat_array&) = delete;
    ~flat_array() {
        delete[] slots_;
        delete[] old_;
    }

    // Slots that were never edited are T{}.
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        static const T none{};
        return i < size_ ? slots_[i] : none;
    }

    // The slot, to be changed before the next commit().
    [[nodiscard]] T& edit(std::size_t i) {
        if (published_ || i >= size_) {
            renew(std::max(size_, i + 1));
        }
        return slots_[i];
    }

    // The next version. What it replaces goes to `replaced`, to be released when no worker can
    // hold an earlier version any more.
    [[nodiscard]] view commit(retired_list& replaced) {
        if (old_ != nullptr) {
            replaced.add(free_slots, nullptr, old_);
            old_ = nullptr;
        }
        published_ = true;
        return view(slots_);
    }

private:
    static void free_slots(void*, void* object) noexcept { delete[] static_cast<T*>(object); }

    // Room for `size` slots in a copy that no worker reads.
    void renew(std::size_t size) {
        if (size > capacity_ || published_) {
            const std::size_t capacity = size > capacity_ ? std::max(size, 2 * capacity_) : size;
            auto copy = std::make_unique<T[]>(capacity);
            std::copy_n(slots_, size_, copy.get());
            if (published_) {
                old_ = slots_;
                published_ = false;
            } else {
                delete[] slots_;
            }
            slots_ = copy.release();
            capacity_ = capacity;
        }
        size_ = size;
    }

    T* slots_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 1;
    bool published_ = false;  // slots_ is what a view reads: copy before the next edit
    T* old_ = nullptr;
};

}  // namespace rhumb
