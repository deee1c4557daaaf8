#include "controlplane/scion/reply.hh"

#include <algorithm>

#include "controlplane/scion/authenticator.hh"
#include "controlplane/scion/path_reversal.hh"
#include "dataplane/scion/packet.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion {

namespace {

void append(std::vector<byte>& to, std::span<const byte> what) {
    to.insert(to.end(), what.begin(), what.end());
}
template <class T>
void append_be(std::vector<byte>& to, T value) {
    std::array<byte, sizeof value> bytes{};
    store_be(bytes.data(), value);
    append(to, bytes);
}

// Of the router itself, on the inside.
std::span<const byte> own_host(const link& inside) {
    const bool v4 = inside.outer_bytes == ipv4::min_header_bytes + udp_bytes;
    return {&inside.outer[v4 ? 12 : 8], v4 ? 4U : 16U};
}

// Common and address header of a reply to `p`; lengths follow when they are known.
std::vector<byte> reply_header(const table& own, const packet& p) {
    const std::span<const byte> host = own_host(own.links[0]);
    const unsigned own_type = host.size() == 4 ? host_ipv4 : host_ipv6;
    std::vector<byte> header(p.scion, p.scion + 4);  // version, traffic class, flow id
    header.insert(header.end(), {0, 0, 0, 0, static_cast<byte>(path_type::scion),
                                 static_cast<byte>(source_type(p.scion) << 4 | own_type), 0, 0});
    append_be(header, source(p.scion));
    append_be(header, own.isd_as);
    append(header, {source_host(p.scion), host_bytes(source_type(p.scion))});
    append(header, host);
    return header;
}

// The message up to its data.
std::vector<byte> scmp_header(const table& own, const slow_request& what, const packet& p) {
    std::vector<byte> message;
    if (what.task == slow_task::traceroute) {
        message = {scmp::traceroute_reply, 0, 0, 0};
        append(message, {p.layer4 + 4, 4});  // identifier, sequence
        append_be(message, own.isd_as);
        append_be(message, std::uint64_t{what.interface});
        return message;
    }
    message = {what.type, what.code, 0, 0};
    switch (what.type) {
        case scmp::external_interface_down:
            append_be(message, own.isd_as);
            append_be(message, std::uint64_t{what.interface});
            break;
        case scmp::internal_connectivity_down:
            append_be(message, own.isd_as);
            append_be(message, std::uint64_t{p.from});
            append_be(message, std::uint64_t{what.interface});
            break;
        default: append_be(message, std::uint32_t{what.pointer});
    }
    return message;
}

// Over the pseudo header of addresses, length and protocol, and the message.
std::uint16_t layer4_checksum(std::span<const byte> header, std::span<const byte> message) {
    const std::size_t addresses = address_bytes(header.data());
    std::uint64_t sum = checksum_sum(&header[destination_offset], addresses);
    sum += message.size() + next_scmp;
    sum += checksum_sum(message.data(), message.size());
    return static_cast<std::uint16_t>(~checksum_fold(sum));
}

std::optional<packet> parse(const table& own, const slow_request& what,
                            std::span<const byte> bytes) {
    if (bytes.size() < ipv4::min_header_bytes || what.link >= own.links.size()) {
        return std::nullopt;
    }
    packet p;
    p.ip = const_cast<byte*>(bytes.data());  // only read
    const bool v4 = p.ip[0] >> 4 == 4;
    const std::size_t before =
        (v4 ? ipv4::header_bytes(p.ip) : ipv6::header_bytes) + std::size_t{udp_bytes};
    if (bytes.size() < before + least_bytes) {
        return std::nullopt;
    }
    p.scion = p.ip + before;
    p.udp = p.scion - udp_bytes;
    p.bytes = bytes.size() - before;
    p.link = what.link;
    p.from = own.links[what.link].interface;
    if (p.bytes < common_bytes + address_bytes(p.scion) || !find_parts(p) ||
        (p.type != path_type::scion && p.type != path_type::epic)) {
        return std::nullopt;
    }
    return p;
}

}  // namespace

endpoint sender_of(std::span<const byte> packet) {
    const bool v4 = packet[0] >> 4 == 4;
    endpoint sender;
    sender.address_bytes = v4 ? 4 : 16;
    std::copy_n(&packet[v4 ? 12 : 8], sender.address_bytes, sender.address.begin());
    sender.port = load_be16(&packet[v4 ? ipv4::header_bytes(packet.data()) : ipv6::header_bytes]);
    return sender;
}

std::vector<byte> underlay_packet(const link& by, const endpoint* to,
                                  std::span<const byte> payload) {
    // As if the payload had come without addresses and ports, under a checksum of its own.
    std::vector<byte> buffer(ipv6::header_bytes + udp_bytes);
    append(buffer, payload);
    packet p;
    p.ip = buffer.data();
    p.ip[0] = 0x60;
    p.udp = p.ip + ipv6::header_bytes;
    p.scion = p.udp + udp_bytes;
    p.bytes = payload.size();
    const std::uint64_t length = payload.size() + udp_bytes;
    constexpr unsigned udp = 17;
    const std::uint16_t checksum =
        checksum_fold(checksum_sum(payload.data(), payload.size()) + 2 * length + udp);
    store_be16(p.udp + 6, static_cast<std::uint16_t>(checksum == 0xffff ? 0xffff : ~checksum));
    const byte* const ip = encapsulate(p, by, to);
    return {ip, static_cast<const byte*>(buffer.data()) + buffer.size()};
}

std::optional<std::vector<byte>> make_reply(const table& own, const slow_request& what,
                                            std::span<const byte> bytes, const reply_options& how) {
    const auto p = parse(own, what, bytes);
    if (!p || (what.task == slow_task::traceroute &&
               (p->next != next_scmp || p->layer4_bytes() < scmp::traceroute_bytes))) {
        return std::nullopt;
    }
    const std::vector<byte> back =
        path_back(*p, own.links[what.link].scope == link_scope::external);
    if (back.empty()) {
        return std::nullopt;
    }
    const bool is_error = what.task == slow_task::scmp_error;
    const bool authenticate = how.authenticate && (is_error || is_authentic(*p, how));

    std::vector<byte> reply = reply_header(own, *p);
    append(reply, back);
    const std::size_t header = reply.size();
    std::vector<byte> message = scmp_header(own, what, *p);
    if (is_error) {
        const std::size_t used = header + message.size() + (authenticate ? authenticator_bytes : 0);
        const std::size_t room = scmp::most_error_bytes - std::min(used, scmp::most_error_bytes);
        const std::size_t quote = message.size();
        append(message, {p->scion, std::min(p->bytes, room)});
        // The reference writes PathMeta anew before it quotes: without reserved bits.
        message[quote + static_cast<std::size_t>(p->path - p->scion) + 1] &= 3;
    }
    store_be16(&message[2], layer4_checksum(reply, message));

    reply[4] = static_cast<byte>(authenticate ? next_end_to_end : next_scmp);
    reply[5] = static_cast<byte>(header / 4);
    store_be16(&reply[6], static_cast<std::uint16_t>(message.size() +
                                                     (authenticate ? authenticator_bytes : 0)));
    if (authenticate) {
        append(reply, make_authenticator(reply, message, how));
    }
    append(reply, message);

    const link& by = own.links[what.link];
    const endpoint sender = sender_of(bytes);
    return underlay_packet(by, by.scope == link_scope::internal ? &sender : nullptr, reply);
}

}  // namespace rhumb::scion
