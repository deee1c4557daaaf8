// A million labels under traffic, and changes without a pause.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/support/all_labels.hh"
#include "tests/vdev/hitless_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr std::size_t east = 1;
constexpr std::size_t north = 2;

// Batch n changes the labels of class n modulo `classes`: to themselves plus n + 1, and to the
// other next hop with every round.
class changing : public hitless {
protected:
    static constexpr unsigned classes = 20;
    static constexpr unsigned batch = 50000;  // of a class's 52428 labels

    // All over the label space, and each label once before the first one comes again.
    static mpls::label any_label(std::uint64_t sequence) {
        constexpr std::uint64_t stride = 611953;  // a prime
        return static_cast<mpls::label>(all_labels::first + sequence * stride % all_labels::count);
    }
    // By how much the router shifted the label.
    static unsigned shift_of(const arrival& a) {
        return (a.top + all_labels::count - any_label(a.sequence)) % all_labels::count;
    }
    // Every label to itself, by next hop e.
    void start_with_all_labels() {
        folder_.write("labels.csv", all_labels::table(0, [](unsigned) { return "e"; }));
        start(router_without_labels("", all_labels::node_keys()),
              [this](std::uint64_t sequence) { return label_sent(sequence); });
    }

    static unsigned class_of(mpls::label label) { return (label - all_labels::first) % classes; }
    static bool ever_changes(mpls::label label) {
        return (label - all_labels::first) / classes < batch;
    }
    static bool goes_north(unsigned shift) { return (shift + classes - 1) / classes % 2 == 1; }
    // What the first `batches` batches have made of a class: its last shift.
    static unsigned shift_after(unsigned batches, unsigned which) {
        return batches <= which ? 0 : batches - (batches - 1 - which) % classes;
    }
    static std::string batch_text(unsigned number) {
        const unsigned shift = number + 1;
        const std::string via = goes_north(shift) ? "n" : "e";
        std::string text;
        for (unsigned n = 0; n < batch; ++n) {
            const unsigned label = all_labels::first + n * classes + number % classes;
            text += "[[labels]]\nlabel = " + std::to_string(label) + "\nop = \"continue\"\nout = " +
                    std::to_string(all_labels::shifted(label, shift)) + "\nvia = \"" + via + "\"\n";
        }
        return text;
    }

    mpls::label label_sent(std::uint64_t sequence) {
        answered_at_[sequence % answered_at_.size()] = answered_.load();
        return any_label(sequence);
    }
    // Whether a table that was in force between its sending and now sent it so.
    bool is_right(const arrival& a) const {
        const mpls::label in = any_label(a.sequence);
        const unsigned shift = shift_of(a);
        if (a.ttl != 63 || a.second != 0 || a.port != (goes_north(shift) ? north : east) ||
            a.neighbor != a.port) {
            return false;
        }
        if (!ever_changes(in)) {
            return shift == 0;
        }
        const unsigned oldest =
            shift_after(answered_at_[a.sequence % answered_at_.size()], class_of(in));
        const bool some_version = shift == 0 || (shift - 1) % classes == class_of(in);
        return some_version && shift >= oldest && shift <= asked_.load();
    }
    // Applies batch after batch; returns how many changes were made in a second of asking.
    double change_until(const std::atomic<bool>& stop) {
        clock::duration asking{};
        for (unsigned n = 0; !stop.load(); ++n) {
            const std::string text = batch_text(n);
            asked_.store(n + 1);
            const auto began = clock::now();
            const json done = router_->ask("apply", {{"toml", text}});
            asking += clock::now() - began;
            EXPECT_TRUE(done.contains("generation")) << done;
            answered_.store(n + 1);
        }
        return answered_.load() * double{batch} / std::chrono::duration<double>(asking).count();
    }
    // A worker counts a burst just after it has sent it: that may be still to come.
    void expect_counted(std::uint64_t wanted, const char* what, const char* name, const char* key) {
        std::uint64_t got = 0;
        const auto until = clock::now() + 5s;
        do {
            const json shown = router_->ask("show", {{"what", what}});
            for (const json& row : shown["rows"]) {
                got = row.at(what == std::string("ports") ? "port" : "nexthop") == name
                          ? row.at(key).get<std::uint64_t>()
                          : got;
            }
        } while (got != wanted && clock::now() < until);
        EXPECT_EQ(got, wanted) << key << " of " << name;
    }

    std::atomic<unsigned> asked_{0};  // batches
    std::atomic<unsigned> answered_{0};
    std::array<unsigned, 2 * most_in_flight> answered_at_{};  // when a packet was made
};

TEST_F(changing, fifty_thousand_labels_at_a_time_disturb_no_packet) {
    start_with_all_labels();
    std::atomic<bool> stop{false};
    double rate = 0;
    std::thread operating([&] { rate = change_until(stop); });
    bookkeeping books;
    std::uint64_t strange = 0;
    wire_->run(10s, [&](const arrival& a) {
        books.saw(a);
        strange += is_right(a) ? 0U : 1U;
    });
    stop.store(true);
    operating.join();
    const std::uint64_t sent = wire_->sent();
    books.expect_all(sent);
    EXPECT_EQ(strange, 0U);
    EXPECT_GT(books.at(east), 0U);
    EXPECT_GT(books.at(north), 0U);
    expect_counted(sent, "ports", "west", "rx_packets");
    expect_counted(books.at(east), "ports", "east", "tx_packets");
    expect_counted(books.at(north), "ports", "north", "tx_packets");
    expect_counted(books.at(east), "nexthops", "e", "packets");
    expect_counted(books.at(north), "nexthops", "n", "packets");
    EXPECT_EQ(router_->ask("show", {{"what", "drops"}})["rows"], json::array());
    std::printf("%lu packets through %u batches of %u changes: %.0f changes a second\n", sent,
                answered_.load(), batch, rate);
    expect_clean_end();
}

}  // namespace
}  // namespace rhumb::test
