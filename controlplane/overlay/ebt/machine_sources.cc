// Which peer sends a feed: one, and another when it fails. Claims are not authenticated: a source
// that delivers is kept until it has given what it has, and who does not keep a claim waits for
// longer and longer until it is believed again.
#include <algorithm>
#include <utility>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {
namespace {

// A peer that is busy with other feeds has this many times as long for one.
constexpr std::int64_t patience = 4;
constexpr int longest_back_off = 8;  // timeouts doubled so often: 13 minutes

}  // namespace

// The peer has answered, and has nothing that we have not.
bool machine::owes_nothing(const link& l, feed_number f) const {
    return l.sent >= 0 && l.claimed <= feeds_[f].head();
}

// Whether this link still counts as the feed's source. It does while the note that asks is unsent
// or fresh, once it has delivered, and where it owes nothing. Notes get old when a tick says so: by
// then all other stalled feeds are given away in the same way.
bool machine::keeps_source(const peer& p, const link& l, feed_number f) const {
    if (!p.is_connected || !l.is(link::rx) || l.is(link::refused)) {
        return false;
    }
    const auto age = static_cast<std::int32_t>(ticked_ - l.asked);  // negative: asked since
    return l.is(link::noted) || l.is(link::delivered) || owes_nothing(l, f) ||
           age <= options_.timeout;
}

peer* machine::source_of(feed_number f, const peer& except) const {
    const peer_number number = feeds_[f].source;
    if (number == no_peer || number == except.number) {
        return nullptr;
    }
    peer& p = *peers_[number];
    return keeps_source(p, at(std::as_const(p), f), f) ? &p : nullptr;
}

bool machine::is_backing_off(const link& l) const {
    return l.failures != 0 &&
           !has_aged(l.failed, options_.timeout << std::min<int>(l.failures - 1, longest_back_off));
}

bool machine::can_ask(const link& l, feed_number f) const {
    return !feeds_[f].is_frozen && !is_backing_off(l);
}

// Makes it the source; another one that has been it is told to stop.
void machine::ask(peer& p, feed_number f) {
    const peer_number before = feeds_[f].source;
    const std::int32_t head = feeds_[f].head();
    if (before != no_peer && before != p.number) {
        feeds_[f].source = no_peer;
        if (at(*peers_[before], f).is(link::rx)) {
            set_note(*peers_[before], f, head, false);
        }
    }
    feeds_[f].source = p.number;
    set_note(p, f, head, true);
    link& l = at(p, f);
    l.set(link::delivered, false);
    l.asked = l.active = stamp();
}

// A peer on standby claims more than we have.
void machine::consider(peer& p, feed_number f, std::int32_t claimed) {
    const link& l = at(p, f);
    const peer* const source = source_of(f, p);
    if (!can_ask(l, f)) {
        orphan(f);
        return;
    }
    if (source != nullptr) {
        const link& by = at(*source, f);
        if (claimed <= std::max(by.claimed, 0)) {
            return;
        }
        if (!owes_nothing(by, f) || p.claims_broken > p.claims_kept) {
            feeds_[f].is_held = true;
            return;
        }
    }
    p.active = now_;
    ask(p, f);
}

// The source has given what it had, and somebody claims more.
void machine::end_hold(feed_number f) {
    feed& fd = feeds_[f];
    if (fd.source == no_peer) {
        fd.is_held = false;
        orphan(f);
        return;
    }
    peer& source = *peers_[fd.source];
    if (!owes_nothing(at(source, f), f)) {
        return;
    }
    fd.is_held = false;
    peer* const best = best_for(f, &source);
    if (best != nullptr && best->claims_broken <= best->claims_kept) {
        best->active = now_;
        ask(*best, f);
    }
}

// The one that claims most, and more than we have. Who has broken more claims than it has kept
// comes after all others.
peer* machine::best_for(feed_number f, const peer* except) {
    feed& fd = feeds_[f];
    peer* best = nullptr;
    std::pair<bool, std::int32_t> best_claim{false, 0};
    fd.top_claim = absent;
    for (const peer_number number : connected_) {
        peer& p = *peers_[number];
        const link& l = at(p, f);
        fd.top_claim = std::max(fd.top_claim, l.claimed);
        if (&p == except || !p.is_open || !is_shared(l, f) || l.claimed <= fd.head() ||
            l.is(link::refused) || !can_ask(l, f)) {
            continue;
        }
        const std::pair claim{p.claims_broken <= p.claims_kept, l.claimed};
        if (best == nullptr || claim > best_claim) {
            best = &p;
            best_claim = claim;
        }
    }
    return best;
}

std::int64_t machine::claimed_of(std::string_view id) const {
    std::int64_t most = absent;
    const feed_number f = feeds_.find(id);
    for (const peer_number number : connected_) {
        const peer& p = *peers_[number];
        const link& l = at(p, f);
        if (f != no_feed && p.is_open && l.is(link::entry) && !l.is(link::refused) &&
            is_shared(l, f) && !is_backing_off(l)) {
            most = std::max<std::int64_t>(most, l.claimed);
        }
    }
    return most;
}

bool machine::is_available(feed_number f, const peer& except) {
    const feed& fd = feeds_[f];
    return fd.top_claim > fd.head() &&
           std::any_of(connected_.begin(), connected_.end(), [&](peer_number number) {
               const peer& p = *peers_[number];
               const link& l = at(p, f);
               return &p != &except && p.is_open && is_shared(l, f) && l.claimed > fd.head();
           });
}

void machine::lose_source(peer& p, feed_number f) {
    if (feeds_[f].source == p.number) {
        feeds_[f].source = no_peer;
        reassign(f);
    }
}

void machine::orphan(feed_number f) {
    feed& fd = feeds_[f];
    if (!fd.is_orphan && fd.is_followed && !fd.is_frozen && fd.top_claim > fd.head()) {
        fd.is_orphan = true;
        orphans_.push_back(f);
    }
}

// Gives a feed without a source to the best there is.
void machine::reassign(feed_number f) {
    const feed& fd = feeds_[f];
    if (!fd.is_followed || fd.is_frozen || fd.source != no_peer || fd.top_claim <= fd.head()) {
        return;
    }
    peer* const best = best_for(f, nullptr);
    if (best == nullptr) {
        orphan(f);
        return;
    }
    best->active = now_;
    ask(*best, f);
}

void machine::reassign_orphans() {
    const std::vector<feed_number> all = std::exchange(orphans_, {});
    for (const feed_number f : all) {
        feeds_[f].is_orphan = false;
        reassign(f);
    }
}

// Feeds that this peer was asked for and does not send, although somebody else has more of them.
void machine::collect_stalled(peer_number number,
                              std::vector<std::pair<feed_number, peer_number>>& all) {
    peer& p = *peers_[number];
    const bool is_silent = std::max<std::int64_t>(p.active, 0) + options_.timeout < now_;
    if (!is_silent && p.combed + patience * options_.timeout >= now_) {
        return;
    }
    p.combed = now_;
    const std::int64_t limit = is_silent ? options_.timeout : patience * options_.timeout;
    std::erase_if(p.asked_feeds, [&](feed_number f) {
        link& l = p.links[f];
        if (!l.is(link::rx)) {
            l.set(link::listed, false);
            return true;
        }
        if (has_aged(l.active, limit) && is_available(f, p)) {
            all.emplace_back(f, number);
        }
        return false;
    });
}

// The next peer in order after the one that stalled, so that all get their turn.
void machine::rotate(feed_number f, peer_number from) {
    const auto start = std::find(connected_.begin(), connected_.end(), from) - connected_.begin();
    const std::size_t count = connected_.size();
    peer* chosen = nullptr;
    for (std::size_t n = 1; n < count; ++n) {
        peer& p = *peers_[connected_[(static_cast<std::size_t>(start) + n) % count]];
        const link& l = at(p, f);
        if (!p.is_open || !is_shared(l, f) || l.claimed <= feeds_[f].head()) {
            continue;
        }
        if (can_ask(l, f)) {
            chosen = &p;
            break;
        }
    }
    if (chosen == nullptr) {
        orphan(f);
        return;
    }
    chosen->active = now_;
    ask(*chosen, f);
}

void machine::tick(std::int64_t now) {
    set_time(now);
    ticked_ = stamp();
    std::vector<std::pair<feed_number, peer_number>> stalled;
    for (const peer_number number : connected_) {
        collect_stalled(number, stalled);
    }
    for (const auto& [f, number] : stalled) {
        peer& p = *peers_[number];
        link& l = at(p, f);
        if (l.claimed > feeds_[f].head()) {
            l.failures = static_cast<std::uint8_t>(std::min(l.failures + 1, 255));
            l.failed = stamp();
            p.claims_broken += l.is(link::delivered) ? 0U : 1U;
        }
        set_note(p, f, feeds_[f].head(), false);
    }
    for (auto each = stalled.rbegin(); each != stalled.rend(); ++each) {
        if (feeds_[each->first].source == no_peer) {
            rotate(each->first, each->second);
        }
    }
    reassign_orphans();
}

}  // namespace rhumb::overlay::ebt
