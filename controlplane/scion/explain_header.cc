// The SCION header but for its path, and what follows it.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/scion/explain_parts.hh"

namespace rhumb::scion::explain {

namespace {

std::string path_type_text(unsigned type) {
    constexpr unsigned colibri = 4;
    switch (type) {
        case static_cast<unsigned>(path_type::empty): return "empty: within one AS";
        case static_cast<unsigned>(path_type::scion): return "SCION";
        case static_cast<unsigned>(path_type::one_hop): return "one-hop: to a neighbour AS";
        case static_cast<unsigned>(path_type::epic): return "EPIC";
        case colibri: return "COLIBRI, which no router here takes";
        default: return "unknown";
    }
}

void common_header(reader& r, std::size_t at, fields& into) {
    field& f = open(into, at, "SCION common header");
    f.bytes = common_bytes;
    const byte* const h = r.at(at);
    const unsigned version = h[0] >> 4;
    add_number(f, at, 1, "Version", version, version == 0 ? "" : "0 is the only one there is");
    const unsigned traffic = traffic_class(h);
    add_hex(f, at, 2, "TrafficClass", traffic, 2,
            fmt::format("DSCP {}, ECN {}", traffic >> 2, traffic & 3));
    add_hex(f, at + 1, 3, "FlowID", flow_id(h), 5,
            flow_id(h) == 0 ? "senders must not use 0; routers forward it" : "");
    add_number(f, at + 4, 1, "NextHdr", next_header(h), protocol_text(next_header(h)));
    add_number(f, at + 5, 1, "HdrLen", h[5],
               "in words of 4 bytes: " + count_of(header_bytes(h), "byte"));
    add_number(f, at + 6, 2, "PayloadLen", payload_length(h), "bytes behind the header");
    add_number(f, at + 8, 1, "PathType", type_of_path(h), path_type_text(type_of_path(h)));
    for (const bool to : {true, false}) {
        const unsigned type = to ? destination_type(h) : source_type(h);
        add(f, at + 9, 1, to ? "DT, DL" : "ST, SL",
            fmt::format("{:02b} {:02b}", type >> 2, type & 3), host_type_text(type))
            .number = type;
    }
    add_hex(f, at + 10, 2, "RSV", load_be16(h + 10), 4);
}

std::string host_remark(unsigned type, const byte* host) {
    if (type == host_ipv6 && is_v4_mapped(host)) {
        return "an IPv4 address mapped into IPv6: not valid here";
    }
    const bool is_address = type == host_ipv4 || type == host_ipv6;
    return is_address && std::all_of(host, host + host_bytes(type), [](byte b) { return b == 0; })
               ? "unspecified: nobody can be there"
               : "";
}

void address_header(reader& r, std::size_t at, fields& into) {
    const byte* const h = r.at(at);
    field& f = open(into, at + common_bytes, "SCION address header");
    f.bytes = address_bytes(h);
    const auto system = [&](std::size_t offset, const char* isd_name, const char* as_name) {
        const isd_as ia = load_isd_as(h + offset);
        add_number(f, at + offset, 2, isd_name, ia.isd(), ia.isd() == 0 ? "any" : "");
        add(f, at + offset + 2, 6, as_name, to_string(ia), ia.as() == 0 ? "any" : "").number =
            ia.as();
    };
    system(destination_offset, "DstISD", "DstAS");
    system(source_offset, "SrcISD", "SrcAS");
    const unsigned to = destination_type(h);
    const unsigned from = source_type(h);
    const std::size_t source_at = at + hosts_offset + host_bytes(to);
    add(f, at + hosts_offset, host_bytes(to), "DstHostAddr", host_text(to, h + hosts_offset),
        host_remark(to, h + hosts_offset));
    add(f, source_at, host_bytes(from), "SrcHostAddr", host_text(from, r.at(source_at)),
        host_remark(from, r.at(source_at)));
}

// A PayloadLen that is wrong stops nobody but routers; a quote may be cut anywhere.
void check_payload(reader& r, header_view& header, std::size_t length) {
    const std::size_t there = r.left(header.payload_at);
    header.is_whole = length <= there;
    header.is_exact = length == there;
    if (length != there && (r.quotes == 0 || length < there)) {
        r.bad(header.at + 6,
              fmt::format("PayloadLen is {}, and {} behind the SCION header; a router answers with "
                          "SCMP 4/19, invalid packet size",
                          length, there == 1 ? "1 byte is" : fmt::format("{} bytes are", there)));
    }
    if (length < there) {
        r.bytes = r.bytes.first(header.payload_at + length);
    }
}

}  // namespace

void scion_packet(reader& r, std::size_t at, fields& into) {
    if (!r.has(at, common_bytes, "the SCION common header")) {
        return;
    }
    common_header(r, at, into);
    const byte* const h = r.at(at);
    header_view header;
    header.at = at;
    header.next = next_header(h);
    header.addresses_bytes = address_bytes(h);
    const std::size_t before_path = common_bytes + header.addresses_bytes;
    if (!r.has(at, before_path, "the SCION address header")) {
        return;
    }
    if (!is_known_next_header(header.next)) {
        r.bad(at + 4, fmt::format("NextHdr {} is no protocol of SCION; routers take such a packet "
                                  "for something else, and drop it",
                                  header.next));
    }
    address_header(r, at, into);
    if (header_bytes(h) < before_path) {
        r.bad(at + 5, fmt::format("HdrLen says {} bytes, and the common and the address header "
                                  "alone are {}",
                                  header_bytes(h), before_path));
        return;
    }
    // What there is of a path is explained even if its end is missing.
    const bool is_there = r.left(at) >= header_bytes(h);
    const std::size_t end = is_there ? at + header_bytes(h) : r.bytes.size();
    if (!scion_path(r, header, end, into)) {
        return;
    }
    if (!r.has(at, header_bytes(h), "the SCION header, as HdrLen has it,")) {
        return;
    }
    header.payload_at = end;
    check_payload(r, header, payload_length(h));
    if (header.path && r.quotes == 0) {
        next_router(r, header, into);
    }
    extensions(r, header, into);
}

}  // namespace rhumb::scion::explain
