#include "controlplane/overlay/broadcast/membership.hh"

#include <algorithm>
#include <bit>

namespace rhumb::overlay::broadcast {
namespace {

constexpr std::size_t most_requests = 8;
constexpr std::size_t most_first_contacts = 16;
constexpr std::uint32_t most_doublings = 7;

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
    rejoins_ = 0;
    next_join_ = time_point::max();
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

void membership::await(const contact& who, bool make_room, const turn& t) {
    const time_point until = t.now + options_.neighbour_timeout;
    for (request& r : requests_) {
        if (r.who.key == who.key) {
            r.until = until;
            r.make_room = r.make_room || make_room;
            return;
        }
    }
    if (requests_.size() >= most_requests) {  // the oldest is not waited for any more
        requests_.erase(requests_.begin());
    }
    requests_.push_back({who, until, make_room});
}

void membership::ask(const contact& who, bool high, bool make_room, const turn& t) {
    t.dial(who);
    t.send(who.key, [&](auto& to) { write_neighbour(to, high, self_.where); });
    await(who, make_room, t);
}

void membership::join(std::span<const contact> contacts, const turn& t) {
    contacts_.clear();
    for (const contact& each : contacts) {
        if (each.key != self_.key && contacts_.size() < most_first_contacts) {
            contacts_.push_back(each);
        }
    }
    ask_to_join(t);
}

void membership::ask_to_join(const turn& t) {
    next_join_ = time_point::max();
    if (contacts_.empty()) {
        return;
    }
    const contact& who = contacts_[dice_.below(contacts_.size())];
    if (slot_of(who.key) != no_slot) {
        return;
    }
    t.dial(who);
    t.send(who.key, [&](auto& to) { write_join(to, self_.where); });
    await(who, true, t);
}

// Nobody is left to ask.
void membership::plan_rejoin(const turn& t) {
    if (!contacts_.empty() && next_join_ == time_point::max()) {
        const std::uint32_t doubled = std::min(rejoins_++, most_doublings);
        next_join_ =
            t.now + options_.neighbour_timeout * (1U << doubled) * (768 + dice_.below(512)) / 1024;
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
        plan_rejoin(t);
    }
}

void membership::take_join(const contact& who, const turn& t) {
    const slot before = slot_of(who.key);
    if (before != no_slot) {  // it has restarted
        remove(before);
    }
    const slot s = add(who, t);
    t.send(who.key, [](auto& to) { write_neighbour_reply(to, true); });
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

void membership::take_neighbour(const contact& who, bool high, const turn& t) {
    const bool known = slot_of(who.key) != no_slot;
    const bool accepted = known || high || !full();
    if (accepted && !known) {
        add(who, t);
    }
    t.send(who.key, [&](auto& to) { write_neighbour_reply(to, accepted); });
    if (!accepted) {
        t.release(who.key);
    }
}

void membership::take_reply(const peer_key& from, bool accepted, const turn& t) {
    const auto asked = std::find_if(requests_.begin(), requests_.end(),
                                    [&](const request& r) { return r.who.key == from; });
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
        }
    } else if (!accepted) {
        ++refusals_;
        const std::size_t found = find_candidate(from);
        if (found < passive_.size()) {
            passive_[found].refused = true;
        }
        t.release(from);
    }
    fill(t);
}

void membership::take_disconnect(const peer_key& from, const turn& t) {
    const slot s = slot_of(from);
    if (s == no_slot) {
        return;
    }
    const contact who = active_[s];
    remove(s);
    remember(who);
    fill(t);
}

void membership::stray(const peer_key& from, const turn& t) {
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
        case frame_type::join: take_join({from, f.who.where}, t); break;
        case frame_type::forward_join:
            if (f.who.key != self_.key && f.who.key != from) {
                take_forward_join(s, f.who, f.ttl, t);
            }
            break;
        case frame_type::neighbour: take_neighbour({from, f.who.where}, f.flag, t); break;
        case frame_type::neighbour_reply: take_reply(from, f.flag, t); break;
        case frame_type::disconnect: take_disconnect(from, t); break;
        case frame_type::shuffle: take_shuffle(s, f, bytes, t); break;
        case frame_type::shuffle_reply: take_shuffle_reply(f, t); break;
        default: break;
    }
}

time_point membership::deadline() const noexcept {
    time_point first = std::min(next_shuffle_, next_join_);
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
        forget(requests_[n].who.key);
        if (slot_of(requests_[n].who.key) == no_slot) {
            t.release(requests_[n].who.key);
        }
        requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(n));
        if (requests_.empty()) {
            fill(t);
            break;
        }
    }
    if (next_join_ <= t.now) {
        next_join_ = time_point::max();
        if (used_ == 0 && requests_.empty()) {
            ask_to_join(t);
        }
    }
    if (next_shuffle_ <= t.now) {
        next_shuffle_ = t.now + options_.shuffle_period * (960 + dice_.below(128)) / 1024;
        shuffle(t);
    }
}

}  // namespace rhumb::overlay::broadcast
