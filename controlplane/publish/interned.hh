// Numbers for values: equal values share one number, which is free again when nobody uses it.
// Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace rhumb::publish {

// Hands out numbers from `first` on; the one longest free comes first, and rests while some others
// come and go, so that a number is not soon mistaken for its former owner's; but not for longer, so
// that tables by number stay small. None comes that was released since the last settle(): flags and
// counters of a number are its former owner's as long as a version with that one is in force.
// Precondition of acquire(): available() != 0.
class number_pool {
public:
    number_pool(std::uint32_t first, std::size_t capacity)
        : first_(first), next_(first), end_(static_cast<std::uint32_t>(first + capacity)) {}

    [[nodiscard]] std::size_t available() const noexcept { return end_ - next_ + free_.size(); }
    [[nodiscard]] std::uint32_t acquire() {
        const std::size_t in_use = next_ - first_ - free_.size() - released_.size();
        if (next_ < end_ && free_.size() <= least_resting + in_use / 4) {
            return next_++;
        }
        const std::uint32_t number = free_.front();
        free_.pop_front();
        return number;
    }
    void release(std::uint32_t number) { released_.push_back(number); }
    void settle() {
        free_.insert(free_.end(), released_.begin(), released_.end());
        released_.clear();
    }

private:
    static constexpr std::size_t least_resting = 64;
    std::uint32_t first_;
    std::uint32_t next_;
    std::uint32_t end_;
    std::deque<std::uint32_t> free_;
    std::vector<std::uint32_t> released_;
};

template <class Value>
class interned {
public:
    explicit interned(std::size_t capacity) : numbers_(0, capacity) {}

    [[nodiscard]] std::size_t available() const noexcept { return numbers_.available(); }

    struct acquired {
        std::uint32_t number;
        bool is_new;
    };
    // One more user of `value`. Precondition: it is known, or available() != 0.
    acquired acquire(const Value& value) {
        const auto known = by_value_.find(value);
        if (known != by_value_.end()) {
            ++slots_[known->second].users;
            return {known->second, false};
        }
        const std::uint32_t number = numbers_.acquire();
        if (number >= slots_.size()) {
            slots_.resize(number + 1);
        }
        slots_[number] = {by_value_.emplace(value, number).first, 1};
        return {number, true};
    }
    // One more user of a value that has a number already.
    void add_user(std::uint32_t number) { ++slots_[number].users; }
    [[nodiscard]] std::size_t users(std::uint32_t number) const { return slots_[number].users; }
    // One user less; true if it was the last.
    bool release(std::uint32_t number) {
        if (--slots_[number].users != 0) {
            return false;
        }
        by_value_.erase(slots_[number].value);
        numbers_.release(number);
        numbers_.settle();  // what a number stands for is versioned with it
        return true;
    }
    // Every value in use with its number.
    [[nodiscard]] const std::map<Value, std::uint32_t>& values() const noexcept {
        return by_value_;
    }
    [[nodiscard]] const Value& value(std::uint32_t number) const {
        return slots_[number].value->first;
    }

private:
    struct slot {
        typename std::map<Value, std::uint32_t>::const_iterator value;
        std::size_t users = 0;
    };
    number_pool numbers_;
    std::map<Value, std::uint32_t> by_value_;
    std::vector<slot> slots_;
};

}  // namespace rhumb::publish
