// Feeds that a peer mentions and that nobody here has named. They are answered with -1, once for a
// connection; what is remembered of them is bounded and never stored.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/overlay/ebt/keyed_hash.hh"
#include "controlplane/overlay/ebt/note.hh"

namespace rhumb::overlay::ebt {

struct stranger {
    std::int32_t claimed = absent;
    bool is_noted = false;  // the -1 waits to be sent
    bool is_taken = false;  // somebody has named it since
};

class stranger_list {
public:
    stranger_list(hash_key key, std::size_t limit) : limit_(limit), known_(0, keyed_hash(key)) {}

    // The peer has said `sequence` of the feed `id`; a -1 becomes due where it is news.
    void mention(std::string_view id, std::int32_t sequence);
    // Somebody has named the feed: what the peer said of it, absent for nothing. It is none of
    // these any more.
    std::int32_t take(std::string_view id);

    [[nodiscard]] bool has_notes() const { return !pending_.empty(); }
    // The next that is to be answered with -1, null at the end. It is good until mention().
    [[nodiscard]] const std::string* next_note();

    [[nodiscard]] const auto& known() const { return known_; }
    void clear();

private:
    bool make_room();

    std::size_t limit_;
    std::unordered_map<std::string, stranger, keyed_hash, std::equal_to<>> known_;
    std::deque<const std::string*> order_;    // keys of known_, oldest first
    std::deque<const std::string*> pending_;  // in the order in which they are to be sent
};

}  // namespace rhumb::overlay::ebt
