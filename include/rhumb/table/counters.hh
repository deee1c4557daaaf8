// Counters: plain 64-bit words, each written by one worker alone and read by control, relaxed.
// One worker_counters a worker; readers sum over workers. Threads: as said.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "rhumb/packet/drop_reason.hh"
#include "rhumb/table/lazy_memory.hh"
#include "rhumb/table/path.hh"
#include "rhumb/table/scion_table.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

inline constexpr std::size_t max_prefixes = 1U << 20;

// Adds to a word that only the calling thread writes.
inline void count_up(std::uint64_t& word, std::uint64_t by) noexcept {
#if defined(__x86_64__)
    // One instruction instead of the three that compilers make of a relaxed load and store. It
    // stores an aligned word at once, so a reader in another thread sees the old or the new value.
    asm("addq %1, %0" : "+m"(word) : "er"(by) : "cc");
#else
    std::atomic_ref<std::uint64_t>(word).store(word + by, std::memory_order_relaxed);
#endif
}
[[nodiscard]] inline std::uint64_t read_count(const std::uint64_t& word) noexcept {
    // atomic_ref<const T> is C++26; the load changes nothing.
    return std::atomic_ref<std::uint64_t>(const_cast<std::uint64_t&>(word))
        .load(std::memory_order_relaxed);
}

struct counter {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    void add(std::uint64_t length) noexcept {
        count_up(packets, 1);
        count_up(bytes, length);
    }
    [[nodiscard]] counter read() const noexcept { return {read_count(packets), read_count(bytes)}; }
    friend bool operator==(const counter&, const counter&) = default;
};

inline counter operator+(counter a, const counter& b) noexcept {
    return {a.packets + b.packets, a.bytes + b.bytes};
}
inline counter operator-(counter a, const counter& b) noexcept {
    return {a.packets - b.packets, a.bytes - b.bytes};
}

// A zeroed array of counters whose pages cost memory only once they are in use.
template <class Counter>
class lazy_counters {
public:
    explicit lazy_counters(std::size_t size)
        : memory_(size * sizeof(Counter)), populated_(size / step + 1) {
        if (memory_.data() == nullptr) {
            throw std::bad_alloc();
        }
    }
    // For control: brings the memory of counter `i`, so that the worker who counts first need not
    // wait for it.
    void populate(std::size_t i) {
        if (!populated_[i / step]) {
            populated_[i / step] = true;
            memory_.populate(i / step * step * sizeof(Counter), step * sizeof(Counter));
        }
    }
    [[nodiscard]] Counter* data() const noexcept { return static_cast<Counter*>(memory_.data()); }
    [[nodiscard]] Counter& operator[](std::size_t i) noexcept { return data()[i]; }
    [[nodiscard]] const Counter& operator[](std::size_t i) const noexcept { return data()[i]; }

private:
    static constexpr std::size_t step = std::max<std::size_t>(4096 / sizeof(Counter), 1);
    lazy_memory memory_;
    std::vector<bool> populated_;
};
using counter_array = lazy_counters<counter>;

struct port_counters {
    counter rx;  // frames as received: layer 2 on, no frame check sequence
    counter tx;
    std::array<std::uint64_t, drop_reason_count> drops{};  // by the port that they came in
    std::array<std::uint64_t, drop_reason_count> punts{};
};

// Of a SCION link, by the size of packets: bytes are those of SCION packets, without the underlay.
struct scion_counters {
    struct by_size {
        counter in;
        std::array<counter, scion::traffic_types> out;
        std::uint64_t invalid = 0;
        std::uint64_t busy_slow_path = 0;
    };
    std::array<by_size, scion::size_classes> sizes;

    [[nodiscard]] by_size& of(std::size_t bytes) noexcept {
        return sizes[scion::size_class_of(bytes)];
    }
};

// Bytes of labels and prefixes are those of the packet from its network header on, as it arrived
// at the lookup; bytes of next hops those of the frame that left.
struct worker_counters {
    counter_array labels{mpls::label_count};
    counter_array prefixes{max_prefixes};
    counter_array nexthops{max_nexthops};
    lazy_counters<scion_counters> scion_links{scion::max_links};  // by number
    std::array<port_counters, max_ports + 1> ports{};  // the last: what this router sends itself
};
inline constexpr std::uint8_t own_port = max_ports;

}  // namespace rhumb
