// Publication of tables under load: readers never see a version that is gone, and a mutant that
// frees at once is caught. Runs under ThreadSanitizer and AddressSanitizer as well as plain.
#include "dataplane/sync/published.hh"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "controlplane/publish/forwarding.hh"
#include "dataplane/sync/qsbr.hh"
#include "rhumb/table/table_set.hh"

namespace rhumb {
namespace {

constexpr unsigned reader_count = 2;

// A version that tells whether it is whole: every word holds its number until it is destroyed.
// Words are atomic, so that reading a destroyed one is a wrong value and not a data race; the
// memory of destroyed ones is kept until the test ends, so that it is no error of the allocator's.
struct version {
    static constexpr std::uint64_t gone = ~std::uint64_t{0};
    std::array<std::atomic<std::uint64_t>, 64> words;

    explicit version(std::uint64_t number) {
        for (auto& word : words) {
            word.store(number, std::memory_order_relaxed);
        }
    }
    ~version() {
        for (auto& word : words) {
            word.store(gone, std::memory_order_relaxed);
        }
    }
    static void* operator new(std::size_t size) {
        graveyard.push_back(::operator new(size));
        return graveyard.back();
    }
    static void operator delete(void*) {}
    static void empty_graveyard() {
        for (void* memory : graveyard) {
            ::operator delete(memory);
        }
        graveyard.clear();
    }
    static inline std::vector<void*> graveyard;  // the writer's
};

// The mutant: every grace period is over at once.
struct no_grace : qsbr {
    using qsbr::qsbr;
    [[nodiscard]] bool passed(token) noexcept { return true; }
};

struct outcome {
    std::uint64_t torn = 0;       // reads of a version that was gone or half written
    std::uint64_t backwards = 0;  // an older version after a newer one
    std::uint64_t reads = 0;
    std::uint64_t versions = 0;
};

// Readers hold each version for a while, as a burst does, while the writer publishes and reclaims;
// until the first of them reads what it must not.
template <class Grace>
outcome read_while_publishing(std::uint64_t versions) {
    Grace grace(reader_count);
    published<version, Grace> current(grace);
    current.publish(std::make_unique<const version>(0), {});
    std::atomic<bool> stop{false};
    std::atomic<unsigned> running{0};
    std::atomic<std::uint64_t> torn{0};
    std::atomic<std::uint64_t> backwards{0};
    std::atomic<std::uint64_t> reads{0};

    std::vector<std::thread> readers;
    for (unsigned r = 0; r < reader_count; ++r) {
        grace.add_worker(r);
        readers.emplace_back([&, r] {
            grace.online(r);
            running.fetch_add(1);
            std::uint64_t newest = 0;
            while (!stop.load(std::memory_order_relaxed)) {
                const version* const seen = current.load();
                const std::uint64_t number = seen->words[0].load(std::memory_order_relaxed);
                std::this_thread::yield();  // the writer's chance to free it under our feet
                for (const auto& word : seen->words) {
                    if (word.load(std::memory_order_relaxed) != number || number == version::gone) {
                        torn.fetch_add(1);
                        break;
                    }
                }
                if (number < newest) {
                    backwards.fetch_add(1);
                }
                newest = number;
                reads.fetch_add(1, std::memory_order_relaxed);
                grace.quiescent(r);
            }
            grace.offline(r);
        });
    }
    while (running.load() != reader_count) {
        std::this_thread::yield();
    }
    // At least so many, and until there were some reads: the readers may have to share a core.
    const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const auto is_enough = [&](std::uint64_t n) {
        return n > versions && (reads.load() > 100 || std::chrono::steady_clock::now() > patience);
    };
    for (std::uint64_t n = 1; !is_enough(n) && torn.load() == 0; ++n) {
        current.publish(std::make_unique<const version>(n), {});
        current.reclaim();
        if (n % 16 == 0) {
            std::this_thread::yield();
        }
    }
    stop.store(true);
    for (std::thread& reader : readers) {
        reader.join();
    }
    for (unsigned r = 0; r < reader_count; ++r) {
        grace.remove_worker(r);
    }
    EXPECT_EQ(current.reclaim(), 0U) << "a version is left though nobody reads";
    return {torn.load(), backwards.load(), reads.load(), versions};
}

class publication : public testing::Test {
protected:
    void TearDown() override { version::empty_graveyard(); }
};

TEST_F(publication, readers_only_see_whole_versions_in_order) {
    const outcome seen = read_while_publishing<qsbr>(20000);
    EXPECT_EQ(seen.torn, 0U);
    EXPECT_EQ(seen.backwards, 0U);
    EXPECT_GT(seen.reads, 100U);
}

TEST_F(publication, a_mutant_that_frees_at_once_is_caught) {
    // Not every run of a race goes wrong; some run does soon.
    std::uint64_t torn = 0;
    for (int attempt = 0; attempt < 50 && torn == 0; ++attempt) {
        torn = read_while_publishing<no_grace>(20000).torn;
        version::empty_graveyard();
    }
    EXPECT_GT(torn, 0U) << "the test above would not notice a broken grace period";
}

TEST_F(publication, nothing_is_freed_while_a_reader_holds_it_and_all_is_later) {
    qsbr grace(1);
    published<version, qsbr> current(grace);
    grace.add_worker(0);
    grace.online(0);
    current.publish(std::make_unique<const version>(1), {});
    const version* const held = current.load();
    int given_back = 0;
    retired_list replaced;
    replaced.add([](void*, void* count) noexcept { ++*static_cast<int*>(count); }, nullptr,
                 &given_back);
    current.publish(std::make_unique<const version>(2), std::move(replaced));
    for (int n = 0; n < 100; ++n) {
        current.reclaim();
        ASSERT_EQ(held->words[63].load(), 1U);
        ASSERT_EQ(given_back, 0);
    }
    grace.quiescent(0);
    EXPECT_EQ(current.reclaim(), 0U);
    EXPECT_EQ(held->words[63].load(), version::gone);
    EXPECT_EQ(given_back, 1);
    grace.offline(0);
    grace.remove_worker(0);
}

TEST_F(publication, a_sleeping_reader_delays_nobody) {
    qsbr grace(1);
    published<version, qsbr> current(grace);
    grace.add_worker(0);
    grace.online(0);
    grace.offline(0);
    current.publish(std::make_unique<const version>(1), {});
    current.publish(std::make_unique<const version>(2), {});
    EXPECT_EQ(current.reclaim(), 0U);
    grace.remove_worker(0);
}

// The real tables: readers look up labels and prefixes while the writer changes them one by one and
// rebuilds them whole. Every answer must be one that some version gives, and a label must agree
// with the next hop that its version has.
class tables_under_change : public testing::Test {
protected:
    static constexpr mpls::label first = 16000;
    static constexpr mpls::label labels = 2000;

    static config::file file_for(std::uint32_t shift) {
        config::file file;
        file.files = {"test"};
        file.ports.push_back({.name = "p",
                              .device = "none",
                              .mac = {},
                              .msd = {},
                              .vlans = {},
                              .addresses = {},
                              .gateways = {},
                              .where = {},
                              .device_where = {}});
        file.nexthops.push_back({.name = "a",
                                 .port = "p",
                                 .mac = {2, 0, 0, 0, 0, 1},
                                 .mtu = {},
                                 .backup = {},
                                 .where = {},
                                 .follows = {}});
        file.nexthops.push_back({.name = "b",
                                 .port = "p",
                                 .mac = {2, 0, 0, 0, 0, 2},
                                 .mtu = {},
                                 .backup = {},
                                 .where = {},
                                 .follows = {}});
        for (mpls::label l = first; l < first + labels; ++l) {
            file.rules.labels.push_back(rule(file.rules, l, shift));
        }
        return file;
    }
    // Whatever the version, the label sent is the label received plus the version's shift.
    static config::label_rule rule(config::rules& into, mpls::label label, std::uint32_t shift) {
        config::label_rule made;
        made.label = label;
        made.op = config::operation::continue_;
        made.out = first + (label - first + shift) % labels;
        made.paths = into.intern(config::path_list{{shift % 2 == 0 ? "a" : "b", 1, {}}});
        return made;
    }
};

TEST_F(tables_under_change, lookups_are_always_of_one_version) {
    const publish::port_map ports{{"p", {0, {2, 0, 0, 0, 1, 1}}}};
    auto built = publish::forwarding::build(file_for(0), ports, nullptr);
    ASSERT_TRUE(built.ok()) << built.why().text();
    std::shared_ptr<publish::forwarding> tables = std::move(built).value();

    qsbr grace(reader_count);
    published<table_set, qsbr> current(grace);
    const auto publish_next = [&](std::shared_ptr<publish::forwarding> old) {
        retired_list replaced;
        const table_set next = tables->snapshot(replaced);
        current.publish(std::make_unique<const table_set>(next), std::move(replaced),
                        std::move(old));
    };
    publish_next(nullptr);

    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> readers;
    for (unsigned r = 0; r < reader_count; ++r) {
        grace.add_worker(r);
        readers.emplace_back([&, r] {
            grace.online(r);
            while (!stop.load(std::memory_order_relaxed)) {
                const table_set& seen = *current.load();
                // All labels of one version have the same shift, and its parity tells the next hop.
                const auto shift_of = [&](mpls::label l) {
                    return (seen.labels[l].out() - first + labels - (l - first)) % labels;
                };
                const std::uint32_t shift = shift_of(first);
                for (mpls::label l = first; l < first + labels; l += 37) {
                    const nexthop& hop = seen.nexthops[seen.labels[l].via().id()];
                    if (shift_of(l) != shift || hop.l2[5] != 1 + shift % 2) {
                        wrong.fetch_add(1);
                    }
                }
                grace.quiescent(r);
            }
            grace.offline(r);
        });
    }
    for (std::uint32_t shift = 1; shift <= 60; ++shift) {
        if (shift % 4 == 0) {  // a reload
            auto next = publish::forwarding::build(file_for(shift), ports, tables.get());
            ASSERT_TRUE(next.ok()) << next.why().text();
            std::shared_ptr<publish::forwarding> old = std::move(tables);
            tables = std::move(next).value();
            publish_next(std::move(old));
        } else {  // a batch
            publish::changes batch;
            for (mpls::label l = first; l < first + labels; ++l) {
                batch.rules.labels.push_back(rule(batch.rules, l, shift));
            }
            const auto done = tables->apply(batch);
            ASSERT_TRUE(done.ok()) << done.why().text();
            publish_next(nullptr);
        }
        current.reclaim();
        std::this_thread::yield();
    }
    stop.store(true);
    for (std::thread& reader : readers) {
        reader.join();
    }
    EXPECT_EQ(wrong.load(), 0U);
    EXPECT_EQ(current.reclaim(), 0U);
    for (unsigned r = 0; r < reader_count; ++r) {
        grace.remove_worker(r);
    }
}

}  // namespace
}  // namespace rhumb
