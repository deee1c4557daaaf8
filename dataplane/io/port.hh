// A port: a DPDK device, opened, configured and started. Threads: control; link questions any;
// workers use only the device id and their own queues (worker.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rhumb/result.hh"
#include "rhumb/wire/ethernet.hh"

struct rte_eth_conf;
struct rte_eth_dev_info;
struct rte_mempool;

namespace rhumb::io {

// Room in front of a received frame for pushed headers: 128 bytes hold 16 labels twice.
inline constexpr std::size_t headroom_bytes = 128;

struct port_options {
    std::string name;
    std::string device;  // DPDK devargs
    std::optional<ethernet::mac_address> mac;
    std::uint16_t mtu = 1500;
    bool promiscuous = false;
    bool all_multicast = false;  // neighbour discovery speaks to groups
    std::uint16_t rx_queues = 1;
    bool shared_tx = false;  // one transmit queue, whatever the device could do
    std::uint16_t rx_descriptors = 512;
    std::uint16_t tx_descriptors = 512;
    bool rx_interrupts = false;  // for workers that sleep; where the driver has them
};

// Packet buffers for all ports. Frees itself.
class buffer_pool {
public:
    // `count` buffers, each for a frame of `mtu` bytes from the network header on.
    [[nodiscard]] static result<buffer_pool> make(std::size_t count, std::uint16_t mtu);
    [[nodiscard]] static std::size_t bytes_for(std::size_t count, std::uint16_t mtu);
    [[nodiscard]] rte_mempool* get() const noexcept { return pool_.get(); }
    [[nodiscard]] std::size_t in_use() const;

private:
    struct free_pool {
        void operator()(rte_mempool* pool) const noexcept;
    };
    explicit buffer_pool(rte_mempool* pool) noexcept : pool_(pool) {}
    std::unique_ptr<rte_mempool, free_pool> pool_;
};

struct device_counters {
    std::uint64_t rx_missed = 0;  // no descriptor or buffer was free
    std::uint64_t rx_errors = 0;
    std::uint64_t tx_errors = 0;
    std::uint64_t rx_no_buffer = 0;
};

class port {
public:
    // Opens and configures; start() makes it run. As many transmit queues as there are workers, if
    // the device has them; else one, which belongs to one worker.
    [[nodiscard]] static result<std::unique_ptr<port>> open(const port_options& options,
                                                            unsigned workers,
                                                            const buffer_pool& buffers);
    port(const port&) = delete;
    port& operator=(const port&) = delete;
    // Stops and closes the device, so that captures are complete.
    ~port();

    [[nodiscard]] result<void> start();
    void stop();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& device() const noexcept { return device_; }
    [[nodiscard]] std::uint16_t id() const noexcept { return id_; }
    [[nodiscard]] const ethernet::mac_address& mac() const noexcept { return mac_; }
    [[nodiscard]] std::uint16_t rx_queues() const noexcept { return rx_queues_; }
    [[nodiscard]] std::uint16_t tx_queues() const noexcept { return tx_queues_; }
    // Calls `then` when the driver reports another link state, where it does. It runs on a thread
    // of DPDK's, maybe within the driver: it may neither wait nor ask the port.
    void on_link_change(std::function<void()> then);
    // Returns when no call is on its way any more.
    void forget_link_changes();

    [[nodiscard]] bool link_up() const;
    [[nodiscard]] std::uint32_t link_mbps() const;  // 0: unknown
    [[nodiscard]] device_counters counters() const;
    [[nodiscard]] std::string driver() const;

private:
    port(std::string name, std::string device, std::uint16_t id)
        : name_(std::move(name)), device_(std::move(device)), id_(id) {}
    [[nodiscard]] result<void> configure(const port_options& options, unsigned workers,
                                         const buffer_pool& buffers);
    [[nodiscard]] int configure_device(rte_eth_conf& conf, bool rx_interrupts,
                                       bool link_interrupts);
    [[nodiscard]] result<void> set_up_queues(const port_options& options,
                                             const buffer_pool& buffers);
    [[nodiscard]] result<void> set_mtu(const port_options& options, const rte_eth_dev_info& info);
    [[nodiscard]] result<void> set_mac(const port_options& options);
    [[nodiscard]] error failed(const std::string& what, int code) const;

    std::string name_;
    std::string device_;
    std::uint16_t id_;
    ethernet::mac_address mac_{};
    std::uint16_t rx_queues_ = 1;
    std::uint16_t tx_queues_ = 1;
    bool started_ = false;
    std::function<void()> link_changed_;
    mutable std::mutex link_mutex_;  // drivers need not be asked by two at once
};

}  // namespace rhumb::io
