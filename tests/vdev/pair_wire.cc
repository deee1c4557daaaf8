#include "tests/vdev/pair_wire.hh"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <stdexcept>

#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::test {

using namespace std::chrono_literals;

namespace {

std::string unique(const std::string& stem) {
    static int count = 0;
    return stem + std::to_string(count++);
}

}  // namespace

bool is_session_frame(std::span<const byte> frame) {
    constexpr std::size_t scion_at = ethernet::header_bytes + 20 + 8;
    return frame.size() >= scion_at + scion::least_bytes &&
           load_be16(&frame[ethernet::type_offset]) == ethernet::type_ipv4 &&
           scion::next_header(&frame[scion_at]) == scion::next_bfd;
}

memif_end::memif_end(const std::filesystem::path& socket) : device_(unique("net_memif")) {
    pool_ = rte_pktmbuf_pool_create(unique("pair").c_str(), 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                    SOCKET_ID_ANY);
    const std::string arguments =
        device_ + ",role=client,id=0,socket-abstract=no,socket=" + socket.string();
    rte_eth_conf conf{};
    if (pool_ == nullptr || rte_dev_probe(arguments.c_str()) != 0 ||
        rte_eth_dev_get_port_by_name(device_.c_str(), &port_) != 0 ||
        rte_eth_dev_configure(port_, 1, 1, &conf) != 0 ||
        rte_eth_rx_queue_setup(port_, 0, 1024, 0, nullptr, pool_) != 0 ||
        rte_eth_tx_queue_setup(port_, 0, 1024, 0, nullptr) != 0 || rte_eth_dev_start(port_) != 0) {
        throw std::runtime_error("no memif port: " + arguments);
    }
}

memif_end::~memif_end() {
    rte_eth_dev_stop(port_);
    rte_eth_dev_close(port_);
    rte_mempool_free(pool_);
}

bool memif_end::is_linked() const {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(port_, &link) == 0 && link.link_status != 0;
}

bool memif_end::send(std::span<const byte> frame) {
    rte_mbuf* m = rte_pktmbuf_alloc(pool_);
    if (m == nullptr || rte_pktmbuf_tailroom(m) < frame.size()) {
        rte_pktmbuf_free(m);
        return false;
    }
    std::copy(frame.begin(), frame.end(), rte_pktmbuf_mtod(m, byte*));
    m->data_len = static_cast<std::uint16_t>(frame.size());
    m->pkt_len = m->data_len;
    const auto until = relay::clock::now() + 10s;
    while (rte_eth_tx_burst(port_, 0, &m, 1) != 1) {
        if (relay::clock::now() > until) {
            rte_pktmbuf_free(m);
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

std::vector<frame_bytes> memif_end::take() {
    std::vector<frame_bytes> frames;
    burst from;
    while (const std::uint16_t n = receive(from)) {
        for (std::size_t i = 0; i < n; ++i) {
            const auto* const first = rte_pktmbuf_mtod(from[i], const byte*);
            frames.emplace_back(first, first + from[i]->data_len);
        }
        rte_pktmbuf_free_bulk(from.data(), n);
    }
    return frames;
}

std::uint16_t memif_end::receive(burst& into) {
    return rte_eth_rx_burst(port_, 0, into.data(), burst_size);
}

void memif_end::transmit(rte_mbuf** frames, std::uint16_t count) {
    const std::uint16_t sent = rte_eth_tx_burst(port_, 0, frames, count);
    rte_pktmbuf_free_bulk(frames + sent, static_cast<unsigned>(count - sent));
}

relay::relay(const std::filesystem::path& a, const std::filesystem::path& b)
    : ends_{memif_end(a), memif_end(b)}, thread_([this] { run(); }) {}

relay::~relay() {
    ending_ = true;
    thread_.join();
}

void relay::run() {
    while (!ending_) {
        const bool forth = pass(0);
        const bool back = pass(1);
        if (!forth && !back) {
            std::this_thread::sleep_for(200us);
        }
    }
}

bool relay::pass(std::size_t from) {
    memif_end::burst frames;
    const std::uint16_t count = ends_[from].receive(frames);
    if (count == 0) {
        return false;
    }
    if (cut_[from].load()) {
        rte_pktmbuf_free_bulk(frames.data(), count);
        return true;
    }
    for (std::size_t n = 0; n < count; ++n) {
        if (is_session_frame({rte_pktmbuf_mtod(frames[n], const byte*), frames[n]->data_len})) {
            last_[from].store(clock::now().time_since_epoch().count());
        }
    }
    ends_[1 - from].transmit(frames.data(), count);
    return true;
}

}  // namespace rhumb::test
