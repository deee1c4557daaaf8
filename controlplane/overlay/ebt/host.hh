// What the EBT machine is given, and what it asks of who runs it (the reference's options in C++).
// Messages are opaque: the wire that knows their form says author, sequence and size; the body is a
// shared handle which is passed on and never looked at, a reference-counted buffer or whatever the
// host can find its message by. Threads: one, that of the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "controlplane/overlay/ebt/keyed_hash.hh"
#include "controlplane/overlay/ebt/note.hh"

namespace rhumb::overlay::ebt {

// A feed's place in the machine that knows it; it keeps it for ever.
using feed_number = std::uint32_t;
using peer_number = std::uint32_t;
inline constexpr feed_number no_feed = UINT32_MAX;
inline constexpr peer_number no_peer = UINT32_MAX;

// One call of ebt.replicate. What comes for one that is closed, or replaced by a newer one of the
// same peer, is ignored.
struct stream {
    peer_number peer = no_peer;
    std::uint32_t session = 0;

    friend bool operator==(const stream&, const stream&) = default;
};

struct message {
    feed_number feed = no_feed;
    std::uint32_t size = 0;  // bytes on the wire, for the bounds of queues
    std::int64_t sequence = 0;
    std::shared_ptr<const void> body;
};

struct clock_entry {
    std::string_view feed;
    std::int64_t sequence = absent;
};

struct note {
    std::string_view feed;
    std::int64_t value = malformed_note;
};

struct options {
    std::int64_t timeout = 3000;  // milliseconds: a source that is silent for so long is replaced
    std::size_t window = std::size_t{256} * 1024;  // bytes queued for one peer; then reading stops
    std::uint32_t reads = 256;          // reads of the log that are under way for one peer
    std::size_t strangers = 8192;       // unknown feeds of one peer that are remembered
    std::size_t remembered_peers = 32;  // peers that are gone whose clocks stay in memory
    std::int64_t claimed_lead =
        100'000;   // what progress believes of a peer's claim beyond our head
    hash_key key;  // random, of this process
};

enum class end_reason : std::uint8_t {
    blocked,      // the peer is blocked by us: end without an error
    reconnected,  // the peer has a newer stream: end with the error "reconnected to peer"
};

// Calls come from within machine::run() and create_stream(). Any event may be reported from inside
// them; run() itself may not.
class host {
public:
    host() = default;
    host(const host&) = delete;
    host& operator=(const host&) = delete;
    virtual ~host() = default;

    // Load what peer `id` is known to have, and answer by machine::peer_clock, at once or later,
    // with nothing where there is nothing. Until then nothing is read from this stream.
    virtual void get_clock(stream from, std::string_view id) = 0;
    // Keep these entries of the peer's clock, the others stay. `absent` erases one.
    virtual void set_clock(std::string_view id, std::span<const clock_entry> changed) = 0;
    // Read one message of our log and answer by machine::retrieved or machine::not_retrieved, at
    // once or later. After it the next `following` ones are likely to be asked for.
    virtual void get_at(feed_number feed, std::int64_t sequence, std::int64_t following) = 0;
    // Verify and store a message; it is the next of its feed. Then machine::on_append, once it is
    // safe, or machine::rejected.
    virtual void append(stream from, message&& what) = 0;
    // Is this a well-formed id of the format? request() ignores others.
    [[nodiscard]] virtual bool is_feed(std::string_view id) const = 0;
    // The stream is closed on our side; its wire is to be ended. machine::close need not be called.
    virtual void end(stream which, end_reason why) = 0;
    // There is something to send: next_message, then next_notes, until both say no. Not `urgent`:
    // nothing but announcements, which may be held back for some 100 ms, to be one frame.
    virtual void wake(stream which, bool urgent) = 0;
};

}  // namespace rhumb::overlay::ebt
