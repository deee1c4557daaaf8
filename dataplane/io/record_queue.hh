// Records from one thread to another: a fixed number of them go round between a queue of free ones
// and a queue of filled ones. Who finds none free counts a miss and goes on. Threads: acquire() and
// push() by the one, as a rule a worker; pop() and give_back() by the other; missed() by both.
#pragma once

#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "rhumb/table/counters.hh"

namespace rhumb::io {

template <class Record>
class record_queue {
public:
    explicit record_queue(std::size_t records)
        : storage_(std::make_unique_for_overwrite<Record[]>(records)),
          free_(records),
          filled_(records) {
        for (std::size_t i = 0; i < records; ++i) {
            free_.push(&storage_[i]);
        }
    }

    // A record to fill, or null.
    [[nodiscard]] Record* acquire() noexcept {
        Record* record = nullptr;
        if (!free_.pop(record)) {
            count_up(missed_, 1);
            return nullptr;
        }
        return record;
    }
    void push(Record* record) noexcept { filled_.push(record); }

    // Whether pop() has one; either side.
    [[nodiscard]] bool has_filled() const noexcept { return filled_.read_available() != 0; }
    // The oldest filled record, or null; to be given back.
    [[nodiscard]] Record* pop() noexcept {
        Record* record = nullptr;
        return filled_.pop(record) ? record : nullptr;
    }
    void give_back(Record* record) noexcept { free_.push(record); }

    [[nodiscard]] std::uint64_t missed() const noexcept { return read_count(missed_); }

private:
    std::unique_ptr<Record[]> storage_;
    boost::lockfree::spsc_queue<Record*> free_;
    boost::lockfree::spsc_queue<Record*> filled_;
    std::uint64_t missed_ = 0;
};

}  // namespace rhumb::io
