#include "tests/vdev/hitless_traffic.hh"

#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "rhumb/bytes.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::test {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::uint16_t burst_size = 32;
constexpr std::size_t frame_bytes = 74;

std::string unique(const std::string& stem) {
    static int count = 0;
    return stem + std::to_string(count++);
}

arrival read(const rte_mbuf* m, std::size_t port) {
    const auto* const frame = rte_pktmbuf_mtod(m, const byte*);
    arrival a{};
    a.port = port;
    a.neighbor = frame[5];
    const mpls::lse top = load_be32(frame + 14);
    a.top = mpls::label_of(top);
    a.ttl = mpls::ttl_of(top);
    std::size_t ip = 18;
    if (!mpls::is_bottom(top)) {
        a.second = mpls::label_of(load_be32(frame + 18));
        ip = 22;
    }
    a.sequence = load_be64(frame + ip + 20);
    return a;
}

}  // namespace

traffic::traffic(const temporary_folder& folder, labelling label_of)
    : label_of_(std::move(label_of)) {
    pool_ = rte_pktmbuf_pool_create(unique("pool").c_str(), 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                    SOCKET_ID_ANY);
    for (std::size_t n = 0; n < port_names.size(); ++n) {
        devices_[n] = unique("net_memif");
        const std::string arguments =
            devices_[n] + ",role=client,id=0,socket-abstract=no,socket=" +
            (folder.path() / (std::string(port_names[n]) + ".memif")).string();
        if (rte_dev_probe(arguments.c_str()) != 0 ||
            rte_eth_dev_get_port_by_name(devices_[n].c_str(), &ports_[n]) != 0 ||
            !start(ports_[n])) {
            throw std::runtime_error("no memif port");
        }
    }
}

traffic::~traffic() {
    for (const std::uint16_t port : ports_) {
        rte_eth_dev_stop(port);
        rte_eth_dev_close(port);
    }
    rte_mempool_free(pool_);
}

bool traffic::wait_for_links() {
    const auto until = clock::now() + 10s;
    while (clock::now() < until) {
        bool all = true;
        for (const std::uint16_t port : ports_) {
            rte_eth_link link{};
            all = rte_eth_link_get_nowait(port, &link) == 0 && link.link_status != 0 && all;
        }
        if (all) {
            // A memif's client offers room when it first looks for packets; before, there is none.
            collect([](const arrival&) {});
            return true;
        }
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

void traffic::run(std::chrono::milliseconds time,
                  const std::function<void(const arrival&)>& check) {
    run_until([until = clock::now() + time] { return clock::now() >= until; }, check);
}

void traffic::run_until(const std::function<bool()>& done,
                        const std::function<void(const arrival&)>& check) {
    while (!done()) {
        if (sent_ - received_ + burst_size <= most_in_flight) {
            send(burst_size);
        }
        collect(check);
    }
    const auto patience = clock::now() + 30s;
    while (received_ < sent_ && clock::now() < patience) {
        collect(check);
    }
}

void traffic::trickle(const std::function<void(const arrival&)>& check) {
    send(1);
    collect(check);
    std::this_thread::sleep_for(1ms);
}

void traffic::cut(std::size_t port) {
    linked_[port] = false;
    rte_eth_dev_stop(ports_[port]);
}

void traffic::mend(std::size_t port) { linked_[port] = rte_eth_dev_start(ports_[port]) == 0; }

bool traffic::start(std::uint16_t port) {
    rte_eth_conf conf{};
    return rte_eth_dev_configure(port, 1, 1, &conf) == 0 &&
           rte_eth_rx_queue_setup(port, 0, 1024, 0, nullptr, pool_) == 0 &&
           rte_eth_tx_queue_setup(port, 0, 1024, 0, nullptr) == 0 && rte_eth_dev_start(port) == 0;
}

void traffic::send(std::uint16_t count) {
    std::array<rte_mbuf*, burst_size> burst;
    if (rte_pktmbuf_alloc_bulk(pool_, burst.data(), count) != 0) {
        return;
    }
    for (std::size_t n = 0; n < count; ++n) {
        fill(burst[n]);
    }
    std::uint16_t done = 0;
    while (done < count) {  // a packet once made is sent
        done = static_cast<std::uint16_t>(
            done + rte_eth_tx_burst(ports_[0], 0, burst.data() + done,
                                    static_cast<std::uint16_t>(count - done)));
    }
    sent_ += count;
}

// Ethernet, one label, an IPv4 header, and the sequence number.
void traffic::fill(rte_mbuf* m) {
    const std::uint64_t sequence = next_.load(std::memory_order_relaxed);
    auto* const frame = rte_pktmbuf_mtod(m, byte*);
    m->data_len = frame_bytes;
    m->pkt_len = frame_bytes;
    std::memset(frame, 0, frame_bytes);
    ethernet::write_header(frame, {2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 9, 9}, 0, ethernet::type_mpls);
    store_be32(frame + 14, mpls::make(label_of_(sequence), 0, true, 64));
    frame[18] = 0x45;
    store_be64(frame + 38, sequence);
    next_.store(sequence + 1);
}

void traffic::collect(const std::function<void(const arrival&)>& check) {
    for (std::size_t port = 1; port < port_names.size(); ++port) {
        if (!linked_[port]) {
            continue;
        }
        std::array<rte_mbuf*, burst_size> burst;
        const std::uint16_t n = rte_eth_rx_burst(ports_[port], 0, burst.data(), burst_size);
        for (std::size_t i = 0; i < n; ++i) {
            check(read(burst[i], port));
        }
        rte_pktmbuf_free_bulk(burst.data(), n);
        received_ += n;
    }
}

void bookkeeping::saw(const arrival& a) {
    if (a.sequence >= seen_.size()) {
        seen_.resize(std::max<std::size_t>(a.sequence + 1, seen_.size() * 2));
    }
    twice_ += seen_[a.sequence] ? 1U : 0U;
    seen_[a.sequence] = true;
    ++count_[a.port];
}

void bookkeeping::expect_all(std::uint64_t sent) const {
    std::uint64_t missing = 0;
    for (std::uint64_t n = 0; n < sent; ++n) {
        missing += n < seen_.size() && seen_[n] ? 0U : 1U;
    }
    EXPECT_EQ(missing, 0U) << "of " << sent << " packets";
    EXPECT_EQ(twice_, 0U);
}

}  // namespace rhumb::test
