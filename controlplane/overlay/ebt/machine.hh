// Epidemic Broadcast Trees, version 3: replicates append-only feeds with any number of peers.
// Events go in, and what they make due comes out of run(), next_message() and next_notes(). No I/O,
// and no clock: time is what tick() and set_time() say, in milliseconds that never go back.
//
// For each feed one peer is the source (rx on) and sends all of it; others are on standby and only
// announce. A source that is silent, refuses, or goes away is replaced by the one that claims most.
// docs/ebt.md tells what a peer on the wire sees, and where this differs from the reference.
//
//     machine m(our_id, host, {.key = random});
//     m.load_clock(heads of the log);  m.request(feed);
//     s = m.create_stream(peer, 3, is_client);         // host::get_clock -> m.peer_clock(s, ...)
//     m.notes(s, ...);  m.receive(s, ...);  m.run();   // host::append -> m.on_append(...)
//     host::wake(s): while (m.next_message(s, what)) send; while (m.next_notes(s, 1000, ...)) send;
//     every options.timeout: m.tick(now);  m.run();
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/feeds.hh"
#include "controlplane/overlay/ebt/fifo.hh"
#include "controlplane/overlay/ebt/host.hh"
#include "controlplane/overlay/ebt/peer.hh"
#include "controlplane/overlay/ebt/state.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay::ebt {

// What became of a message that came in.
enum class receipt : std::uint8_t {
    queued,       // the next of its feed: run() hands it to the log
    duplicate,    // it is here, or is being appended
    gap,          // one before it is missing
    frozen,       // the feed forked
    unrequested,  // nobody asked this peer for the feed: it speaks wrongly
    closed,       // there is no such stream
};

enum class rejection : std::uint8_t {
    invalid,  // bad signature, or it does not follow: this feed is not taken from this peer again
    dropped,  // no fault of the message; it is asked for again at the next tick
};

class machine {
public:
    machine(std::string id, host& environment, const options& chosen = {});

    // Our log. load_clock sets heads and leaves those that are not named as they were; a head may
    // go down, where the log has lost something. A feed has its number from when it is first named.
    void load_clock(std::span<const clock_entry> heads);
    feed_number feed_of(std::string_view id) { return intern(id); }
    [[nodiscard]] std::string_view id_of(feed_number feed) const { return feeds_.id(feed); }
    [[nodiscard]] std::int64_t head_of(std::string_view id) const;
    // The most that an open peer says it has of a feed; of a source that stalled while others had
    // more, too, it does not count. `absent`: nobody says anything.
    [[nodiscard]] std::int64_t claimed_of(std::string_view feed) const;
    // For each message, own or received, once, when it is stored so that nothing can lose it.
    void on_append(const message& what);
    // Of what was offered after it, nothing follows any more; whoever has it is asked again.
    void rejected(stream from, feed_number feed, std::int64_t sequence, rejection why);
    // A message of the feed that could not even be read: none is taken from this peer again.
    void refuse(stream from, std::string_view feed);
    // Answers to host::get_at.
    void retrieved(const message& what);
    void not_retrieved(feed_number feed, std::int64_t sequence);

    // What is wanted.
    void request(std::string_view feed, bool is_wanted = true);
    void block(std::string_view who, std::string_view whom, bool is_blocked = true);
    // A feed that forked: it is not asked for any more, and nobody is told; what we have of it is
    // still sent.
    void freeze(std::string_view feed, bool is_frozen = true);

    // Streams. A newer one of the same peer ends the older. Errors: a version that is not 3.
    // A peer that is remembered is ready at once, without host::get_clock.
    result<stream> create_stream(std::string_view peer, int version, bool is_client);
    [[nodiscard]] bool is_ready(stream which) const;  // its clock is known: read from it
    void peer_clock(stream of, std::span<const clock_entry> clock);
    void close(stream which);
    // Forgets what a peer that is not connected is known to have; the stored clock is the host's.
    void forget(std::string_view peer);

    // What comes in. Notes before peer_clock are an error of the host, and ignored.
    receipt receive(stream from, std::string_view author, std::int64_t sequence, std::uint32_t size,
                    std::shared_ptr<const void> body);
    void notes(stream from, std::span<const note> said);
    // Would receive() queue it? To be asked before a message is taken apart or verified.
    [[nodiscard]] bool wanted(stream from, std::string_view author, std::int64_t sequence) const;

    void set_time(std::int64_t now) { now_ = now > now_ ? now : now_; }
    void tick(std::int64_t now);
    // Does what events made due: messages to the log, reads of the log, wakes. After `most` reads
    // it leaves off; whether that is so, and it is to be called again.
    bool run(std::size_t most = SIZE_MAX);

    // What goes out: messages first, then notes. A frame of notes has at most `limit` entries, and
    // may have none; the ids are good until the next event.
    [[nodiscard]] bool next_message(stream to, message& what);
    [[nodiscard]] bool next_notes(stream to, std::size_t limit, std::vector<note>& said);

    [[nodiscard]] progress_view progress() const;
    // Of the feeds with these numbers, which are small, and dense.
    [[nodiscard]] state_view state(feed_number first = 0, std::size_t count = SIZE_MAX) const;
    [[nodiscard]] std::size_t feeds() const { return feeds_.size(); }

private:
    friend struct machine_loader;  // tests put a machine into any state by it

    // Looking up.
    [[nodiscard]] peer* find(stream which);
    [[nodiscard]] const peer* find(stream which) const;
    [[nodiscard]] link& at(peer& p, feed_number f);
    [[nodiscard]] const link& at(const peer& p, feed_number f) const;
    link& touch(peer& p, feed_number f);
    feed_number intern(std::string_view id);
    [[nodiscard]] bool is_shared(const link& l, feed_number f) const {
        return feeds_[f].is_followed && !l.is(link::barred);
    }
    [[nodiscard]] std::uint32_t stamp() const { return static_cast<std::uint32_t>(now_); }
    [[nodiscard]] bool has_aged(std::uint32_t since, std::int64_t by) const {
        return stamp() - since > by;  // modulo 2^32
    }
    // What a message takes of a queue's bounds.
    [[nodiscard]] static std::size_t cost_of(const message& m) { return sizeof(m) + m.size; }
    [[nodiscard]] stream stream_of(const peer& p) const {
        return {.peer = p.number, .session = p.session};
    }

    // Streams (machine_streams.cc).
    peer_number record_of(std::string_view id);
    void disconnect(peer_number number);
    std::vector<clock_entry> clock_to_save(peer& p);
    void end_session(peer& p);
    void forget_oldest();
    void mention_all(peer& p);
    void mention(peer& p, feed_number f, link& l);
    [[nodiscard]] bool is_to_mention(const link& l, feed_number f) const;
    template <class Function>
    void each_to_mention(const peer& p, Function each) const;

    // Notes (machine_notes.cc).
    void set_note(peer& p, feed_number f, std::int32_t sequence, bool rx, bool is_urgent = true);
    void take_note(peer& p, feed_number f, note_meaning said);
    void answer_note(peer& p, feed_number f, link& l, note_meaning said);
    void say_no(peer& p, feed_number f, link& l, bool is_news);
    void follow_at(peer& p, feed_number f, bool& is_asked);
    void queue_read(peer& p, feed_number f, link& l);
    void read_on(peer& p, feed_number f, link& l);
    void awake(peer& p, bool is_urgent);
    void push(peer& p, const message& what);
    [[nodiscard]] bool can_read(const peer& p) const;
    void read_for(stream which, std::size_t& left);
    void forget_offers(feed_number f, std::int64_t from = 1);
    void bar_liar(peer& p, feed_number f);
    void end_blocked();
    void wake_all();

    // Views (state.cc).
    [[nodiscard]] peer_view view_of(const peer& p, feed_number first, feed_number end) const;
    void add_strangers(const peer& p, peer_view& view, std::size_t most) const;

    // Sources (machine_sources.cc).
    [[nodiscard]] peer* source_of(feed_number f, const peer& except) const;
    [[nodiscard]] bool owes_nothing(const link& l, feed_number f) const;
    [[nodiscard]] bool keeps_source(const peer& p, const link& l, feed_number f) const;
    [[nodiscard]] bool is_backing_off(const link& l) const;
    [[nodiscard]] peer* best_for(feed_number f, const peer* except);
    [[nodiscard]] bool is_available(feed_number f, const peer& except);
    void ask(peer& p, feed_number f);
    void consider(peer& p, feed_number f, std::int32_t claimed);
    void lose_source(peer& p, feed_number f);
    void reassign(feed_number f);
    void reassign_orphans();
    void orphan(feed_number f);
    void end_hold(feed_number f);
    [[nodiscard]] bool can_ask(const link& l, feed_number f) const;
    void collect_stalled(peer_number number, std::vector<std::pair<feed_number, peer_number>>& all);
    void rotate(feed_number f, peer_number from);
    void bar(peer& p, feed_number f);

    std::string id_;
    host& host_;
    options options_;
    feed_table feeds_;
    std::vector<std::unique_ptr<peer>> peers_;  // by number; null where one was forgotten
    std::unordered_map<std::string, peer_number, keyed_hash, std::equal_to<>> numbers_;
    std::vector<peer_number> connected_;  // in the order in which they came
    std::map<std::string, std::set<std::string>, std::less<>> blocks_;  // who: whom
    struct arrival {
        stream from;
        message what;
    };
    fifo<arrival> arrivals_;            // for the log
    std::vector<feed_number> orphans_;  // followed, without a source, and somebody may have more
    std::vector<peer_number> to_wake_;
    std::size_t first_reader_ = 0;  // of connected_, for which the log is read next
    std::int64_t now_ = 0;
    std::uint32_t ticked_ = 0;  // the time of the last tick
    std::uint32_t sessions_ = 0;
    bool is_running_ = false;
};

}  // namespace rhumb::overlay::ebt
