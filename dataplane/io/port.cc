#include "dataplane/io/port.hh"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <thread>

#include "dataplane/io/af_packet.hh"

namespace rhumb::io {

namespace {

constexpr unsigned pool_cache = 256;  // buffers that a worker keeps to itself

std::size_t room_for(std::uint16_t mtu) {
    const std::size_t room = headroom_bytes + ethernet::tagged_header_bytes + mtu + af_packet_slack;
    return std::max<std::size_t>((room + 63) / 64 * 64, RTE_MBUF_DEFAULT_BUF_SIZE);
}

int call_link_change(std::uint16_t, rte_eth_event_type, void* then, void*) {
    (*static_cast<std::function<void()>*>(then))();
    return 0;
}

}  // namespace

result<buffer_pool> buffer_pool::make(std::size_t count, std::uint16_t mtu) {
    static_assert(RTE_PKTMBUF_HEADROOM == headroom_bytes);
    rte_mempool* const pool =
        rte_pktmbuf_pool_create("rhumb_buffers", static_cast<unsigned>(count), pool_cache, 0,
                                static_cast<std::uint16_t>(room_for(mtu)), SOCKET_ID_ANY);
    if (pool == nullptr) {
        return error{"no memory for " + std::to_string(count) + " packet buffers (" +
                         std::to_string(bytes_for(count, mtu) >> 20) +
                         " MiB): " + rte_strerror(rte_errno) +
                         "; set runtime.buffers lower, runtime.memory_mib higher, or free huge "
                         "pages",
                     {}};
    }
    return buffer_pool(pool);
}

std::size_t buffer_pool::bytes_for(std::size_t count, std::uint16_t mtu) {
    return count * (room_for(mtu) + sizeof(rte_mbuf) + 128);  // 128: mempool header and padding
}

std::size_t buffer_pool::in_use() const { return rte_mempool_in_use_count(pool_.get()); }

void buffer_pool::free_pool::operator()(rte_mempool* pool) const noexcept {
    rte_mempool_free(pool);
}

error port::failed(const std::string& what, int code) const {
    return {
        "port \"" + name_ + "\" (" + device_ + "): " + what + ": " + rte_strerror(std::abs(code)),
        {}};
}

result<std::unique_ptr<port>> port::open(const port_options& options, unsigned workers,
                                         const buffer_pool& buffers) {
    const std::string device_name = options.device.substr(0, options.device.find(','));
    std::uint16_t id = 0;
    // A PCI device was probed with EAL; others are made now.
    if (rte_eth_dev_get_port_by_name(device_name.c_str(), &id) != 0) {
        const int probed = rte_dev_probe(with_af_packet_slots(options.device, options.mtu).c_str());
        if (probed != 0 || rte_eth_dev_get_port_by_name(device_name.c_str(), &id) != 0) {
            return error{
                "port \"" + options.name + "\": device \"" + options.device +
                    "\" cannot be opened" +
                    (probed != 0 ? std::string(": ") + rte_strerror(-probed) : std::string()) +
                    "; DPDK's log above says more",
                {}};
        }
    }
    std::unique_ptr<port> opened(new port(options.name, options.device, id));
    if (auto done = opened->configure(options, workers, buffers); !done) {
        return done.why();
    }
    return opened;
}

result<void> port::configure(const port_options& options, unsigned workers,
                             const buffer_pool& buffers) {
    rte_eth_dev_info info{};
    if (const int code = rte_eth_dev_info_get(id_, &info); code != 0) {
        return failed("no device information", code);
    }
    if (options.rx_queues > info.max_rx_queues) {
        return error{"port \"" + name_ + "\" (" + device_ + "): rx_queues is " +
                         std::to_string(options.rx_queues) + ", but the device has " +
                         std::to_string(info.max_rx_queues),
                     {}};
    }
    rx_queues_ = options.rx_queues;
    tx_queues_ = static_cast<std::uint16_t>(
        info.max_tx_queues >= workers && !options.shared_tx ? workers : 1);

    rte_eth_conf conf{};
    if (rx_queues_ > 1) {
        const std::uint64_t wanted =
            RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_MPLS;
        conf.rx_adv_conf.rss_conf.rss_hf = wanted & info.flow_type_rss_offloads;
        if (conf.rx_adv_conf.rss_conf.rss_hf != 0) {
            conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        }
    }
    const bool link_interrupts =
        info.dev_flags != nullptr && (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
    int code = configure_device(conf, options.rx_interrupts, link_interrupts);
    if (code != 0) {
        return failed("cannot be configured", code);
    }
    if (auto done = set_up_queues(options, buffers); !done) {
        return done;
    }
    if (auto done = set_mtu(options, info); !done) {
        return done;
    }
    if (auto done = set_mac(options); !done) {
        return done;
    }
    if (options.promiscuous) {
        code = rte_eth_promiscuous_enable(id_);
        if (code != 0 && code != -ENOTSUP) {
            return failed("promiscuous mode is refused", code);
        }
    }
    if (options.all_multicast) {
        code = rte_eth_allmulticast_enable(id_);
        if (code != 0 && code != -ENOTSUP) {
            return failed("all-multicast mode is refused", code);
        }
    }
    return {};
}

// With receive interrupts, else with link interrupts, else with none: a driver may refuse. Never
// with both: where they share a vector (UIO, INTx), some drivers leave the link's out without a
// word, and DPDK would answer from a link state that nobody updates.
int port::configure_device(rte_eth_conf& conf, bool rx_interrupts, bool link_interrupts) {
    const auto attempt = [&](bool rx, bool link) {
        conf.intr_conf.rxq = rx ? 1 : 0;
        conf.intr_conf.lsc = link ? 1 : 0;
        return rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf);
    };
    if (rx_interrupts && attempt(true, false) == 0) {
        return 0;
    }
    if (link_interrupts && attempt(false, true) == 0) {
        return 0;
    }
    return attempt(false, false);
}

result<void> port::set_up_queues(const port_options& options, const buffer_pool& buffers) {
    std::uint16_t rx_descriptors = options.rx_descriptors;
    std::uint16_t tx_descriptors = options.tx_descriptors;
    int code = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors);
    if (code != 0) {
        return failed("descriptor counts are refused", code);
    }
    const int socket = rte_eth_dev_socket_id(id_);
    const auto on =
        socket < 0 ? static_cast<unsigned>(SOCKET_ID_ANY) : static_cast<unsigned>(socket);
    for (std::uint16_t q = 0; q < rx_queues_; ++q) {
        code = rte_eth_rx_queue_setup(id_, q, rx_descriptors, on, nullptr, buffers.get());
        if (code != 0) {
            return failed("receive queue " + std::to_string(q), code);
        }
    }
    for (std::uint16_t q = 0; q < tx_queues_; ++q) {
        code = rte_eth_tx_queue_setup(id_, q, tx_descriptors, on, nullptr);
        if (code != 0) {
            return failed("transmit queue " + std::to_string(q), code);
        }
    }
    return {};
}

result<void> port::set_mtu(const port_options& options, const rte_eth_dev_info& info) {
    int code = rte_eth_dev_set_mtu(id_, options.mtu);
    if (code == -EINVAL && info.driver_name == std::string_view("net_af_packet") &&
        af_packet_holds(with_af_packet_slots(options.device, options.mtu), options.mtu)) {
        code = set_kernel_mtu(info.if_index, options.mtu);
    }
    // Virtual devices without a notion of MTU say ENOTSUP, and take what comes.
    if (code != 0 && code != -ENOTSUP) {
        return failed("MTU " + std::to_string(options.mtu) + " is refused", code);
    }
    return {};
}

result<void> port::set_mac(const port_options& options) {
    rte_ether_addr address{};
    if (options.mac) {
        mac_ = *options.mac;
        std::memcpy(address.addr_bytes, mac_.data(), mac_.size());
        // Devices without a filter (captures, rings) cannot set one and do not need to.
        const int code = rte_eth_dev_default_mac_addr_set(id_, &address);
        if (code != 0 && code != -ENOTSUP) {
            return failed("the MAC address is refused", code);
        }
        return {};
    }
    if (const int code = rte_eth_macaddr_get(id_, &address); code != 0) {
        return failed("the device tells no MAC address; set one", code);
    }
    std::memcpy(mac_.data(), address.addr_bytes, mac_.size());
    return {};
}

result<void> port::start() {
    const int code = rte_eth_dev_start(id_);
    if (code != 0) {
        return failed("cannot be started", code);
    }
    started_ = true;
    return {};
}

void port::stop() {
    if (started_) {
        rte_eth_dev_stop(id_);
        started_ = false;
    }
}

port::~port() {
    forget_link_changes();
    stop();
    rte_eth_dev_close(id_);
}

void port::on_link_change(std::function<void()> then) {
    link_changed_ = std::move(then);
    // Where this fails, links are looked at now and then anyway.
    (void)rte_eth_dev_callback_register(id_, RTE_ETH_EVENT_INTR_LSC, call_link_change,
                                        &link_changed_);
}

void port::forget_link_changes() {
    while (rte_eth_dev_callback_unregister(id_, RTE_ETH_EVENT_INTR_LSC, call_link_change,
                                           &link_changed_) == -EAGAIN) {
        std::this_thread::yield();
    }
}

bool port::link_up() const {
    const std::lock_guard<std::mutex> hold(link_mutex_);
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::uint32_t port::link_mbps() const {
    const std::lock_guard<std::mutex> hold(link_mutex_);
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN
               ? link.link_speed
               : 0;
}

device_counters port::counters() const {
    rte_eth_stats stats{};
    if (rte_eth_stats_get(id_, &stats) != 0) {
        return {};
    }
    return {stats.imissed, stats.ierrors, stats.oerrors, stats.rx_nombuf};
}

std::string port::driver() const {
    rte_eth_dev_info info{};
    return rte_eth_dev_info_get(id_, &info) == 0 ? info.driver_name : "unknown";
}

}  // namespace rhumb::io
