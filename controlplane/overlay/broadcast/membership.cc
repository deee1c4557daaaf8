#include "controlplane/overlay/broadcast/membership.hh"

#include <algorithm>
#include <bit>

namespace rhumb::overlay::broadcast {
namespace {

constexpr std::size_t most_requests = 8;

}  // namespace

membership::membership(const membership_options& wanted, const contact& self, const secret& key)
    : options_(wanted), self_(self), dice_({key.low ^ 1, key.high}), active_(wanted.active) {}

bool membership::full() const noexcept {
    return static_cast<std::size_t>(std::popcount(used_)) >= options_.active;
}

slot membership::slot_of(const peer_key& peer) const noexcept {
    for (slot_set left = used_; left != 0; left &= left - 1) {
        const auto s = static_cast<slot>(std::countr_zero(left));
        if (active_[s].key == peer) {
            return s;
        }
    }
    return no_slot;
}

// no_slot where there is none.
slot membership::random_neighbour(slot_set among) {
    among &= used_;
    if (among == 0) {
        return no_slot;
    }
    for (std::size_t skip = dice_.below(static_cast<std::size_t>(std::popcount(among))); skip > 0;
         --skip) {
        among &= among - 1;
    }
    return static_cast<slot>(std::countr_zero(among));
}

// Precondition: not a neighbour, nor ourselves. Makes room.
slot membership::add(const contact& who, const turn& t) {
    if (full()) {
        drop(random_neighbour(used_), t);
    }
    forget(who.key);
    const auto s = static_cast<slot>(std::countr_one(used_));
    active_[s] = who;
    used_ |= only(s);
    next_try_ = time_point::max();
    changes_.push_back({s, true, who.key});
    if (next_shuffle_ == time_point::max()) {
        // The first at any time of a period: nodes that start together do not stay together.
        next_shuffle_ = t.now + options_.shuffle_period * dice_.below(1024) / 1024;
    }
    return s;
}

void membership::remove(slot s) {
    used_ &= ~only(s);
    changes_.push_back({s, false, active_[s].key});
}

// Lets a neighbour go that did no wrong.
void membership::drop(slot s, const turn& t) {
    // Should it be answering a request of ours, that answer is older than this.
    std::erase_if(requests_, [&](const request& r) { return r.who.key == active_[s].key; });
    t.send(active_[s].key, [](auto& to) { write_disconnect(to); });
    t.release(active_[s].key);
    remove(s);
    remember(active_[s]);
}

std::size_t membership::find_candidate(const peer_key& peer) const noexcept {
    const auto found = std::find_if(passive_.begin(), passive_.end(),
                                    [&](const candidate& c) { return c.who.key == peer; });
    return static_cast<std::size_t>(found - passive_.begin());
}

// Into the passive view, in place of a random one if it is full.
bool membership::remember(const contact& who) {
    if (options_.passive == 0 || who.key == self_.key || slot_of(who.key) != no_slot) {
        return false;
    }
    const std::size_t known = find_candidate(who.key);
    if (known < passive_.size()) {
        if (!who.where.empty()) {
            passive_[known].who.where = who.where;
        }
        return false;
    }
    if (passive_.size() < options_.passive) {
        passive_.push_back({who});
    } else {
        passive_[dice_.below(passive_.size())] = {who};
    }
    return true;
}

bool membership::forget(const peer_key& peer) {
    const std::size_t found = find_candidate(peer);
    if (found == passive_.size()) {
        return false;
    }
    passive_[found] = passive_.back();
    passive_.pop_back();
    return true;
}

bool membership::awaits(const peer_key& peer) const noexcept {
    return std::any_of(requests_.begin(), requests_.end(),
                       [&](const request& r) { return r.who.key == peer; });
}

// Its tag.
std::uint32_t membership::await(const contact& who, bool make_room, const turn& t) {
    const request wanted{who, t.now + options_.neighbour_timeout, next_tag_++, make_room};
    for (request& r : requests_) {
        if (r.who.key == who.key) {
            r = wanted;
            return wanted.tag;
        }
    }
    if (requests_.size() >= most_requests) {  // the oldest is not waited for any more
        const peer_key oldest = requests_.front().who.key;
        requests_.erase(requests_.begin());
        let_go(oldest, t);
    }
    requests_.push_back(wanted);
    return wanted.tag;
}

// The link to a peer may be closed, unless it is a neighbour's or we wait for an answer on it.
void membership::let_go(const peer_key& peer, const turn& t) {
    if (slot_of(peer) == no_slot && !awaits(peer)) {
        t.release(peer);
    }
}

void membership::ask(const contact& who, bool high, bool make_room, const turn& t) {
    const std::uint32_t tag = await(who, make_room, t);
    t.dial(who);
    t.send(who.key, [&](auto& to) { write_neighbour(to, high, tag, self_.where); });
}

void membership::begin_round() noexcept {
    refusals_ = 0;
    for (candidate& c : passive_) {
        c.refused = false;
    }
}

// Asks a random peer of the passive view for a free place, one at a time.
void membership::fill(const turn& t) {
    const bool alone = used_ == 0;
    if (full() || !requests_.empty()) {
        return;
    }
    if (refusals_ < options_.most_refusals || alone) {
        std::size_t left = 0;
        for (const candidate& c : passive_) {
            left += c.refused ? 0 : 1;
        }
        if (left != 0) {
            std::size_t skip = dice_.below(left);
            const auto chosen =
                std::find_if(passive_.begin(), passive_.end(),
                             [&](const candidate& c) { return !c.refused && skip-- == 0; });
            ask(chosen->who, alone, false, t);
            return;
        }
    }
    if (alone) {
        plan_try(t);
    }
}

void membership::take_join(const contact& who, std::uint32_t tag, const turn& t) {
    const slot before = slot_of(who.key);
    if (before != no_slot) {  // it has restarted
        remove(before);
    }
    const slot s = add(who, t);
    t.send(who.key, [&](auto& to) { write_neighbour_reply(to, true, tag); });
    for (slot_set left = used_ & ~only(s); left != 0; left &= left - 1) {
        t.send(active_[static_cast<slot>(std::countr_zero(left))].key,
               [&](auto& to) { write_forward_join(to, who, options_.active_walk); });
    }
}

void membership::take_forward_join(slot from, const contact& who, std::uint8_t ttl, const turn& t) {
    ttl = std::min(ttl, options_.active_walk);
    const slot known = slot_of(who.key);
    const slot next = random_neighbour(used_ & ~only(from) & ~only(known));
    if (ttl == 0 || std::popcount(used_) == 1 || next == no_slot) {
        if (known == no_slot) {
            ask(who, true, true, t);
        }
        return;
    }
    if (ttl == options_.passive_walk) {
        remember(who);
    }
    t.send(active_[next].key,
           [&](auto& to) { write_forward_join(to, who, static_cast<std::uint8_t>(ttl - 1)); });
}

void membership::take_neighbour(const contact& who, bool high, std::uint32_t tag, const turn& t) {
    const bool known = slot_of(who.key) != no_slot;
    const bool accepted = known || high || !full();
    if (accepted && !known) {
        add(who, t);
    }
    t.send(who.key, [&](auto& to) { write_neighbour_reply(to, accepted, tag); });
    let_go(who.key, t);
}

void membership::take_reply(const peer_key& from, bool accepted, std::uint32_t tag, const turn& t) {
    const auto asked = std::find_if(requests_.begin(), requests_.end(), [&](const request& r) {
        return r.who.key == from && r.tag == tag;
    });
    const bool known = slot_of(from) != no_slot;
    if (asked == requests_.end()) {
        t.counts.drop(drop_reason::unexpected);
        if (accepted && !known) {  // too late: we have given it up
            stray(from, t);
        }
        return;
    }
    const request answered = *asked;
    requests_.erase(asked);
    if (accepted && !known) {
        if (answered.make_room || !full()) {
            add(answered.who, t);
        } else {
            stray(from, t);
            remember(answered.who);
            refuse(from);  // nor once more: a ring of such nodes would go on for ever
            ++refusals_;
        }
    } else if (!accepted) {
        ++refusals_;
        refuse(from);
        let_go(from, t);
    }
    fill(t);
}

// Not to be asked again in this round.
void membership::refuse(const peer_key& peer) noexcept {
    const std::size_t found = find_candidate(peer);
    if (found < passive_.size()) {
        passive_[found].refused = true;
    }
}

void membership::take_disconnect(const peer_key& from, const turn& t) {
    const slot s = slot_of(from);
    if (s == no_slot) {
        return;
    }
    remove(s);
    remember(active_[s]);
    refuse(from);     // it has no place for us
    let_go(from, t);  // the link may be ours to close
    fill(t);
}

// Unless we wait for its answer, which settles the matter.
void membership::stray(const peer_key& from, const turn& t) {
    if (awaits(from)) {
        return;
    }
    t.send(from, [](auto& to) { write_disconnect(to); });
    t.release(from);
}

void membership::lost(const peer_key& peer, const turn& t) {
    const slot s = slot_of(peer);
    if (s != no_slot) {
        remove(s);
    }
    forget(peer);
    const auto asked = std::find_if(requests_.begin(), requests_.end(),
                                    [&](const request& r) { return r.who.key == peer; });
    if (asked != requests_.end()) {
        requests_.erase(asked);
    }
    fill(t);
}

void membership::take(const peer_key& from, const frame& f, std::span<const byte> bytes,
                      const turn& t) {
    if (from == self_.key) {
        t.counts.drop(drop_reason::from_self);
        return;
    }
    const slot s = slot_of(from);
    const bool for_neighbours = f.type == frame_type::forward_join || f.type == frame_type::shuffle;
    if (for_neighbours && s == no_slot) {
        t.counts.drop(drop_reason::not_neighbour);
        stray(from, t);
        return;
    }
    switch (f.type) {
        case frame_type::join: take_join({from, f.who.where}, f.tag, t); break;
        case frame_type::forward_join:
            if (f.who.key != self_.key && f.who.key != from) {
                take_forward_join(s, f.who, f.ttl, t);
            }
            break;
        case frame_type::neighbour: take_neighbour({from, f.who.where}, f.flag, f.tag, t); break;
        case frame_type::neighbour_reply: take_reply(from, f.flag, f.tag, t); break;
        case frame_type::disconnect: take_disconnect(from, t); break;
        case frame_type::shuffle: take_shuffle(s, f, bytes, t); break;
        case frame_type::shuffle_reply: take_shuffle_reply(f, t); break;
        default: break;
    }
}

time_point membership::deadline() const noexcept {
    time_point first = std::min(next_shuffle_, next_try_);
    for (const request& r : requests_) {
        first = std::min(first, r.until);
    }
    return first;
}

void membership::tick(const turn& t) {
    for (std::size_t n = 0; n < requests_.size();) {
        if (requests_[n].until > t.now) {
            ++n;
            continue;
        }
        // No answer: as if there were no link to be had. Its neighbour it may still become.
        const peer_key silent = requests_[n].who.key;
        requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(n));
        forget(silent);
        let_go(silent, t);
        if (requests_.empty()) {
            fill(t);
            break;
        }
    }
    if (next_try_ <= t.now) {
        try_again(t);
    }
    if (next_shuffle_ <= t.now) {
        next_shuffle_ = t.now + options_.shuffle_period * (960 + dice_.below(128)) / 1024;
        shuffle(t);
    }
}

}  // namespace rhumb::overlay::broadcast
