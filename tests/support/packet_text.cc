#include "tests/support/packet_text.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "rhumb/checksum.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"
#include "tests/support/packet_scion.hh"
#include "tests/support/packet_words.hh"

namespace rhumb::test {

namespace {

void append16(packet_bytes& to, std::uint64_t value) {
    to.push_back(static_cast<byte>(value >> 8));
    to.push_back(static_cast<byte>(value));
}
void append32(packet_bytes& to, std::uint64_t value) {
    append16(to, value >> 16);
    append16(to, value);
}
void append(packet_bytes& to, const packet_bytes& more) {
    to.insert(to.end(), more.begin(), more.end());
}

// --- from elements to bytes, innermost first ---

class writer {
public:
    writer(std::vector<element> elements, const packet_names& names)
        : elements_(std::move(elements)), names_(names) {}

    packet_bytes run() {
        std::size_t headers = 0;
        while (headers < elements_.size() && !is_afterwards(elements_[headers].kind())) {
            ++headers;
        }
        for (std::size_t n = headers; n-- > 0;) {
            if (is_path_part(elements_[n].kind())) {
                if (n == 0 || (elements_[n - 1].kind() != "scion" &&
                               !is_path_part(elements_[n - 1].kind()))) {
                    throw complaint{elements_[n].column(), "this stands behind a scion element"};
                }
                continue;  // scion takes it
            }
            write(n, headers);
            elements_[n].finish();
        }
        for (std::size_t n = headers; n < elements_.size(); ++n) {
            afterwards(elements_[n]);
            elements_[n].finish();
        }
        return std::move(body_);
    }

private:
    static bool is_afterwards(const std::string& kind) {
        return kind == "pad" || kind == "truncate" || kind == "trailer";
    }

    void write(std::size_t n, std::size_t headers) {
        element& e = elements_[n];
        next_ = n + 1 < headers ? elements_[n + 1].kind() : std::string();
        const std::string& kind = e.kind();
        if (kind == "eth") return write_eth(e);
        if (kind == "vlan") return write_vlan(e);
        if (kind == "mpls") return write_mpls(e);
        if (kind == "ipv4") return write_ipv4(e);
        if (kind == "ipv6") return write_ipv6(e);
        if (kind == "udp") return write_udp(e, n);
        if (kind == "tcp") return write_tcp(e, n);
        if (kind == "scion") return write_scion(n, headers);
        if (kind == "scmp") return write_scmp(e, n);
        if (kind == "bfd") return prepend(bfd_packet(e));
        if (is_scion_extension(kind)) return prepend(scion_extension(e, next_));
        if (kind == "data") return write_data(e);
        if (kind == "payload") return write_payload(e);
        if (kind == "hex") return prepend(hex_of(e));
        throw complaint{e.column(), "there is no element \"" + kind +
                                        "\"; there are eth, vlan, mpls, ipv4, ipv6, udp, tcp, "
                                        "scion, path, one-hop, segment, hop, hbh, e2e, scmp, bfd, "
                                        "data, payload, hex, trailer, pad, truncate"};
    }

    void prepend(const packet_bytes& header) {
        body_.insert(body_.begin(), header.begin(), header.end());
    }

    std::uint64_t ethertype(element& e) {
        if (const auto given = e.number("type", 0xffff)) return *given;
        if (next_ == "vlan") return ethernet::type_vlan;
        if (next_ == "mpls") return ethernet::type_mpls;
        if (next_ == "ipv4") return ethernet::type_ipv4;
        if (next_ == "ipv6") return ethernet::type_ipv6;
        throw complaint{e.column(), e.kind() +
                                        " wants a type where neither vlan, mpls, ipv4 nor "
                                        "ipv6 follows"};
    }
    std::uint64_t ip_protocol() const {
        constexpr std::array<std::pair<std::string_view, unsigned>, 5> known{
            {{"ipv4", 4}, {"tcp", 6}, {"udp", 17}, {"ipv6", 41}, {"mpls", 137}}};
        for (const auto& [kind, number] : known) {
            if (kind == next_) return number;
        }
        return 253;  // for experiments: RFC 3692
    }

    void write_eth(element& e) {
        const auto [source, destination] = e.ends("MAC");
        packet_bytes header = to_mac(destination);
        append(header, to_mac(source));
        append16(header, ethertype(e));
        prepend(header);
    }
    void write_vlan(element& e) {
        packet_bytes header;
        const std::uint64_t id = to_number(e.at(1, "an id"), 4095, "vlan");
        append16(header,
                 e.number("pcp", 7).value_or(0) << 13 | (e.flag("dei") ? 0x1000U : 0U) | id);
        append16(header, ethertype(e));
        prepend(header);
    }
    void write_mpls(element& e) {
        packet_bytes header;
        const std::uint64_t label = to_number(e.at(1, "a label"), 0xfffff, "mpls");
        const bool not_bottom = e.flag("not-bottom");
        const bool bottom = e.flag("bottom") || (next_ != "mpls" && !not_bottom);
        append32(header, mpls::make(static_cast<mpls::label>(label),
                                    static_cast<unsigned>(e.number("tc", 7).value_or(0)), bottom,
                                    static_cast<unsigned>(e.number("ttl", 255).value_or(64))));
        prepend(header);
    }
    void write_ipv4(element& e) {
        const auto [source, destination] = e.ends("ADDRESS");
        const auto options_word = e.option("options");
        const packet_bytes options = options_word ? to_bytes(*options_word) : packet_bytes{};
        if (options.size() % 4 != 0 || options.size() > 40) {
            throw complaint{options_word->column, "options are 4, 8, .. 40 bytes"};
        }
        const std::size_t bytes = ipv4::min_header_bytes + options.size();
        packet_bytes header;
        header.push_back(static_cast<byte>(e.number("version", 15).value_or(4) << 4 |
                                           e.number("ihl", 15).value_or(bytes / 4)));
        header.push_back(static_cast<byte>(e.number("dscp", 63).value_or(0) << 2 |
                                           e.number("ecn", 3).value_or(0)));
        append16(header, e.number("length", 0xffff).value_or(bytes + body_.size()));
        append16(header, e.number("id", 0xffff).value_or(0));
        append16(header, (e.flag("df") ? 0x4000U : 0U) | (e.flag("mf") ? 0x2000U : 0U) |
                             e.number("offset", 0x1fff).value_or(0));
        header.push_back(static_cast<byte>(e.number("ttl", 255).value_or(64)));
        header.push_back(static_cast<byte>(e.number("protocol", 255).value_or(ip_protocol())));
        append16(header, 0);
        append(header, to_address(source, AF_INET));
        append(header, to_address(destination, AF_INET));
        append(header, options);
        const std::uint16_t right = checksum_of(header.data(), header.size());
        store_be16(&header[10],
                   static_cast<std::uint16_t>(e.number("checksum", 0xffff).value_or(right)));
        prepend(header);
    }
    void write_ipv6(element& e) {
        const auto [source, destination] = e.ends("ADDRESS");
        packet_bytes header;
        append32(header, e.number("version", 15).value_or(6) << 28 |
                             e.number("traffic-class", 255).value_or(0) << 20 |
                             e.number("flow-label", 0xfffff).value_or(0));
        append16(header, e.number("length", 0xffff).value_or(body_.size()));
        header.push_back(static_cast<byte>(e.number("next-header", 255).value_or(ip_protocol())));
        header.push_back(static_cast<byte>(e.number("hop-limit", 255).value_or(64)));
        append(header, to_address(source, AF_INET6));
        append(header, to_address(destination, AF_INET6));
        prepend(header);
    }

    // The SCION header whose payload element `n` is.
    std::optional<std::size_t> scion_before(std::size_t n) const {
        while (n != 0 && (is_path_part(elements_[n - 1].kind()) ||
                          is_scion_extension(elements_[n - 1].kind()))) {
            --n;
        }
        return n != 0 && elements_[n - 1].kind() == "scion" ? std::optional(n - 1) : std::nullopt;
    }
    static std::uint16_t scion_checksum(element& scion, unsigned protocol,
                                        const packet_bytes& segment) {
        packet_bytes covered = scion_pseudo_header(scion);
        append32(covered, segment.size());
        append32(covered, protocol);
        append(covered, segment);
        return checksum_of(covered.data(), covered.size());
    }
    void write_scion(std::size_t n, std::size_t headers) {
        std::size_t end = n + 1;
        while (end < headers && is_path_part(elements_[end].kind())) {
            ++end;
        }
        const std::string next = end < headers ? elements_[end].kind() : std::string();
        prepend(scion_header(std::span(elements_).subspan(n, end - n), body_.size(), next, names_));
    }
    void write_scmp(element& e, std::size_t n) {
        packet_bytes message = scmp_head(e);
        // A quote is the packet that follows, as far as it fits.
        body_.resize(std::min<std::size_t>(body_.size(), e.number("cut", 0xffff).value_or(0xffff)));
        append(message, body_);
        const std::uint16_t right = transport_checksum(n, 202, message);
        store_be16(&message[2],
                   static_cast<std::uint16_t>(e.number("checksum", 0xffff).value_or(right)));
        body_ = std::move(message);
    }

    // The checksum over the pseudo-header of the IP element before this one, and `segment`.
    std::uint16_t transport_checksum(std::size_t n, unsigned protocol,
                                     const packet_bytes& segment) {
        if (const auto scion = scion_before(n)) {
            return scion_checksum(elements_[*scion], protocol, segment);
        }
        const bool is_v4 = n != 0 && elements_[n - 1].kind() == "ipv4";
        if (!is_v4 && (n == 0 || elements_[n - 1].kind() != "ipv6")) {
            return 0;
        }
        const int family = is_v4 ? AF_INET : AF_INET6;
        const auto [source, destination] = elements_[n - 1].ends("ADDRESS");
        packet_bytes covered = to_address(source, family);
        append(covered, to_address(destination, family));
        append32(covered, segment.size());
        append32(covered, protocol);
        append(covered, segment);
        return checksum_of(covered.data(), covered.size());
    }
    void write_udp(element& e, std::size_t n) {
        const auto [source, destination] = e.ends("PORT");
        packet_bytes segment;
        append16(segment, to_number(source, 0xffff, "a port"));
        append16(segment, to_number(destination, 0xffff, "a port"));
        append16(segment, e.number("length", 0xffff).value_or(8 + body_.size()));
        append16(segment, 0);
        append(segment, body_);
        const std::uint16_t sum = transport_checksum(n, 17, segment);
        // RFC 768: 0 means none; not in SCION.
        const std::uint64_t right = sum == 0 && !scion_before(n) ? 0xffff : sum;
        store_be16(&segment[6],
                   static_cast<std::uint16_t>(e.number("checksum", 0xffff).value_or(right)));
        body_ = std::move(segment);
    }
    void write_tcp(element& e, std::size_t n) {
        const auto [source, destination] = e.ends("PORT");
        packet_bytes segment;
        append16(segment, to_number(source, 0xffff, "a port"));
        append16(segment, to_number(destination, 0xffff, "a port"));
        append32(segment, e.number("seq", 0xffffffff).value_or(0));
        append32(segment, e.number("ack", 0xffffffff).value_or(0));
        append16(segment, 0x5000U | e.number("flags", 0xfff).value_or(0x10));
        append16(segment, e.number("window", 0xffff).value_or(0));
        append32(segment, 0);
        append(segment, body_);
        const std::uint16_t right = transport_checksum(n, 6, segment);
        store_be16(&segment[16],
                   static_cast<std::uint16_t>(e.number("checksum", 0xffff).value_or(right)));
        body_ = std::move(segment);
    }

    void write_data(element& e) {
        packet_bytes data(to_number(e.at(1, "a number of bytes"), 65535, "data"));
        for (std::size_t n = 0; n < data.size(); ++n) {
            data[n] = static_cast<byte>(n);
        }
        prepend(data);
    }
    void write_payload(element& e) {
        const word& text = e.at(1, "a text in quotes");
        if (!text.quoted) {
            throw complaint{text.column, "payload wants a text in quotes"};
        }
        const std::size_t bytes = e.number("bytes", 65535).value_or(text.text.size());
        packet_bytes repeated(text.text.empty() ? 0 : bytes);
        for (std::size_t n = 0; n < repeated.size(); ++n) {
            repeated[n] = static_cast<byte>(text.text[n % text.text.size()]);
        }
        prepend(repeated);
    }
    static packet_bytes hex_of(element& e) {
        packet_bytes bytes;
        for (std::size_t n = 1; n < std::max<std::size_t>(e.size(), 2); ++n) {
            append(bytes, to_bytes(e.at(n, "bytes")));
        }
        return bytes;
    }

    void afterwards(element& e) {
        if (e.kind() == "trailer") {
            return append(body_, hex_of(e));
        }
        if (e.kind() != "pad" && e.kind() != "truncate") {
            throw complaint{e.column(), "only trailer, pad and truncate may follow these"};
        }
        const std::size_t size = to_number(e.at(1, "a number of bytes"), 65535, e.kind());
        if (e.kind() == "pad" ? size < body_.size() : size > body_.size()) {
            throw complaint{e.column(), "the frame has " + std::to_string(body_.size()) +
                                            " bytes without this"};
        }
        body_.resize(size);
    }

    std::vector<element> elements_;
    const packet_names& names_;
    packet_bytes body_;
    std::string next_;  // the kind of element that follows
};

}  // namespace

result<packet_bytes> parse_packet(std::string_view text, const packet_names& names) {
    try {
        return writer(split_elements(text, names), names).run();
    } catch (const complaint& why) {
        return error{why.message, {"", 0, static_cast<std::uint32_t>(why.column)}};
    }
}

packet_bytes packet(std::string_view text) {
    auto parsed = parse_packet(text);
    if (!parsed) {
        throw std::invalid_argument(std::string(text) + ": column " +
                                    std::to_string(parsed.why().where.column) + ": " +
                                    parsed.why().message);
    }
    return std::move(parsed).value();
}

}  // namespace rhumb::test
