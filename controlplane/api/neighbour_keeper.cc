#include "controlplane/api/neighbour_keeper.hh"

#include <algorithm>

#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"

namespace rhumb::api {

using neighbours::ip_address;

namespace {

ip_address destination_of(std::span<const byte> packet) {
    ip_address to;
    if (packet[0] >> 4 == 4) {
        std::copy_n(ipv4::destination_bytes(packet.data()), ipv4::address_bytes, to.bytes.begin());
    } else {
        to.af = family::ipv6;
        std::copy_n(ipv6::destination_bytes(packet.data()), ipv6::address_bytes, to.bytes.begin());
    }
    return to;
}

}  // namespace

result<void> neighbour_keeper::use(neighbours::settings settings,
                                   const std::vector<ip_address>& wanted, time_point now) {
    auto made = table_ ? neighbours::neighbour_table::create(std::move(settings), *table_, now)
                       : neighbours::neighbour_table::create(std::move(settings));
    if (!made) {
        return made.why();
    }
    const std::map<ip_address, user> before = std::exchange(users_, {});
    table_ = std::move(made).value();
    news_.clear();  // of the table before; what is known still is announced anew
    table_->announce();
    for (const neighbours::interface_settings& interface : table_->configured().interfaces) {
        for (const auto& gateway : {interface.gateway_ipv4, interface.gateway_ipv6}) {
            if (gateway) {
                want(*gateway, true, now);
            }
        }
    }
    for (const ip_address& address : wanted) {
        want(address, true, now);
    }
    for (const auto& [address, one] : before) {
        want(address, false, now);
    }
    perform();
    return {};
}

bool neighbour_keeper::is_gateway(const ip_address& address) const {
    const auto& interfaces = table_->configured().interfaces;
    return std::any_of(interfaces.begin(), interfaces.end(), [&](const auto& interface) {
        return interface.gateway_ipv4 == address || interface.gateway_ipv6 == address;
    });
}

// Addresses that no interface leads to are left to the routes of the configuration.
void neighbour_keeper::want(const ip_address& address, bool for_good, time_point now) {
    if (const auto known = users_.find(address); known != users_.end()) {
        known->second.for_good |= for_good;
        return;
    }
    const auto found = table_->want(address, now);
    if (!found) {
        return;
    }
    users_[address] = {found.value().id, for_good};
    if (found.value().mac) {
        const std::uint16_t port = table_->configured().interfaces[found.value().interface].port;
        news_.push_back(
            {found.value().address, port, found.value().mac, is_gateway(found.value().address)});
    }
}

void neighbour_keeper::frame_received(std::uint16_t port, std::span<const byte> frame,
                                      time_point now) {
    constexpr std::uint16_t untagged = 0;
    const auto on = table_ ? table_->find_interface(port, untagged) : std::nullopt;
    if (on) {
        table_->frame_received(*on, frame, now);
        perform();
    }
}

void neighbour_keeper::resolve(std::span<const byte> packet, time_point now) {
    if (!table_ || packet.size() < ipv4::min_header_bytes ||
        (packet[0] >> 4 != 4 && packet.size() < ipv6::header_bytes)) {
        return;
    }
    const ip_address to = destination_of(packet);
    if (!neighbours::is_unicast(to)) {
        return;
    }
    want(to, false, now);
    table_->wait(to, packet, now);
    perform();
}

void neighbour_keeper::tick(time_point now) {
    if (table_ && table_->next_deadline() && *table_->next_deadline() <= now) {
        table_->tick(now);
        perform();
    }
}

void neighbour_keeper::perform() {
    const auto& interfaces = table_->configured().interfaces;
    for (auto& action : table_->take_actions()) {
        if (auto* const frame = std::get_if<neighbours::send_frame>(&action)) {
            frames_.push_back(
                {interfaces[frame->interface].port, {frame->bytes.begin(), frame->bytes.end()}});
        } else if (const auto* const waited = std::get_if<neighbours::send_packet>(&action)) {
            const auto& interface = interfaces[waited->interface];
            const bool v4 = waited->bytes[0] >> 4 == 4;
            frame_to_send made{interface.port, std::vector<byte>(ethernet::tagged_header_bytes)};
            made.bytes.resize(ethernet::write_header(
                made.bytes.data(), waited->mac, interface.mac, interface.vlan,
                v4 ? ethernet::type_ipv4 : ethernet::type_ipv6));
            made.bytes.insert(made.bytes.end(), waited->bytes.begin(), waited->bytes.end());
            frames_.push_back(std::move(made));
        } else if (const auto* const change = std::get_if<neighbours::next_hop_change>(&action)) {
            const bool lost = change->what == neighbours::next_hop_change::kind::unreachable;
            news_.push_back({change->address, interfaces[change->interface].port,
                             lost ? std::nullopt : std::optional(change->mac),
                             is_gateway(change->address)});
            if (const auto one = users_.find(change->address);
                lost && one != users_.end() && !one->second.for_good) {
                table_->release(one->second.id);
                users_.erase(one);
            }
        }
    }
}

std::vector<std::pair<std::uint16_t, neighbours::row>> neighbour_keeper::rows(
    time_point now) const {
    std::vector<std::pair<std::uint16_t, neighbours::row>> all;
    if (table_) {
        for (const neighbours::row& one : table_->rows(now)) {
            all.emplace_back(table_->configured().interfaces[one.interface].port, one);
        }
    }
    return all;
}

}  // namespace rhumb::api
