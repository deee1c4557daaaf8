// BFD control packets (RFC 5880) and STUN messages (RFC 8489), as they are with SCION routers.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "controlplane/scion/bfd.hh"
#include "controlplane/scion/explain_parts.hh"
#include "rhumb/wire/bfd.hh"
#include "rhumb/wire/stun.hh"

namespace rhumb::scion::explain {

namespace {

std::string fault_text(bfd::fault of) {
    switch (of) {
        case bfd::fault::version: return "its version is not 1";
        case bfd::fault::length: return "its length cannot be";
        case bfd::fault::detect_multiplier: return "its detection multiplier is 0";
        case bfd::fault::multipoint: return "it is multipoint";
        case bfd::fault::my_discriminator: return "its own discriminator is 0";
        case bfd::fault::your_discriminator:
            return "it has heard of the receiver, and knows no discriminator of it";
        case bfd::fault::authentication: return "it is authenticated, which SCION's is not";
        case bfd::fault::poll_sequence: return "it is of a poll sequence, which SCION has not";
        case bfd::fault::echo: return "it wants echo packets, which SCION has not";
        case bfd::fault::demand: return "it wants demand mode, which SCION has not";
        default: return "";
    }
}

std::string flags_text(unsigned flags) {
    static constexpr std::pair<unsigned, const char*> names[] = {
        {bfd::flag::poll, "poll"},
        {bfd::flag::final, "final"},
        {bfd::flag::control_plane_independent, "control plane independent"},
        {bfd::flag::authentication, "authentication"},
        {bfd::flag::demand, "demand"},
        {bfd::flag::multipoint, "multipoint"}};
    std::string text;
    for (const auto& [flag, name] : names) {
        if ((flags & flag) != 0) {
            text += (text.empty() ? "" : ", ") + std::string(name);
        }
    }
    return text;
}

std::string interval_text(std::uint32_t microseconds) {
    return fmt::format("{} ms", static_cast<double>(microseconds) / 1000);
}

std::string stun_type_text(unsigned type) {
    switch (type) {
        case stun::binding_request: return "binding request: what is my address?";
        case stun::binding_success: return "binding success";
        case 0x0111: return "binding error";
        case 0x0011: return "binding indication";
        default: return "unknown";
    }
}

// XOR-MAPPED-ADDRESS: the port under the cookie's upper half, the address under the cookie and the
// transaction.
std::string mapped_text(const reader& r, std::size_t message, std::size_t at, std::size_t length) {
    const byte* const value = r.at(at);
    const std::size_t bytes = length == 8 ? 4 : length == 20 ? 16 : 0;
    if (bytes == 0 || value[1] != (bytes == 4 ? 1 : 2)) {
        return "";
    }
    std::array<byte, 16> address{};
    for (std::size_t n = 0; n < address.size(); n += 4) {
        if (n < bytes) {
            store_be32(&address[n], load_be32(value + 4 + n) ^ load_be32(r.at(message + 4 + n)));
        }
    }
    const unsigned port = load_be16(value + 2) ^ stun::magic_cookie >> 16;
    return fmt::format("{}{}{}:{}", bytes == 4 ? "" : "[", ip_text(address.data(), bytes),
                       bytes == 4 ? "" : "]", port);
}

void attribute(const reader& r, std::size_t message, std::size_t at, std::size_t length,
               field& in) {
    const unsigned type = load_be16(r.at(at));
    const std::size_t value = at + stun::attribute_header_bytes;
    field& f = add_bytes(in, r, value, length, fmt::format("attribute 0x{:04x}", type));
    f.offset = at;
    f.bytes = stun::attribute_header_bytes + length;
    if (type == stun::attribute_xor_mapped_address) {
        f.name = "XOR-MAPPED-ADDRESS";
        f.meaning = mapped_text(r, message, value, length);
    } else if (type == stun::attribute_fingerprint && length == 4) {
        f.name = "FINGERPRINT";
        const std::uint32_t should = stun::fingerprint(r.bytes.subspan(message, at - message));
        f.judged = load_be32(r.at(value)) == should ? verdict::right : verdict::wrong;
        f.meaning =
            f.judged == verdict::right ? "right" : fmt::format("wrong: {:08x} is right", should);
    }
}

}  // namespace

void bfd_packet(reader& r, std::size_t at, fields& into) {
    field& f = open(into, at, "BFD");
    if (!r.has(at, bfd::packet_bytes, "a BFD control packet")) {
        return;
    }
    f.bytes = bfd::packet_bytes;
    const byte* const h = r.at(at);
    const bfd::control_packet packet = bfd::load(h);
    f.value = bfd::to_string(packet.state);
    add_number(f, at, 1, "Version", h[0] >> 5);
    add_number(f, at, 1, "Diagnostic", h[0] & 0x1fU,
               std::string(bfd::to_string(packet.diagnostic)));
    add_number(f, at + 1, 1, "State", h[1] >> 6, std::string(bfd::to_string(packet.state)));
    add_hex(f, at + 1, 1, "Flags", h[1] & 0x3fU, 2, flags_text(h[1]));
    add_number(f, at + 2, 1, "Detect Mult", packet.detect_multiplier);
    add_number(f, at + 3, 1, "Length", h[3]);
    add_hex(f, at + 4, 4, "My Discriminator", packet.my_discriminator, 8);
    add_hex(f, at + 8, 4, "Your Discriminator", packet.your_discriminator, 8,
            packet.your_discriminator == 0 ? "not known yet" : "");
    add_number(f, at + 12, 4, "Desired Min TX Interval", packet.desired_min_tx,
               interval_text(packet.desired_min_tx));
    add_number(f, at + 16, 4, "Required Min RX Interval", packet.required_min_rx,
               interval_text(packet.required_min_rx));
    add_number(f, at + 20, 4, "Required Min Echo RX Interval", load_be32(h + 20));
    if (const auto why = bfd::fault_of(r.bytes.subspan(at)); why != bfd::fault::none) {
        say(f, at, "so", "discarded", fault_text(why), verdict::wrong);
    }
}

void stun_message(reader& r, std::size_t at, fields& into) {
    field& f = open(into, at, "STUN");
    if (!r.has(at, stun::header_bytes, "the STUN header")) {
        return;
    }
    f.bytes = r.left(at);
    const byte* const h = r.at(at);
    const std::size_t length = load_be16(h + 2);
    f.meaning = stun_type_text(load_be16(h));
    add_hex(f, at, 2, "Type", load_be16(h), 4, stun_type_text(load_be16(h)));
    add_number(f, at + 2, 2, "Length", length, "bytes of attributes");
    field& cookie = add_hex(f, at + 4, 4, "Magic Cookie", load_be32(h + 4), 8);
    if (cookie.number != stun::magic_cookie) {
        cookie.judged = verdict::wrong;
        cookie.meaning = "wrong: 0x2112a442 is right";
    }
    add_bytes(f, r, at + 8, stun::transaction_id_bytes, "Transaction ID");
    std::size_t here = at + stun::header_bytes;
    if (length != r.left(here)) {
        r.bad(at + 2, fmt::format("the STUN length is {}, and {} there behind its header", length,
                                  count_of(r.left(here), "byte")));
    }
    while (r.left(here) != 0) {
        if (!r.has(here, stun::attribute_header_bytes, "a STUN attribute")) {
            return;
        }
        const std::size_t size = load_be16(r.at(here + 2));
        if (!r.has(here + stun::attribute_header_bytes, (size + 3) / 4 * 4,
                   "the STUN attribute's value, padded,")) {
            return;
        }
        attribute(r, at, here, size, f);
        here += stun::attribute_header_bytes + (size + 3) / 4 * 4;
    }
}

}  // namespace rhumb::scion::explain
