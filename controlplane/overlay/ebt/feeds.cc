#include "controlplane/overlay/ebt/feeds.hh"

#include <utility>

namespace rhumb::overlay::ebt {
namespace {

std::uint32_t tag_of(std::size_t hash) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(hash) >> 32);
}

}  // namespace

std::size_t feed_table::place_of(std::string_view id, std::size_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = hash & mask;
    while (slots_[place].feed != no_feed &&
           (slots_[place].tag != tag_of(hash) || ids_[slots_[place].feed] != id)) {
        place = (place + 1) & mask;
    }
    return place;
}

feed_number feed_table::find(std::string_view id) const {
    return slots_.empty() ? no_feed : slots_[place_of(id, hash_(id))].feed;
}

feed_number feed_table::intern(std::string_view id) {
    if ((feeds_.size() + 1) * 2 > slots_.size()) {
        grow();
    }
    const std::size_t hash = hash_(id);
    slot& there = slots_[place_of(id, hash)];
    if (there.feed == no_feed) {
        there = {.tag = tag_of(hash), .feed = static_cast<feed_number>(feeds_.size())};
        ids_.emplace_back(id);
        feeds_.emplace_back();
    }
    return there.feed;
}

void feed_table::grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, slot{});
    for (feed_number n = 0; n < feeds_.size(); ++n) {
        const std::size_t hash = hash_(ids_[n]);
        slots_[place_of(ids_[n], hash)] = {.tag = tag_of(hash), .feed = n};
    }
}

void feed_table::changed(feed_number n) {
    feed& f = feeds_[n];
    f.changed_at = ++changes_;
    if (newest_ == n) {
        return;
    }
    if (f.newer != no_feed) {
        feeds_[f.newer].older = f.older;
    }
    if (f.older != no_feed) {
        feeds_[f.older].newer = f.newer;
    }
    f.newer = no_feed;
    f.older = newest_;
    if (newest_ != no_feed) {
        feeds_[newest_].newer = n;
    }
    newest_ = n;
}

}  // namespace rhumb::overlay::ebt
