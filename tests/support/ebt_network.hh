// A simulated network of EBT machines: no sockets, instant and lossless links, and a die that says
// who does what next. Per link notes go before messages, as in the reference's own simulator, whose
// counts can be compared with these. Threads: one.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"
#include "tests/support/dice.hh"

namespace rhumb::overlay::ebt {

struct sim_body {
    std::int64_t sum = 0;
    std::int64_t value = 0;
    bool is_genuine = true;

    friend bool operator==(const sim_body&, const sim_body&) = default;
};
using sim_log = std::map<std::int64_t, sim_body>;  // by sequence
using sim_store = std::map<std::string, sim_log, std::less<>>;

struct sim_message {
    std::string author;
    std::int64_t sequence = 0;
    sim_body body;
};
using sim_notes = std::vector<std::pair<std::string, std::int64_t>>;
struct sim_frame {
    std::optional<sim_message> message;
    sim_notes notes;
};

class sim_network;

// Somebody in the network. This one is mute.
class sim_node {
public:
    explicit sim_node(std::string name) : id(std::move(name)) {}
    sim_node(const sim_node&) = delete;
    sim_node& operator=(const sim_node&) = delete;
    virtual ~sim_node() = default;

    virtual void connected(const std::string& peer, bool is_client) = 0;
    virtual void disconnected(const std::string& peer) = 0;
    virtual void take(const std::string& peer, const sim_frame& frame) = 0;
    // The next frame for the peer, if there is one.
    virtual std::optional<sim_frame> give(const std::string& peer) = 0;
    virtual bool work(
        test::dice& die) = 0;  // something that is not sending; false: there is nothing
    virtual void tick(std::int64_t now) = 0;

    std::string id;
    bool is_stalled = false;
    std::vector<std::string> peers;
};

// One that runs the machine over a log and a store of clocks.
class honest_node : public sim_node, public host {
public:
    using validator = std::function<bool(const sim_log&, const sim_message&)>;

    honest_node(std::string name, sim_network& of, const options& chosen);

    // Our own log.
    void append(const std::string& author, const sim_body& body = {});
    void follow(const std::string& feed, bool is_followed = true);
    void block(const std::string& who, const std::string& whom, bool is_blocked = true);
    // Forgets all, or what the machine knows, and starts again.
    void start_over(bool keeps_store);
    [[nodiscard]] std::int64_t height(std::string_view feed) const;
    [[nodiscard]] bool is_complete() const;  // progress()
    void check() const;                      // what must hold at any time

    void connected(const std::string& peer, bool is_client) override;
    void disconnected(const std::string& peer) override;
    void take(const std::string& peer, const sim_frame& frame) override;
    std::optional<sim_frame> give(const std::string& peer) override;
    bool work(test::dice& die) override;
    void tick(std::int64_t now) override;

    void get_clock(stream from, std::string_view peer) override;
    void set_clock(std::string_view peer, std::span<const clock_entry> changed) override;
    void get_at(feed_number feed, std::int64_t sequence, std::int64_t following) override;
    void append(stream from, message&& what) override;
    [[nodiscard]] bool is_feed(std::string_view feed) const override;
    void end(stream which, end_reason why) override;
    void wake(stream which, bool urgent) override;

    std::unique_ptr<machine> m;
    sim_store store;
    std::map<std::string, std::map<std::string, std::int64_t>, std::less<>> clocks;
    validator is_valid;
    std::map<receipt, std::uint64_t> receipts;
    std::uint64_t rejections = 0;
    std::vector<end_reason> ends;

private:
    void store_message(const sim_message& what, const message& handle);
    void append_one();
    void answer_read(std::size_t which);

    sim_network& network_;
    options options_;
    std::map<std::string, stream, std::less<>> streams_;
    std::map<std::pair<std::string, std::string>, std::int64_t> last_notes_;  // peer, feed
    std::deque<std::pair<stream, message>> appends_;
    std::vector<std::pair<feed_number, std::int64_t>> asked_;  // reads that have not begun
    std::vector<std::pair<feed_number, std::int64_t>> reads_;
};

struct sim_counts {
    std::uint64_t messages = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t note_frames = 0;
    std::uint64_t note_entries = 0;
};

class sim_network {
public:
    explicit sim_network(std::uint32_t seed) : die(seed) {}

    honest_node& add(const std::string& id, options chosen = {});
    // Takes the place of who has this id.
    void add(std::unique_ptr<sim_node> node);
    // The first dials the second.
    void connect(const std::string& client, const std::string& server);
    void disconnect(const std::string& one, const std::string& other);
    [[nodiscard]] bool are_connected(const std::string& one, const std::string& other) const;

    // Something, by chance; false where there is nothing left to do.
    bool step();
    void drain() {
        while (step()) {
        }
    }
    // Drains and lets all timers fire, until that leads to nothing.
    void run();
    void fire_timers();

    test::dice die;
    std::int64_t now = 0;
    bool holds_notes = false;  // notes go out only when no message can
    bool is_for_messages = false;
    sim_counts counts;
    // Every frame that arrives.
    std::function<void(const std::string& from, const std::string& to, const sim_frame&)> watch;

private:
    bool step_of_anybody();
    bool deliver_from(sim_node& node);

    std::vector<std::unique_ptr<sim_node>> nodes_;
    std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace rhumb::overlay::ebt
