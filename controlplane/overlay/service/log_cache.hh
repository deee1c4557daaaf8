// Messages that were read ahead, and who waits for which: the machine asks for one message after
// the other, the store gives many at once. Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/host.hh"

namespace rhumb::overlay {

class log_cache {
public:
    using place = std::pair<ebt::feed_number, std::int64_t>;  // feed, sequence
    using text = std::shared_ptr<const std::string>;

    static constexpr std::int64_t read_ahead = 128;  // messages
    static constexpr std::size_t max_bytes = std::size_t{8} << 20;

    // Null where it is not here.
    [[nodiscard]] text find(const place& at) const {
        const auto it = texts_.find(at);
        return it == texts_.end() ? nullptr : it->second;
    }
    void add(const place& at, text what) {
        if (texts_.emplace(at, what).second) {
            bytes_ += what->size();
            order_.push_back(at);
        }
        while (bytes_ > max_bytes) {
            const auto oldest = texts_.find(order_.front());
            bytes_ -= oldest->second->size();
            texts_.erase(oldest);
            order_.pop_front();
        }
    }

    // Notes that somebody waits for `at`; whether a read that will bring it is under way.
    [[nodiscard]] bool wait_for(const place& at) {
        waiting_.insert(at);
        const auto read = reading_.upper_bound(at);
        return read != reading_.begin() && std::prev(read)->first.first == at.first &&
               at.second <= std::prev(read)->second;
    }
    // A read from `at` to `last` begins.
    void begin_read(const place& at, std::int64_t last) { reading_[at] = last; }
    // It has ended: those who wait for what it was to bring, in order.
    [[nodiscard]] std::vector<std::int64_t> end_read(const place& at, std::int64_t last) {
        reading_.erase(at);
        std::vector<std::int64_t> waited;
        auto it = waiting_.lower_bound(at);
        while (it != waiting_.end() && it->first == at.first && it->second <= last) {
            waited.push_back(it->second);
            it = waiting_.erase(it);
        }
        return waited;
    }

private:
    std::map<place, text> texts_;
    std::deque<place> order_;
    std::size_t bytes_ = 0;
    std::set<place> waiting_;
    std::map<place, std::int64_t> reading_;  // from, to the last sequence
};

}  // namespace rhumb::overlay
