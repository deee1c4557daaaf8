// The first contacts: whom a node asks that has no neighbours, and when again.
#include <algorithm>

#include "controlplane/overlay/broadcast/membership.hh"

namespace rhumb::overlay::broadcast {
namespace {

constexpr std::size_t most_first_contacts = 16;
constexpr std::uint32_t most_doublings = 7;

}  // namespace

void membership::join(std::span<const contact> contacts, const turn& t) {
    contacts_.clear();
    for (const contact& each : contacts) {
        if (each.key != self_.key && contacts_.size() < most_first_contacts) {
            contacts_.push_back(each);
        }
    }
    ask_to_join(t);
}

void membership::meet(const contact& who, const turn& t) {
    if (who.key == self_.key) {
        return;
    }
    std::erase_if(contacts_, [&](const contact& c) { return c.key == who.key; });
    if (contacts_.size() >= most_first_contacts) {
        contacts_.erase(contacts_.begin());
    }
    contacts_.push_back(who);
    ask_to_join(who, t);
}

void membership::ask_to_join(const turn& t) {
    if (contacts_.empty()) {
        return;
    }
    ask_to_join(contacts_[dice_.below(contacts_.size())], t);
}

void membership::ask_to_join(const contact& who, const turn& t) {
    if (slot_of(who.key) != no_slot) {
        return;
    }
    const std::uint32_t tag = await(who, true, t);
    t.dial(who);
    t.send(who.key, [&](auto& to) { write_join(to, tag, self_.where); });
}

// Nobody is left to ask: all begins again later, and ever later until a shuffle finds a neighbour.
// Without that, nodes that know none but one would take its places from each other for ever.
void membership::plan_try(const turn& t) {
    if (next_try_ == time_point::max()) {
        const std::uint32_t doubled = std::min(tries_++, most_doublings);
        next_try_ =
            t.now + options_.neighbour_timeout * (1U << doubled) * (768 + dice_.below(512)) / 1024;
    }
}

void membership::try_again(const turn& t) {
    next_try_ = time_point::max();
    if (used_ != 0 || !requests_.empty()) {
        return;
    }
    begin_round();
    if (passive_.empty()) {
        ask_to_join(t);
    } else {
        fill(t);
    }
}

}  // namespace rhumb::overlay::broadcast
