#include "controlplane/overlay/store/store.hh"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace rhumb::overlay {
namespace {

// "Rhum": so that the file is recognised, and no other database is written to.
constexpr std::int64_t application_id = 0x5268756d;
constexpr std::int64_t schema_version = 2;

// Messages are clustered by feed and sequence: the row number is both.
constexpr int sequence_bits = 31;
constexpr std::int64_t max_sequence = (std::int64_t{1} << sequence_bits) - 1;

constexpr const char* schema = R"(
BEGIN;
CREATE TABLE feeds (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
    sequence INTEGER NOT NULL DEFAULT 0, id BLOB NOT NULL DEFAULT x'',
    followed INTEGER NOT NULL DEFAULT 0, frozen INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE messages (place INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL,
    id BLOB NOT NULL, raw TEXT NOT NULL) STRICT;
CREATE TABLE forks (author BLOB PRIMARY KEY, found_ms INTEGER NOT NULL,
    ours TEXT NOT NULL, theirs TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE blocks (who BLOB NOT NULL, target BLOB NOT NULL,
    PRIMARY KEY (who, target)) STRICT, WITHOUT ROWID;
CREATE TABLE peers (key BLOB PRIMARY KEY, address TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE clocks (peer BLOB PRIMARY KEY, entries BLOB NOT NULL) STRICT;
PRAGMA application_id = 0x5268756d;
PRAGMA user_version = 1;
COMMIT;
)";
constexpr const char* from_version_1 = R"(
BEGIN;
CREATE TABLE node (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
COMMIT;
)";

std::int64_t place_of(std::int64_t feed_number, std::int64_t sequence) noexcept {
    return (feed_number << sequence_bits) | sequence;
}

bool copy_key(std::span<const std::uint8_t> from, key32& to) noexcept {
    if (from.size() != to.size()) {
        return false;
    }
    std::ranges::copy(from, to.begin());
    return true;
}

void put64(std::vector<std::uint8_t>& to, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        to.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

std::int64_t get64(std::span<const std::uint8_t> from) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        value = value << 8 | from[i];
    }
    return static_cast<std::int64_t>(value);
}

}  // namespace

std::size_t store::key_hash::operator()(const key32& key) const noexcept {
    std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
    crypto_shorthash(hash.data(), key.data(), key.size(), seed.data());
    std::size_t number = 0;
    static_assert(sizeof number == sizeof hash);
    std::memcpy(&number, hash.data(), sizeof number);
    return number;
}

store::store(sqlite::database database, key_hash hash)
    : database_(std::move(database)), feeds_(16, hash) {}

result<store> store::open(const std::string& file) {
    if (sodium_init() < 0) {
        return error{"libsodium cannot start", {}};
    }
    auto database = sqlite::database::open(file);
    if (!database) {
        return database.why();
    }
    // EXCLUSIVE: one process at a time, and no shared memory beside the file. FULL: a commit is on
    // the disk when it returns.
    if (auto set = database->run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
                                 "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192;"
                                 "BEGIN IMMEDIATE; COMMIT;");
        !set) {
        return set.why();
    }
    const auto application = database->number("PRAGMA application_id");
    const auto version = database->number("PRAGMA user_version");
    const auto tables = database->number("SELECT count(*) FROM sqlite_schema");
    for (const auto* asked : {&application, &version, &tables}) {
        if (!*asked) {
            return asked->why();
        }
    }
    const bool is_new = tables.value() == 0;
    if (is_new) {
        if (auto made = database->run(schema); !made) {
            return made.why();
        }
    } else if (application.value() != application_id) {
        return error{"an SQLite database, but not one of this program's", {file}};
    } else if (version.value() != 1 && version.value() != schema_version) {
        return error{"of version " + std::to_string(version.value()) +
                         ", this program knows version " + std::to_string(schema_version),
                     {file}};
    }
    if (is_new || version.value() == 1) {
        if (auto made = database->run(from_version_1); !made) {
            return made.why();
        }
    }
    key_hash hash;
    randombytes_buf(hash.seed.data(), hash.seed.size());
    store opened(std::move(database).value(), hash);
    if (auto prepared = opened.prepare(); !prepared) {
        return prepared.why();
    }
    if (auto loaded = opened.load_feeds(); !loaded) {
        return loaded.why();
    }
    return opened;
}

result<void> store::prepare() {
    const std::pair<sqlite::statement*, const char*> texts[] = {
        {&run_.add_feed, "INSERT INTO feeds (number, key) VALUES (?1, ?2)"},
        {&run_.set_head, "UPDATE feeds SET sequence = ?2, id = ?3 WHERE number = ?1"},
        {&run_.add_message,
         "INSERT INTO messages (place, received_ms, id, raw) "
         "VALUES (?1, ?2, ?3, ?4)"},
        {&run_.read,
         "SELECT place, received_ms, id, raw FROM messages "
         "WHERE place BETWEEN ?1 AND ?2 ORDER BY place"},
        {&run_.freeze, "UPDATE feeds SET frozen = 1 WHERE number = ?1"},
        {&run_.follow, "UPDATE feeds SET followed = ?2 WHERE number = ?1"},
        {&run_.find, "SELECT id, raw FROM messages WHERE place = ?1"},
        {&run_.add_fork,
         "INSERT OR IGNORE INTO forks (author, found_ms, ours, theirs) "
         "VALUES (?1, ?2, ?3, ?4)"},
        {&run_.add_block, "INSERT OR IGNORE INTO blocks (who, target) VALUES (?1, ?2)"},
        {&run_.drop_block, "DELETE FROM blocks WHERE who = ?1 AND target = ?2"},
        {&run_.add_peer, "INSERT OR REPLACE INTO peers (key, address) VALUES (?1, ?2)"},
        {&run_.drop_peer, "DELETE FROM peers WHERE key = ?1"},
        {&run_.set_clock, "INSERT OR REPLACE INTO clocks (peer, entries) VALUES (?1, ?2)"},
        {&run_.get_clock, "SELECT entries FROM clocks WHERE peer = ?1"},
    };
    for (const auto& [statement, text] : texts) {
        auto prepared = sqlite::statement::prepare(database_, text);
        if (!prepared) {
            return prepared.why();
        }
        *statement = std::move(prepared).value();
    }
    return {};
}

result<void> store::load_feeds() {
    feeds_.clear();
    by_number_.assign(1, {});
    auto all = sqlite::statement::prepare(
        database_, "SELECT number, key, sequence, id, followed, frozen FROM feeds ORDER BY number");
    if (!all) {
        return all.why();
    }
    bool damaged = false;
    auto done = all->rows(database_, [&](const sqlite::statement& row) {
        feed_row read;
        read.number = row.number(0);
        read.feed.head.sequence = row.number(2);
        read.feed.followed = row.number(4) != 0;
        read.feed.frozen = row.number(5) != 0;
        const bool has_messages = read.feed.head.sequence != 0;
        damaged = read.number != static_cast<std::int64_t>(by_number_.size()) ||
                  !copy_key(row.bytes(1), read.feed.key) ||
                  (has_messages && !copy_key(row.bytes(3), read.feed.head.id)) ||
                  read.feed.head.sequence < 0 || read.feed.head.sequence > max_sequence;
        by_number_.push_back(read.feed.key);
        feeds_.emplace(read.feed.key, read);
        return !damaged;
    });
    return damaged ? error{"the table of feeds is damaged", {database_.file()}} : done;
}

result<void> store::begin() {
    if (!in_transaction_) {
        if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) {
            return begun.why();
        }
        in_transaction_ = true;
    }
    return {};
}

error store::roll_back(error why) {
    // SQLite may have rolled back by itself, as it does when the disk is full.
    if (sqlite3_get_autocommit(database_.handle()) == 0) {
        if (auto undone = database_.run("ROLLBACK"); !undone) {
            why.message += "; " + undone.why().message;
        }
    }
    in_transaction_ = false;
    uncommitted_ = 0;
    if (auto loaded = load_feeds(); !loaded) {
        why.message += "; " + loaded.why().message;
    }
    return why;
}

result<void> store::commit() {
    if (!in_transaction_) {
        return {};
    }
    if (auto done = database_.run("COMMIT"); !done) {
        return roll_back(done.why());
    }
    in_transaction_ = false;
    uncommitted_ = 0;
    return {};
}

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

result<store::feed_row*> store::row_of(const key32& feed) {
    const auto known = feeds_.find(feed);
    if (known != feeds_.end()) {
        return &known->second;
    }
    feed_row row;
    row.number = static_cast<std::int64_t>(by_number_.size());
    row.feed.key = feed;
    run_.add_feed.bind(1, row.number);
    run_.add_feed.bind(2, std::span<const std::uint8_t>(feed));
    if (auto added = run_.add_feed.run(database_); !added) {
        return added.why();
    }
    by_number_.push_back(feed);
    return &feeds_.emplace(feed, row).first->second;
}

result<append_outcome> store::append(const verified_message& message, std::int64_t now_ms) {
    if (message.sequence < 1 || message.sequence > max_sequence ||
        message.sequence > head(message.author).sequence + 1) {
        return append_outcome::gap;
    }
    if (auto begun = begin(); !begun) {
        return begun.why();
    }
    const auto row = row_of(message.author);
    if (!row) {
        return roll_back(row.why());
    }
    stored_feed& feed = row.value()->feed;
    if (feed.frozen) {
        return append_outcome::frozen;
    }
    if (message.sequence <= feed.head.sequence) {
        return contradiction(*row.value(), message, message.sequence, now_ms);
    }
    const bool chained =
        feed.head.sequence == 0 ? !message.previous : message.previous == feed.head.id;
    if (!chained) {
        return contradiction(*row.value(), message, feed.head.sequence, now_ms);
    }
    run_.add_message.bind(1, place_of(row.value()->number, message.sequence));
    run_.add_message.bind(2, now_ms);
    run_.add_message.bind(3, std::span<const std::uint8_t>(message.id));
    run_.add_message.bind(4, message.raw);
    run_.set_head.bind(1, row.value()->number);
    run_.set_head.bind(2, message.sequence);
    run_.set_head.bind(3, std::span<const std::uint8_t>(message.id));
    auto done = run_.add_message.run(database_);
    if (done) {
        done = run_.set_head.run(database_);
    }
    if (!done) {
        return roll_back(done.why());
    }
    feed.head = {message.sequence, message.id};
    ++uncommitted_;
    return append_outcome::appended;
}

// The message against the one that we have at sequence `at`: the same again, or a fork.
result<append_outcome> store::contradiction(feed_row& row, const verified_message& message,
                                            std::int64_t at, std::int64_t now_ms) {
    run_.find.bind(1, place_of(row.number, at));
    const auto found = run_.find.step(database_);
    if (!found) {
        return roll_back(found.why());
    }
    if (!found.value()) {
        // A first message that names a predecessor: nothing of ours contradicts it.
        return append_outcome::gap;
    }
    key32 ours{};
    if (copy_key(run_.find.bytes(0), ours) && ours == message.id) {
        run_.find.reset();
        return append_outcome::duplicate;
    }
    run_.add_fork.bind(1, std::span<const std::uint8_t>(message.author));
    run_.add_fork.bind(2, now_ms);
    run_.add_fork.bind(3, run_.find.text(1));
    run_.add_fork.bind(4, message.raw);
    auto done = run_.add_fork.run(database_);
    run_.find.reset();
    if (done) {
        run_.freeze.bind(1, row.number);
        done = run_.freeze.run(database_);
    }
    if (!done) {
        return roll_back(done.why());
    }
    row.feed.frozen = true;
    ++uncommitted_;
    return append_outcome::fork;
}

feed_head store::head(const key32& feed) const {
    const auto known = feeds_.find(feed);
    return known == feeds_.end() ? feed_head{} : known->second.feed.head;
}

std::vector<stored_feed> store::feeds() const {
    std::vector<stored_feed> all;
    all.reserve(feeds_.size());
    for (std::size_t i = 1; i < by_number_.size(); ++i) {
        all.push_back(feeds_.at(by_number_[i]).feed);
    }
    return all;
}

result<void> store::read(const key32& feed, std::int64_t from,
                         const std::function<bool(const stored_message&)>& each) {
    const auto known = feeds_.find(feed);
    if (known == feeds_.end() || from > max_sequence) {
        return {};
    }
    const std::int64_t number = known->second.number;
    run_.read.bind(1, place_of(number, std::max<std::int64_t>(from, 1)));
    run_.read.bind(2, place_of(number, max_sequence));
    return run_.read.rows(database_, [&](const sqlite::statement& row) {
        stored_message message;
        message.sequence = row.number(0) & max_sequence;
        message.received_ms = row.number(1);
        copy_key(row.bytes(2), message.id);
        message.raw = row.text(3);
        return each(message);
    });
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

result<std::vector<fork_proof>> store::forks() {
    return list<fork_proof>(
        "SELECT author, found_ms, ours, theirs FROM forks ORDER BY found_ms, author",
        [](const sqlite::statement& row, fork_proof& proof) {
            copy_key(row.bytes(0), proof.author);
            proof.found_ms = row.number(1);
            proof.ours = row.text(2);
            proof.theirs = row.text(3);
        });
}

result<void> store::set_followed(const key32& feed, bool on) {
    const auto row = row_of(feed);
    if (!row) {
        return row.why();
    }
    run_.follow.bind(1, row.value()->number);
    run_.follow.bind(2, std::int64_t{on});
    row.value()->feed.followed = on;
    return run_.follow.run(database_);
}

result<void> store::follow(const key32& feed, bool on) {
    return change([&] { return set_followed(feed, on); });
}

result<void> store::follow(std::span<const key32> feeds) {
    return change([&]() -> result<void> {
        for (const key32& feed : feeds) {
            const auto known = feeds_.find(feed);
            const bool is_news = known == feeds_.end() || !known->second.feed.followed;
            if (auto done = is_news ? set_followed(feed, true) : result<void>(); !done) {
                return done;
            }
        }
        return {};
    });
}

result<void> store::block(const key32& by, const key32& target, bool on) {
    return change([&]() -> result<void> {
        sqlite::statement& statement = on ? run_.add_block : run_.drop_block;
        statement.bind(1, std::span<const std::uint8_t>(by));
        statement.bind(2, std::span<const std::uint8_t>(target));
        return statement.run(database_);
    });
}

result<std::vector<std::pair<key32, key32>>> store::blocks() {
    return list<std::pair<key32, key32>>(
        "SELECT who, target FROM blocks ORDER BY 1, 2",
        [](const sqlite::statement& row, std::pair<key32, key32>& pair) {
            copy_key(row.bytes(0), pair.first);
            copy_key(row.bytes(1), pair.second);
        });
}

result<void> store::keep_peer(const peer_address& peer) {
    return change([&]() -> result<void> {
        if (peer.address.empty()) {
            run_.drop_peer.bind(1, std::span<const std::uint8_t>(peer.key));
            return run_.drop_peer.run(database_);
        }
        run_.add_peer.bind(1, std::span<const std::uint8_t>(peer.key));
        run_.add_peer.bind(2, std::string_view(peer.address));
        return run_.add_peer.run(database_);
    });
}

result<std::vector<peer_address>> store::peers() {
    return list<peer_address>("SELECT key, address FROM peers ORDER BY key",
                              [](const sqlite::statement& row, peer_address& peer) {
                                  copy_key(row.bytes(0), peer.key);
                                  peer.address = row.text(1);
                              });
}

result<own_feed_state> store::own_feed() {
    const auto value =
        database_.number("SELECT coalesce(max(value), 0) FROM node WHERE name = 'own'");
    if (!value) {
        return value.why();
    }
    return value.value() == 1   ? own_feed_state::learning
           : value.value() == 2 ? own_feed_state::known
                                : own_feed_state::undecided;
}

result<void> store::keep_own_feed(own_feed_state state) {
    return change([&] {
        return database_.run(state == own_feed_state::learning
                                 ? "INSERT OR REPLACE INTO node (name, value) VALUES ('own', 1)"
                                 : "INSERT OR REPLACE INTO node (name, value) VALUES ('own', 2)");
    });
}

// A clock is stored in one piece, by feed: 8 bytes of the feed's number, 8 of the sequence, big
// endian.
result<void> store::change_clock(const key32& peer, const peer_clock& changed) {
    return change([&]() -> result<void> {
        auto known = clock(peer);
        if (!known) {
            return known.why();
        }
        std::map<std::int64_t, std::int64_t> by_feed;
        for (const peer_clock* part : {&std::as_const(known).value(), &changed}) {
            for (const auto& [feed, sequence] : *part) {
                if (const auto it = feeds_.find(feed); it != feeds_.end()) {
                    by_feed[it->second.number] = sequence;
                }
            }
        }
        std::vector<std::uint8_t> entries;
        entries.reserve(by_feed.size() * 16);
        for (const auto& [number, sequence] : by_feed) {
            if (sequence >= -1) {
                put64(entries, static_cast<std::uint64_t>(number));
                put64(entries, static_cast<std::uint64_t>(sequence));
            }
        }
        run_.set_clock.bind(1, std::span<const std::uint8_t>(peer));
        run_.set_clock.bind(2, std::span<const std::uint8_t>(entries));
        return run_.set_clock.run(database_);
    });
}

result<peer_clock> store::clock(const key32& peer) {
    run_.get_clock.bind(1, std::span<const std::uint8_t>(peer));
    const auto row = run_.get_clock.step(database_);
    if (!row) {
        return row.why();
    }
    peer_clock clock;
    if (row.value()) {
        auto entries = run_.get_clock.bytes(0);
        for (; entries.size() >= 16; entries = entries.subspan(16)) {
            const std::int64_t number = get64(entries);
            if (number > 0 && number < static_cast<std::int64_t>(by_number_.size())) {
                clock.emplace_back(by_number_[static_cast<std::size_t>(number)],
                                   get64(entries.subspan(8)));
            }
        }
        run_.get_clock.reset();
    }
    return clock;
}

}  // namespace rhumb::overlay
