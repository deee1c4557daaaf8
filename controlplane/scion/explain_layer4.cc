// What follows a SCION header: extension headers with their options, UDP, TCP, and SCMP with the
// packet that it quotes. Threads: any.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/scion/authenticator.hh"
#include "controlplane/scion/explain_parts.hh"
#include "rhumb/checksum.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/equal.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion::explain {

namespace {

constexpr byte option_pad1 = 0;
constexpr byte option_padn = 1;
constexpr byte option_authenticator = 2;
constexpr std::size_t authenticator_data_bytes = 28;

std::string spi_text(std::uint32_t spi) {
    constexpr std::uint32_t drkey_limit = 1U << 21;
    if (spi == 0 || spi >= drkey_limit) {
        return spi == 0 ? "none" : "of a security association";
    }
    const std::uint32_t protocol = spi & 0xffff;
    return fmt::format("DRKey, {}, key of the {}'s side, protocol {}",
                       (spi & 1U << 17) != 0 ? "host to host" : "AS to host",
                       (spi & 1U << 16) != 0 ? "receiver" : "sender",
                       protocol == 1 ? "SCMP" : std::to_string(protocol));
}

void authenticator(const reader& r, std::size_t at, field& f) {
    const byte* const data = r.at(at);
    add_hex(f, at, 4, "SPI", load_be32(data), 8, spi_text(load_be32(data)));
    add_number(f, at + 4, 1, "Algorithm", data[4], data[4] == 0 ? "AES-CMAC" : "unknown");
    add_hex(f, at + 5, 1, "RSV", data[5], 2);
    const std::uint64_t when = std::uint64_t{load_be16(data + 6)} << 32 | load_be32(data + 8);
    add_number(f, at + 6, 6, "Timestamp", when, "nanoseconds of the key's epoch");
    add_bytes(f, r, at + 12, 16, "Authenticator");
}

// Keys of DRKey are not at hand; the reference router has zeroes in their place.
void judge_authenticator(const reader& r, const header_view& header, std::size_t option_at,
                         std::size_t message_at, unsigned protocol, field& in) {
    const std::size_t header_size = header_bytes(r.at(header.at));
    const std::size_t message = r.left(message_at);
    constexpr std::array<byte, crypto::key_bytes> stand_in{};
    crypto::cmac_key key;
    crypto::expand(key, stand_in.data());
    const crypto::block tag = crypto::cmac(
        key, authenticated_data(r.bytes.subspan(header.at, header_size),
                                r.bytes.subspan(option_at, 2 + authenticator_data_bytes), protocol,
                                r.bytes.subspan(message_at, message)));
    const bool fits =
        crypto::constant_time_equal(tag.bytes.data(), r.at(option_at + 14), crypto::block_bytes);
    say(in, option_at + 14, "Authenticator is", fits ? "right" : "not checked",
        fits ? "under the zeroes that the reference router has for a key"
             : "no key of DRKey is at hand; it is not made with the reference router's zeroes",
        fits ? verdict::right : verdict::none);
}

// Options from `at` to `end`. Returns where an authenticator is, 0 if there is none.
std::size_t options_of(reader& r, std::size_t at, std::size_t end, field& in, bool& is_sound) {
    std::size_t found = 0;
    is_sound = false;
    while (at < end) {
        const byte type = *r.at(at);
        if (type == option_pad1) {
            add(in, at++, 1, "option Pad1", "");
            continue;
        }
        const std::size_t length = end - at < 2 ? 0 : *r.at(at + 1);
        if (end - at < 2 || end - at - 2 < length) {
            r.bad(at, fmt::format("an option of type {} runs over the end of its header", type));
            return found;
        }
        const std::size_t data = at + 2;
        if (type == option_padn) {
            add(in, at, 2 + length, "option PadN", count_of(2 + length, "byte"));
        } else if (type == option_authenticator && length >= authenticator_data_bytes) {
            authenticator(r, data, add(in, at, 2 + length, "option packet authenticator", ""));
            found = length == authenticator_data_bytes ? at : found;
        } else if (type == option_authenticator) {
            r.bad(at + 1, fmt::format("a packet authenticator has 28 bytes, not {}", length));
        } else {
            field& f = add_bytes(in, r, data, length, fmt::format("option {}", type),
                                 "unknown; routers do not look at it");
            f.offset = at;
            f.bytes = 2 + length;
        }
        at = data + length;
    }
    is_sound = true;
    return found;
}

void data(const reader& r, std::size_t at, fields& into, const char* name = "data") {
    if (r.left(at) != 0) {
        field& f = open(into, at, name);
        f.bytes = r.left(at);
        constexpr std::size_t most = 16;
        f.value = to_hex({r.at(at), std::min(f.bytes, most)}) + (f.bytes > most ? "..." : "");
    }
}

void udp(reader& r, const header_view& header, std::size_t at, fields& into) {
    constexpr std::size_t udp_bytes = 8;
    field& f = open(into, at, "UDP");
    f.meaning = "over SCION";
    if (!r.has(at, udp_bytes, "the UDP header")) {
        return;
    }
    f.bytes = udp_bytes;
    const std::size_t length = load_be16(r.at(at + 4));
    add_number(f, at, 2, "Source port", load_be16(r.at(at)));
    add_number(f, at + 2, 2, "Destination port", load_be16(r.at(at + 2)));
    add_number(f, at + 4, 2, "Length", length);
    add_checksum(r, header, at, next_udp, at + 6, f);
    if (header.is_whole && length != r.left(at)) {
        r.bad(at + 4, fmt::format("the UDP length is {}, and {} there from the UDP header on",
                                  length, count_of(r.left(at), "byte")));
    }
    data(r, at + udp_bytes, into);
}

void tcp(reader& r, const header_view& header, std::size_t at, fields& into) {
    constexpr std::size_t tcp_bytes = 20;
    static constexpr std::array names{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    field& f = open(into, at, "TCP");
    if (!r.has(at, tcp_bytes, "the TCP header")) {
        return;
    }
    const byte* const h = r.at(at);
    const std::size_t header_size = std::size_t{h[12]} / 16 * 4;
    f.bytes = tcp_bytes;
    add_number(f, at, 2, "Source port", load_be16(h));
    add_number(f, at + 2, 2, "Destination port", load_be16(h + 2));
    add_number(f, at + 4, 4, "Sequence number", load_be32(h + 4));
    add_number(f, at + 8, 4, "Acknowledgment number", load_be32(h + 8));
    add_number(f, at + 12, 1, "Data offset", h[12] / 16, count_of(header_size, "byte"));
    std::string flags;
    for (unsigned n = 0; n < names.size(); ++n) {
        if ((h[13] >> n & 1) != 0) {
            flags += (flags.empty() ? "" : " ") + std::string(names[n]);
        }
    }
    add_hex(f, at + 13, 1, "Flags", h[13], 2, std::move(flags));
    add_number(f, at + 14, 2, "Window", load_be16(h + 14));
    add_checksum(r, header, at, next_tcp, at + 16, f);
    add_number(f, at + 18, 2, "Urgent pointer", load_be16(h + 18));
    if (header_size < tcp_bytes || header_size > r.left(at)) {
        if (r.quotes == 0 || header_size < tcp_bytes) {
            r.bad(at + 12, "the TCP header's length cannot be");
        }
        return;
    }
    if (header_size > tcp_bytes) {
        add_bytes(f, r, at + tcp_bytes, header_size - tcp_bytes, "Options");
        f.bytes = header_size;
    }
    data(r, at + header_size, into);
}

// The innermost part of the quote that the pointer points into.
void find_part(const fields& of, std::size_t at, std::string& name) {
    for (const field& one : of) {
        const bool is_named_part = one.name.starts_with("hop field") ||
                                   one.name.starts_with("info field") || one.inside.empty();
        if (one.bytes != 0 && at >= one.offset && at < one.offset + one.bytes) {
            name = one.name;
            if (!is_named_part || at != one.offset) {
                find_part(one.inside, at, name);
            }
            return;
        }
        find_part(one.inside, at, name);
    }
}

// The packet that an error is about, which may be cut short, and malformed: that is no fault of
// the error.
void quote(reader& r, std::size_t at, std::optional<unsigned> pointer, field& in) {
    constexpr unsigned most_quotes = 3;
    if (r.left(at) == 0) {
        return;
    }
    field& f = add(in, at, r.left(at), "quote", count_of(r.left(at), "byte"),
                   "of the packet that this is about");
    if (r.quotes == most_quotes) {
        f.meaning = "one in another; not read further";
        return;
    }
    std::vector<fault> faults;
    reader inner{r.bytes, r.how, &faults, r.quotes + 1};
    scion_packet(inner, at, f.inside);
    for (const fault& one : faults) {
        say(f, one.offset, "here", one.message);
    }
    if (pointer) {
        std::string name;
        find_part(f.inside, at + *pointer, name);
        say(f, std::min(at + *pointer, r.bytes.size()), "pointer", std::to_string(*pointer),
            name.empty() ? "points behind the quote" : "points to: " + name);
    }
}

// What stands between checksum and data or quote. Everything of it is there.
std::optional<unsigned> scmp_info(const reader& r, std::size_t at, unsigned type, field& f) {
    const byte* const h = r.at(at);
    switch (type) {
        case scmp::packet_too_big:
            add_hex(f, at + 4, 2, "RSV", load_be16(h + 4), 4);
            add_number(f, at + 6, 2, "MTU", load_be16(h + 6),
                       "bytes at most, from the SCION header");
            return std::nullopt;
        case scmp::parameter_problem:
            add_hex(f, at + 4, 2, "RSV", load_be16(h + 4), 4);
            add_number(f, at + 6, 2, "Pointer", load_be16(h + 6),
                       "where it is wrong, in bytes from the SCION header");
            return load_be16(h + 6);
        case scmp::external_interface_down:
            add(f, at + 4, 8, "ISD-AS", to_string(load_isd_as(h + 4)));
            add_number(f, at + 12, 8, "Interface ID", load_be64(h + 12), "the link is down");
            return std::nullopt;
        case scmp::internal_connectivity_down:
            add(f, at + 4, 8, "ISD-AS", to_string(load_isd_as(h + 4)));
            add_number(f, at + 12, 8, "Ingress interface ID", load_be64(h + 12));
            add_number(f, at + 20, 8, "Egress interface ID", load_be64(h + 20),
                       "no way through the AS from one to the other");
            return std::nullopt;
        case scmp::echo_request:
        case scmp::echo_reply:
        case scmp::traceroute_request:
        case scmp::traceroute_reply:
            add_number(f, at + 4, 2, "Identifier", load_be16(h + 4));
            add_number(f, at + 6, 2, "Sequence number", load_be16(h + 6));
            if (type >= scmp::traceroute_request) {
                add(f, at + 8, 8, "ISD-AS", to_string(load_isd_as(h + 8)));
                add_number(f, at + 16, 8, "Interface ID", load_be64(h + 16));
            }
            return std::nullopt;
        default: add_hex(f, at + 4, 4, "unused", load_be32(h + 4), 8); return std::nullopt;
    }
}

std::size_t scmp_bytes(unsigned type) {
    switch (type) {
        case scmp::echo_request:
        case scmp::echo_reply: return scmp::echo_bytes;
        case scmp::traceroute_request:
        case scmp::traceroute_reply: return scmp::traceroute_bytes;
        default: {
            const std::size_t known = scmp::quote_offset(static_cast<std::uint8_t>(type));
            return known != 0 ? known : scmp::header_bytes;
        }
    }
}

}  // namespace

void add_checksum(const reader& r, const header_view& header, std::size_t at, unsigned protocol,
                  std::size_t checksum_at, field& in) {
    const std::uint16_t is = load_be16(r.at(checksum_at));
    if (!header.is_whole) {
        add_hex(in, checksum_at, 2, "Checksum", is, 4, "not checked: the packet is not whole");
        return;
    }
    // The pseudo header is the address header, the length as 32 bits, and the protocol.
    const std::size_t length = r.left(at);
    const std::uint64_t sum =
        std::uint64_t{checksum_sum(r.at(header.at + common_bytes), header.addresses_bytes)} +
        (length >> 16) + (length & 0xffff) + protocol + checksum_sum(r.at(at), length) +
        (0xffffU - is);
    add_checksum(in, checksum_at, is, static_cast<std::uint16_t>(~checksum_fold(sum)));
}

void extensions(reader& r, header_view& header, fields& into) {
    std::size_t at = header.payload_at;
    unsigned next = header.next;
    std::size_t authenticator_at = 0;
    std::size_t judged = 0;  // which of `into`
    for (unsigned last = 0; next == next_hop_by_hop || next == next_end_to_end;) {
        const bool by_hop = next == next_hop_by_hop;
        if (next <= last) {
            r.bad(at,
                  "hop-by-hop options come first, then end-to-end options, each once; a router "
                  "drops others");
            return;
        }
        last = next;
        field& f = open(into, at, by_hop ? "hop-by-hop options" : "end-to-end options");
        if (!r.has(at, 2, "an extension header")) {
            return;
        }
        next = *r.at(at);
        const std::size_t length = (std::size_t{*r.at(at + 1)} + 1) * 4;
        add_number(f, at, 1, "NextHdr", next, protocol_text(next));
        add_number(f, at + 1, 1, "ExtLen", length / 4 - 1, count_of(length, "byte"));
        if (!r.has(at, length, "the extension header, as ExtLen has it,")) {
            return;
        }
        f.bytes = length;
        bool is_sound = false;
        const std::size_t found = options_of(r, at + 2, at + length, f, is_sound);
        if (!by_hop && is_sound && found != 0) {
            authenticator_at = found;
            judged = into.size() - 1;
        }
        at += length;
    }
    // What the path covers must be as long as its type has it, which a longer HdrLen is not.
    if (authenticator_at != 0 && header.is_whole) {
        judge_authenticator(r, header, authenticator_at, at, next, into[judged]);
    }
    layer4(r, header, at, next, into);
}

void layer4(reader& r, const header_view& header, std::size_t at, unsigned protocol, fields& into) {
    switch (protocol) {
        case next_udp: udp(r, header, at, into); break;
        case next_tcp: tcp(r, header, at, into); break;
        case next_scmp: scmp_message(r, header, at, into); break;
        case next_bfd: bfd_packet(r, at, into); break;
        default: data(r, at, into, "payload");
    }
}

void scmp_message(reader& r, const header_view& header, std::size_t at, fields& into) {
    field& f = open(into, at, "SCMP");
    if (!r.has(at, scmp::header_bytes, "the SCMP header")) {
        return;
    }
    const unsigned type = *r.at(at);
    const unsigned code = *r.at(at + 1);
    f.value = fmt::format("{}/{}", type, code);
    f.meaning = scmp_type_text(type);
    if (const std::string words = scmp_code_text(type, code); !words.empty()) {
        f.meaning += ", " + words;
    }
    add_number(f, at, 1, "Type", type, scmp_type_text(type));
    add_number(f, at + 1, 1, "Code", code, scmp_code_text(type, code));
    add_checksum(r, header, at, next_scmp, at + 2, f);
    const std::size_t size = scmp_bytes(type);
    f.bytes = scmp::header_bytes;
    if (!r.has(at, size, "an SCMP message of this type")) {
        return;
    }
    f.bytes = size;
    std::optional<unsigned> pointer;
    if (size > scmp::header_bytes) {
        pointer = scmp_info(r, at, type, f);
    }
    if (scmp::quote_offset(static_cast<std::uint8_t>(type)) != 0) {
        f.bytes = r.left(at);
        quote(r, at + size, pointer, f);
    } else {
        data(r, at + size, into);
    }
}

}  // namespace rhumb::scion::explain
