// What the tests of a router under traffic share: a generator and collectors on net_memif, in the
// test's own DPDK. Threads: the test's own, but next() any.
//
//   generator ──memif──> west  rhumbd  east ──memif──> collector
//                                     north ──memif──> collector
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rhumb/wire/mpls.hh"
#include "tests/support/daemon.hh"

struct rte_mbuf;
struct rte_mempool;

namespace rhumb::test {

// So few on their way that no ring overflows: what is lost was lost by the router.
inline constexpr std::uint64_t most_in_flight = 384;

inline constexpr std::array<const char*, 3> port_names{"west", "east", "north"};

// What comes out of the router, as far as it tells which rule was used.
struct arrival {
    std::uint64_t sequence;
    std::size_t port;  // 1 east, 2 north
    mpls::label top;
    mpls::label second;     // 0 if the top is the bottom
    std::uint8_t neighbor;  // last byte of the destination MAC
    unsigned ttl;
};

class traffic {
public:
    // The label that packet `sequence` comes in with.
    using labelling = std::function<mpls::label(std::uint64_t sequence)>;

    traffic(const temporary_folder& folder, labelling label_of);
    traffic(const traffic&) = delete;
    traffic& operator=(const traffic&) = delete;
    ~traffic();

    [[nodiscard]] bool wait_for_links();

    // Sends for `time`; `check` sees every packet that arrives.
    void run(std::chrono::milliseconds time, const std::function<void(const arrival&)>& check);

    // Sends until `done`.
    void run_until(const std::function<bool()>& done,
                   const std::function<void(const arrival&)>& check);

    // One packet and a millisecond's rest, whether others arrived or not.
    void trickle(const std::function<void(const arrival&)>& check);

    // Port 1 or 2 loses its link, and gets it back.
    void cut(std::size_t port);
    void mend(std::size_t port);

    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    // The sequence number from which on packets have not been made yet; any thread.
    [[nodiscard]] std::uint64_t next() const { return next_.load(); }

private:
    bool start(std::uint16_t port);
    void send(std::uint16_t count);
    void fill(rte_mbuf* m);
    void collect(const std::function<void(const arrival&)>& check);

    labelling label_of_;
    rte_mempool* pool_ = nullptr;
    std::array<std::string, 3> devices_;
    std::array<std::uint16_t, 3> ports_{};
    std::array<bool, 3> linked_{true, true, true};
    std::atomic<std::uint64_t> next_{0};
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

// Each sequence number once.
class bookkeeping {
public:
    void saw(const arrival& a);
    void expect_all(std::uint64_t sent) const;
    [[nodiscard]] std::uint64_t at(std::size_t port) const { return count_[port]; }

private:
    std::vector<bool> seen_;
    std::uint64_t twice_ = 0;
    std::array<std::uint64_t, 3> count_{};
};

}  // namespace rhumb::test
