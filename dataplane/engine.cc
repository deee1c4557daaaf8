#include "dataplane/engine.hh"

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_ring.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "dataplane/io/disconnect.hh"
#include "dataplane/io/log.hh"

namespace rhumb {

namespace {

constexpr unsigned hand_over_slots = 2048;

std::uint16_t largest_mtu(const config::file& file) {
    std::uint16_t mtu = 1500;
    for (const config::port& port : file.ports) {
        mtu = std::max(mtu, port.mtu);
    }
    return mtu;
}

// Enough that every descriptor, cache and ring can be full at once.
std::size_t buffer_count(const config::file& file) {
    const config::runtime& runtime = file.runtime;
    if (runtime.buffers != 0) {
        return runtime.buffers;
    }
    std::size_t count = 1024 + std::size_t{runtime.workers} * 1024;
    for (const config::port& port : file.ports) {
        count += std::size_t{port.rx_queues} * runtime.rx_descriptors +
                 std::size_t{runtime.workers} * runtime.tx_descriptors;
        count += runtime.workers > 1 ? hand_over_slots : 0;
    }
    return count;
}

std::size_t memory_bytes(const config::file& file) {
    if (file.runtime.memory_mib != 0) {
        return std::size_t{file.runtime.memory_mib} << 20;
    }
    // The buffers, and as much as devices, rings and DPDK's own heap have been seen to want.
    return io::buffer_pool::bytes_for(buffer_count(file), largest_mtu(file)) +
           (std::size_t{64} << 20) + file.ports.size() * (std::size_t{8} << 20);
}

io::page_policy page_policy_of(const config::runtime& runtime) {
    return runtime.hugepages == "on"    ? io::page_policy::huge
           : runtime.hugepages == "off" ? io::page_policy::ordinary
                                        : io::page_policy::automatic;
}

int run_worker(void* argument) {
    static_cast<worker*>(argument)->run();
    return 0;
}

}  // namespace

void engine::free_ring::operator()(rte_ring* ring) const noexcept { rte_ring_free(ring); }

result<std::unique_ptr<engine>> engine::open(const config::file& file,
                                             const std::vector<std::string>& eal) {
    io::eal_options options;
    options.name = "rhumb-" + file.node.name;
    options.workers = file.runtime.workers;
    options.cores = file.runtime.cores;
    options.pin = file.runtime.idle == config::idle_policy::busy;
    options.pages = page_policy_of(file.runtime);
    options.memory_bytes = memory_bytes(file);
    for (const config::port& port : file.ports) {
        options.devices.push_back(port.device);
    }
    options.extra = file.runtime.eal;
    options.extra.insert(options.extra.end(), eal.begin(), eal.end());
    const auto started = io::start_eal(options);
    if (!started) {
        return started.why();
    }
    std::unique_ptr<engine> made(new engine(file.runtime.workers));
    made->pages_ = started.value().pages_text;
    if (auto done = made->open_ports(file); !done) {
        return done.why();
    }
    if (auto done = made->make_workers(file); !done) {
        return done.why();
    }
    return made;
}

result<void> engine::open_ports(const config::file& file) {
    auto buffers = io::buffer_pool::make(buffer_count(file), largest_mtu(file));
    if (!buffers) {
        return buffers.why();
    }
    buffers_ = std::move(buffers).value();
    for (const config::port& port : file.ports) {
        io::port_options options;
        options.name = port.name;
        options.device = port.device;
        options.mac = port.mac;
        options.mtu = port.mtu;
        options.promiscuous = port.promiscuous;
        options.all_multicast = !port.addresses.empty();
        options.rx_queues = port.rx_queues;
        options.shared_tx = port.shared_tx;
        options.rx_descriptors = file.runtime.rx_descriptors;
        options.tx_descriptors = file.runtime.tx_descriptors;
        options.rx_interrupts = file.runtime.idle == config::idle_policy::adaptive;
        auto opened = io::port::open(options, file.runtime.workers, *buffers_);
        if (!opened) {
            error why = opened.why();
            why.where = {file.files[port.device_where.file], port.device_where.line,
                         port.device_where.column};
            return why;
        }
        ports_.push_back(std::move(opened).value());
    }
    if (!file.node.punt.empty()) {
        punt_port_ = port_number(file.node.punt).value_or(io::transmitter::no_port);
    }
    watch_links();
    return {};
}

void engine::watch_links() {
    io::link_watch::links links;
    links.count = ports_.size();
    links.is_up = [this](std::size_t p) { return ports_[p]->link_up(); };
    links.changed = [this](std::size_t p, bool up) {
        io::log(io::log_level::notice, up ? "link up" : "link down", {{"port", ports_[p]->name()}});
    };
    links_.emplace(std::move(links), shared_.live);
    for (const auto& port : ports_) {
        port->on_link_change([this] { links_->wake(); });
    }
}

// Receive queues go round the workers.
std::vector<std::vector<rx_queue>> engine::spread_queues(std::size_t workers) const {
    std::vector<std::vector<rx_queue>> of(workers);
    std::size_t next = 0;
    for (std::size_t p = 0; p < ports_.size(); ++p) {
        for (std::uint16_t q = 0; q < ports_[p]->rx_queues(); ++q, ++next) {
            of[next % workers].push_back({ports_[p]->id(), q, static_cast<std::uint8_t>(p)});
        }
    }
    return of;
}

result<void> engine::make_workers(const config::file& file) {
    const std::size_t count = file.runtime.workers;
    const auto queues = spread_queues(count);
    std::vector<worker_options> options(count);
    rings_.resize(ports_.size());
    for (std::size_t p = 0; p < ports_.size(); ++p) {
        const bool shared = ports_[p]->tx_queues() < count;
        const std::size_t owner = p % count;
        if (shared) {
            const std::string name = "rhumb_out_" + std::to_string(p);
            rings_[p].reset(
                rte_ring_create(name.c_str(), hand_over_slots, SOCKET_ID_ANY, RING_F_SC_DEQ));
            if (rings_[p] == nullptr) {
                return error{
                    std::string("no memory for a hand-over ring: ") + rte_strerror(rte_errno), {}};
            }
            options[owner].shared.push_back({rings_[p].get(), static_cast<std::uint8_t>(p)});
        }
        for (std::size_t w = 0; w < count; ++w) {
            options[w].ways.push_back({ports_[p]->id(), static_cast<std::uint16_t>(shared ? 0 : w),
                                       shared && w != owner ? rings_[p].get() : nullptr});
        }
    }
    std::vector<rte_ring*> fan_out;
    for (std::size_t w = 0; file.scion && file.scion->fan_out && count > 1 && w < count; ++w) {
        const std::string name = "rhumb_in_" + std::to_string(w);
        rings_.emplace_back(
            rte_ring_create(name.c_str(), hand_over_slots, SOCKET_ID_ANY, RING_F_SC_DEQ));
        if (rings_.back() == nullptr) {
            return error{std::string("no memory for a fan-out ring: ") + rte_strerror(rte_errno),
                         {}};
        }
        fan_out.push_back(rings_.back().get());
    }
    for (std::size_t w = 0; w < count; ++w) {
        options[w].fan_out = fan_out;
        options[w].number = static_cast<unsigned>(w);
        options[w].burst = file.runtime.burst;
        options[w].adaptive = file.runtime.idle == config::idle_policy::adaptive;
        options[w].rx = queues[w];
        options[w].punt_port = punt_port_;
        options[w].buffers = buffers_->get();
        workers_.push_back(std::make_unique<worker>(std::move(options[w]), shared_));
        workers_.back()->counters().labels.populate(0);  // the special-purpose labels'
    }
    return {};
}

result<void> engine::run() {
    for (const auto& port : ports_) {
        if (auto done = port->start(); !done) {
            return done;
        }
    }
    links_->start();
    shared_.phase.store(worker_phase::run, std::memory_order_release);
    running_ = true;
    io::await_bursts_with([this] { await_bursts(); });
    unsigned lcore = rte_get_next_lcore(-1U, 1, 0);
    for (std::size_t w = 0; w < workers_.size(); ++w) {
        shared_.grace.add_worker(static_cast<unsigned>(w));
        if (const int code = rte_eal_remote_launch(run_worker, workers_[w].get(), lcore);
            code != 0) {
            return error{std::string("a worker did not start: ") + rte_strerror(-code), {}};
        }
        lcore = rte_get_next_lcore(lcore, 1, 0);
    }
    return {};
}

void engine::stop(std::chrono::milliseconds patience) {
    if (!running_) {
        return;
    }
    running_ = false;
    shared_.phase.store(worker_phase::drain, std::memory_order_release);
    const auto until = std::chrono::steady_clock::now() + patience;
    const auto all_drained = [this] {
        return std::all_of(workers_.begin(), workers_.end(),
                           [](const auto& w) { return w->is_drained(); });
    };
    while (!all_drained() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    shared_.phase.store(worker_phase::stop, std::memory_order_release);
    rte_eal_mp_wait_lcore();
    // What they forwarded may be on rings of others. Control sends it in the workers' names, and is
    // awaited like them.
    for (std::size_t w = 0; w < workers_.size(); ++w) {
        shared_.grace.online(static_cast<unsigned>(w));
        workers_[w]->forward_rest();
    }
    for (const auto& w : workers_) {
        w->send_rest();
    }
    for (std::size_t w = 0; w < workers_.size(); ++w) {
        shared_.grace.offline(static_cast<unsigned>(w));
        shared_.grace.remove_worker(static_cast<unsigned>(w));
    }
    io::await_bursts_with({});
    links_->stop();
}

// On DPDK's interrupt thread, where the events of all ports wait behind it: so not for ever. A
// burst takes microseconds, but for what else runs on its worker's core.
void engine::await_bursts() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    const qsbr::token now = shared_.grace.start();
    while (!shared_.grace.passed(now) && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
    if (!shared_.grace.passed(now)) {
        io::log(io::log_level::warning, "a worker is still in a burst; its rings go all the same");
    }
}

engine::~engine() {
    stop(std::chrono::milliseconds(0));
    workers_.clear();
    ports_.clear();
    rings_.clear();
    buffers_.reset();
    io::stop_eal();
}

void engine::publish(const table_set& tables, retired_list replaced,
                     std::shared_ptr<const void> owner) {
    shared_.tables.publish(std::make_unique<const table_set>(tables), std::move(replaced),
                           std::move(owner));
}

std::optional<std::uint8_t> engine::port_number(std::string_view name) const {
    for (std::size_t p = 0; p < ports_.size(); ++p) {
        if (ports_[p]->name() == name) {
            return static_cast<std::uint8_t>(p);
        }
    }
    return std::nullopt;
}

void engine::expect_label(mpls::label label) {
    for (const auto& w : workers_) {
        w->counters().labels.populate(label);
    }
}

void engine::expect_prefix(std::uint32_t id) {
    for (const auto& w : workers_) {
        w->counters().prefixes.populate(id);
    }
}

void engine::expect_nexthop(nexthop_id id) {
    for (const auto& w : workers_) {
        w->counters().nexthops.populate(id);
    }
}

void engine::expect_link(std::size_t link) {
    for (const auto& w : workers_) {
        w->counters().scion_links.populate(link);
    }
}

counter engine::label_counter(mpls::label label) const {
    counter sum;
    for (const auto& w : workers_) {
        sum = sum + w->counters().labels[label].read();
    }
    return sum;
}

counter engine::prefix_counter(std::uint32_t id) const {
    counter sum;
    for (const auto& w : workers_) {
        sum = sum + w->counters().prefixes[id].read();
    }
    return sum;
}

counter engine::nexthop_counter(nexthop_id id) const {
    counter sum;
    for (const auto& w : workers_) {
        sum = sum + w->counters().nexthops[id].read();
    }
    return sum;
}

port_counters engine::port_sum(std::size_t port) const {
    port_counters sum;
    for (const auto& w : workers_) {
        const port_counters& one = w->counters().ports[port];
        sum.rx = sum.rx + one.rx.read();
        sum.tx = sum.tx + one.tx.read();
        for (std::size_t r = 0; r < drop_reason_count; ++r) {
            sum.drops[r] += read_count(one.drops[r]);
            sum.punts[r] += read_count(one.punts[r]);
        }
    }
    return sum;
}

scion_counters engine::scion_sum(std::size_t link) const {
    scion_counters sum{};
    for (const auto& w : workers_) {
        const scion_counters& one = w->counters().scion_links[link];
        for (std::size_t s = 0; s < scion::size_classes; ++s) {
            const scion_counters::by_size& from = one.sizes[s];
            scion_counters::by_size& to = sum.sizes[s];
            to.in = to.in + from.in.read();
            for (std::size_t kind = 0; kind < scion::traffic_types; ++kind) {
                to.out[kind] = to.out[kind] + from.out[kind].read();
            }
            to.invalid += read_count(from.invalid);
            to.busy_slow_path += read_count(from.busy_slow_path);
        }
    }
    return sum;
}

std::uint64_t engine::frames_received() const {
    std::uint64_t sum = 0;
    for (const auto& w : workers_) {
        for (std::size_t p = 0; p < ports_.size(); ++p) {
            sum += read_count(w->counters().ports[p].rx.packets);
        }
    }
    return sum;
}

}  // namespace rhumb
