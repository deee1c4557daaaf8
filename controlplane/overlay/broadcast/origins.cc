#include "controlplane/overlay/broadcast/origins.hh"

#include <algorithm>

namespace rhumb::overlay::broadcast {

void deliver(const message_id& id, std::uint16_t hops, std::span<const byte> payload,
             const turn& t) {
    action& made = t.out.add(action_kind::deliver, id.origin, [&](std::vector<byte>& bytes) {
        bytes.insert(bytes.end(), payload.begin(), payload.end());
    });
    made.sequence = id.sequence;
    made.hops = hops;
    ++t.counts.delivered;
}

origins::origins(const order_options& order, std::size_t most, const secret& key)
    : order_(order), most_(most), hash_(key) {}

bool origins::seen(const state& of, std::uint64_t sequence) noexcept {
    if (sequence > of.highest) {
        return false;
    }
    const std::uint64_t bit = sequence % window;
    return of.highest - sequence >= window || (of.seen[bit / 64] >> bit % 64 & 1) != 0;
}

// Precondition: not seen.
void origins::mark(state& of, std::uint64_t sequence) noexcept {
    const auto bit_of = [](std::uint64_t number) { return std::uint64_t{1} << number % 64; };
    if (sequence > of.highest) {
        // Numbers that fall out of the window leave their bits to those in between.
        const std::uint64_t above = std::min(sequence - of.highest, window);
        for (std::uint64_t number = sequence - above + 1; number != sequence; ++number) {
            of.seen[number % window / 64] &= ~bit_of(number);
        }
        of.highest = sequence;
    }
    of.seen[sequence % window / 64] |= bit_of(sequence);
}

bool origins::stale(const message_id& id) const noexcept {
    const std::uint32_t found = table_.find(hash_(id.origin));
    return found != name_table::none && seen(states_[found], id.sequence);
}

void origins::unlink(std::uint32_t number) {
    const state& s = states_[number];
    (s.newer == name_table::none ? newest_ : states_[s.newer].older) = s.older;
    (s.older == name_table::none ? oldest_ : states_[s.older].newer) = s.newer;
}

void origins::link_newest(std::uint32_t number) {
    state& s = states_[number];
    s.newer = name_table::none;
    s.older = newest_;
    (newest_ == name_table::none ? oldest_ : states_[newest_].newer) = number;
    newest_ = number;
}

void origins::touch(std::uint32_t number) {
    if (newest_ != number) {
        unlink(number);
        link_newest(number);
    }
}

std::uint32_t origins::find_or_add(const message_id& id, const turn& t) {
    const std::uint64_t name = hash_(id.origin);
    std::uint32_t number = table_.find(name);
    if (number != name_table::none) {
        touch(number);
        return number;
    }
    std::uint32_t generation = 0;
    if (states_.size() < most_) {
        number = static_cast<std::uint32_t>(states_.size());
        states_.emplace_back();
    } else {
        number = oldest_;
        empty(states_[number], t);
        unlink(number);
        table_.remove(states_[number].name);
        generation = states_[number].generation + 1;
    }
    table_.add(name, number);
    state& made = states_[number];
    made = {};
    made.key = id.origin;
    made.name = name;
    made.highest = made.next = id.sequence;
    made.generation = generation;
    link_newest(number);
    return number;
}

bool origins::take(const message_id& id, std::uint16_t hops, std::span<const byte> payload,
                   const turn& t) {
    const std::uint32_t number = find_or_add(id, t);
    state& of = states_[number];
    if (seen(of, id.sequence)) {
        return false;
    }
    mark(of, id.sequence);
    if (!order_.on) {
        deliver(id, hops, payload, t);
    } else if (id.sequence < of.next) {
        t.counts.drop(drop_reason::late);
    } else if (id.sequence > of.next) {
        hold(number, id, hops, payload, t);
    } else {
        deliver(id, hops, payload, t);
        ++of.next;
        deliver_waiting(of, t);
        watch_gap(number, t);
    }
    return true;
}

// What has come too early. What lies further ahead than can ever wait has no gap before it, but a
// new beginning of its origin.
void origins::hold(std::uint32_t number, const message_id& id, std::uint16_t hops,
                   std::span<const byte> payload, const turn& t) {
    state& of = states_[number];
    const bool first = of.waiting.empty();
    const std::uint32_t watched = of.generation;
    const auto place = std::find_if(of.waiting.begin(), of.waiting.end(),
                                    [&](const held& h) { return h.sequence > id.sequence; });
    of.waiting.insert(place, {id.sequence, hops, {payload.begin(), payload.end()}});
    waiting_bytes_ += payload.size();
    // Each time a gap goes, something that waits for it does.
    while (!of.waiting.empty() && (of.waiting.back().sequence - of.next > order_.window ||
                                   waiting_bytes_ > order_.bytes)) {
        give_up_gap(of, t);
    }
    if (first || of.generation != watched) {
        watch_gap(number, t);
    }
}

void origins::deliver_waiting(state& of, const turn& t) {
    std::size_t done = 0;
    while (done < of.waiting.size() && of.waiting[done].sequence == of.next) {
        const held& each = of.waiting[done++];
        deliver({of.key, each.sequence}, each.hops, each.payload, t);
        waiting_bytes_ -= each.payload.size();
        ++of.next;
    }
    if (done != 0) {
        ++of.generation;
        of.waiting.erase(of.waiting.begin(),
                         of.waiting.begin() + static_cast<std::ptrdiff_t>(done));
    }
}

// Precondition: something waits.
void origins::give_up_gap(state& of, const turn& t) {
    ++t.counts.gaps;
    of.next = of.waiting.front().sequence;
    deliver_waiting(of, t);
}

void origins::watch_gap(std::uint32_t number, const turn& t) {
    state& of = states_[number];
    if (of.waiting.empty()) {
        return;
    }
    ++of.generation;
    gaps_.tidy(2 * states_.size() + 64, [&](std::uint32_t what, std::uint32_t generation) {
        return states_[what].generation != generation;
    });
    gaps_.add({t.now + order_.gap_wait, number, of.generation});
}

// Nothing that is here is lost when its origin is forgotten.
void origins::empty(state& of, const turn& t) {
    while (!of.waiting.empty()) {
        give_up_gap(of, t);
    }
}

void origins::tick(const turn& t) {
    for (deadlines::entry due; gaps_.take(t.now, due);) {
        state& of = states_[due.what];
        if (of.generation == due.generation && !of.waiting.empty()) {
            give_up_gap(of, t);
            watch_gap(due.what, t);
        }
    }
}

}  // namespace rhumb::overlay::broadcast
