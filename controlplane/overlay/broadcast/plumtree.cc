#include "controlplane/overlay/broadcast/plumtree.hh"

#include <algorithm>
#include <bit>

namespace rhumb::overlay::broadcast {
namespace {

slot first_of(slot_set some) noexcept { return static_cast<slot>(std::countr_zero(some)); }

}  // namespace

plumtree::plumtree(const options& wanted, const knowledge& known, const membership& peers,
                   courier& copies)
    : options_(wanted.tree),
      hop_limit_(wanted.hop_limit),
      attempts_(wanted.retransmission.on ? wanted.retransmission.attempts : 0),
      hash_(wanted.key),
      known_(known),
      peers_(peers),
      copies_(copies),
      neighbours_(wanted.membership.active) {}

void plumtree::make_eager(slot s) noexcept {
    eager_ |= only(s);
    lazy_ &= ~only(s);
    neighbours_[s].duplicates = 0;
}

void plumtree::make_lazy(slot s) noexcept {
    lazy_ |= only(s);
    eager_ &= ~only(s);
}

// What it knows already it does not ask for.
void plumtree::neighbour_up(slot s, const turn& t) {
    make_eager(s);
    std::vector<byte>& waiting = neighbours_[s].waiting;
    known_.store.each_recent(options_.announce_recent, [&](const message_store::entry& e) {
        if (e.hops < hop_limit_) {
            append_announcement(
                waiting, {id_of(known_.store.body(e)), static_cast<std::uint16_t>(e.hops + 1)});
        }
    });
    if (!waiting.empty()) {
        announce_at_ = std::min(announce_at_, t.now + options_.announce_delay);
    }
}

void plumtree::neighbour_down(slot s) {
    eager_ &= ~only(s);
    lazy_ &= ~only(s);
    for (std::uint32_t number = 0; number < missing_.size(); ++number) {
        missing& m = missing_[number];
        if (m.count == 0) {
            continue;
        }
        m.asked = m.asked && m.from[0].where != s;
        const auto end = m.from.begin() + m.count;
        const auto kept =
            std::remove_if(m.from.begin(), end, [&](const announcer& a) { return a.where == s; });
        m.count = static_cast<std::uint8_t>(kept - m.from.begin());
        if (m.count == 0) {
            release(number);
        }
    }
    neighbours_[s] = {};
}

void plumtree::fresh(const arrival& m, const turn& t) {
    if (m.pass_on) {
        for (slot_set left = eager_ & ~only(m.from); left != 0; left &= left - 1) {
            copies_.send(peers_.at(first_of(left)).key, m.name,
                         static_cast<std::uint16_t>(m.hops + 1), t);
        }
        announce(m, t);
    }
    if (m.from != no_slot) {
        make_eager(m.from);
    }
    const std::uint32_t waited = names_.find(m.name);
    if (waited != name_table::none) {
        optimise(missing_[waited], m, t);
        release(waited);
    }
}

// Collects, or sends at once.
void plumtree::announce(const arrival& m, const turn& t) {
    slot_set left = lazy_ & ~only(m.from);
    if (left == 0) {
        return;
    }
    entry_.clear();
    append_announcement(entry_, {m.id, static_cast<std::uint16_t>(m.hops + 1)});
    for (; left != 0; left &= left - 1) {
        std::vector<byte>& waiting = neighbours_[first_of(left)].waiting;
        waiting.insert(waiting.end(), entry_.begin(), entry_.end());
        if (options_.announce_delay == duration::zero() ||
            waiting.size() >= options_.announce_batch * announcement_size) {
            send_announcements(first_of(left), t);
        } else {
            announce_at_ = std::min(announce_at_, t.now + options_.announce_delay);
        }
    }
}

void plumtree::send_announcements(slot s, const turn& t) {
    std::vector<byte>& waiting = neighbours_[s].waiting;
    if (!waiting.empty()) {
        t.send(peers_.at(s).key, [&](auto& to) { write_ihave(to, waiting); });
        waiting.clear();
    }
}

// The message has come a longer way than one that was announced: that one becomes the branch.
void plumtree::optimise(const missing& waited, const arrival& m, const turn& t) {
    if (options_.threshold == 0 || m.from == no_slot) {
        return;
    }
    const auto nearest =
        std::min_element(waited.from.begin(), waited.from.begin() + waited.count,
                         [](const announcer& a, const announcer& b) { return a.hops < b.hops; });
    if (nearest->hops >= m.hops || m.hops - nearest->hops < options_.threshold ||
        nearest->where == m.from) {
        return;
    }
    ++t.counts.optimised;
    make_eager(nearest->where);
    t.send(peers_.at(nearest->where).key,
           [&](auto& to) { write_graft(to, false, {m.id, nearest->hops}); });
    make_lazy(m.from);
    t.send(peers_.at(m.from).key, [](auto& to) { write_prune(to); });
}

void plumtree::duplicate(slot from, const turn& t) {
    if (++neighbours_[from].duplicates >= options_.prune_after) {
        make_lazy(from);
        t.send(peers_.at(from).key, [](auto& to) { write_prune(to); });
    }
}

void plumtree::take(slot from, const frame& f, const turn& t) {
    switch (f.type) {
        case frame_type::ihave: take_announcements(from, f, t); break;
        case frame_type::graft: take_graft(from, f, t); break;
        case frame_type::prune: make_lazy(from); break;
        default: break;
    }
}

void plumtree::take_graft(slot from, const frame& f, const turn& t) {
    make_eager(from);
    if (!f.flag) {
        return;
    }
    const std::uint64_t name = hash_(f.id);
    const message_store::entry* stored = known_.store.find(name);
    if (stored == nullptr ||
        !copies_.send(peers_.at(from).key, name, static_cast<std::uint16_t>(stored->hops + 1), t)) {
        t.counts.drop(drop_reason::payload_gone);
    }
}

void plumtree::take_announcements(slot from, const frame& f, const turn& t) {
    for (std::size_t n = 0; n < f.count; ++n) {
        const announcement about = announcement_of(f, n);
        const std::uint64_t name = hash_(about.id);
        if (!known_.of(about.id, name)) {
            note(from, about, name, t);
        }
    }
}

// One more that has what is missing here.
void plumtree::note(slot from, const announcement& about, std::uint64_t name, const turn& t) {
    std::uint32_t number = names_.find(name);
    if (number != name_table::none) {
        const missing& m = missing_[number];
        if (std::any_of(m.from.begin(), m.from.begin() + m.count,
                        [&](const announcer& a) { return a.where == from; })) {
            return;
        }
    }
    if (neighbours_[from].announced >= options_.missing_per_peer) {
        t.counts.drop(drop_reason::missing_full);
        return;
    }
    if (number == name_table::none) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(missing_.size()));
            missing_.emplace_back();
        }
        number = free_.back();
        free_.pop_back();
        missing_[number].id = about.id;
        missing_[number].name = name;
        missing_[number].grafts = 0;
        missing_[number].asked = false;
        names_.add(name, number);
        watch(number, t.now + options_.first_wait);
    }
    missing& m = missing_[number];
    m.from[m.count++] = {about.hops, static_cast<std::uint8_t>(from)};
    ++neighbours_[from].announced;
}

void plumtree::watch(std::uint32_t number, time_point when) {
    due_.tidy(2 * missing_.size() + 64, [&](std::uint32_t what, std::uint32_t generation) {
        return missing_[what].generation != generation || missing_[what].count == 0;
    });
    due_.add({when, number, missing_[number].generation});
}

void plumtree::remove_first(missing& of) {
    --neighbours_[of.from[0].where].announced;
    std::move(of.from.begin() + 1, of.from.begin() + of.count, of.from.begin());
    --of.count;
}

void plumtree::release(std::uint32_t number) {
    missing& m = missing_[number];
    while (m.count > 0) {
        remove_first(m);
    }
    ++m.generation;
    names_.remove(m.name);
    free_.push_back(number);
}

// A wait is over: asks the next that has it, or gives it up.
void plumtree::graft_next(std::uint32_t number, const turn& t) {
    missing& m = missing_[number];
    if (m.asked && attempts_ == 0) {
        remove_first(m);
    } else if (m.asked) {
        std::rotate(m.from.begin(), m.from.begin() + 1, m.from.begin() + m.count);
    }
    if (m.count == 0 || (attempts_ != 0 && m.grafts >= attempts_)) {
        t.counts.drop(drop_reason::given_up);
        release(number);
        return;
    }
    ++m.grafts;
    m.asked = true;
    const slot to = m.from[0].where;
    make_eager(to);
    t.send(peers_.at(to).key,
           [&](auto& bytes) { write_graft(bytes, true, {m.id, m.from[0].hops}); });
    watch(number, t.now + options_.graft_wait);
}

time_point plumtree::deadline() const noexcept { return std::min(announce_at_, due_.first()); }

void plumtree::tick(const turn& t) {
    if (announce_at_ <= t.now) {
        announce_at_ = time_point::max();
        for (slot_set left = peers_.neighbours(); left != 0; left &= left - 1) {
            send_announcements(first_of(left), t);
        }
    }
    for (deadlines::entry due; due_.take(t.now, due);) {
        if (missing_[due.what].generation == due.generation) {
            graft_next(due.what, t);
        }
    }
}

}  // namespace rhumb::overlay::broadcast
