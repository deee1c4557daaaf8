// Reloads, single changes and failures under traffic: every packet that a generator sends through a
// running rhumbd over net_memif comes out once, where one version of the tables says, in order.
//
//   generator ──memif──> west  rhumbd  east ──memif──> collector
//                                     north ──memif──> collector
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "rhumb/bytes.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/mpls.hh"
#include "tests/support/daemon.hh"

namespace rhumb {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using test::daemon;
using test::temporary_folder;

constexpr std::uint16_t burst_size = 32;
// So few on their way that no ring overflows: what is lost was lost by the router.
constexpr std::uint64_t most_in_flight = 384;
// A sequence number that no packet has, with room to add to it.
constexpr std::uint64_t never = ~std::uint64_t{0} / 2;
constexpr mpls::label first_label = 16000;
constexpr std::size_t labels = 4000;
constexpr std::size_t frame_bytes = 74;

const std::array<const char*, 3> names{"west", "east", "north"};

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
    explicit traffic(const temporary_folder& folder) {
        pool_ = rte_pktmbuf_pool_create(unique("pool").c_str(), 8191, 0, 0,
                                        RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
        for (std::size_t n = 0; n < names.size(); ++n) {
            devices_[n] = unique("net_memif");
            const std::string arguments =
                devices_[n] + ",role=client,id=0,socket-abstract=no,socket=" +
                (folder.path() / (std::string(names[n]) + ".memif")).string();
            if (rte_dev_probe(arguments.c_str()) != 0 ||
                rte_eth_dev_get_port_by_name(devices_[n].c_str(), &ports_[n]) != 0 ||
                !start(ports_[n])) {
                throw std::runtime_error("no memif port");
            }
        }
    }
    traffic(const traffic&) = delete;
    traffic& operator=(const traffic&) = delete;
    ~traffic() {
        for (const std::uint16_t port : ports_) {
            rte_eth_dev_stop(port);
            rte_eth_dev_close(port);
        }
        rte_mempool_free(pool_);
    }

    [[nodiscard]] bool wait_for_links() {
        const auto until = clock::now() + 10s;
        while (clock::now() < until) {
            bool all = true;
            for (const std::uint16_t port : ports_) {
                rte_eth_link link{};
                all = rte_eth_link_get_nowait(port, &link) == 0 && link.link_status != 0 && all;
            }
            if (all) {
                return true;
            }
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

    // Sends for `time`; `check` sees every packet that arrives.
    void run(std::chrono::milliseconds time, const std::function<void(const arrival&)>& check) {
        const auto until = clock::now() + time;
        while (clock::now() < until) {
            send();
            collect(check);
        }
        const auto patience = clock::now() + 3s;
        while (received_ < sent_ && clock::now() < patience) {
            collect(check);
        }
    }

    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    // The sequence number from which on packets have not been made yet; any thread.
    [[nodiscard]] std::uint64_t next() const { return next_.load(); }

private:
    static std::string unique(const std::string& stem) {
        static int count = 0;
        return stem + std::to_string(count++);
    }

    bool start(std::uint16_t port) {
        rte_eth_conf conf{};
        return rte_eth_dev_configure(port, 1, 1, &conf) == 0 &&
               rte_eth_rx_queue_setup(port, 0, 1024, 0, nullptr, pool_) == 0 &&
               rte_eth_tx_queue_setup(port, 0, 1024, 0, nullptr) == 0 &&
               rte_eth_dev_start(port) == 0;
    }

    void send() {
        if (sent_ - received_ + burst_size > most_in_flight) {
            return;
        }
        std::array<rte_mbuf*, burst_size> burst;
        if (rte_pktmbuf_alloc_bulk(pool_, burst.data(), burst_size) != 0) {
            return;
        }
        for (rte_mbuf* m : burst) {
            fill(m);
        }
        std::uint16_t done = 0;
        while (done < burst_size) {  // a packet once made is sent
            done = static_cast<std::uint16_t>(
                done + rte_eth_tx_burst(ports_[0], 0, burst.data() + done,
                                        static_cast<std::uint16_t>(burst_size - done)));
        }
        sent_ += burst_size;
    }

    // Ethernet, one label, an IPv4 header, and the sequence number.
    void fill(rte_mbuf* m) {
        const std::uint64_t sequence = next_.load(std::memory_order_relaxed);
        auto* const frame = rte_pktmbuf_mtod(m, byte*);
        m->data_len = frame_bytes;
        m->pkt_len = frame_bytes;
        std::memset(frame, 0, frame_bytes);
        ethernet::write_header(frame, {2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 9, 9}, 0,
                               ethernet::type_mpls);
        const auto label = static_cast<mpls::label>(first_label + sequence % labels);
        store_be32(frame + 14, mpls::make(label, 0, true, 64));
        frame[18] = 0x45;
        store_be64(frame + 38, sequence);
        next_.store(sequence + 1);
    }

    void collect(const std::function<void(const arrival&)>& check) {
        for (std::size_t port = 1; port < names.size(); ++port) {
            std::array<rte_mbuf*, burst_size> burst;
            const std::uint16_t n = rte_eth_rx_burst(ports_[port], 0, burst.data(), burst_size);
            for (std::size_t i = 0; i < n; ++i) {
                check(read(burst[i], port));
            }
            rte_pktmbuf_free_bulk(burst.data(), n);
            received_ += n;
        }
    }

    static arrival read(const rte_mbuf* m, std::size_t port) {
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

    rte_mempool* pool_ = nullptr;
    std::array<std::string, 3> devices_;
    std::array<std::uint16_t, 3> ports_{};
    std::atomic<std::uint64_t> next_{0};
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

// Each sequence number once, in order at each port.
class bookkeeping {
public:
    void saw(const arrival& a) {
        if (a.sequence >= seen_.size()) {
            seen_.resize(std::max<std::size_t>(a.sequence + 1, seen_.size() * 2));
        }
        twice_ += seen_[a.sequence] ? 1U : 0U;
        seen_[a.sequence] = true;
        ++count_[a.port];
    }
    void expect_all(std::uint64_t sent) const {
        std::uint64_t missing = 0;
        for (std::uint64_t n = 0; n < sent; ++n) {
            missing += n < seen_.size() && seen_[n] ? 0U : 1U;
        }
        EXPECT_EQ(missing, 0U) << "of " << sent << " packets";
        EXPECT_EQ(twice_, 0U);
    }
    [[nodiscard]] std::uint64_t at(std::size_t port) const { return count_[port]; }

private:
    std::vector<bool> seen_;
    std::uint64_t twice_ = 0;
    std::array<std::uint64_t, 3> count_{};
};

class hitless : public testing::Test {
protected:
    // Version A swaps label n to n and sends east; version B to n + labels, and sends north.
    std::string config(char version, const std::string& nexthop_keys = "") const {
        std::string text = "[node]\nname = \"hitless-" + std::to_string(::getpid()) +
                           "\"\n"
                           "[runtime]\nsocket = \"r.sock\"\nworkers = " +
                           std::to_string(workers_) + "\n";
        for (std::size_t n = 0; n < names.size(); ++n) {
            text += "[ports." + std::string(names[n]) + "]\ndevice = \"net_memif" +
                    std::to_string(n) + ",role=server,id=0,socket-abstract=no,socket=" +
                    (folder_.path() / (std::string(names[n]) + ".memif")).string() +
                    "\"\nmac = \"02:00:00:00:01:0" + std::to_string(n + 1) + "\"\n";
        }
        text += "[nexthops.e]\nport = \"east\"\nmac = \"02:00:00:00:02:01\"\n" + nexthop_keys;
        text += "[nexthops.n]\nport = \"north\"\nmac = \"02:00:00:00:02:02\"\n";
        for (std::size_t n = 0; n < labels; ++n) {
            text += rule(first_label + n, version);
        }
        return text;
    }
    static std::string rule(std::size_t label, char version) {
        const bool a = version == 'A';
        return "[[labels]]\nlabel = " + std::to_string(label) +
               "\nop = \"continue\"\nout = " + std::to_string(label + (a ? 0 : labels)) +
               "\nvia = \"" + (a ? "e" : "n") + "\"\n";
    }
    // Whether the packet went as version A or B wants it: 'A', 'B', or '?'.
    static char version_of(const arrival& a) {
        const auto in = static_cast<mpls::label>(first_label + a.sequence % labels);
        if (a.ttl != 63 || a.second != 0) {
            return '?';
        }
        if (a.port == 1 && a.neighbor == 1 && a.top == in) {
            return 'A';
        }
        return a.port == 2 && a.neighbor == 2 && a.top == in + labels ? 'B' : '?';
    }

    void start(const std::string& text) {
        folder_.write("r.toml", text);
        router_.emplace(folder_, std::vector<std::string>{"--config", "r.toml"});
        ASSERT_TRUE(router_->connect("r.sock")) << router_->log();
        wire_.emplace(folder_);
        ASSERT_TRUE(wire_->wait_for_links()) << router_->log();
        // The router looks at links every few milliseconds.
        std::this_thread::sleep_for(100ms);
    }
    void expect_clean_end() {
        if (HasFailure()) {  // where did they go?
            for (const char* what : {"drops", "ports", "workers"}) {
                std::printf("%s\n", router_->ask("show", {{"what", what}}).dump(2).c_str());
            }
        }
        wire_.reset();
        router_->signal(SIGTERM);
        EXPECT_EQ(router_->wait(), 0) << router_->log();
    }

    int workers_ = 1;
    temporary_folder folder_;
    std::optional<daemon> router_;
    std::optional<traffic> wire_;
};

TEST_F(hitless, reloads_lose_and_misforward_nothing) {
    start(config('A'));
    std::atomic<bool> stop{false};
    int reloads = 0;
    int refused = 0;
    std::thread operator_([&] {
        while (!stop.load()) {
            folder_.write("r.toml", config(++reloads % 2 == 0 ? 'A' : 'B'));
            const auto done = router_->ask("reload");
            EXPECT_TRUE(done.contains("generation")) << done;
            if (reloads % 5 == 0) {  // a bad file changes nothing
                folder_.write("r.toml", config('A') + "[[labels]]\nlabel = 16000\nop = \"next\"\n");
                const auto bad = router_->ask("reload");
                EXPECT_TRUE(bad.contains("error")) << bad;
                ++refused;
            }
        }
    });
    bookkeeping books;
    std::uint64_t strange = 0;
    std::uint64_t last_version_changes = 0;
    char last = 'A';
    wire_->run(3s, [&](const arrival& a) {
        books.saw(a);
        const char version = version_of(a);
        strange += version == '?' ? 1U : 0U;
        last_version_changes += version != last ? 1U : 0U;
        last = version;
    });
    stop.store(true);
    operator_.join();
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    EXPECT_GT(reloads, 5);
    EXPECT_GT(refused, 0);
    EXPECT_GT(books.at(1), 0U) << "version A was never in force";
    EXPECT_GT(books.at(2), 0U) << "version B was never in force";
    std::printf("%lu packets through %d reloads and %d refused ones\n", wire_->sent(), reloads,
                refused);
    expect_clean_end();
}

TEST_F(hitless, single_changes_are_in_force_when_they_are_answered) {
    start(config('A'));
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> changed_at{never};
    std::uint64_t batches = 0;
    std::thread operator_([&] {
        std::this_thread::sleep_for(200ms);
        for (std::size_t from = 0; from < labels; from += 500, ++batches) {
            std::string text;
            for (std::size_t n = from; n < from + 500; ++n) {
                text += rule(first_label + n, 'B');
            }
            const auto done = router_->ask("apply", {{"toml", text}});
            EXPECT_TRUE(done.contains("generation")) << done;
        }
        changed_at.store(wire_->next());
        std::this_thread::sleep_for(200ms);
        stop.store(true);
    });
    bookkeeping books;
    std::uint64_t strange = 0;
    std::uint64_t late = 0;
    wire_->run(1500ms, [&](const arrival& a) {
        books.saw(a);
        const char version = version_of(a);
        strange += version == '?' ? 1U : 0U;
        // In the router's hands when the answer came, it may still go the old way.
        late += version == 'A' && a.sequence > changed_at.load() + most_in_flight ? 1U : 0U;
    });
    operator_.join();
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    EXPECT_EQ(late, 0U);
    EXPECT_EQ(batches, labels / 500);
    expect_clean_end();
}

// More workers than the peer has rings: one worker sends for all.
TEST_F(hitless, two_workers_share_ports_with_one_queue) {
    workers_ = 2;
    start(config('A'));
    bookkeeping books;
    std::uint64_t strange = 0;
    wire_->run(500ms, [&](const arrival& a) {
        books.saw(a);
        strange += version_of(a) != 'A' ? 1U : 0U;
    });
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    expect_clean_end();
}

// One flag repairs every label behind the link, without a loss, with the next burst.
class failover : public hitless, public testing::WithParamInterface<const char*> {};

TEST_P(failover, all_labels_take_the_backup_and_come_back) {
    start(config('A', "backup = { nexthop = \"n\", push = [17999] }\n"));
    const std::string what = GetParam();
    const nlohmann::json name = what == "port" ? "east" : "e";
    std::atomic<std::uint64_t> down_at{never};
    std::atomic<std::uint64_t> up_asked_at{never};
    std::atomic<std::uint64_t> up_at{never};
    std::thread operator_([&] {
        std::this_thread::sleep_for(300ms);
        EXPECT_EQ(router_->ask(what, {{"name", name}, {"up", false}}), nlohmann::json::object());
        down_at.store(wire_->next());
        std::this_thread::sleep_for(300ms);
        up_asked_at.store(wire_->next());
        EXPECT_EQ(router_->ask(what, {{"name", name}, {"up", true}}), nlohmann::json::object());
        up_at.store(wire_->next());
    });
    bookkeeping books;
    std::uint64_t strange = 0;
    std::uint64_t late = 0;
    wire_->run(1s, [&](const arrival& a) {
        books.saw(a);
        const auto in = static_cast<mpls::label>(first_label + a.sequence % labels);
        const bool primary = version_of(a) == 'A';
        const bool repaired =
            a.port == 2 && a.neighbor == 2 && a.top == 17999 && a.second == in && a.ttl == 63;
        strange += !primary && !repaired ? 1U : 0U;
        const bool surely_down = a.sequence > down_at.load() + most_in_flight &&
                                 a.sequence + most_in_flight < up_asked_at.load();
        const bool surely_up = a.sequence > up_at.load() + most_in_flight;
        late += (surely_down && primary) || (surely_up && repaired) ? 1U : 0U;
    });
    operator_.join();
    books.expect_all(wire_->sent());
    EXPECT_EQ(strange, 0U);
    EXPECT_EQ(late, 0U);
    EXPECT_GT(books.at(1), 0U);
    EXPECT_GT(books.at(2), labels) << "every label was to be repaired";
    expect_clean_end();
}

INSTANTIATE_TEST_SUITE_P(by, failover, testing::Values("port", "nexthop"),
                         [](const auto& by) { return std::string(by.param); });

}  // namespace
}  // namespace rhumb

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    const std::string prefix = "rhumb-hitless-" + std::to_string(::getpid());
    std::array<std::string, 12> words{
        "hitless_test", "--no-huge",      "--no-shconf",   "-m",   "128",
        "--no-pci",     "--no-telemetry", "--file-prefix", prefix, "--log-level=lib.*:error",
        "--lcores",     "0@(0-127)"};
    std::string cpus = "0@(0";
    for (long cpu = 1; cpu < ::sysconf(_SC_NPROCESSORS_ONLN); ++cpu) {
        cpus += "," + std::to_string(cpu);
    }
    words.back() = cpus + ")";
    std::array<char*, 12> arguments{};
    for (std::size_t n = 0; n < words.size(); ++n) {
        arguments[n] = words[n].data();
    }
    if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
        std::puts("DPDK does not start here: skipped");
        return 77;
    }
    const int status = RUN_ALL_TESTS();
    rte_eal_cleanup();
    return status;
}
