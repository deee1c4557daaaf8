#include "controlplane/neighbours/interfaces.hh"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace rhumb::neighbours {

namespace {

error wrong(std::string message) { return {std::move(message), {}}; }

std::string on_interface(std::size_t id) { return " on interface " + std::to_string(id); }

// The host number, in IPv4, is all zeros or all ones.
bool is_subnet_or_broadcast(const ip_address& address, unsigned length) noexcept {
    if (address.af != family::ipv4 || length >= 31) {
        return false;
    }
    const std::uint32_t mask = 0xffffffffU >> length;
    const std::uint32_t host = load_be32(address.bytes.data()) & mask;
    return host == 0 || host == mask;
}

bool has_family(const interface_settings& on, family af) noexcept {
    return std::any_of(on.addresses.begin(), on.addresses.end(),
                       [af](const own_address& own) { return own.address.af == af; });
}

result<void> check_gateway(const interface_settings& on, const std::optional<ip_address>& gateway,
                           family af, std::size_t id) {
    if (gateway && (gateway->af != af || !on_link(on, *gateway) || is_own(on, *gateway))) {
        return wrong("the gateway is no neighbour" + on_interface(id));
    }
    return {};
}

result<void> check_interface(const interface_settings& on, std::size_t id) {
    if (!is_station(on.mac)) {
        return wrong("a MAC of one station is needed" + on_interface(id));
    }
    if (on.vlan > 4094) {
        return wrong("the VLAN is above 4094" + on_interface(id));
    }
    for (const own_address& own : on.addresses) {
        if (!is_unicast(own.address) || own.length > address_bits(own.address.af) ||
            is_subnet_or_broadcast(own.address, own.length)) {
            return wrong("an own address is not a host's" + on_interface(id));
        }
    }
    if (auto done = check_gateway(on, on.gateway_ipv4, family::ipv4, id); !done.ok()) {
        return done;
    }
    return check_gateway(on, on.gateway_ipv6, family::ipv6, id);
}

result<void> check_statics(const settings& of) {
    std::set<ip_address> seen;
    for (const static_entry& entry : of.statics) {
        if (entry.interface >= of.interfaces.size()) {
            return wrong("a static neighbour is on an interface that does not exist");
        }
        const interface_settings& on = of.interfaces[entry.interface];
        if (!is_unicast(entry.address) || !is_station(entry.mac) || is_own(on, entry.address)) {
            return wrong("a static neighbour is no neighbour" + on_interface(entry.interface));
        }
        if (!seen.insert(entry.address).second) {
            return wrong("a static neighbour is given twice" + on_interface(entry.interface));
        }
    }
    return {};
}

}  // namespace

result<void> check(const settings& of) {
    std::set<std::pair<std::uint16_t, std::uint16_t>> places;
    for (std::size_t id = 0; id < of.interfaces.size(); ++id) {
        const interface_settings& on = of.interfaces[id];
        if (auto done = check_interface(on, id); !done.ok()) {
            return done;
        }
        if (!places.emplace(on.port, on.vlan).second) {
            return wrong("port and VLAN are those of another interface" + on_interface(id));
        }
    }
    const duration zero{0};
    if (of.tries == 0 || of.retransmit <= zero || of.reachable_time <= zero ||
        of.waiting_time <= zero || of.first_backoff <= zero || of.most_backoff < of.first_backoff) {
        return wrong("times and tries must be above zero, and the back-off must not shrink");
    }
    return check_statics(of);
}

bool is_own(const interface_settings& on, const ip_address& address) noexcept {
    return std::any_of(on.addresses.begin(), on.addresses.end(),
                       [&](const own_address& own) { return own.address == address; });
}

std::optional<unsigned> on_link(const interface_settings& on, const ip_address& address) noexcept {
    std::optional<unsigned> longest;
    if (!is_unicast(address)) {
        return longest;
    }
    for (const own_address& own : on.addresses) {
        if (is_within(address, own.address, own.length) &&
            !is_subnet_or_broadcast(address, own.length)) {
            longest = std::max<unsigned>(longest.value_or(0), own.length);
        }
    }
    if (!longest && is_ipv6_link_local(address) && has_family(on, family::ipv6)) {
        longest = 10;
    }
    return longest;
}

ip_address source_for(const interface_settings& on, const ip_address& target) noexcept {
    const own_address* best = nullptr;
    // One more than the length where the subnet has the target, so that 0 is "any of the family".
    unsigned best_fit = 0;
    for (const own_address& own : on.addresses) {
        if (own.address.af != target.af) {
            continue;
        }
        const unsigned fit = is_within(target, own.address, own.length) ? own.length + 1U : 0;
        if (best == nullptr || fit > best_fit) {
            best = &own;
            best_fit = fit;
        }
    }
    return best != nullptr ? best->address : ip_address{target.af, {}};
}

result<route_to> find_route(const settings& in, const ip_address& address) {
    if (!is_unicast(address)) {
        return wrong("the address is no host's");
    }
    for (const static_entry& entry : in.statics) {
        if (entry.address == address) {
            return route_to{entry.interface, address};
        }
    }
    std::optional<route_to> best;
    unsigned best_length = 0;
    std::size_t links = 0;
    for (interface_id id = 0; id < in.interfaces.size(); ++id) {
        const interface_settings& on = in.interfaces[id];
        if (is_own(on, address)) {
            return wrong("the address is the router's own");
        }
        const auto length = on_link(on, address);
        links += length ? 1U : 0U;
        if (length && (!best || *length > best_length)) {
            best = route_to{id, address};
            best_length = *length;
        }
    }
    if (is_ipv6_link_local(address) && links > 1) {
        return wrong("a link-local address may be on more than one interface");
    }
    for (interface_id id = 0; !best && id < in.interfaces.size(); ++id) {
        const auto& gateway = address.af == family::ipv4 ? in.interfaces[id].gateway_ipv4
                                                         : in.interfaces[id].gateway_ipv6;
        // Nothing that is valid on one link alone goes beyond it.
        if (gateway && !is_ipv6_link_local(address)) {
            best = route_to{id, *gateway};
        }
    }
    if (!best) {
        return wrong("the address is on no subnet, and there is no gateway");
    }
    return *best;
}

}  // namespace rhumb::neighbours
