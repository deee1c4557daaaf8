#include "controlplane/overlay/ebt/machine.hh"

#include <algorithm>
#include <utility>

namespace rhumb::overlay::ebt {
namespace {

constexpr link untouched;

}  // namespace

machine::machine(std::string id, host& environment, const options& chosen)
    : id_(std::move(id)),
      host_(environment),
      options_(chosen),
      feeds_(chosen.key),
      numbers_(0, keyed_hash(chosen.key)) {}

peer* machine::find(stream which) {
    peer* const p = which.peer < peers_.size() ? peers_[which.peer].get() : nullptr;
    return p != nullptr && p->is_connected && p->session == which.session ? p : nullptr;
}

const peer* machine::find(stream which) const {
    const peer* const p = which.peer < peers_.size() ? peers_[which.peer].get() : nullptr;
    return p != nullptr && p->is_connected && p->session == which.session ? p : nullptr;
}

link& machine::at(peer& p, feed_number f) {
    if (f >= p.links.size()) {
        p.links.resize(feeds_.size());
    }
    return p.links[f];
}

const link& machine::at(const peer& p, feed_number f) const {
    return f < p.links.size() ? p.links[f] : untouched;
}

link& machine::touch(peer& p, feed_number f) {
    link& l = at(p, f);
    if (!l.is(link::touched)) {
        l.set(link::touched);
        p.touched.push_back(f);
    }
    return l;
}

feed_number machine::intern(std::string_view id) {
    const std::size_t known = feeds_.size();
    const feed_number f = feeds_.intern(id);
    if (f < known) {
        return f;
    }
    if (const auto blocked = blocks_.find(id); blocked != blocks_.end()) {
        for (const std::string& whom : blocked->second) {
            if (const auto number = numbers_.find(whom); number != numbers_.end()) {
                at(*peers_[number->second], f).set(link::barred);
            }
        }
    }
    for (const peer_number number : connected_) {  // was it mentioned before it had a name here?
        peer& p = *peers_[number];
        const std::int32_t claimed = p.strangers.take(id);
        if (claimed != absent) {
            link& l = touch(p, f);
            l.claimed = claimed;
            l.set(link::entry);
            l.sent = not_replicated;
            l.requested = not_replicated;
        }
    }
    return f;
}

std::int64_t machine::head_of(std::string_view id) const {
    const feed_number f = feeds_.find(id);
    return f == no_feed ? absent : feeds_[f].clock;
}

void machine::load_clock(std::span<const clock_entry> heads) {
    for (const clock_entry& head : heads) {
        if (head.sequence < 0 || head.sequence > max_sequence) {
            continue;
        }
        const feed_number f = intern(head.feed);
        feed& fd = feeds_[f];
        const auto sequence = static_cast<std::int32_t>(head.sequence);
        const bool went_down = sequence < fd.clock;
        if (sequence == fd.clock) {
            continue;
        }
        fd.clock = sequence;
        forget_offers(f);
        feeds_.changed(f);
        if (went_down && fd.source != no_peer) {
            ask(*peers_[fd.source], f);  // again, from where we are now
        } else if (went_down) {
            orphan(f);
        }
    }
}

void machine::request(std::string_view id, bool is_wanted) {
    if (!host_.is_feed(id)) {
        return;
    }
    const feed_number f = intern(id);
    feed& fd = feeds_[f];
    if (fd.is_followed == is_wanted) {
        return;
    }
    fd.is_followed = is_wanted;
    fd.was_named = true;
    feeds_.changed(f);
    bool is_asked = false;
    for (const peer_number number : connected_) {
        peer& p = *peers_[number];
        if (!p.is_loaded || !p.is_open || at(p, f).is(link::barred)) {
            continue;
        }
        if (is_wanted) {
            follow_at(p, f, is_asked);
        } else if (at(p, f).claimed != not_replicated || at(p, f).is(link::entry)) {
            say_no(p, f, touch(p, f), at(p, f).claimed != not_replicated);
        }
    }
    fd.source = is_wanted ? fd.source : no_peer;
}

// What the reference does, too: -1 where the peer does not want the feed, else where we are, and
// the first of these peers is asked. A peer that was told -1 has to hear of it even if it has as
// much.
void machine::follow_at(peer& p, feed_number f, bool& is_asked) {
    link& l = at(p, f);
    const feed& fd = feeds_[f];
    const bool was_told_no = l.is(link::entry) && l.requested == not_replicated;
    if (l.claimed == not_replicated || (std::max(l.claimed, 0) == fd.clock && !was_told_no)) {
        return;
    }
    touch(p, f);
    l.set(link::entry);
    l.set(link::tx | link::refused, false);
    l.sent = not_replicated;
    if (!is_asked && !fd.is_frozen) {
        ask(p, f);
    } else {
        set_note(p, f, fd.head(), false);
    }
    is_asked = true;
}

void machine::block(std::string_view who, std::string_view whom, bool is_blocked) {
    if (is_blocked) {
        blocks_[std::string(who)].emplace(whom);
    } else if (const auto of = blocks_.find(who); of != blocks_.end()) {
        of->second.erase(std::string(whom));
        if (of->second.empty()) {
            blocks_.erase(of);
        }
    }
    const auto number = numbers_.find(whom);
    if (number == numbers_.end()) {
        return;
    }
    peer& p = *peers_[number->second];
    if (who == id_) {
        p.is_blocked = is_blocked;
    }
    const feed_number f = feeds_.find(who);
    if (f == no_feed || at(p, f).is(link::barred) == is_blocked) {
        return;
    }
    feeds_.changed(f);
    if (is_blocked) {
        bar(p, f);
    } else {
        at(p, f).set(link::barred, false);
    }
}

// A block stops what is under way: what waits for the peer is not sent any more.
void machine::bar(peer& p, feed_number f) {
    link& l = at(p, f);
    l.set(link::barred);
    if (!p.is_connected || !p.is_open || !l.is(link::entry)) {
        return;
    }
    say_no(p, f, l, l.requested != not_replicated);
    std::size_t bytes = 0;
    p.out.remove_if([&](const message& waiting) {
        bytes += waiting.feed == f ? cost_of(waiting) : 0;
        return waiting.feed == f;
    });
    p.out_bytes -= bytes;
}

void machine::freeze(std::string_view id, bool is_frozen) {
    const feed_number f = intern(id);
    feed& fd = feeds_[f];
    fd.is_frozen = is_frozen;
    if (is_frozen) {
        forget_offers(f);
        if (fd.source != no_peer) {
            set_note(*peers_[fd.source], f, fd.head(), false);
        }
    } else if (fd.is_followed) {
        reassign(f);
    }
}

}  // namespace rhumb::overlay::ebt
