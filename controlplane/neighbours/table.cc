#include "controlplane/neighbours/table.hh"

#include <algorithm>
#include <utility>

namespace rhumb::neighbours {

std::string_view name_of(state s) noexcept {
    switch (s) {
        case state::static_: return "static";
        case state::incomplete: return "incomplete";
        case state::reachable: return "reachable";
        case state::probing: return "probing";
        case state::unreachable: return "unreachable";
    }
    return "?";
}

result<neighbour_table> neighbour_table::create(settings with) {
    if (auto sense = check(with); !sense.ok()) {
        return sense.why();
    }
    return neighbour_table(std::move(with), 0);
}

result<neighbour_table> neighbour_table::create(settings with, const neighbour_table& previous,
                                                time_point now) {
    if (auto sense = check(with); !sense.ok()) {
        return sense.why();
    }
    neighbour_table made(std::move(with), previous.next_id_);
    made.inherit(previous, now);
    return made;
}

void neighbour_table::inherit(const neighbour_table& previous, time_point now) {
    inherited_until_ = now + settings_.reachable_time;
    for (const auto& [id, known] : previous.entries_) {
        const interface_settings& was = previous.interface_of(known);
        const auto on = find_interface(was.port, was.vlan);
        if (on && settings_.interfaces[*on].mac == was.mac && known.mac &&
            known.state != state::static_) {
            inherited_.emplace(place{*on, known.address}, known);
        }
    }
}

neighbour_table::neighbour_table(settings with, neighbour_id first_id)
    : settings_(std::move(with)),
      next_id_(first_id),
      room_(settings_.waiting_per_neighbour, settings_.waiting, settings_.waiting_time) {
    for (const static_entry& given : settings_.statics) {
        const neighbour_id id = next_id_++;
        entry& made = entries_[id];
        made.id = id;
        made.interface = given.interface;
        made.address = given.address;
        made.state = state::static_;
        made.mac = given.mac;
        by_place_.emplace(place{given.interface, given.address}, id);
    }
}

neighbour_table::entry* neighbour_table::find(interface_id on, const ip_address& address) {
    const auto at = by_place_.find({on, address});
    return at == by_place_.end() ? nullptr : &entries_.find(at->second)->second;
}

neighbour_table::entry* neighbour_table::add(interface_id on, const ip_address& address) {
    if (dynamic_ >= settings_.max_neighbours) {
        ++counters_.full;
        return nullptr;
    }
    while (entries_.contains(next_id_)) {  // after 2^32 neighbours
        ++next_id_;
    }
    entry& made = entries_[next_id_];
    made.id = next_id_++;
    made.interface = on;
    made.address = address;
    by_place_.emplace(place{on, address}, made.id);
    ++dynamic_;
    return &made;
}

result<next_hop> neighbour_table::want(const ip_address& address, time_point now) {
    auto way = find_route(settings_, address);
    if (!way.ok()) {
        return way.why();
    }
    entry* to = find(way->interface, way->neighbour);
    if (to == nullptr) {
        to = add(way->interface, way->neighbour);
        if (to == nullptr) {
            return error{"there are as many neighbours as the table may have", {}};
        }
        begin(*to, now);
    }
    ++to->users;
    return next_hop{to->id, to->interface, to->address, to->mac};
}

void neighbour_table::begin(entry& of, time_point now) {
    if (!inherited_.empty() && now >= inherited_until_) {
        inherited_.clear();
    }
    const auto known = inherited_.extract({of.interface, of.address});
    if (!known) {
        enter(of, state::incomplete, now);
        solicit(of, now);
        return;
    }
    of.mac = known.mapped().mac;
    if (known.mapped().state == state::reachable) {
        // It is probed when it would have been, so that not all are at once.
        enter(of, state::reachable, known.mapped().since);
        set_deadline(of, known.mapped().deadline);
    } else {
        suspect(of, now);
    }
}

void neighbour_table::release(neighbour_id id) {
    const auto at = entries_.find(id);
    if (at == entries_.end() || at->second.users == 0) {
        return;
    }
    entry& of = at->second;
    if (--of.users > 0 || of.state == state::static_) {
        return;
    }
    room_.discard(id);
    set_deadline(of, std::nullopt);
    by_place_.erase({of.interface, of.address});
    entries_.erase(at);
    --dynamic_;
}

bool neighbour_table::wait(const ip_address& address, std::span<const byte> bytes, time_point now) {
    const auto way = find_route(settings_, address);
    const entry* const to = way.ok() ? find(way.value().interface, way.value().neighbour) : nullptr;
    if (to == nullptr || to->users == 0) {
        ++counters_.unwanted;
        return false;
    }
    if (to->mac) {
        actions_.emplace_back(
            send_packet{to->id, to->interface, *to->mac, packet(bytes.begin(), bytes.end())});
        return true;
    }
    if (to->state == state::unreachable) {
        ++counters_.unreachable;
        return false;
    }
    room_.expire(now);
    return room_.add(to->id, bytes, now);
}

void neighbour_table::tick(time_point now) {
    room_.expire(now);
    // Each neighbour's next deadline is after `now`: this ends, and however late the call comes,
    // nobody is asked twice.
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        deadline_of(entries_.find(deadlines_.begin()->second)->second, now);
    }
}

std::optional<time_point> neighbour_table::next_deadline() const {
    auto next = room_.next_deadline();
    if (!deadlines_.empty()) {
        const time_point first = deadlines_.begin()->first;
        next = next ? std::min(*next, first) : first;
    }
    return next;
}

std::vector<action> neighbour_table::take_actions() { return std::exchange(actions_, {}); }

std::vector<row> neighbour_table::rows(time_point now) const {
    std::vector<row> all;
    all.reserve(entries_.size());
    for (const auto& [where, id] : by_place_) {
        const entry& of = entries_.find(id)->second;
        duration age{0};
        if (of.state != state::static_) {
            age = std::chrono::duration_cast<duration>(now - of.since);
        }
        all.push_back(
            {of.id, of.interface, of.address, of.mac, of.state, age, room_.count(of.id), of.users});
    }
    return all;
}

std::optional<interface_id> neighbour_table::find_interface(std::uint16_t port,
                                                            std::uint16_t vlan) const noexcept {
    for (interface_id id = 0; id < settings_.interfaces.size(); ++id) {
        if (settings_.interfaces[id].port == port && settings_.interfaces[id].vlan == vlan) {
            return id;
        }
    }
    return std::nullopt;
}

}  // namespace rhumb::neighbours
