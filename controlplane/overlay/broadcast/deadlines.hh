// What is due when: a heap. Entries are never taken back; whoever looks at one that is due knows by
// its generation whether it still means something.
// Threads: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "controlplane/overlay/broadcast/options.hh"

namespace rhumb::overlay::broadcast {

class deadlines {
public:
    struct entry {
        time_point when;
        std::uint32_t what;
        std::uint32_t generation;
    };

    void add(const entry& e) {
        heap_.push_back(e);
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    [[nodiscard]] time_point first() const noexcept {
        return heap_.empty() ? time_point::max() : heap_.front().when;
    }
    // False: nothing is due.
    bool take(time_point now, entry& into) {
        if (first() > now) {
            return false;
        }
        std::pop_heap(heap_.begin(), heap_.end(), later);
        into = heap_.back();
        heap_.pop_back();
        return true;
    }
    // Before the heap has more entries than `most`, those go that `is_stale(what, generation)`.
    template <class Stale>
    void tidy(std::size_t most, const Stale& is_stale) {
        if (heap_.size() < most) {
            return;
        }
        heap_.erase(std::remove_if(heap_.begin(), heap_.end(),
                                   [&](const entry& e) { return is_stale(e.what, e.generation); }),
                    heap_.end());
        std::make_heap(heap_.begin(), heap_.end(), later);
    }
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

private:
    static bool later(const entry& a, const entry& b) noexcept { return a.when > b.when; }
    std::vector<entry> heap_;
};

}  // namespace rhumb::overlay::broadcast
