#include "controlplane/paths/reservations.hh"

#include <algorithm>
#include <limits>

namespace rhumb::paths {

using topology::link_number;

namespace {

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
    return a > std::numeric_limits<std::uint64_t>::max() - b
               ? std::numeric_limits<std::uint64_t>::max()
               : a + b;
}

std::uint64_t less(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

}  // namespace

void reservations::update(const topology::map& m) {
    const topology::graph& g = m.graph();
    if (renumberings_ != m.renumberings() || by_link_.size() != g.link_count()) {
        renumberings_ = m.renumberings();
        for (slot& s : slots_) {
            s.link = topology::nobody;
        }
        by_link_.assign(g.link_count(), topology::nobody);
    }
    for (link_number l = 0; l < g.link_count(); ++l) {
        const topology::link* const said = m.said_of(l);
        if (by_link_[l] == topology::nobody) {
            if (said == nullptr) {
                continue;  // without a name, nobody can hold anything of it
            }
            const auto [at, is_new] = by_name_.try_emplace(std::pair(g.from[l], said->name),
                                                           static_cast<slot_number>(slots_.size()));
            if (is_new) {
                slots_.push_back({g.from[l], said->name, l, 0, 0, 0});
            }
            by_link_[l] = at->second;
            slots_[at->second].link = l;
        }
        slots_[by_link_[l]].capacity =
            said != nullptr && g.reverse[l] != topology::nobody ? said->bandwidth : 0;
        slots_[by_link_[l]].others = said != nullptr ? said->reserved : 0;
    }
    for (slot& s : slots_) {
        if (s.link == topology::nobody) {
            s.capacity = 0;
            s.others = 0;
        }
    }
}

const reservations::slot* reservations::slot_of(link_number l) const {
    return l < by_link_.size() && by_link_[l] != topology::nobody ? &slots_[by_link_[l]] : nullptr;
}

std::uint64_t reservations::of(const holding& held, slot_number s) {
    const auto now = held.standing.find(s);
    const auto then = held.coming.find(s);
    return std::max(now == held.standing.end() ? 0 : now->second,
                    then == held.coming.end() ? 0 : then->second);
}

std::uint64_t reservations::available(link_number l, owner_id sharing) const {
    const slot* const s = slot_of(l);
    if (s == nullptr) {
        return 0;
    }
    const auto held = owners_.find(sharing);
    const std::uint64_t own = held == owners_.end() ? 0 : of(held->second, by_link_[l]);
    return less(s->capacity, sum(less(s->owned, own), s->others));
}

std::uint64_t reservations::reserved(link_number l) const {
    const slot* const s = slot_of(l);
    return s == nullptr ? 0 : s->owned;
}

std::uint64_t reservations::others(link_number l) const {
    const slot* const s = slot_of(l);
    return s == nullptr ? 0 : s->others;
}

void reservations::count(const holding& held, bool in) {
    const auto one = [&](slot_number s) {
        // An amount that was admitted fitted into a capacity, and so do sums of them.
        slots_[s].owned = in ? slots_[s].owned + of(held, s) : slots_[s].owned - of(held, s);
    };
    for (const auto& [s, amount] : held.standing) {
        one(s);
    }
    for (const auto& [s, amount] : held.coming) {
        if (!held.standing.contains(s)) {
            one(s);
        }
    }
}

result<void> reservations::admit(owner_id owner, std::span<const claim> claims) {
    if (owner == no_owner) {
        return error{"a reservation needs an owner", {}};
    }
    amounts wanted;
    for (const claim& c : claims) {
        if (slot_of(c.link) == nullptr) {
            return error{"link number " + std::to_string(c.link) + " is not on the map", {}};
        }
        std::uint64_t& amount = wanted[by_link_[c.link]];
        amount = sum(amount, c.bandwidth);
    }
    for (const auto& [s, amount] : wanted) {
        const std::uint64_t free = available(slots_[s].link, owner);
        if (amount > free) {
            return error{"link " + slots_[s].name + " has " + std::to_string(free) +
                             " bit/s free, which is less than " + std::to_string(amount),
                         {}};
        }
    }
    holding& held = owners_[owner];
    count(held, false);
    held.coming = std::move(wanted);
    held.moves = true;
    count(held, true);
    return {};
}

result<void> reservations::admit(owner_id owner, std::span<const link_number> links,
                                 std::uint64_t bandwidth) {
    std::vector<claim> claims;
    claims.reserve(links.size());
    for (const link_number l : links) {
        claims.push_back({l, bandwidth});
    }
    return admit(owner, claims);
}

void reservations::settle(owner_id owner) {
    const auto at = owners_.find(owner);
    if (at == owners_.end() || !at->second.moves) {
        return;
    }
    count(at->second, false);
    at->second = {std::move(at->second.coming), {}, false};
    count(at->second, true);
}

void reservations::abandon(owner_id owner) {
    const auto at = owners_.find(owner);
    if (at == owners_.end()) {
        return;
    }
    count(at->second, false);
    at->second.coming.clear();
    at->second.moves = false;
    count(at->second, true);
    if (at->second.standing.empty()) {
        owners_.erase(at);
    }
}

void reservations::release(owner_id owner) {
    const auto at = owners_.find(owner);
    if (at != owners_.end()) {
        count(at->second, false);
        owners_.erase(at);
    }
}

}  // namespace rhumb::paths
