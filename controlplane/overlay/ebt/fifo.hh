// A queue in one piece of memory, which it keeps: no allocation for an element. Threads: one.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace rhumb::overlay::ebt {

template <class T>
class fifo {
public:
    [[nodiscard]] bool empty() const { return head_ == items_.size(); }
    [[nodiscard]] std::size_t size() const { return items_.size() - head_; }
    [[nodiscard]] auto begin() const { return items_.begin() + offset(); }
    [[nodiscard]] auto end() const { return items_.end(); }

    void push(T item) { items_.push_back(std::move(item)); }

    // Before all others. What was popped has left room, mostly.
    void push_front(T item) {
        if (head_ != 0) {
            items_[--head_] = std::move(item);
        } else {
            items_.insert(items_.begin(), std::move(item));
        }
    }

    // Precondition: not empty.
    [[nodiscard]] T pop() {
        T first = std::move(items_[head_++]);
        if (head_ == items_.size()) {
            clear();
        } else if (head_ >= 1024 && head_ * 2 >= items_.size()) {
            items_.erase(items_.begin(), items_.begin() + offset());
            head_ = 0;
        }
        return first;
    }

    // Removes those for which `goes` says so; the others keep their order.
    template <class Predicate>
    void remove_if(Predicate goes) {
        std::size_t kept = head_;
        for (std::size_t n = head_; n < items_.size(); ++n) {
            if (!goes(items_[n])) {
                if (kept != n) {
                    items_[kept] = std::move(items_[n]);
                }
                ++kept;
            }
        }
        items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(kept), items_.end());
        if (empty()) {
            clear();
        }
    }

    void clear() {
        items_.clear();
        head_ = 0;
    }
    // Gives the memory back, too.
    void reset() { *this = fifo(); }

private:
    [[nodiscard]] std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(head_); }

    std::vector<T> items_;
    std::size_t head_ = 0;
};

}  // namespace rhumb::overlay::ebt
