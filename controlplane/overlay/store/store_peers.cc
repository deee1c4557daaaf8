// What the store keeps beside messages: which feeds are followed, who blocks whom, which peers are
// dialled and what they said they have, and whether the own feed is known.
#include <map>
#include <utility>

#include "controlplane/overlay/store/schema.hh"
#include "controlplane/overlay/store/store.hh"

namespace rhumb::overlay {
namespace {

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

result<void> store::know_configured(std::span<const key32> feeds) {
    return change([&]() -> result<void> {
        const auto are_apart =
            database_.number("SELECT count(*) FROM node WHERE name = 'configured_apart'");
        if (!are_apart) {
            return are_apart.why();
        }
        for (const key32& feed : feeds) {
            const auto row = row_of(feed);
            if (!row) {
                return row.why();
            }
            if (are_apart.value() == 0 && row.value()->feed.followed) {
                if (auto done = set_followed(feed, false); !done) {
                    return done;
                }
            }
        }
        return are_apart.value() != 0
                   ? result<void>()
                   : database_.run("INSERT INTO node (name, value) VALUES ('configured_apart', 1)");
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
