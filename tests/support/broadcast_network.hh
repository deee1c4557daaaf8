// A network of broadcast nodes (controlplane/overlay/broadcast/node.hh) in one process: links with
// a delay, losses and failures, on a clock that jumps from event to event. The same seed makes the
// same run. Frames are bytes, as on the wire; those of one link arrive in their order.
// Threads: one.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "controlplane/overlay/broadcast/node.hh"
#include "tests/support/dice.hh"

namespace rhumb::test {

struct broadcast_links {
    overlay::broadcast::duration latency = std::chrono::milliseconds(1);
    // A link has a delay of its own from latency to latency + spread.
    overlay::broadcast::duration spread{};
    double loss = 0;  // part of GOSSIP, IHAVE, GRAFT, PRUNE, ACK that is lost
    // Whether who sends to a node that has failed learns it (lost), one latency later.
    bool detect = true;
    // When the host answers verify actions.
    overlay::broadcast::duration verification{};
};

// Of one message.
struct broadcast_record {
    std::size_t origin = 0;
    overlay::broadcast::time_point sent;
    std::size_t delivered = 1;    // nodes that have it, the origin included
    std::uint16_t last_hops = 0;  // of all deliveries, the most
    overlay::broadcast::duration last{};
    double latency_sum = 0;  // seconds
    std::vector<bool> at;    // by node
};

// Frames that arrived at live nodes.
struct broadcast_tally {
    std::array<std::uint64_t, overlay::broadcast::frame_types> frames{};
    std::uint64_t bytes = 0;
    [[nodiscard]] std::uint64_t of(overlay::broadcast::frame_type type) const {
        return frames[static_cast<std::size_t>(type)];
    }
    [[nodiscard]] std::uint64_t payload() const {
        return of(overlay::broadcast::frame_type::gossip);
    }
    // IHAVE, GRAFT, PRUNE, and ACK.
    [[nodiscard]] std::uint64_t control() const;
};

struct overlay_views {
    std::vector<std::vector<std::uint32_t>> active;
    std::vector<std::vector<std::uint32_t>> passive;
};

class broadcast_network {
public:
    using node = overlay::broadcast::node;
    using duration = overlay::broadcast::duration;
    using time_point = overlay::broadcast::time_point;

    broadcast_network(std::size_t nodes, const overlay::broadcast::options& each,
                      const broadcast_links& links, std::uint32_t seed);

    // Node after node, each through one that is there, `apart`.
    void join_all(duration apart);
    // All views at once, without a single frame on the way: what another network has come to.
    void adopt(const overlay_views& views);
    [[nodiscard]] overlay_views views() const;

    void run_for(duration time);
    // A message of a few bytes; its number.
    std::size_t broadcast(std::size_t from);
    // A message, and time for it to spread.
    const broadcast_record& broadcast_for(std::size_t from, duration time);

    void fail(std::size_t n);
    // All that have a neighbour that failed learn it.
    void report_failures();
    void join(std::size_t n, std::size_t contact);
    void set_detection(bool on) { links_.detect = on; }
    void set_loss(double loss) { links_.loss = loss; }

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] bool alive(std::size_t n) const { return alive_[n]; }
    [[nodiscard]] std::size_t alive_count() const;
    std::size_t random_alive();
    [[nodiscard]] node& at(std::size_t n) { return nodes_[n]; }
    [[nodiscard]] const node& at(std::size_t n) const { return nodes_[n]; }
    [[nodiscard]] time_point now() const { return now_; }
    [[nodiscard]] const broadcast_record& record(std::size_t number) const {
        return records_[number];
    }
    [[nodiscard]] broadcast_tally& tally() { return tally_; }
    [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t misbehaviour() const { return misbehaviour_; }
    // (node, origin, sequence) of each delivery.
    std::function<void(std::size_t, std::size_t, std::uint64_t)> on_delivery;

    static overlay::broadcast::peer_key key_of(std::size_t n);
    static std::size_t number_of(const overlay::broadcast::peer_key& key);

private:
    enum class event_kind : std::uint8_t { frame, wake, lost, verified };
    struct event {
        std::int64_t at;
        std::uint64_t order;
        std::uint32_t where;
        std::uint32_t what;  // a flight, or the other node
        event_kind kind;
        bool operator<(const event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct flight {
        std::uint32_t from = 0;
        std::uint64_t ticket = 0;
        std::vector<byte> bytes;
    };

    void schedule(time_point when, event_kind kind, std::size_t where, std::size_t what);
    void happen(const event& e);
    void finish(std::size_t n);  // performs what node n wants
    void deliver(std::size_t n, const overlay::broadcast::action& a);
    void send(std::size_t from, const overlay::broadcast::action& a);
    [[nodiscard]] duration latency(std::size_t from, std::size_t to) const;
    std::uint32_t take_flight();
    bool lose(byte type);

    broadcast_links links_;
    dice dice_;
    std::deque<node> nodes_;
    std::vector<bool> alive_;
    std::vector<std::int64_t> wake_;  // when a node is to be woken next
    time_point now_;
    std::uint64_t order_ = 0;
    std::uint64_t events_ = 0;
    std::vector<event> queue_;  // a heap
    std::vector<flight> flights_;
    std::vector<std::uint32_t> free_flights_;
    overlay::broadcast::outbox out_;
    bool discard_ = false;
    std::vector<broadcast_record> records_;
    broadcast_tally tally_;
    std::uint64_t duplicates_ = 0;
    std::uint64_t misbehaviour_ = 0;
};

// What the graph of active views looks like, of live nodes.
struct overlay_shape {
    std::size_t edges = 0;
    std::size_t one_sided = 0;  // a has b for a neighbour, b does not have a
    std::size_t full = 0;       // nodes with as many neighbours as there may be
    std::size_t largest = 0;    // component
    double clustering = 0;
    double path_length = 0;  // mean of shortest paths, from `sources` random nodes
    std::size_t longest = 0;
};
[[nodiscard]] overlay_shape shape_of(const broadcast_network& network, std::size_t most_neighbours,
                                     std::size_t sources);

}  // namespace rhumb::test
