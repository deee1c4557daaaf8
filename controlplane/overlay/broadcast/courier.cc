#include "controlplane/overlay/broadcast/courier.hh"

#include <algorithm>

namespace rhumb::overlay::broadcast {

void courier::watch(std::uint32_t place, const turn& t) {
    copy& c = copies_[place];
    const duration wait = options_.wait * (1U << std::min<unsigned>(c.sent - 1U, 16));
    due_.tidy(2 * copies_.size() + 64, [&](std::uint32_t what, std::uint32_t generation) {
        return copies_[what].generation != generation || copies_[what].sent == 0;
    });
    due_.add({t.now + wait, place, c.generation});
}

void courier::release(std::uint32_t place) {
    copies_[place].sent = 0;
    ++copies_[place].generation;
    free_.push_back(place);
}

bool courier::send(const peer_key& to, std::uint64_t name, std::uint16_t hops, const turn& t) {
    const message_store::entry* stored = store_.find(name);
    if (stored == nullptr || stored->length == 0) {
        return false;
    }
    gossip_fields fields;
    fields.hops = hops;
    if (options_.on) {
        std::uint32_t place = static_cast<std::uint32_t>(copies_.size());
        if (!free_.empty()) {
            place = free_.back();
            free_.pop_back();
        } else if (copies_.size() < options_.outstanding) {
            copies_.emplace_back();
        } else {
            t.counts.drop(drop_reason::retransmission_full);
            place = name_table::none;
        }
        if (place != name_table::none) {
            copy& c = copies_[place];
            c.to = to;
            c.name = name;
            c.hops = hops;
            c.sent = 1;
            fields.acknowledge = true;
            fields.tag = tag_of(place);
            watch(place, t);
        }
    }
    t.send(to, [&](auto& bytes) { write_gossip(bytes, fields, store_.body(*stored)); });
    return true;
}

void courier::acknowledged(const peer_key& by, std::uint32_t tag, const turn& t) {
    const std::uint32_t place = tag & ((1U << place_bits) - 1);
    if (place >= copies_.size() || copies_[place].sent == 0 || tag_of(place) != tag ||
        copies_[place].to != by) {
        t.counts.drop(drop_reason::unexpected);
        return;
    }
    release(place);
}

void courier::lost(const peer_key& peer) {
    for (std::uint32_t place = 0; place < copies_.size(); ++place) {
        if (copies_[place].sent != 0 && copies_[place].to == peer) {
            release(place);
        }
    }
}

void courier::tick(const turn& t) {
    for (deadlines::entry due; due_.take(t.now, due);) {
        copy& c = copies_[due.what];
        if (c.generation != due.generation || c.sent == 0) {
            continue;
        }
        const message_store::entry* stored = store_.find(c.name);
        if (c.sent >= options_.attempts || stored == nullptr || stored->length == 0) {
            t.counts.drop(drop_reason::given_up);
            release(due.what);
            continue;
        }
        ++c.sent;
        ++t.counts.retransmitted;
        const gossip_fields fields{true, true, c.hops, tag_of(due.what)};
        t.send(c.to, [&](auto& bytes) { write_gossip(bytes, fields, store_.body(*stored)); });
        watch(due.what, t);
    }
}

}  // namespace rhumb::overlay::broadcast
