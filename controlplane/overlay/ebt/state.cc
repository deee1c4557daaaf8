#include "controlplane/overlay/ebt/state.hh"

#include <algorithm>
#include <string>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {
namespace {

replication_view seen(const link& l, bool is_source) {
    replication_view view{.tx = l.is(link::tx),
                          .rx = l.is(link::rx),
                          .sent = {},
                          .requested = l.requested,
                          .is_source = is_source};
    if (l.sent != unknown) {
        view.sent = l.sent;
    }
    return view;
}

// Twice one for the first notes of both sides, and what is still to be transferred.
void count(progress_view& all, const link& l, std::int64_t head, std::int64_t lead) {
    all.total += 2;
    all.current += 1 + (l.sent != unknown ? 1 : 0);
    const std::int64_t claimed = std::min<std::int64_t>(l.claimed, head + lead);
    if (l.is(link::rx) && l.requested >= 0 && head < claimed) {
        all.current += head - l.requested;
        all.total += claimed - l.requested;
    }
    if (l.is(link::tx) && claimed >= 0 && claimed < head) {
        all.current += l.sent - claimed;
        all.total += head - claimed;
    }
}

}  // namespace

progress_view machine::progress() const {
    progress_view all;
    for (const peer_number number : connected_) {
        const peer& p = *peers_[number];
        for (const feed_number f : p.touched) {
            const link& l = p.links[f];
            if (l.is(link::entry)) {
                count(all, l, feeds_[f].head(), is_backing_off(l) ? 0 : options_.claimed_lead);
            }
        }
        const auto strangers = static_cast<std::int64_t>(p.strangers.known().size());
        all.current += 2 * strangers;
        all.total += 2 * strangers;
    }
    return all;
}

peer_view machine::view_of(const peer& p, feed_number first, feed_number end) const {
    peer_view view;
    view.is_client = p.is_client;
    view.is_blocked = p.is_blocked;
    if (p.active >= 0) {
        view.active = p.active;
    }
    for (const message& waiting : p.out) {
        view.messages.emplace_back(feeds_.id(waiting.feed), waiting.sequence);
    }
    for (const feed_number f : p.reads) {
        view.retrieve.emplace_back(feeds_.id(f));
    }
    view.entries_received = p.entries_received;
    if (p.is_loaded) {
        view.clock.emplace();
    }
    if (p.has_notes) {
        view.notes.emplace();
    }
    if (p.is_open || !p.is_client) {
        view.replicating.emplace();
    }
    end = std::min(end, static_cast<feed_number>(p.links.size()));
    for (feed_number f = first; f < end; ++f) {
        const link& l = p.links[f];
        const std::string id(feeds_.id(f));
        if (view.clock && l.claimed != absent) {
            view.clock->emplace(id, l.claimed);
        }
        if (view.notes && l.is(link::noted)) {
            view.notes->emplace(id, encode_note(l.requested, l.is(link::rx)));
        }
        if (view.replicating && l.is(link::entry)) {
            view.replicating->emplace(id, seen(l, feeds_[f].source == p.number));
        }
    }
    return view;
}

void machine::add_strangers(const peer& p, peer_view& view, std::size_t most) const {
    for (const auto& [id, what] : p.strangers.known()) {
        if (what.is_taken) {
            continue;
        }
        if (most-- == 0) {
            return;
        }
        if (view.clock) {
            view.clock->emplace(id, what.claimed);
        }
        if (view.notes && what.is_noted) {
            view.notes->emplace(id, not_replicated);
        }
        if (view.replicating) {
            view.replicating->emplace(id, replication_view{.tx = false,
                                                           .rx = false,
                                                           .sent = not_replicated,
                                                           .requested = not_replicated,
                                                           .is_source = false});
        }
    }
}

state_view machine::state(feed_number first, std::size_t count) const {
    state_view view;
    view.id = id_;
    const auto end = static_cast<feed_number>(
        first + std::min(count, feeds_.size() - std::min<std::size_t>(first, feeds_.size())));
    for (feed_number f = first; f < end; ++f) {
        if (feeds_[f].clock != absent) {
            view.clock.emplace(feeds_.id(f), feeds_[f].clock);
        }
        if (feeds_[f].was_named) {
            view.follows.emplace(feeds_.id(f), feeds_[f].is_followed);
        }
    }
    for (const auto& [who, whom] : blocks_) {
        view.blocks.emplace(who, whom);
    }
    for (const peer_number number : connected_) {
        const peer& p = *peers_[number];
        peer_view& there = view.peers.emplace(p.id, view_of(p, first, end)).first->second;
        if (first == 0) {
            add_strangers(p, there, count);
        }
    }
    for (const arrival& waiting : arrivals_) {
        const peer* const from = find(waiting.from);
        view.receive.emplace_back(
            from == nullptr ? std::string() : from->id,
            message_name(feeds_.id(waiting.what.feed), waiting.what.sequence));
    }
    return view;
}

}  // namespace rhumb::overlay::ebt
