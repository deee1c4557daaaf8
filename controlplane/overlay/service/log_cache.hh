// Messages that were read ahead, and who waits for which: the machine asks for one message after
// the other, the store gives many at once. What is read ahead is bounded by its bytes: by those of
// one read, and of all together, so that nothing is dropped before it was asked for. Threads:
// control.
#pragma once

#include <algorithm>
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
    static constexpr std::size_t read_bytes = std::size_t{64} << 10;
    static constexpr std::size_t max_bytes = std::size_t{8} << 20;

    // What one read may bring; after the first message, it ends where this is used up.
    struct extent {
        std::int64_t last = 0;  // sequence
        std::size_t bytes = 0;
    };

    // Null where it is not here.
    [[nodiscard]] text find(const place& at) {
        const auto it = texts_.find(at);
        if (it == texts_.end()) {
            return nullptr;
        }
        unused_ -= std::exchange(it->second.is_unused, false) ? it->second.what->size() : 0;
        return it->second.what;
    }
    void add(const place& at, text what) {
        const std::size_t size = what->size();
        if (texts_.emplace(at, entry{std::move(what), true}).second) {
            bytes_ += size;
            unused_ += size;
            order_.push_back(at);
        }
        while (bytes_ > max_bytes) {
            const entry& oldest = texts_.find(order_.front())->second;
            bytes_ -= oldest.what->size();
            unused_ -= oldest.is_unused ? oldest.what->size() : 0;
            texts_.erase(order_.front());
            order_.pop_front();
        }
    }

    // Notes that somebody waits for `at`; whether a read that may bring it is under way.
    [[nodiscard]] bool wait_for(const place& at) {
        waiting_.insert(at);
        const auto read = reading_.upper_bound(at);
        return read != reading_.begin() && std::prev(read)->first.first == at.first &&
               at.second <= std::prev(read)->second.last;
    }
    // A read of the message `at`, and of up to `following` after it, begins.
    [[nodiscard]] extent begin_read(const place& at, std::int64_t following) {
        constexpr std::size_t most = max_bytes / 2;
        const std::size_t taken = unused_ + granted_;
        const extent made{at.second + std::min(following, read_ahead - 1),
                          std::min(read_bytes, taken < most ? (most - taken) / 8 : 0)};
        granted_ += made.bytes;
        reading_[at] = made;
        return made;
    }
    // It has ended, and brought `count` messages: those who wait for what it was to bring, in
    // order. Whoever waits for more than it brought has to be read for.
    [[nodiscard]] std::vector<std::int64_t> end_read(const place& at) {
        std::vector<std::int64_t> waited;
        const auto read = reading_.find(at);
        if (read == reading_.end()) {
            return waited;
        }
        granted_ -= read->second.bytes;
        auto it = waiting_.lower_bound(at);
        while (it != waiting_.end() && it->first == at.first && it->second <= read->second.last) {
            waited.push_back(it->second);
            it = waiting_.erase(it);
        }
        reading_.erase(read);
        return waited;
    }

private:
    struct entry {
        text what;
        bool is_unused;  // nobody has asked for it yet
    };

    std::map<place, entry> texts_;
    std::deque<place> order_;
    std::size_t bytes_ = 0;
    std::size_t unused_ = 0;   // of these
    std::size_t granted_ = 0;  // what reads under way may bring
    std::set<place> waiting_;
    std::map<place, extent> reading_;
};

}  // namespace rhumb::overlay
