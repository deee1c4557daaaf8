// What is known of each origin: the numbers that were seen lately, so that old messages cannot be
// replayed when their names are forgotten; and, where delivery is in the origin's order, what waits
// for a number that is missing. The first message of an origin begins its order. What is missing is
// given up after a time, or when too much waits for it.
// Bounded: the origin that was heard longest ago is forgotten for a new one.
// Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/broadcast/deadlines.hh"
#include "controlplane/overlay/broadcast/keyed_hash.hh"
#include "controlplane/overlay/broadcast/name_table.hh"
#include "controlplane/overlay/broadcast/outbox.hh"

namespace rhumb::overlay::broadcast {

class origins {
public:
    // How far below the highest number of its origin a message may be.
    static constexpr std::uint64_t window = 512;

    origins(const order_options& order, std::size_t most, const secret& key);

    // Whether the number was seen, or is too far below the highest to tell.
    [[nodiscard]] bool stale(const message_id& id) const noexcept;
    // A message that is new and valid. False: it is stale. Otherwise it is delivered, now or later.
    bool take(const message_id& id, std::uint16_t hops, std::span<const byte> payload,
              const turn& t);

    [[nodiscard]] time_point deadline() const noexcept { return gaps_.first(); }
    void tick(const turn& t);

    [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

private:
    struct held {
        std::uint64_t sequence;
        std::uint16_t hops;
        std::vector<byte> payload;
    };
    struct state {
        peer_key key{};
        std::uint64_t name = 0;
        std::uint64_t highest = 0;
        // Bit n: the number of the window that is n modulo its size.
        std::array<std::uint64_t, window / 64> seen{};
        std::uint64_t next = 0;        // to be delivered, in order
        std::vector<held> waiting;     // by number
        std::uint32_t generation = 0;  // of its gap
        std::uint32_t newer = name_table::none;
        std::uint32_t older = name_table::none;
    };

    std::uint32_t find_or_add(const message_id& id, const turn& t);
    void touch(std::uint32_t number);
    void unlink(std::uint32_t number);
    void link_newest(std::uint32_t number);
    static void mark(state& of, std::uint64_t sequence) noexcept;
    static bool seen(const state& of, std::uint64_t sequence) noexcept;
    void hold(std::uint32_t number, const message_id& id, std::uint16_t hops,
              std::span<const byte> payload, const turn& t);
    void give_up_gap(state& of, const turn& t);
    void deliver_waiting(state& of, const turn& t);
    void watch_gap(std::uint32_t number, const turn& t);
    void empty(state& of, const turn& t);

    order_options order_;
    std::size_t most_;
    keyed_hash hash_;
    name_table table_;
    std::vector<state> states_;
    std::uint32_t newest_ = name_table::none;
    std::uint32_t oldest_ = name_table::none;
    std::size_t waiting_bytes_ = 0;
    deadlines gaps_;
};

// Adds a deliver action.
void deliver(const message_id& id, std::uint16_t hops, std::span<const byte> payload,
             const turn& t);

}  // namespace rhumb::overlay::broadcast
