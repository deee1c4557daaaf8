// What the neighbour table makes of frames, and what it sends.
#include <utility>

#include "controlplane/neighbours/table.hh"

namespace rhumb::neighbours {

bool neighbour_table::frame_received(interface_id on, std::span<const byte> bytes, time_point now) {
    const auto came = ethernet::read_frame(bytes);
    if (on >= settings_.interfaces.size() || !came) {
        return false;
    }
    const interface_settings& here = settings_.interfaces[on];
    const bool is_ours =
        came->destination == here.mac || ethernet::is_group(ethernet::mac_word(came->destination));
    const bool is_arp = came->type == ethernet::type_arp;
    if (!is_ours || came->vlan != here.vlan ||
        (!is_arp && (came->type != ethernet::type_ipv6 || !nd::is_message(came->payload)))) {
        return false;
    }
    if (came->source == here.mac) {
        return true;  // our own, back from a loop
    }
    if (!is_station(came->source)) {
        ++counters_.refused;
    } else if (is_arp) {
        arp_received(on, *came, now);
    } else {
        nd_received(on, *came, now);
    }
    return true;
}

// RFC 826, "Packet Reception": the sender is merged into what is known before anything else.
void neighbour_table::arp_received(interface_id on, const ethernet::frame_view& came,
                                   time_point now) {
    const interface_settings& here = settings_.interfaces[on];
    const auto said = arp::parse(came.payload);
    if (!said) {
        ++counters_.malformed;
        return;
    }
    if (!is_station(said->sender_mac)) {
        ++counters_.refused;
        return;
    }
    const ip_address sender = ip_address::of(said->sender);
    if (is_own(here, sender)) {
        counters_.conflicts += said->sender_mac != here.mac ? 1U : 0U;  // RFC 5227 section 2.4
        return;
    }
    if (said->sender_mac == here.mac) {
        ++counters_.refused;
        return;
    }
    const bool is_for_us = is_own(here, ip_address::of(said->target));
    entry* const known = find(on, sender);
    if (known != nullptr && known->state != state::static_) {
        const bool is_answer = said->op == arp::reply && is_for_us && came.destination == here.mac;
        learn(*known, said->sender_mac, is_answer, now);
    }
    if (said->op == arp::request && is_for_us) {
        send(on, reply(here, *said), counters_.replies);
    }
}

void neighbour_table::nd_received(interface_id on, const ethernet::frame_view& came,
                                  time_point now) {
    const auto message = nd::parse(came.payload);
    if (!message) {
        ++counters_.malformed;
    } else if (message->link_layer && !is_station(*message->link_layer)) {
        ++counters_.refused;
    } else if (message->type == nd::solicitation) {
        solicitation_received(on, came, *message, now);
    } else {
        advertisement_received(on, *message, now);
    }
}

// RFC 4861 section 7.2.3.
void neighbour_table::solicitation_received(interface_id on, const ethernet::frame_view& came,
                                            const nd::message& asked, time_point now) {
    const interface_settings& here = settings_.interfaces[on];
    const ip_address source = ip_address::of(asked.source);
    if (is_own(here, source)) {
        counters_.conflicts += asked.link_layer.value_or(came.source) != here.mac ? 1U : 0U;
        return;
    }
    if (asked.link_layer == here.mac) {
        ++counters_.refused;
        return;
    }
    if (!is_own(here, ip_address::of(asked.target))) {
        return;
    }
    entry* const known = find(on, source);
    if (known != nullptr && known->state != state::static_ && asked.link_layer) {
        learn(*known, *asked.link_layer, false, now);
    }
    send(on, reply(here, asked, came.source), counters_.replies);
}

// RFC 4861 section 7.2.5.
void neighbour_table::advertisement_received(interface_id on, const nd::message& said,
                                             time_point now) {
    const interface_settings& here = settings_.interfaces[on];
    const ip_address target = ip_address::of(said.target);
    if (is_own(here, target)) {
        counters_.conflicts += said.link_layer != here.mac ? 1U : 0U;
        return;
    }
    if (said.link_layer == here.mac) {
        ++counters_.refused;
        return;
    }
    entry* const known = find(on, target);
    if (known == nullptr || known->state == state::static_) {
        return;
    }
    const auto mac = said.link_layer ? said.link_layer : known->mac;
    if (!mac) {
        return;  // it says that it is there, not where
    }
    if (known->mac && mac != known->mac && !said.override_) {
        // Somebody else answers, too, and does not insist: the one in use must show itself.
        if (known->state == state::reachable) {
            suspect(*known, now);
        }
        return;
    }
    const bool is_answer = said.solicited && is_own(here, ip_address::of(said.destination));
    learn(*known, *mac, is_answer, now);
}

void neighbour_table::announce() {
    for (interface_id on = 0; on < settings_.interfaces.size(); ++on) {
        announce(on);
    }
}

void neighbour_table::announce(interface_id on) {
    if (on >= settings_.interfaces.size()) {
        return;
    }
    for (const own_address& own : settings_.interfaces[on].addresses) {
        send(on, announcement(settings_.interfaces[on], own.address), counters_.announcements);
    }
}

void neighbour_table::send(interface_id on, frame bytes, std::uint64_t& counter) {
    actions_.emplace_back(send_frame{on, std::move(bytes)});
    ++counter;
}

}  // namespace rhumb::neighbours
