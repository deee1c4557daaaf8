// What the machine knows of one peer, and of each feed on the link to it: 32 bytes for a pair.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/ebt/fifo.hh"
#include "controlplane/overlay/ebt/host.hh"
#include "controlplane/overlay/ebt/strangers.hh"

namespace rhumb::overlay::ebt {

// Not heard yet what the peer has, in this session.
inline constexpr std::int32_t unknown = -2;

struct link {
    enum : std::uint16_t {
        entry = 1 << 0,        // one side has mentioned the feed in this session
        tx = 1 << 1,           // the peer wants it from us
        rx = 1 << 2,           // we want it from the peer
        noted = 1 << 3,        // a note (requested, rx) waits to be sent
        queued = 1 << 4,       // stands in `reads`
        delivered = 1 << 5,    // something new has come since it was asked
        refused = 1 << 6,      // its last note was -1
        barred = 1 << 7,       // the feed blocks the peer
        touched = 1 << 8,      // stands in `touched`
        heard = 1 << 9,        // `claimed` is not what is stored
        listed = 1 << 10,      // stands in `asked_feeds`
        unreadable = 1 << 11,  // the log did not give what the peer wants
    };
    static constexpr std::uint16_t lasting = barred;  // what outlives a session

    std::int32_t claimed = absent;  // what the peer says it has, or has sent: its clock
    std::int32_t sent = unknown;    // what we think it has
    std::int32_t requested = 0;     // the sequence of our last note
    std::int32_t reading = 0;       // the log is asked for this one; 0 for none
    // Times in milliseconds that wrap around; for durations only.
    std::uint32_t asked = 0;
    std::uint32_t active = 0;  // asked, or something new has come
    std::uint32_t failed = 0;
    std::uint16_t flags = 0;
    std::uint8_t failures = 0;  // claims in a row that it did not keep
    std::uint8_t run = 0;       // messages that were read one after the other, before other feeds

    [[nodiscard]] bool is(std::uint16_t flag) const { return (flags & flag) != 0; }
    void set(std::uint16_t flag, bool on = true) {
        flags = static_cast<std::uint16_t>(on ? flags | flag : flags & ~flag);
    }
};
static_assert(sizeof(link) <= 32);

enum class wake_level : std::uint8_t { none, announcements, urgent };

struct peer {
    peer(std::string_view name, peer_number place, const options& chosen)
        : id(name), number(place), strangers(chosen.key, chosen.strangers) {}

    std::string id;
    peer_number number;
    std::uint32_t session = 0;
    bool is_connected = false;
    bool is_client = false;   // we opened the call
    bool is_blocked = false;  // by us
    bool is_loaded = false;   // its clock is known
    bool is_open = false;     // we may speak: the server at once, the client after the first notes
    bool has_notes = false;   // a frame is due, even an empty one
    bool is_urgent = false;   // there is more in it than announcements
    wake_level told = wake_level::none;  // what the host was told, as long as it has not taken all
    bool waits_for_wake = false;
    std::int64_t active = absent;  // when something useful came, absent for never
    std::int64_t combed = 0;       // when all feeds asked from it were last looked at
    std::uint64_t entries_received = 0;
    std::uint32_t claims_kept = 0;
    std::uint32_t claims_broken = 0;

    std::vector<link> links;               // by feed; shorter where the last ones are as new
    std::vector<feed_number> touched;      // whose links this session has used
    std::vector<feed_number> pending;      // whose notes wait
    std::vector<feed_number> asked_feeds;  // all with rx on, and some with rx off again
    std::vector<feed_number> differing;    // when its last session ended, of what was known then
    std::uint64_t seen_changes = 0;        // changes up to here are told, or in `differing`
    fifo<feed_number> reads;               // whose next message is to be read
    std::uint32_t reading = 0;             // reads under way
    fifo<message> out;
    std::size_t out_bytes = 0;
    stranger_list strangers;
};

}  // namespace rhumb::overlay::ebt
