// Notes: what a peer says of a feed, and what we say.
#include <algorithm>
#include <string>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {
namespace {

constexpr std::size_t longest_id = 256;

}  // namespace

// Replaces what was to be said of the feed and has not been sent. Sequence and rx of the note are
// those of the link: they change together.
void machine::set_note(peer& p, feed_number f, std::int32_t sequence, bool rx, bool is_urgent) {
    link& l = touch(p, f);
    if (!l.is(link::noted)) {
        l.set(link::noted);
        p.pending.push_back(f);
    }
    p.has_notes = true;
    p.is_urgent = p.is_urgent || is_urgent;
    awake(p, is_urgent);
    l.requested = sequence;
    l.set(link::rx, rx);
    if (rx && !l.is(link::listed)) {
        l.set(link::listed);
        p.asked_feeds.push_back(f);
    } else if (!rx && feeds_[f].source == p.number) {
        feeds_[f].source = no_peer;
        orphan(f);
    }
}

void machine::notes(stream from, std::span<const note> said) {
    peer* const p = find(from);
    if (p == nullptr || !p->is_loaded) {
        return;
    }
    if (!p->is_open) {  // the server has spoken
        p->is_open = true;
        mention_all(*p);
    }
    for (const note& each : said) {
        const feed_number f = feeds_.find(each.feed);
        const note_meaning meaning = decode_note(each.value);
        if (f != no_feed) {
            take_note(*p, f, meaning);
        } else if (each.feed.size() <= longest_id) {
            p->strangers.mention(each.feed, meaning.sequence);
            if (p->strangers.has_notes()) {
                p->has_notes = p->is_urgent = true;
                awake(*p, true);
            }
        }
    }
    p->entries_received += said.size();
}

void machine::take_note(peer& p, feed_number f, note_meaning said) {
    link& l = touch(p, f);
    feed& fd = feeds_[f];
    l.claimed = said.sequence;
    l.set(link::heard);
    fd.top_claim = std::max(fd.top_claim, said.sequence);
    if (is_shared(l, f)) {
        answer_note(p, f, l, said);
    } else {
        say_no(p, f, l, !l.is(link::entry));
    }
}

// -1, once for a feed and connection; nothing is under way any more.
void machine::say_no(peer& p, feed_number f, link& l, bool is_news) {
    const bool was_source = feeds_[f].source == p.number;
    l.set(link::entry);
    l.set(link::tx | link::rx, false);
    l.sent = not_replicated;
    l.requested = not_replicated;
    if (is_news) {
        set_note(p, f, not_replicated, false);
    }
    if (was_source) {
        feeds_[f].source = no_peer;
        reassign(f);
    }
}

void machine::answer_note(peer& p, feed_number f, link& l, note_meaning said) {
    const std::int32_t head = feeds_[f].head();
    const bool is_ahead = said.sequence > head;
    // One of us has said -1, or nothing at all: the mention is answered, even if we have as much.
    const bool is_first =
        !l.is(link::entry) || l.is(link::refused) || l.requested == not_replicated;
    if (said.sequence != l.sent) {
        l.set(link::unreadable, false);
    }
    l.set(link::refused, !said.is_replicated);
    if (is_first && said.is_replicated) {
        l.set(link::entry);
        l.set(link::rx, false);
        if (is_ahead && source_of(f, p) == nullptr && can_ask(l, f)) {
            ask(p, f);
        } else {
            set_note(p, f, head, false);
            feeds_[f].is_held = feeds_[f].is_held || is_ahead;
        }
    } else if (!l.is(link::entry)) {
        l.set(link::entry);
        set_note(p, f, head, false);
    } else if (!l.is(link::rx) && is_ahead) {
        consider(p, f, said.sequence);
    }
    l.set(link::tx, said.wants_messages && !l.is(link::unreadable));
    l.sent = said.sequence;
    if (!said.is_replicated) {
        lose_source(p, f);
    } else if (head > said.sequence && l.is(link::tx)) {
        queue_read(p, f, l);
    } else if (head > said.sequence && !l.is(link::unreadable)) {
        set_note(p, f, head, l.is(link::rx));
    }
    if (feeds_[f].is_held && feeds_[f].source == p.number) {
        end_hold(f);
    }
}

bool machine::next_notes(stream to, std::size_t limit, std::vector<note>& said) {
    said.clear();
    peer* const p = find(to);
    if (p == nullptr) {
        return false;
    }
    if (!p->has_notes) {
        p->told = p->out.empty() ? wake_level::none : p->told;
        return false;
    }
    while (said.size() < limit && !p->pending.empty()) {
        const feed_number f = p->pending.back();
        p->pending.pop_back();
        link& l = p->links[f];
        l.set(link::noted, false);
        said.push_back({.feed = feeds_.id(f), .value = encode_note(l.requested, l.is(link::rx))});
    }
    while (said.size() < limit) {
        const std::string* const id = p->strangers.next_note();
        if (id == nullptr) {
            break;
        }
        said.push_back({.feed = *id, .value = not_replicated});
    }
    p->has_notes = limit != 0 && (!p->pending.empty() || p->strangers.has_notes());
    p->is_urgent = p->is_urgent && p->has_notes;
    return true;
}

}  // namespace rhumb::overlay::ebt
