// Packets whose neighbour is not resolved yet (RFC 1122 section 2.3.2.2, RFC 4861 section 7.2.2): a
// few for each neighbour, of which the latest stay, and each for a short while only.
// Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/neighbours/interfaces.hh"

namespace rhumb::neighbours {

using neighbour_id = std::uint32_t;
using packet = std::vector<byte>;

class waiting_room {
public:
    // Packets that went without being sent, by why.
    struct drops {
        std::uint64_t overflow = 0;   // newer ones needed the room
        std::uint64_t expired = 0;    // no answer in time
        std::uint64_t discarded = 0;  // the neighbour is unreachable, or nobody wants it any more
    };

    waiting_room(std::size_t per_neighbour, std::size_t total, duration time)
        : per_neighbour_(per_neighbour), total_(total), time_(time) {}

    // False where there is no room for any packet at all.
    bool add(neighbour_id to, std::span<const byte> bytes, time_point now);
    // Oldest first; they are gone from here.
    [[nodiscard]] std::vector<packet> take(neighbour_id to);
    void discard(neighbour_id to);
    void expire(time_point now);

    [[nodiscard]] std::size_t count(neighbour_id to) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return packets_.size(); }
    [[nodiscard]] std::optional<time_point> next_deadline() const;
    [[nodiscard]] const drops& dropped() const noexcept { return dropped_; }

private:
    struct one {
        neighbour_id to = 0;
        time_point until;
        packet bytes;
    };

    std::size_t per_neighbour_;
    std::size_t total_;
    duration time_;
    // In the order in which they came, which is that in which they expire. At most `total_`, so
    // they are looked through.
    std::list<one> packets_;
    drops dropped_;
};

}  // namespace rhumb::neighbours
