// Wires of the tests' own between border routers: a port on net_memif that the test holds, and a
// relay between two of them that can be cut, in one direction or both. Threads: an end belongs to
// one thread; a relay has a thread of its own, and is told and asked by any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "rhumb/bytes.hh"

struct rte_mbuf;
struct rte_mempool;

namespace rhumb::test {

using frame_bytes = std::vector<byte>;

// The client of a memif whose server is a router's port.
class memif_end {
public:
    static constexpr std::uint16_t burst_size = 32;
    using burst = std::array<rte_mbuf*, burst_size>;

    explicit memif_end(const std::filesystem::path& socket);
    memif_end(const memif_end&) = delete;
    memif_end& operator=(const memif_end&) = delete;
    ~memif_end();

    [[nodiscard]] bool is_linked() const;
    // Waits for room; false where there is none in time.
    bool send(std::span<const byte> frame);
    // What has come.
    [[nodiscard]] std::vector<frame_bytes> take();

    std::uint16_t receive(burst& into);
    // Sends or frees them all.
    void transmit(rte_mbuf** frames, std::uint16_t count);

private:
    rte_mempool* pool_ = nullptr;
    std::string device_;
    std::uint16_t port_ = 0;
};

class relay {
public:
    enum class direction : std::uint8_t { a_to_b, b_to_a };
    using clock = std::chrono::steady_clock;

    relay(const std::filesystem::path& a, const std::filesystem::path& b);
    ~relay();

    [[nodiscard]] bool is_linked() const { return ends_[0].is_linked() && ends_[1].is_linked(); }
    void cut(direction which, bool off) { cut_[index(which)].store(off); }
    void cut(bool off) {
        cut(direction::a_to_b, off);
        cut(direction::b_to_a, off);
    }
    // When the last BFD packet was put on its way in this direction, at the latest.
    [[nodiscard]] clock::time_point last_session_packet(direction which) const {
        return clock::time_point(clock::duration(last_[index(which)].load()));
    }

private:
    static std::size_t index(direction which) { return which == direction::a_to_b ? 0 : 1; }
    void run();
    // Whether there was anything.
    bool pass(std::size_t from);

    std::array<memif_end, 2> ends_;
    std::array<std::atomic<bool>, 2> cut_{};
    std::array<std::atomic<clock::rep>, 2> last_{};
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

// Whether it is an untagged frame with BFD of SCION over IPv4.
[[nodiscard]] bool is_session_frame(std::span<const byte> frame);

}  // namespace rhumb::test
