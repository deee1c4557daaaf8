// Which ports and next hops are up: flags beside the tables, so that one store repairs every label
// and prefix behind a link (prefix-independent convergence). Workers read the ports once a burst.
// Threads: control writes those of next hops, io/link_watch those of ports; workers read.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "rhumb/table/path.hh"
#include "rhumb/table/scion_table.hh"

namespace rhumb {

class liveness {
public:
    void set_port(std::size_t port, bool up) noexcept {
        const std::uint64_t bit = std::uint64_t{1} << port;
        if (up) {
            ports_.fetch_or(bit, std::memory_order_release);
        } else {
            ports_.fetch_and(~bit, std::memory_order_release);
        }
    }
    void set_nexthop(nexthop_id id, bool up) noexcept {
        const std::uint8_t down = up ? 0 : 1;
        const std::uint8_t before = nexthop_down_[id].exchange(down, std::memory_order_release);
        nexthops_down_.fetch_add(std::uint32_t{down} - before, std::memory_order_release);
    }

    // Bit p: port p is up.
    [[nodiscard]] std::uint64_t ports() const noexcept {
        return ports_.load(std::memory_order_acquire);
    }
    // Whether no next hop is down by itself.
    [[nodiscard]] bool all_nexthops_up() const noexcept {
        return nexthops_down_.load(std::memory_order_acquire) == 0;
    }
    [[nodiscard]] bool nexthop_up(nexthop_id id) const noexcept {
        return nexthop_down_[id].load(std::memory_order_relaxed) == 0;
    }

    // SCION links, by number: what BFD says of them.
    void set_link(std::size_t link, bool up) noexcept {
        link_down_[link].store(up ? 0 : 1, std::memory_order_release);
    }
    [[nodiscard]] bool link_up(std::size_t link) const noexcept {
        return link_down_[link].load(std::memory_order_relaxed) == 0;
    }

private:
    std::atomic<std::uint64_t> ports_{0};
    std::atomic<std::uint32_t> nexthops_down_{0};
    std::array<std::atomic<std::uint8_t>, max_nexthops> nexthop_down_{};
    std::array<std::atomic<std::uint8_t>, scion::max_links> link_down_{};
};

}  // namespace rhumb
