// What the overlay keeps: messages, how far each feed is, whom we follow and block, what peers said
// they have, proofs of forks. One SQLite file in WAL mode, of one process at a time.
//
// append() works within a transaction that commit() ends: what commit() has said yes to survives
// `kill -9` and the loss of power, so messages are announced to peers only then. If anything fails,
// nothing since the last commit has happened, and the store goes on from there.
//
// Threads: one at a time (the service gives it a thread of its own: commits wait for the disk).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/overlay/store/sqlite.hh"
#include "controlplane/overlay/wire/ids.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

// A message whose signature has been verified. Sequences count from 1.
struct verified_message {
    key32 author{};
    std::int64_t sequence = 0;
    key32 id{};                     // its own
    std::optional<key32> previous;  // the id of the one before, as it says
    std::string_view raw;           // as it was received or published
};

struct stored_message {
    std::int64_t sequence = 0;
    std::int64_t received_ms = 0;  // milliseconds since 1970
    key32 id{};
    std::string_view raw;
};

// How far a feed is.
struct feed_head {
    std::int64_t sequence = 0;  // of the last message; 0: none
    key32 id{};                 // of the last message
};

struct stored_feed {
    key32 key{};
    feed_head head;
    bool followed = false;
    bool frozen = false;  // its author has been proven to fork
};

enum class append_outcome : std::uint8_t {
    appended,
    duplicate,  // we have it
    gap,        // its predecessor is missing
    fork,       // another message of the author contradicts it: the proof is kept, the feed frozen
    frozen,     // the feed forked earlier
};

// Two messages, both signed by the author, that cannot be in one feed: of one sequence, or one
// after the other that does not name it as its predecessor.
struct fork_proof {
    key32 author{};
    std::int64_t found_ms = 0;
    std::string ours;    // the message that we keep
    std::string theirs;  // the other
};

// Whether a node may add to its own feed. One that has lost its store must learn first what it has
// signed before: another message of the same sequence would prove a fork.
enum class own_feed_state : std::uint8_t {
    undecided,  // of a store that has just been made
    learning,
    known,
};

// A peer that is to be dialled.
struct peer_address {
    key32 key{};
    std::string address;  // as it is dialled
};

// What a peer said of feeds: the last sequence it has, -1 if it does not replicate the feed. As a
// change, a sequence below -1 takes the feed out.
using peer_clock = std::vector<std::pair<key32, std::int64_t>>;

class store {
public:
    // Makes the file if there is none. Errors name it: not ours, of a newer version, in use.
    [[nodiscard]] static result<store> open(const std::string& file);

    // Appends where the message comes next. It is durable, and seen by others, after commit().
    [[nodiscard]] result<append_outcome> append(const verified_message& message,
                                                std::int64_t now_ms);
    [[nodiscard]] result<void> commit();
    // Appends since the last commit.
    [[nodiscard]] std::size_t uncommitted() const noexcept { return uncommitted_; }

    // The head of a feed with what is not committed yet.
    [[nodiscard]] feed_head head(const key32& feed) const;
    [[nodiscard]] std::vector<stored_feed> feeds() const;

    // Messages from `from` on in order, until `each` says false or there are no more.
    [[nodiscard]] result<void> read(const key32& feed, std::int64_t from,
                                    const std::function<bool(const stored_message&)>& each);
    [[nodiscard]] result<std::vector<fork_proof>> forks();

    // These are durable when they return; so is what was appended before.
    [[nodiscard]] result<void> follow(const key32& feed, bool on);
    // Feeds that the configuration names are followed as long as it does: the store only knows
    // them. Earlier versions kept them among those that were asked for; here they are taken out,
    // once.
    [[nodiscard]] result<void> know_configured(std::span<const key32> feeds);
    [[nodiscard]] result<void> block(const key32& by, const key32& target, bool on);
    [[nodiscard]] result<std::vector<std::pair<key32, key32>>> blocks();
    [[nodiscard]] result<own_feed_state> own_feed();
    [[nodiscard]] result<void> keep_own_feed(own_feed_state state);
    // Keeps the address; forgets it where `address` is empty.
    [[nodiscard]] result<void> keep_peer(const peer_address& peer);
    [[nodiscard]] result<std::vector<peer_address>> peers();
    // Feeds that are not in `changed` stay as they are. A clock is a hint: of feeds that the store
    // does not know, nothing is kept.
    [[nodiscard]] result<void> change_clock(const key32& peer, const peer_clock& changed);
    [[nodiscard]] result<peer_clock> clock(const key32& peer);

private:
    struct feed_row {
        std::int64_t number = 0;  // in the file
        stored_feed feed;
    };
    struct key_hash {
        // Keys are public keys or hashes, and whoever makes them may choose them: mixed with a
        // seed.
        std::array<std::uint8_t, 16> seed{};
        std::size_t operator()(const key32& key) const noexcept;
    };
    struct statements {
        sqlite::statement add_feed, set_head, add_message, read, freeze, follow, find, add_fork,
            add_block, drop_block, add_peer, drop_peer, set_clock, get_clock;
    };

    store(sqlite::database database, key_hash hash);
    [[nodiscard]] result<void> prepare();
    [[nodiscard]] result<void> load_feeds();
    [[nodiscard]] result<void> begin();
    [[nodiscard]] result<feed_row*> row_of(const key32& feed);
    [[nodiscard]] result<void> set_followed(const key32& feed, bool on);
    [[nodiscard]] result<append_outcome> contradiction(feed_row& row,
                                                       const verified_message& message,
                                                       std::int64_t at, std::int64_t now_ms);
    // Undoes what is not committed; `why` is what went wrong.
    [[nodiscard]] error roll_back(error why);
    // What a query yields, a row a T.
    template <class T, class F>
    [[nodiscard]] result<std::vector<T>> list(const char* query, F&& read);
    // Runs one change and commits it.
    template <class F>
    [[nodiscard]] result<void> change(F&& what);

    sqlite::database database_;
    statements run_;
    std::unordered_map<key32, feed_row, key_hash> feeds_;
    std::vector<key32> by_number_;  // feeds by their number in the file, from 1
    std::size_t uncommitted_ = 0;
    bool in_transaction_ = false;
};

template <class F>
result<void> store::change(F&& what) {
    if (auto begun = begin(); !begun) {
        return begun.why();
    }
    if (auto done = what(); !done) {
        return roll_back(done.why());
    }
    return commit();
}

template <class T, class F>
result<std::vector<T>> store::list(const char* query, F&& read) {
    auto all = sqlite::statement::prepare(database_, query);
    if (!all) {
        return all.why();
    }
    std::vector<T> found;
    auto done = all->rows(database_, [&](const sqlite::statement& row) {
        read(row, found.emplace_back());
        return true;
    });
    return done ? result<std::vector<T>>(std::move(found)) : done.why();
}

}  // namespace rhumb::overlay
