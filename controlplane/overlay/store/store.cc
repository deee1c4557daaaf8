#include "controlplane/overlay/store/store.hh"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "controlplane/overlay/store/schema.hh"

namespace rhumb::overlay {

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
    auto database = open_store_file(file);
    if (!database) {
        return database.why();
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
                  read.feed.head.sequence < 0 || read.feed.head.sequence > max_stored_sequence;
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
    if (message.sequence < 1 || message.sequence > max_stored_sequence ||
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
    if (known == feeds_.end() || from > max_stored_sequence) {
        return {};
    }
    const std::int64_t number = known->second.number;
    run_.read.bind(1, place_of(number, std::max<std::int64_t>(from, 1)));
    run_.read.bind(2, place_of(number, max_stored_sequence));
    return run_.read.rows(database_, [&](const sqlite::statement& row) {
        stored_message message;
        message.sequence = row.number(0) & max_stored_sequence;
        message.received_ms = row.number(1);
        copy_key(row.bytes(2), message.id);
        message.raw = row.text(3);
        return each(message);
    });
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

}  // namespace rhumb::overlay
