// What workers, the thread of the slow path and control share: queues of copies, flags of links,
// and published tables. No DPDK: the real thread and the real queues between workers that are only
// the SCION stage, so that it runs under ThreadSanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "controlplane/api/slow_thread.hh"
#include "controlplane/scion/load.hh"
#include "dataplane/io/log.hh"
#include "dataplane/io/slow_queues.hh"
#include "dataplane/scion/stage.hh"
#include "dataplane/sync/published.hh"
#include "dataplane/sync/qsbr.hh"
#include "rhumb/crypto/pbkdf2.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/table/table_set.hh"
#include "tests/support/scion_border.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::io {

void log(log_level, std::string_view, std::initializer_list<log_field>) {
}  // the real one is DPDK's

}  // namespace rhumb::io

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr std::uint64_t least_records = 2000;

// A record that tells whether it is whole. Words are atomic, so that a broken queue is a wrong
// value and not a data race.
struct numbered {
    std::array<std::atomic<std::uint64_t>, 64> words;
};

// What `attempt` gives when it gives something; null once it is to stop. To yield may cost a whole
// slice of time where others want the core, so that comes late.
template <class Attempt>
numbered* try_on(const std::atomic<bool>& stop, const Attempt& attempt) {
    for (unsigned round = 1; !stop.load(std::memory_order_relaxed); ++round) {
        if (numbered* const record = attempt()) {
            return record;
        }
        if (round % 1000 == 0) {
            std::this_thread::yield();
        }
    }
    return nullptr;
}

struct passed {
    std::uint64_t records = 0;
    bool all_right = true;  // each was whole, and the next one
};

// Numbers from one thread to another: so many, or as many as there is time for, or until one is
// wrong.
passed pass_records(std::uint64_t count, bool give_back_first) {
    io::record_queue<numbered> queue(4);
    std::atomic<bool> stop{false};
    std::thread producer([&] {
        for (std::uint64_t n = 0;; ++n) {
            numbered* const record = try_on(stop, [&] { return queue.acquire(); });
            if (record == nullptr) {
                return;
            }
            for (auto& word : record->words) {
                word.store(n, std::memory_order_relaxed);
            }
            queue.push(record);
        }
    });
    const auto until = clock::now() + 20s;
    passed done;
    while (done.all_right && done.records < count &&
           (done.records < least_records || clock::now() < until)) {
        numbered* const record = try_on(stop, [&] { return queue.pop(); });
        if (give_back_first) {
            queue.give_back(record);
            std::this_thread::yield();  // the producer's chance
        }
        for (const auto& word : record->words) {
            done.all_right &= word.load(std::memory_order_relaxed) == done.records;
        }
        if (!give_back_first) {
            queue.give_back(record);
        }
        ++done.records;
    }
    stop.store(true);
    producer.join();
    return done;
}

TEST(records, arrive_whole_and_in_order) {
    const passed done = pass_records(50000, false);
    EXPECT_TRUE(done.all_right) << "the last of " << done.records;
    EXPECT_GE(done.records, least_records);
}

TEST(records, given_back_too_early_are_caught) {
    bool caught = false;
    for (int attempt = 0; attempt < 50 && !caught; ++attempt) {
        caught = !pass_records(20000, true).all_right;
    }
    EXPECT_TRUE(caught) << "the test above would not notice a broken queue";
}

class slow_path_limits : public testing::Test {
protected:
    bool take(slow_task task, std::uint16_t link, std::uint64_t now_ms, std::size_t length = 100) {
        const std::vector<byte> bytes(length);
        return queues_.take({task, 0, 0, 0, 0, link}, bytes, now_ms, {10000, 1000});
    }
    io::slow_queues queues_;
};

TEST_F(slow_path_limits, a_links_flood_leaves_its_session_alone) {
    int errors = 0;
    while (take(slow_task::scmp_error, 3, 1000)) {
        ++errors;
    }
    EXPECT_EQ(errors, 10);  // a hundredth of a second's worth
    EXPECT_TRUE(take(slow_task::bfd, 3, 1000));
    EXPECT_TRUE(take(slow_task::scmp_error, 4, 1000));
    EXPECT_TRUE(take(slow_task::scmp_error, 3, 1010));
}

TEST_F(slow_path_limits, a_flood_of_sessions_is_limited_by_link_and_takes_nothing_from_others) {
    int packets = 0;
    while (take(slow_task::bfd, 3, 1000)) {
        ++packets;
    }
    EXPECT_EQ(packets, 10);
    EXPECT_TRUE(take(slow_task::bfd, 4, 1000));
    EXPECT_TRUE(take(slow_task::traceroute, 3, 1000));
}

TEST_F(slow_path_limits, all_links_together_leave_sessions_alone) {
    int errors = 0;
    for (std::uint16_t link = 0; link < 50; ++link) {
        errors += take(slow_task::scmp_error, link, 1000) ? 1 : 0;
        errors += take(slow_task::scmp_error, link, 1000) ? 1 : 0;
        errors += take(slow_task::scmp_error, link, 1000) ? 1 : 0;
    }
    EXPECT_EQ(errors, 100);
    EXPECT_FALSE(take(slow_task::resolve, 0, 1000));
    EXPECT_TRUE(take(slow_task::bfd, 0, 1000));
}

TEST_F(slow_path_limits, what_is_too_long_or_finds_no_room_is_refused) {
    EXPECT_TRUE(take(slow_task::scmp_error, 1, 0, io::slow_path_bytes));
    EXPECT_FALSE(take(slow_task::scmp_error, 1, 10, io::slow_path_bytes + 1));
    std::uint64_t now_ms = 20;
    std::size_t taken = 1;
    while (take(slow_task::scmp_error, 1, now_ms)) {
        now_ms += 10;
        ++taken;
    }
    EXPECT_EQ(taken, 256U);
    EXPECT_TRUE(take(slow_task::bfd, 1, now_ms));
}

TEST_F(slow_path_limits, sessions_are_sent_first) {
    const std::vector<byte> bytes(40, byte{0x45});
    int others = 0;
    while (queues_.send(protocol::ipv4, 0, false, bytes)) {
        ++others;
    }
    EXPECT_EQ(others, 256);
    EXPECT_TRUE(queues_.send(protocol::ipv4, 0, true, bytes));
    io::own_packet* const first = queues_.next_own();
    ASSERT_NE(first, nullptr);
    EXPECT_TRUE(first->of_session);
    queues_.give_back(first);
    io::own_packet* const second = queues_.next_own();
    ASSERT_NE(second, nullptr);
    EXPECT_FALSE(second->of_session);
    queues_.give_back(second);
    EXPECT_TRUE(queues_.send(protocol::ipv4, 0, false, bytes));
}

constexpr const char* first_master = "V9SOOHqV4KdAL6utGnvEtA==\n";
constexpr const char* second_master = "mdPcnujoYi4JmWALGeKbSQ==\n";
constexpr std::size_t worker_count = 2;

// A router with a link to another one, which is the far end here, and workers without ports.
class slow_path_threads : public testing::Test {
protected:
    slow_path_threads() : grace_(worker_count), tables_(grace_) {
        far_setup_ = setup_of("b1", "21", "192.0.2.2:5021", "192.0.2.1:5012", "parent", 1472, false,
                              first_master, nullptr);
        std::vector<io::slow_queues*> queues;
        for (worker& one : workers_) {
            queues.push_back(&one.queues);
        }
        slow_ = std::make_unique<api::slow_thread>(queues, live_);
        change(0);
    }

    [[nodiscard]] std::shared_ptr<const scion::setup> setup_of(
        const std::string& router, const std::string& id, const std::string& local,
        const std::string& remote, const std::string& type, unsigned mtu, bool more,
        const char* master, const scion::setup* previous) {
        const auto link = [&](const std::string& number, const std::string& from,
                              const std::string& to, const std::string& kind,
                              const std::string& bfd) {
            return "\"" + number + "\": {\"underlay\": {\"local\": \"" + from +
                   "\", \"remote\": \"" + to +
                   "\"}, \"isd_as\": \"1-ff00:0:112\", \"link_to\": \"" + kind +
                   "\", \"mtu\": " + std::to_string(mtu) + bfd + "}";
        };
        folder_.write(
            "topology.json",
            "{\"isd_as\": \"1-ff00:0:111\", \"mtu\": 1472, \"dispatched_ports\": \"all\", "
            "\"attributes\": [], \"border_routers\": {\"" +
                router + "\": {\"internal_addr\": \"10.0.0.1:30042\", \"interfaces\": {" +
                link(id, local, remote, type, "") + ", " +
                link("41", "192.0.2.1:5041", "192.0.2.41:5141", "parent",
                     ", \"bfd\": {\"disable\": true}") +
                (more ? ", " + link("13", "192.0.2.1:5013", "192.0.2.13:5113", "child", "") : "") +
                "}}}}");
        // Patient: nothing here is about time.
        folder_.write("br.toml", "[general]\nid = \"" + router +
                                     "\"\nconfig_dir = \".\"\n[router.bfd]\ndetect_mult = 50\n"
                                     "desired_min_tx_interval = \"100ms\"\n"
                                     "required_min_rx_interval = \"100ms\"\n");
        std::filesystem::create_directories(folder_.path() / "keys");
        folder_.write("keys/master0.key", master);
        folder_.write("keys/master1.key", master);
        auto files = scion::control::load(folder_.path("br.toml"));
        EXPECT_TRUE(files.ok()) << files.why().text();
        config::scion_section section;
        section.key_overlap = 3600;
        auto made = scion::setup::make(section, std::move(files).value(), previous, clock_ms);
        EXPECT_TRUE(made.ok()) << made.why().text();
        return made.value();
    }
    // As api::router reloads. Links come and go, MTUs and keys change.
    void change(unsigned version) {
        auto next = setup_of("a1", "12", "192.0.2.1:5012", "192.0.2.2:5021", "child",
                             version % 2 == 0 ? 1472 : 1400, version % 3 == 1,
                             version % 4 < 2 ? first_master : second_master, setup_.get());
        slow_->use(next);
        auto fresh = std::make_unique<table_set>(no_routes_.tables);
        fresh->scion = &next->own;
        tables_.publish(std::move(fresh), {}, std::exchange(setup_, next));
        tables_.reclaim();
    }

    struct worker {
        io::slow_queues queues;
        worker_counters counters;
        std::unique_ptr<burst> packets = std::make_unique<burst>();
        std::uint64_t forwarded = 0;
        std::uint64_t refused = 0;
    };

    // What comes by the link from 41: the first hop's MAC is of the first key, or of none.
    [[nodiscard]] static std::vector<byte> packet_by_41(bool good) {
        static const auto key = crypto::hop_key(from_hex("57d48e387a95e0a7402fabad1a7bc4b4"));
        packet_spec spec = transit(true, 41, 12);
        spec.segments[0].hops[1].key = {key.value()->begin(), key.value()->end()};
        spec.segments[0].hops[1].bad_mac = !good;
        return udp_packet(endpoint_of("192.0.2.41", 5141), endpoint_of("192.0.2.1", 5041),
                          make_scion(spec));
    }

    // One round as a worker makes it, over these packets.
    void round(unsigned number, const std::vector<std::vector<byte>>& in) {
        worker& self = workers_[number];
        const table_set& tables = *tables_.load();
        static std::atomic<std::uint64_t> steps{0};
        const std::uint64_t now_ms = clock_ms + ++steps;  // so that the limits let much pass
        burst& b = *self.packets;
        std::vector<std::vector<byte>> buffers;
        std::vector<std::uint8_t> all;
        b.count = static_cast<std::uint16_t>(in.size());
        b.start();
        for (std::size_t n = 0; n < in.size(); ++n) {
            constexpr std::size_t headroom = 64;
            buffers.emplace_back(headroom + in[n].size());
            std::copy(in[n].begin(), in[n].end(), buffers.back().begin() + headroom);
            b.put(n, buffers.back().data() + headroom, in[n].size(), headroom);
            b.kind[n] = protocol::scion;
            all.push_back(static_cast<std::uint8_t>(n));
        }
        lanes uncovered;
        no_trace trace;
        scion::stage::process(b, all, {tables, live_, self.counters, now_ms}, uncovered, trace);
        for (std::size_t n = 0; n < b.count; ++n) {
            if (b.fate[n] == verdict::slow) {
                const bool taken = self.queues.take(b.slow[n], {b.front[n], b.length(n)}, now_ms,
                                                    {1'000'000, 1'000'000});
                self.refused += taken ? 0U : 1U;
            } else {
                self.forwarded += b.fate[n] == verdict::again ? 1U : 0U;
            }
        }
        grace_.quiescent(number);
    }
    // The first worker has the far end as well: what the slow path sends goes there, and back.
    void run_first(const std::atomic<bool>& stop) {
        scion::slow_service far([] { return 7U; }, [](std::uint16_t, bool) {});
        const auto now = [] {
            return scion::slow_service::moment{clock::now(), clock_ms * 1'000'000};
        };
        far.use(far_setup_, now());
        std::uint16_t link = 0;
        while (far_setup_->links[link].name != "21") {
            ++link;
        }
        grace_.online(0);
        while (!stop.load()) {
            far.tick(now());
            std::vector<std::vector<byte>> in;
            for (scion::slow_service::own_packet& own : far.take_session_packets()) {
                in.push_back(std::move(own.bytes));
            }
            in.push_back(packet_by_41(true));
            in.push_back(packet_by_41(false));
            round(0, in);
            while (io::own_packet* const own = workers_[0].queues.next_own()) {
                const std::span<const byte> packet(own->data.data(), own->length);
                torn_ += what_is_wrong_with(packet).empty() ? 0U : 1U;
                if (own->of_session && load_be16(&packet[22]) == 5021) {
                    far.handle({slow_task::bfd, 0, 0, 0, 0, link}, packet, now());
                }
                answers_ += own->of_session ? 0U : 1U;
                workers_[0].queues.give_back(own);
            }
        }
        grace_.offline(0);
    }
    void run_second(const std::atomic<bool>& stop) {
        grace_.online(1);
        while (!stop.load()) {
            round(1, {packet_by_41(false), packet_by_41(true), packet_by_41(false)});
        }
        grace_.offline(1);
    }

    [[nodiscard]] std::optional<bfd::status> session() {
        for (std::size_t n = 0; n < setup_->links.size(); ++n) {
            if (setup_->links[n].name == "12") {
                return slow_->session_of(n);
            }
        }
        return std::nullopt;
    }

    const temporary_folder folder_;
    qsbr grace_;
    // The stage looks for a way to the next link, and finds none.
    struct no_routes {
        no_routes() {
            retired_list none;
            tables.ipv4 = prefixes.commit(none);
            tables.routes = routes.commit(none);
        }
        lpm_pool pool;
        lpm_table prefixes{pool, family::ipv4};
        route_table routes{1};
        table_set tables;
    };
    no_routes no_routes_;
    published<table_set, qsbr> tables_;
    liveness live_;
    std::array<worker, worker_count> workers_;
    std::shared_ptr<const scion::setup> far_setup_;
    std::shared_ptr<const scion::setup> setup_;
    std::unique_ptr<api::slow_thread> slow_;
    std::atomic<std::uint64_t> torn_{0};
    std::atomic<std::uint64_t> answers_{0};
};

TEST_F(slow_path_threads, a_session_comes_up_and_stays_while_tables_change_and_errors_flood) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (unsigned w = 0; w < worker_count; ++w) {
        grace_.add_worker(w);
    }
    slow_->start();
    threads.emplace_back([&] { run_first(stop); });
    threads.emplace_back([&] { run_second(stop); });
    const auto until = clock::now() + 60s;
    unsigned versions = 0;
    const auto is_up = [&] { return session() && session()->state == bfd::state::up; };
    while (!is_up() && clock::now() < until) {
        change(++versions);
        std::this_thread::sleep_for(1ms);
    }
    ASSERT_TRUE(session());
    const std::uint64_t changes = session()->state_changes;
    for (unsigned n = 0; n < 40; ++n) {
        change(++versions);
        std::this_thread::sleep_for(5ms);
    }
    while (answers_.load() < 200 && clock::now() < until) {
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_TRUE(is_up());
    EXPECT_EQ(session()->state_changes, changes);
    stop.store(true);
    for (std::thread& one : threads) {
        one.join();
    }
    slow_->stop();
    for (unsigned w = 0; w < worker_count; ++w) {
        grace_.remove_worker(w);
    }
    EXPECT_EQ(tables_.reclaim(), 0U);
    EXPECT_EQ(torn_.load(), 0U);
    EXPECT_GE(answers_.load(), 200U);
    EXPECT_GT(workers_[1].forwarded, 0U);
}

}  // namespace
}  // namespace rhumb::test
