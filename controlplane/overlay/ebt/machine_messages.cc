// Messages: from peers to the log, from the log to peers.
#include <algorithm>
#include <utility>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {
namespace {

constexpr int longest_run = 128;  // messages

}  // namespace

bool machine::wanted(stream from, std::string_view author, std::int64_t sequence) const {
    const peer* const p = find(from);
    const feed_number f = p == nullptr ? no_feed : feeds_.find(author);
    if (f == no_feed) {
        return false;
    }
    const link& l = at(*p, f);
    return p->is_open && l.is(link::entry) && !l.is(link::refused) && is_shared(l, f) &&
           !feeds_[f].is_frozen && sequence == feeds_[f].expected() + 1;
}

receipt machine::receive(stream from, std::string_view author, std::int64_t sequence,
                         std::uint32_t size, std::shared_ptr<const void> body) {
    peer* const p = find(from);
    if (p == nullptr) {
        return receipt::closed;
    }
    const feed_number f = feeds_.find(author);
    if (f == no_feed || !p->is_open || sequence < 1 || sequence > max_sequence ||
        !at(*p, f).is(link::entry) || at(*p, f).is(link::refused)) {
        return receipt::unrequested;
    }
    link& l = touch(*p, f);
    feed& fd = feeds_[f];
    const auto number = static_cast<std::int32_t>(sequence);
    // It has this one; perhaps it has said already that it has more.
    l.claimed = std::max(l.claimed, number);
    l.sent = std::max(l.sent, number);
    l.set(link::heard);
    fd.top_claim = std::max(fd.top_claim, l.claimed);
    if (fd.clock >= number) {
        // The link is not needed, unless it is the source and gets to what is new only now.
        if (l.is(link::rx) && (fd.source != p->number || l.claimed <= fd.clock)) {
            set_note(*p, f, fd.clock, false);
        }
        return receipt::duplicate;
    }
    p->active = now_;
    if (!is_shared(l, f)) {
        return receipt::unrequested;
    }
    if (fd.is_frozen) {
        return receipt::frozen;
    }
    if (number <= fd.expected()) {
        return receipt::duplicate;
    }
    if (number != fd.expected() + 1) {
        // It has said by this that it has more, as by a note. An orphan waits for the next tick.
        if (!l.is(link::rx) && !fd.is_orphan) {
            consider(*p, f, number);
        }
        return receipt::gap;
    }
    fd.offered = number;
    p->claims_kept += l.is(link::delivered) ? 0U : 1U;
    l.set(link::delivered);
    l.active = stamp();
    l.failures = 0;
    arrivals_.push(
        {.from = from,
         .what = {.feed = f, .size = size, .sequence = sequence, .body = std::move(body)}});
    return receipt::queued;
}

// What the log was to get of the feed, from there on: it will be sent again.
void machine::forget_offers(feed_number f, std::int64_t from) {
    feeds_[f].offered =
        static_cast<std::int32_t>(std::min<std::int64_t>(feeds_[f].offered, from - 1));
    arrivals_.remove_if([&](const arrival& waiting) {
        return waiting.what.feed == f && waiting.what.sequence >= from;
    });
}

// Of our own feed, too, that is no reason to end all that the peer sends.
void machine::bar_liar(peer& p, feed_number f) {
    ++p.claims_broken;
    if (feeds_.id(f) != id_) {
        block(feeds_.id(f), std::string(p.id));
    } else if (!at(p, f).is(link::barred)) {
        feeds_.changed(f);
        bar(p, f);
    }
}

void machine::rejected(stream from, feed_number f, std::int64_t sequence, rejection why) {
    if (f >= feeds_.size()) {
        return;
    }
    // Otherwise something before it was rejected, or it has come from somebody else.
    const bool was_offered = sequence > feeds_[f].head() && sequence <= feeds_[f].expected();
    if (was_offered) {
        forget_offers(f, sequence);
    }
    if (peer* const p = find(from); p != nullptr && why == rejection::invalid) {
        bar_liar(*p, f);
    }
    if (!was_offered) {
        return;
    }
    // The source may have sent it, or what follows, in vain.
    const peer_number source = feeds_[f].source;
    if (source == no_peer) {
        why == rejection::invalid ? reassign(f) : orphan(f);
    } else if (why == rejection::dropped) {
        set_note(*peers_[source], f, feeds_[f].head(), false);  // the next tick asks again
    } else if (at(*peers_[source], f).claimed >= sequence) {
        ask(*peers_[source], f);
    }
}

void machine::refuse(stream from, std::string_view feed) {
    peer* const p = find(from);
    const feed_number f = feeds_.find(feed);
    if (p != nullptr && f != no_feed && at(*p, f).is(link::entry) && is_shared(at(*p, f), f)) {
        bar_liar(*p, f);
    }
}

void machine::push(peer& p, const message& what) {
    p.out.push(what);
    p.out_bytes += cost_of(what);
    awake(p, true);
}

void machine::on_append(const message& what) {
    if (what.feed >= feeds_.size() || what.sequence < 1 || what.sequence > max_sequence) {
        return;
    }
    const feed_number f = what.feed;
    feed& fd = feeds_[f];
    const auto head = static_cast<std::int32_t>(what.sequence);
    if (fd.clock != absent && fd.clock != head - 1) {
        return;
    }
    fd.clock = head;
    feeds_.changed(f);
    for (const peer_number number : connected_) {
        peer& p = *peers_[number];
        if (!p.is_loaded || !p.is_open) {
            continue;
        }
        link& l = at(p, f);
        if (!is_shared(l, f) || l.claimed >= head) {
            continue;
        }
        if (l.is(link::tx) && l.sent == head - 1 && l.claimed != absent) {
            if (p.out_bytes < options_.window) {
                push(p, what);
                ++l.sent;
            } else {
                queue_read(p, f, l);  // it has more than it takes
            }
        } else if (l.claimed != not_replicated && !l.is(link::unreadable) &&
                   (!l.is(link::entry) || (!l.is(link::tx) && l.sent != unknown))) {
            set_note(p, f, head, false, false);
        }
    }
    if (fd.is_held) {
        end_hold(f);
    }
}

// A message that was read for one peer goes to all that have come as far.
void machine::retrieved(const message& what) {
    if (what.feed >= feeds_.size() || what.sequence < 1 || what.sequence > max_sequence) {
        return;
    }
    feed& fd = feeds_[what.feed];
    const auto sequence = static_cast<std::int32_t>(what.sequence);
    for (const peer_number number : connected_) {
        peer& p = *peers_[number];
        if (what.feed >= p.links.size()) {
            continue;
        }
        link& l = p.links[what.feed];
        const bool was_read_for = l.reading == sequence;
        if (was_read_for) {
            l.reading = 0;
            --p.reading;
            --fd.reads;
        }
        const bool is_next = p.is_open && l.is(link::tx) && l.sent == sequence - 1;
        if (is_next) {
            ++l.sent;
            push(p, what);
        }
        if ((is_next || was_read_for) && l.is(link::tx) && l.sent < fd.clock) {
            read_on(p, what.feed, l);
        }
    }
}

// The log has lost it: the peer is told how far we can serve it, so that it turns to somebody else.
void machine::not_retrieved(feed_number f, std::int64_t sequence) {
    if (f >= feeds_.size()) {
        return;
    }
    for (const peer_number number : connected_) {
        peer& p = *peers_[number];
        if (f >= p.links.size() || p.links[f].reading == 0 || p.links[f].reading != sequence) {
            continue;
        }
        link& l = p.links[f];
        l.reading = 0;
        --p.reading;
        --feeds_[f].reads;
        if (!l.is(link::tx)) {
            continue;
        }
        if (l.sent == sequence - 1) {
            l.set(link::tx, false);
            l.set(link::unreadable);
            set_note(p, f, l.sent, false);
        } else {
            queue_read(p, f, l);  // it has gone elsewhere meanwhile
        }
    }
}

void machine::queue_read(peer& p, feed_number f, link& l) {
    if (!l.is(link::queued) && l.reading == 0) {
        l.set(link::queued);
        p.reads.push(f);
    }
}

// What follows comes first, as long as it is likely to have been read together: if all feeds took
// turns after each message, nobody could keep what was read ahead of so many.
void machine::read_on(peer& p, feed_number f, link& l) {
    if (l.is(link::queued) || l.reading != 0) {
        return;
    }
    if (++l.run < longest_run) {
        l.set(link::queued);
        p.reads.push_front(f);
    } else {
        l.run = 0;
        queue_read(p, f, l);
    }
}

// As much as its sink takes. One read serves all that wait for the same message. The host's call
// may end the stream.
void machine::read_for(stream which, std::size_t& left) {
    for (peer* p = find(which); left != 0 && p != nullptr && can_read(*p); p = find(which)) {
        --left;
        const feed_number f = p->reads.pop();
        link& l = p->links[f];
        feed& fd = feeds_[f];
        l.set(link::queued, false);
        if (!l.is(link::tx) || l.sent >= fd.clock) {
            continue;
        }
        const std::int32_t next = l.sent + 1;
        const bool is_under_way =
            fd.reads != 0 && std::any_of(connected_.begin(), connected_.end(), [&](peer_number n) {
                return at(std::as_const(*peers_[n]), f).reading == next;
            });
        l.reading = next;
        ++p->reading;
        ++fd.reads;
        if (!is_under_way) {
            host_.get_at(f, next, fd.clock - next);
        }
    }
}

bool machine::next_message(stream to, message& what) {
    peer* const p = find(to);
    if (p == nullptr || p->out.empty()) {
        return false;
    }
    what = p->out.pop();
    p->out_bytes -= cost_of(what);
    return true;
}

void machine::awake(peer& p, bool is_urgent) {
    const wake_level level = is_urgent ? wake_level::urgent : wake_level::announcements;
    if (p.told < level && !p.waits_for_wake) {
        p.waits_for_wake = true;
        to_wake_.push_back(p.number);
    }
}

void machine::end_blocked() {
    for (std::size_t n = connected_.size(); n-- > 0;) {
        if (n < connected_.size() && peers_[connected_[n]]->is_blocked) {
            const stream ended = stream_of(*peers_[connected_[n]]);
            disconnect(connected_[n]);
            host_.end(ended, end_reason::blocked);
        }
    }
}

bool machine::can_read(const peer& p) const {
    return !p.reads.empty() && p.out_bytes < options_.window && p.reading < options_.reads;
}

void machine::wake_all() {
    for (std::size_t n = 0; n < to_wake_.size(); ++n) {
        peer* const p = peers_[to_wake_[n]].get();
        if (p == nullptr || !p->waits_for_wake) {
            continue;
        }
        p->waits_for_wake = false;
        if (p->is_connected && (p->has_notes || !p->out.empty())) {
            const bool is_urgent = p->is_urgent || !p->out.empty();
            p->told = is_urgent ? wake_level::urgent : wake_level::announcements;
            host_.wake(stream_of(*p), is_urgent);
        }
    }
    to_wake_.clear();
}

bool machine::run(std::size_t most) {
    if (is_running_) {
        return false;
    }
    is_running_ = true;
    end_blocked();
    bool is_done = false;
    while (!is_done) {
        while (!arrivals_.empty()) {
            arrival first = arrivals_.pop();
            if (first.what.sequence > feeds_[first.what.feed].clock) {  // nobody was faster
                host_.append(first.from, std::move(first.what));
            }
        }
        // By index: what the host does in a call may connect and end peers.
        for (std::size_t n = 0; n < connected_.size() && most != 0; ++n) {
            first_reader_ = (first_reader_ + 1) % connected_.size();
            read_for(stream_of(*peers_[connected_[first_reader_]]), most);
        }
        is_done = arrivals_.empty() &&
                  (most == 0 || std::none_of(connected_.begin(), connected_.end(),
                                             [&](peer_number n) { return can_read(*peers_[n]); }));
    }
    wake_all();
    is_running_ = false;
    return most == 0;
}

}  // namespace rhumb::overlay::ebt
