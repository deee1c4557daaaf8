// The feeds that a machine knows because its user named them: ids to dense numbers, heads, and the
// order of changes, by which a peer that comes back is told only what is new.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/ebt/host.hh"

namespace rhumb::overlay::ebt {

struct feed {
    std::int32_t clock = absent;      // our head
    std::int32_t offered = absent;    // the head once the log has taken all that it was offered
    std::int32_t top_claim = absent;  // no peer claims more; perhaps none so much
    peer_number source = no_peer;     // the peer that is to send it
    feed_number older = no_feed;      // in the order of changes
    feed_number newer = no_feed;
    std::uint64_t changed_at = 0;
    std::uint32_t reads = 0;  // reads of the log under way
    bool is_followed = false;
    bool was_named = false;  // request() was called for it
    bool is_frozen = false;
    bool is_orphan = false;  // waits in the machine's list for a source
    bool is_held = false;    // a peer claims more than the source, which is still at work

    // As what it counts where an absent entry is a 0.
    [[nodiscard]] std::int32_t head() const { return clock < 0 ? 0 : clock; }
    // The last message that need not come any more.
    [[nodiscard]] std::int32_t expected() const { return offered > head() ? offered : head(); }
};

class feed_table {
public:
    explicit feed_table(hash_key key) : hash_(key) {}

    [[nodiscard]] std::size_t size() const { return feeds_.size(); }
    [[nodiscard]] feed& operator[](feed_number n) { return feeds_[n]; }
    [[nodiscard]] const feed& operator[](feed_number n) const { return feeds_[n]; }
    [[nodiscard]] std::string_view id(feed_number n) const { return ids_[n]; }

    // no_feed where it is not known.
    [[nodiscard]] feed_number find(std::string_view id) const;
    // Its number, a new one where it has none.
    feed_number intern(std::string_view id);

    // Marks it as the latest that changed: its head, or who may have it.
    void changed(feed_number n);
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    // Calls `each` with those that changed after the moment when changes() was `then`.
    template <class Function>
    void each_changed_since(std::uint64_t then, Function each) const {
        for (feed_number n = newest_; n != no_feed && feeds_[n].changed_at > then;
             n = feeds_[n].older) {
            each(n);
        }
    }

private:
    struct slot {
        std::uint32_t tag = 0;  // of the hash, so that most strings need not be compared
        feed_number feed = no_feed;
    };

    [[nodiscard]] std::size_t place_of(std::string_view id, std::size_t hash) const;
    void grow();

    keyed_hash hash_;
    std::vector<feed> feeds_;
    std::deque<std::string> ids_;
    std::vector<slot> slots_;  // a power of two, at most half full
    feed_number newest_ = no_feed;
    std::uint64_t changes_ = 0;
};

}  // namespace rhumb::overlay::ebt
