#include "controlplane/overlay/broadcast/node.hh"

#include <algorithm>
#include <string>
#include <vector>

namespace rhumb::overlay::broadcast {
namespace {

constexpr std::size_t most_frame = gossip_head + body_head + most_payload;

}  // namespace

node::node(const options& wanted, const contact& self)
    : options_(wanted),
      self_(self.key),
      hash_(wanted.key),
      rates_(wanted.rate, wanted.key),
      peers_(wanted.membership, self, wanted.key),
      store_(wanted.memory),
      unverified_(wanted.memory),
      origins_(wanted.order, wanted.memory.origins, wanted.key),
      copies_(wanted.retransmission, store_),
      way_(make_broadcaster(wanted, {self_, store_, origins_}, peers_, copies_)),
      next_sequence_(wanted.first_sequence) {}

// Tells the other parts what has happened to the neighbours.
void node::settle(const turn& t) {
    for (const membership::change& c : peers_.changes()) {
        if (c.up) {
            store_.expire(t.now);
            way_->neighbour_up(c.where, t);
        } else {
            way_->neighbour_down(c.where);
            copies_.lost(c.peer);
        }
    }
    peers_.forget_changes();
}

void node::join(std::span<const contact> contacts, time_point now, outbox& out) {
    const turn t{now, out, counts_};
    peers_.join(contacts, t);
    settle(t);
}

void node::meet(const contact& who, time_point now, outbox& out) {
    const turn t{now, out, counts_};
    peers_.meet(who, t);
    settle(t);
}

void node::lost(const peer_key& peer, time_point now, outbox& out) {
    const turn t{now, out, counts_};
    copies_.lost(peer);
    peers_.lost(peer, t);
    settle(t);
}

void node::reject(const peer_key& from, drop_reason why, const turn& t) {
    counts_.drop(why);
    t.out.add(action_kind::misbehaved, from, [](std::vector<byte>&) {}).why = why;
}

void node::receive(const peer_key& from, std::span<const byte> bytes, time_point now, outbox& out) {
    const turn t{now, out, counts_};
    counts_.received_bytes += bytes.size();
    if (from == self_) {
        counts_.drop(drop_reason::from_self);
        return;
    }
    if (!rates_.take(from, bytes.size(), now)) {
        counts_.drop(drop_reason::rate);
        return;
    }
    frame f;
    drop_reason why = bytes.size() > most_frame ? drop_reason::too_long : read_frame(bytes, f);
    if (why == drop_reason::none && f.payload.size() > options_.payload) {
        why = drop_reason::too_long;
    }
    if (why != drop_reason::none) {
        reject(from, why, t);
        return;
    }
    ++counts_.received[static_cast<std::size_t>(f.type)];
    switch (f.type) {
        case frame_type::gossip: take_gossip(from, f, t); break;
        case frame_type::ihave:
        case frame_type::graft:
        case frame_type::prune: take_for_neighbours(from, f, t); break;
        case frame_type::ack: copies_.acknowledged(from, f.tag, t); break;
        default:
            if (!rates_.take_membership(from, now)) {
                counts_.drop(drop_reason::rate);
                return;
            }
            peers_.take(from, f, bytes, t);
            settle(t);
            break;
    }
}

void node::take_for_neighbours(const peer_key& from, const frame& f, const turn& t) {
    const slot s = peers_.slot_of(from);
    if (s == no_slot) {
        counts_.drop(drop_reason::not_neighbour);
        peers_.stray(from, t);
        return;
    }
    way_->take(s, f, t);
}

arrival node::arrived(const message_id& id, std::uint64_t name, std::uint16_t hops,
                      const peer_key& from) const noexcept {
    return {id, name, hops, peers_.slot_of(from), from, hops < options_.hop_limit};
}

void node::take_gossip(const peer_key& from, const frame& f, const turn& t) {
    const arrival m = arrived(f.id, hash_(f.id), f.hops, from);
    const slot s = m.from;
    drop_reason why = drop_reason::none;
    if (store_.find(m.name) != nullptr) {
        why = drop_reason::duplicate;
    } else if (f.id.origin == self_) {
        why = drop_reason::from_self;
    } else if (origins_.stale(f.id)) {
        why = drop_reason::stale;
    } else if (!options_.verify) {
        accept(m, f.body, t);
    } else {
        switch (unverified_.add(from, m.name, f, t)) {
            case unverified::outcome::waits: break;
            case unverified::outcome::duplicate: why = drop_reason::duplicate; break;
            case unverified::outcome::full: why = drop_reason::unverified_full; break;
        }
    }
    if (why != drop_reason::none) {
        counts_.drop(why);
    }
    // What found no room may come again.
    if (f.flag && why != drop_reason::unverified_full) {
        t.send(from, [&](auto& to) { write_ack(to, f.tag); });
    }
    if (s != no_slot && why == drop_reason::duplicate && !f.again) {
        way_->duplicate(s, t);
    } else if (s == no_slot && options_.way != spreading::gossip) {
        counts_.drop(drop_reason::not_neighbour);
        peers_.stray(from, t);
    }
}

// A message that is new and valid.
void node::accept(const arrival& m, std::span<const byte> body, const turn& t) {
    if (!origins_.take(m.id, m.hops, body.subspan(body_head), t)) {
        counts_.drop(drop_reason::stale);
        return;
    }
    store_.add(m.name, m.hops, body, t.now);
    if (!m.pass_on) {
        counts_.drop(drop_reason::hop_limit);
    }
    way_->fresh(m, t);
}

void node::answer(std::uint64_t ticket, drop_reason why, const turn& t) {
    const std::optional<unverified::message> found = unverified_.answered(ticket, why, t);
    if (found) {
        accept(arrived(found->id, found->name, found->hops, found->from), found->body, t);
    }
}

void node::verified(std::uint64_t ticket, bool valid, time_point now, outbox& out) {
    answer(ticket, valid ? drop_reason::none : drop_reason::bad_signature, {now, out, counts_});
}

void node::unwanted(std::uint64_t ticket, time_point now, outbox& out) {
    answer(ticket, drop_reason::unwanted, {now, out, counts_});
}

result<std::uint64_t> node::broadcast(const signature_bytes& signed_by_us,
                                      std::span<const byte> payload, time_point now, outbox& out) {
    if (payload.size() > options_.payload) {
        return error{"a broadcast message may have " + std::to_string(options_.payload) +
                         " bytes, this one has " + std::to_string(payload.size()),
                     {}};
    }
    const turn t{now, out, counts_};
    const message_id id{self_, next_sequence_++};
    std::vector<byte> body;
    body.reserve(body_head + payload.size());
    append_body(body, id, signed_by_us, payload);
    const arrival own{id, hash_(id), 0, no_slot, self_, true};
    store_.add(own.name, 0, body, now);
    way_->fresh(own, t);
    return id.sequence;
}

time_point node::deadline() const noexcept {
    return std::min({peers_.deadline(), way_->deadline(), copies_.deadline(), origins_.deadline()});
}

void node::tick(time_point now, outbox& out) {
    const turn t{now, out, counts_};
    peers_.tick(t);
    settle(t);
    way_->tick(t);
    copies_.tick(t);
    origins_.tick(t);
    store_.expire(now);
}

}  // namespace rhumb::overlay::broadcast
