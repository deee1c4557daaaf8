// Streams: from the stored clock and the first frame to what is kept of a peer that is gone.
#include <algorithm>
#include <string>
#include <utility>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {

peer_number machine::record_of(std::string_view id) {
    if (const auto known = numbers_.find(id); known != numbers_.end()) {
        return known->second;
    }
    const auto free = std::find(peers_.begin(), peers_.end(), nullptr);
    const auto number = static_cast<peer_number>(free - peers_.begin());
    if (free == peers_.end()) {
        peers_.emplace_back();
    }
    peers_[number] = std::make_unique<peer>(id, number, options_);
    peer& p = *peers_[number];
    numbers_.emplace(id, number);
    for (const auto& [who, whom] : blocks_) {
        if (!whom.contains(p.id)) {
            continue;
        }
        if (const feed_number f = feeds_.find(who); f != no_feed) {
            at(p, f).set(link::barred);
        }
        p.is_blocked = p.is_blocked || who == id_;
    }
    return number;
}

result<stream> machine::create_stream(std::string_view id, int version, bool is_client) {
    if (version != 3) {
        return error{"expected ebt.replicate({version: 3})", {}};
    }
    if (const auto known = numbers_.find(id);
        known != numbers_.end() && peers_[known->second]->is_connected) {
        const stream older = stream_of(*peers_[known->second]);
        disconnect(older.peer);
        host_.end(older, end_reason::reconnected);
    }
    const peer_number number = record_of(id);
    peer& p = *peers_[number];
    p.session = ++sessions_;
    p.is_connected = true;
    p.is_client = is_client;
    p.combed = now_;
    connected_.push_back(number);
    const stream made = stream_of(p);
    if (p.is_loaded) {
        p.is_open = !is_client;
        if (p.is_open) {
            mention_all(p);
        }
    } else {
        host_.get_clock(made, p.id);
    }
    return made;
}

bool machine::is_ready(stream which) const {
    const peer* const p = find(which);
    return p != nullptr && p->is_loaded;
}

void machine::peer_clock(stream of, std::span<const clock_entry> clock) {
    peer* const p = find(of);
    if (p == nullptr || p->is_loaded) {
        return;
    }
    for (const clock_entry& entry : clock) {
        if (entry.sequence >= not_replicated && entry.sequence <= max_sequence) {
            const feed_number f = intern(entry.feed);
            at(*p, f).claimed = static_cast<std::int32_t>(entry.sequence);
        }
    }
    p->is_loaded = true;
    if (!p->is_client) {
        p->is_open = true;
        mention_all(*p);
    }
}

bool machine::is_to_mention(const link& l, feed_number f) const {
    return is_shared(l, f) && l.claimed != not_replicated &&
           std::max(l.claimed, 0) != feeds_[f].clock;
}

// The work is for what has changed since the peer was last told, not for what is followed.
template <class Function>
void machine::each_to_mention(const peer& p, Function each) const {
    for (const feed_number f : p.differing) {
        if (feeds_[f].changed_at <= p.seen_changes && is_to_mention(at(p, f), f)) {
            each(f);
        }
    }
    feeds_.each_changed_since(p.seen_changes, [&](feed_number f) {
        if (is_to_mention(at(p, f), f)) {
            each(f);
        }
    });
}

// Our first frame: it goes out even if there is nothing in it.
void machine::mention_all(peer& p) {
    p.has_notes = true;
    awake(p, true);
    each_to_mention(p, [&](feed_number f) { mention(p, f, touch(p, f)); });
    p.differing.clear();
    p.seen_changes = feeds_.changes();
}

void machine::mention(peer& p, feed_number f, link& l) {
    feed& fd = feeds_[f];
    l.set(link::entry);
    l.set(link::tx | link::rx, false);
    l.sent = unknown;
    fd.top_claim = std::max(fd.top_claim, l.claimed);
    if (!fd.is_frozen && source_of(f, p) == nullptr) {
        ask(p, f);
    } else {
        set_note(p, f, fd.head(), false);
    }
}

void machine::close(stream which) {
    if (find(which) != nullptr) {
        disconnect(which.peer);
    }
}

void machine::disconnect(peer_number number) {
    peer& p = *peers_[number];
    std::erase(connected_, number);
    p.is_connected = false;
    const std::string id = p.id;
    const std::vector<clock_entry> news = clock_to_save(p);
    std::vector<feed_number> orphaned;
    for (const feed_number f : p.asked_feeds) {
        if (feeds_[f].source == number) {
            feeds_[f].source = no_peer;
            orphaned.push_back(f);
        }
    }
    end_session(p);
    for (const feed_number f : orphaned) {
        reassign(f);
    }
    forget_oldest();
    if (!news.empty()) {
        host_.set_clock(id, news);
    }
}

// Only what the peer has said, of feeds that are followed. What we refused is erased: the peer
// stores our -1, and has to hear of us when we want the feed again.
std::vector<clock_entry> machine::clock_to_save(peer& p) {
    std::vector<clock_entry> news;
    for (const feed_number f : p.touched) {
        link& l = p.links[f];
        if (l.is(link::entry) && l.requested == not_replicated) {
            l.claimed = absent;
            news.push_back({.feed = feeds_.id(f), .sequence = absent});
        } else if (l.is(link::heard) && feeds_[f].is_followed) {
            news.push_back({.feed = feeds_.id(f), .sequence = l.claimed});
        }
    }
    return news;
}

void machine::end_session(peer& p) {
    for (const feed_number f : p.touched) {
        link& l = p.links[f];
        if (l.reading != 0) {
            --feeds_[f].reads;
            l.reading = 0;
        }
        l.flags &= link::lasting;
        l.sent = unknown;
        l.requested = 0;
    }
    if (p.is_open) {
        p.differing.clear();
        for (const feed_number f : p.touched) {
            if (feeds_[f].changed_at <= p.seen_changes && is_to_mention(p.links[f], f)) {
                p.differing.push_back(f);
            }
        }
        feeds_.each_changed_since(p.seen_changes, [&](feed_number f) {
            if (is_to_mention(at(std::as_const(p), f), f)) {
                p.differing.push_back(f);
            }
        });
        p.seen_changes = feeds_.changes();
    }
    p.touched = {};
    p.pending = {};
    p.asked_feeds = {};
    p.reads.reset();
    p.out.reset();
    p.reading = 0;
    p.out_bytes = 0;
    p.entries_received = 0;
    p.active = absent;
    p.is_open = p.has_notes = p.is_urgent = false;
    p.told = wake_level::none;
    p.strangers.clear();
}

void machine::forget_oldest() {
    if (numbers_.size() - connected_.size() <= options_.remembered_peers) {
        return;
    }
    peer* oldest = nullptr;
    for (const auto& p : peers_) {
        if (p != nullptr && !p->is_connected &&
            (oldest == nullptr || p->session < oldest->session)) {
            oldest = p.get();
        }
    }
    forget(std::string(oldest->id));
}

void machine::forget(std::string_view id) {
    const auto known = numbers_.find(id);
    if (known == numbers_.end() || peers_[known->second]->is_connected) {
        return;
    }
    peers_[known->second].reset();
    numbers_.erase(known);
}

}  // namespace rhumb::overlay::ebt
