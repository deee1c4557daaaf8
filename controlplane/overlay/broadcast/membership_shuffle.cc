// The passive view is kept fresh: SHUFFLE and its reply.
#include <algorithm>
#include <bit>

#include "controlplane/overlay/broadcast/membership.hh"

namespace rhumb::overlay::broadcast {

// Adds up to `count` random neighbours to list_.
void membership::sample_active(std::size_t count) {
    slot_set left = used_;
    for (; count > 0 && left != 0; --count) {
        const slot chosen = random_neighbour(left);
        left &= ~only(chosen);
        list_.push_back(active_[chosen]);
    }
}

// Adds up to `count` random peers of the passive view to list_. They move to its front, where their
// order is of no meaning.
void membership::sample_passive(std::size_t count, const peer_key& but) {
    for (std::size_t n = 0; n < passive_.size() && count > 0; ++n) {
        std::swap(passive_[n], passive_[n + dice_.below(passive_.size() - n)]);
        if (passive_[n].who.key != but) {
            list_.push_back(passive_[n].who);
            --count;
        }
    }
}

// Begins a new round of asking, and offers what we know to a random peer.
void membership::shuffle(const turn& t) {
    begin_round();
    fill(t);
    const slot first = random_neighbour(used_);
    if (first == no_slot) {
        return;
    }
    tries_ = 0;
    list_.clear();
    sample_active(options_.shuffle_active);
    const std::size_t of_active = list_.size();
    sample_passive(options_.shuffle_passive, self_.key);
    shuffled_.clear();
    for (std::size_t n = of_active; n < list_.size(); ++n) {
        shuffled_.push_back(list_[n].key);
    }
    shuffle_open_ = true;
    t.send(active_[first].key,
           [&](auto& to) { write_shuffle(to, options_.shuffle_walk, self_, list_); });
}

void membership::take_shuffle(slot from, const frame& f, std::span<const byte> bytes,
                              const turn& t) {
    if (f.who.key == self_.key) {
        return;
    }
    std::uint8_t ttl = std::min(f.ttl, options_.shuffle_walk);
    ttl = static_cast<std::uint8_t>(ttl == 0 ? 0 : ttl - 1);
    const slot next = random_neighbour(used_ & ~only(from) & ~only(slot_of(f.who.key)));
    if (ttl > 0 && std::popcount(used_) > 1 && next != no_slot) {
        t.send(active_[next].key, [&](auto& to) { write_shuffle_again(to, bytes, ttl); });
        return;
    }
    // The walk ends here. As many as were offered, the origin among them.
    list_.clear();
    sample_passive(std::min(f.count + 1, most_contacts), f.who.key);
    if (slot_of(f.who.key) == no_slot) {
        t.dial(f.who);
    }
    t.send(f.who.key, [&](auto& to) { write_shuffle_reply(to, list_); });
    let_go(f.who.key, t);
    std::vector<peer_key> sent;
    sent.reserve(list_.size());
    for (const contact& each : list_) {
        sent.push_back(each.key);
    }
    merge(f, sent);
}

void membership::take_shuffle_reply(const frame& f, const turn& t) {
    // What was not asked for, and more than was asked for, could fill our view with strangers.
    if (!shuffle_open_ || f.count > options_.shuffle_active + options_.shuffle_passive + 1) {
        t.counts.drop(drop_reason::unexpected);
        return;
    }
    shuffle_open_ = false;
    merge(f, shuffled_);
    fill(t);
}

// Contacts of a frame, and the origin of a SHUFFLE, into the passive view: first in place of those
// that the other side has got from us.
void membership::merge(const frame& f, std::span<const peer_key> sent) {
    contact each = f.who;
    bool more = f.type == frame_type::shuffle;
    contact_reader list(f);
    std::size_t next_sent = 0;
    for (more = more || list.next(each); more; more = list.next(each)) {
        if (each.key == self_.key || slot_of(each.key) != no_slot) {
            continue;
        }
        if (passive_.size() >= options_.passive && find_candidate(each.key) == passive_.size()) {
            while (next_sent < sent.size() && !forget(sent[next_sent])) {
                ++next_sent;
            }
        }
        remember(each);
    }
}

}  // namespace rhumb::overlay::broadcast
