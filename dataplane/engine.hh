// The data plane as control sees it: ports and workers, opened together, run and stopped together,
// with the tables, flags and counters between the two sides. Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "dataplane/io/eal.hh"
#include "dataplane/io/link_watch.hh"
#include "dataplane/io/port.hh"
#include "dataplane/worker.hh"
#include "rhumb/result.hh"

namespace rhumb {

class engine {
public:
    // Starts DPDK, opens the ports of `file`, and makes the workers; nothing moves yet.
    // `eal`: arguments that go to DPDK last.
    [[nodiscard]] static result<std::unique_ptr<engine>> open(const config::file& file,
                                                              const std::vector<std::string>& eal);
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    ~engine();

    // Starts ports and workers. Precondition: tables are published.
    [[nodiscard]] result<void> run();
    // Lets workers finish what is in the queues (for at most `patience`), then ends them. Ports
    // stop, and captures are complete, when the engine goes.
    void stop(std::chrono::milliseconds patience);

    void publish(const table_set& tables, retired_list replaced,
                 std::shared_ptr<const void> owner = nullptr);
    // Frees what workers have let go of; returns how many versions still wait.
    std::size_t reclaim() { return shared_.tables.reclaim(); }

    [[nodiscard]] const std::vector<std::unique_ptr<io::port>>& ports() const { return ports_; }
    [[nodiscard]] std::optional<std::uint8_t> port_number(std::string_view name) const;
    // Follows the links from run() to stop(); takes the operator's wishes.
    [[nodiscard]] io::link_watch& links() noexcept { return *links_; }
    [[nodiscard]] const io::link_watch& links() const noexcept { return *links_; }
    [[nodiscard]] liveness& live() noexcept { return shared_.live; }
    [[nodiscard]] const liveness& live() const noexcept { return shared_.live; }
    [[nodiscard]] io::tap_requests& taps() noexcept { return shared_.taps; }
    [[nodiscard]] const std::vector<std::unique_ptr<worker>>& workers() const { return workers_; }
    [[nodiscard]] const io::buffer_pool& buffers() const { return *buffers_; }
    [[nodiscard]] const std::string& pages() const noexcept { return pages_; }
    [[nodiscard]] std::uint8_t punt_port() const noexcept { return punt_port_; }

    // Brings the memory of counters that are about to be used, so that no worker waits for it.
    void expect_label(mpls::label label);
    void expect_prefix(std::uint32_t id);
    void expect_nexthop(nexthop_id id);
    void expect_link(std::size_t link);  // of SCION

    // Counters, summed over the workers.
    [[nodiscard]] counter label_counter(mpls::label label) const;
    [[nodiscard]] counter prefix_counter(std::uint32_t id) const;
    [[nodiscard]] counter nexthop_counter(nexthop_id id) const;
    [[nodiscard]] port_counters port_sum(std::size_t port) const;
    [[nodiscard]] scion_counters scion_sum(std::size_t link) const;
    [[nodiscard]] std::uint64_t frames_received() const;

private:
    explicit engine(unsigned workers) : shared_(workers) {}
    [[nodiscard]] result<void> open_ports(const config::file& file);
    void watch_links();
    void await_bursts();
    [[nodiscard]] result<void> make_workers(const config::file& file);
    [[nodiscard]] std::vector<std::vector<rx_queue>> spread_queues(std::size_t workers) const;

    worker_shared shared_;
    std::string pages_;
    std::optional<io::buffer_pool> buffers_;
    std::optional<io::link_watch> links_;
    std::vector<std::unique_ptr<io::port>> ports_;
    struct free_ring {
        void operator()(rte_ring* ring) const noexcept;
    };
    // By port, null where there is no hand-over; then fan-out rings.
    std::vector<std::unique_ptr<rte_ring, free_ring>> rings_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::uint8_t punt_port_ = io::transmitter::no_port;
    bool running_ = false;
};

}  // namespace rhumb
