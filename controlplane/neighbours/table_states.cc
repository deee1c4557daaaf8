// The neighbour table's state machine.
#include <algorithm>
#include <utility>

#include "controlplane/neighbours/table.hh"

namespace rhumb::neighbours {

void neighbour_table::enter(entry& of, state next, time_point now) {
    of.state = next;
    of.since = now;
    of.tries = 0;
}

void neighbour_table::set_deadline(entry& of, std::optional<time_point> when) {
    if (of.deadline) {
        deadlines_.erase({*of.deadline, of.id});
    }
    of.deadline = when;
    if (when) {
        deadlines_.emplace(*when, of.id);
    }
}

// One more solicitation of this row: to the station while there is one, else to everybody.
void neighbour_table::solicit(entry& of, time_point now) {
    const interface_settings& on = interface_of(of);
    send(of.interface, of.mac ? probe(on, of.address, *of.mac) : solicitation(on, of.address),
         counters_.solicitations);
    ++of.tries;
    set_deadline(of, now + settings_.retransmit);
}

void neighbour_table::deadline_of(entry& of, time_point now) {
    if (of.state == state::reachable) {
        suspect(of, now);
    } else if (of.tries < settings_.tries) {
        solicit(of, now);
    } else if (of.state == state::probing) {
        lose(of, now);
    } else if (of.state == state::incomplete) {
        give_up(of, now);
    } else {
        back_off(of, now);
    }
}

// The station does not answer any more: whether another has the address is asked at once.
void neighbour_table::lose(entry& of, time_point now) {
    of.mac.reset();
    of.known_unreachable = true;
    tell(of, next_hop_change::kind::unreachable);
    enter(of, state::incomplete, now);
    solicit(of, now);
}

void neighbour_table::give_up(entry& of, time_point now) {
    if (!std::exchange(of.known_unreachable, true)) {
        tell(of, next_hop_change::kind::unreachable);
    }
    room_.discard(of.id);
    enter(of, state::unreachable, now);
    of.backoff = settings_.first_backoff;
    set_deadline(of, now + of.backoff);
}

// A row of solicitations without an answer, once more: the next starts later still.
void neighbour_table::back_off(entry& of, time_point now) {
    of.backoff = std::min(2 * of.backoff, settings_.most_backoff);
    of.tries = 0;
    set_deadline(of, now + of.backoff);
}

void neighbour_table::confirm(entry& of, time_point now) {
    enter(of, state::reachable, now);
    of.known_unreachable = false;
    set_deadline(of, now + settings_.reachable_time);
}

// The MAC is used, but whether it is right is to be seen.
void neighbour_table::suspect(entry& of, time_point now) {
    enter(of, state::probing, now);
    solicit(of, now);
}

void neighbour_table::learn(entry& of, const ethernet::mac_address& mac, bool is_answer,
                            time_point now) {
    const auto before = std::exchange(of.mac, mac);
    if (before != mac) {
        tell(of, before ? next_hop_change::kind::changed : next_hop_change::kind::resolved);
        of.known_unreachable = false;
        for (packet& waited : room_.take(of.id)) {
            actions_.emplace_back(send_packet{of.id, of.interface, mac, std::move(waited)});
        }
    }
    if (is_answer) {
        confirm(of, now);
    } else if (before != mac) {
        suspect(of, now);
    }
}

void neighbour_table::tell(const entry& of, next_hop_change::kind what) {
    actions_.emplace_back(next_hop_change{what, of.id, of.interface, of.address,
                                          of.mac.value_or(ethernet::mac_address{})});
}

}  // namespace rhumb::neighbours
