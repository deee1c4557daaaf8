// Replication at work: the EBT machine, and around it what it asks for. A frame that comes in is
// taken apart, its message verified by the pool, appended by the store's thread, and announced once
// it is durable; what the log is asked for is read ahead and kept for a while.
//
//     frame ──> machine ──> verifiers ──> archive ──> machine.on_append ──> links
//                  └─ reads ─> log_cache <── archive
//
// Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"
#include "controlplane/overlay/service/archive.hh"
#include "controlplane/overlay/service/log_cache.hh"
#include "controlplane/overlay/service/ordered_pool.hh"
#include "controlplane/overlay/service/post.hh"
#include "controlplane/overlay/wire/classic_message.hh"
#include "controlplane/overlay/wire/identity.hh"
#include "controlplane/overlay/wire/notes.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

using message_text = std::shared_ptr<const std::string>;

// Where a stream of ebt.replicate goes out. None of these may call the replicator back.
class replication_link {
public:
    replication_link() = default;
    replication_link(const replication_link&) = delete;
    replication_link& operator=(const replication_link&) = delete;
    virtual ~replication_link() = default;

    virtual void send_message(const message_text& text) = 0;
    virtual void send_notes(std::span<const note_entry> notes) = 0;
    virtual void end(ebt::end_reason why) = 0;
    // Bytes that the socket has not taken yet.
    [[nodiscard]] virtual std::size_t unsent() const = 0;
    // Have replicator::flush called in a while: there are announcements, which can wait for others.
    virtual void flush_later() = 0;
};

// What happened to messages, since the start.
struct replication_counters {
    std::uint64_t received = 0;  // messages, from peers
    std::uint64_t appended = 0;  // of these, and of our own
    std::uint64_t sent = 0;
    std::uint64_t read = 0;        // from the store, to be sent
    std::uint64_t duplicates = 0;  // received, and there already
    std::uint64_t gaps = 0;
    std::uint64_t unrequested = 0;
    std::uint64_t invalid = 0;  // malformed, or not signed by their author
    std::uint64_t forks = 0;
    std::uint64_t notes_received = 0;  // entries
    std::uint64_t notes_sent = 0;
    std::uint64_t store_errors = 0;
};

class replicator final : private ebt::host {
public:
    struct settings {
        std::int64_t switch_timeout = 3000;           // milliseconds
        std::size_t verifiers = 1;                    // threads
        std::size_t window = std::size_t{256} << 10;  // bytes that wait for one peer's socket
    };
    // What the store knows at the start.
    struct known {
        std::vector<stored_feed> feeds;
        std::vector<std::pair<key32, key32>> blocks;
        // The own feed must come back from peers before anything is added to it.
        bool is_learning = false;
        std::vector<key32> configured{};  // feeds that are followed, whatever the store says
    };

    replicator(const identity& own, archive& kept, post_function post, const settings& chosen,
               const known& start);

    // Streams. A peer's newer one ends the older.
    [[nodiscard]] result<ebt::stream> open(const key32& peer, int version, bool is_client,
                                           replication_link& to);
    // Whether what the peer is known to have has been read; until then nothing may be taken from
    // it.
    [[nodiscard]] bool is_ready(ebt::stream which) const { return machine_.is_ready(which); }
    // One JSON value that came in: a message, or notes. An error is the peer's fault.
    [[nodiscard]] result<void> frame(ebt::stream from, std::string_view json);
    // Notes that are too many for one turn of the loop. Nothing else of this stream may be taken
    // until `done` says whether they were good.
    using done_function = std::function<void(result<void>)>;
    void notes(ebt::stream from, std::string_view json, done_function done);
    // The socket has room again, or it is time for what could wait.
    void flush(ebt::stream to);
    // The link will not be used again.
    void close(ebt::stream which);
    // Every settings::switch_timeout.
    void tick();

    // Commands; durable when `done` is called.
    void follow(const key32& feed, bool on, done_function done);
    void block(const key32& by, const key32& target, bool on, done_function done);
    // The content is JSON.
    using published_function = std::function<void(result<classic_message>)>;
    void publish(std::string_view content, published_function done);

    // While the own feed is being learned, nothing is published. It is known again when a peer has
    // sent all that any of them says there is of it, and for a while nobody says more; or when
    // somebody who knows says so.
    [[nodiscard]] bool is_learning() const noexcept { return is_learning_; }
    void end_learning(done_function done);
    // Whether a peer says that there is more of the own feed than is here, so that the store may be
    // an older copy: nothing is published then, until that has come. Nobody is waited for longer
    // than a few times settings::switch_timeout in which nothing came.
    [[nodiscard]] bool is_behind() const;
    // What peers say of the own feed is not believed for some minutes, unless more of it comes.
    void ignore_claims();
    // Called when publishing may go on that was refused for one of these reasons.
    void on_may_publish(std::function<void()> may) { may_publish_ = std::move(may); }

    // Called for each message that has become durable.
    using heard_function =
        std::function<void(const key32& feed, std::int64_t sequence, const message_text& text)>;
    void on_message(heard_function heard) { heard_ = std::move(heard); }
    // Called when a feed has been proven to fork.
    void on_fork(std::function<void(const key32&)> forked) { forked_ = std::move(forked); }

    [[nodiscard]] bool follows(const key32& feed) const {
        return followed_.contains(feed) || is_configured(feed);
    }
    // The configuration names the feed, so that it is followed whatever is asked for.
    [[nodiscard]] bool is_configured(const key32& feed) const { return configured_.contains(feed); }
    // By us.
    [[nodiscard]] bool has_blocked(const key32& peer) const { return blocked_.contains(peer); }
    [[nodiscard]] const ebt::machine& machine() const noexcept { return machine_; }
    [[nodiscard]] const replication_counters& counters() const noexcept { return counters_; }
    // The last error of the store, empty where there was none.
    [[nodiscard]] const std::string& store_error() const noexcept { return store_error_; }
    [[nodiscard]] std::size_t waiting_for_verifiers() const noexcept { return verifying_; }
    // Messages that are being verified, and what the store has not done yet.
    [[nodiscard]] std::size_t waiting() const { return verifying_ + archive_.waiting(); }

private:
    struct candidate {
        ebt::stream from;
        ebt::feed_number feed = ebt::no_feed;
        std::shared_ptr<classic_message> message;
        bool is_valid = false;
    };
    struct read_texts {
        std::vector<message_text> texts;
        bool is_cut = false;  // there are more
    };
    struct open_link {
        ebt::stream at;
        replication_link* link;
    };

    // ebt::host
    void get_clock(ebt::stream from, std::string_view id) override;
    void set_clock(std::string_view id, std::span<const ebt::clock_entry> changed) override;
    void get_at(ebt::feed_number feed, std::int64_t sequence, std::int64_t following) override;
    void append(ebt::stream from, ebt::message&& what) override;
    [[nodiscard]] bool is_feed(std::string_view id) const override;
    void end(ebt::stream which, ebt::end_reason why) override;
    void wake(ebt::stream which, bool urgent) override;

    [[nodiscard]] result<void> take_message(ebt::stream from, std::string_view json);
    [[nodiscard]] result<void> take_notes(ebt::stream from, std::string_view json);
    void take_entries(ebt::stream from, std::shared_ptr<std::vector<note_entry>> entries,
                      std::size_t first, done_function done);
    void count(ebt::receipt what);
    void verified(std::vector<candidate> candidates);
    void store_message(ebt::stream from, ebt::feed_number feed,
                       std::shared_ptr<const classic_message> message);
    void stored(ebt::stream from, ebt::feed_number feed, const classic_message& message,
                const message_text& text, const result<append_outcome>& outcome);
    void answer_reads(ebt::feed_number feed, std::int64_t from, const result<read_texts>& got);
    void store_failed(const error& why);
    void look_at_own_feed();
    void look_at_hold();
    void let_publish();
    [[nodiscard]] replication_link* link_of(ebt::stream which);
    // Runs the machine, and does what it has made due, until nothing is.
    void settle();
    void send_to(const open_link& to);

    const identity& own_;
    archive& archive_;
    settings settings_;
    ebt::machine machine_;
    post_function post_;
    const std::shared_ptr<int> alive_ =
        std::make_shared<int>();  // what is posted may come too late
    bool is_due_ = false;         // settle() is posted
    log_cache cache_;
    message_reader reader_;
    std::set<key32> followed_;  // as was asked for
    std::set<key32> configured_;
    std::set<key32> blocked_;
    chain_position own_head_;     // with what is not durable yet
    bool own_head_lost_ = false;  // an append of ours failed: ask the store
    bool is_learning_;
    int quiet_ticks_ = 0;  // at which nobody had more of the own feed than is here
    int held_ticks_ = 0;   // at which somebody had, and nothing of it came; below 0: not waited for
    bool is_refused_ = false;  // somebody was not let publish, and waits
    std::vector<open_link> links_;
    std::vector<ebt::stream> awake_;
    std::vector<candidate> to_verify_;
    notes_reader notes_reader_;
    std::vector<note_entry> entries_;
    std::vector<ebt::note> notes_;
    std::size_t verifying_ = 0;
    bool settling_ = false;
    replication_counters counters_;
    std::string store_error_;
    heard_function heard_;
    std::function<void(const key32&)> forked_;
    std::function<void()> may_publish_;
    ordered_pool<candidate> pool_;
};

}  // namespace rhumb::overlay
