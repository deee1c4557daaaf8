// The way back: bytes to words.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "rhumb/checksum.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"
#include "tests/support/packet_text.hh"

namespace rhumb::test {

namespace {

std::string hex(std::span<const byte> bytes, std::string_view between) {
    std::string text;
    for (const byte b : bytes) {
        std::array<char, 3> digits{};
        (void)std::snprintf(digits.data(), digits.size(), "%02x", b);
        text += (text.empty() ? "" : std::string(between)) + digits.data();
    }
    return text;
}

std::string address(const byte* from, int family) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return inet_ntop(family, from, text.data(), text.size());
}

// Reads headers from the front and appends their words.
class reader {
public:
    explicit reader(std::span<const byte> bytes) : frame_(bytes), rest_(bytes) {}

    std::string run(starts_with first) {
        switch (first) {
            case starts_with::ethernet: ethernet_header(); break;
            case starts_with::mpls: labels(); break;
            case starts_with::ip: ip(); break;
        }
        data();
        afterwards();
        return text_;
    }

private:
    void begin(const std::string& words) { text_ += (text_.empty() ? "" : " | ") + words; }
    void word(std::string_view name, std::uint64_t value) {
        text_ += ' ' + std::string(name) + ' ' + std::to_string(value);
    }
    // Only where it is not what holds without the word.
    void option(std::string_view name, std::uint64_t value, std::uint64_t usual) {
        if (value != usual) {
            word(name, value);
        }
    }
    void flag(std::string_view name, bool set) {
        if (set) {
            text_ += ' ' + std::string(name);
        }
    }
    void skip(std::size_t bytes) { rest_ = rest_.subspan(bytes); }
    [[nodiscard]] bool have(std::size_t bytes) const { return rest_.size() >= bytes; }

    // What is behind `bytes` from here on belongs to no header.
    void limit_to(std::size_t bytes) {
        if (bytes < rest_.size() && behind_.empty()) {
            behind_ = rest_.subspan(bytes);
            rest_ = rest_.first(bytes);
        }
    }

    void ethernet_header() {
        if (!have(ethernet::header_bytes)) {
            return;
        }
        begin("eth " + hex(rest_.subspan(6, 6), ":") + " > " + hex(rest_.first(6), ":"));
        skip(12);
        ethertype();
    }

    // At a type: says it where the next element does not, and goes on with that element.
    void ethertype() {
        const std::uint16_t type = load_be16(rest_.data());
        skip(2);
        const byte version = rest_.empty() ? byte{} : rest_[0] >> 4;
        if (type == ethernet::type_vlan && have(4)) {
            begin("vlan " + std::to_string(load_be16(rest_.data()) & 0xfff));
            option("pcp", rest_[0] >> 5, 0);
            flag("dei", (rest_[0] & 0x10) != 0);
            skip(2);
            ethertype();
        } else if (type == ethernet::type_mpls && have(mpls::lse_bytes)) {
            labels();
        } else if ((type == ethernet::type_ipv4 && version == 4 && have(20)) ||
                   (type == ethernet::type_ipv6 && version == 6 && have(40))) {
            ip();
        } else {
            text_ += " type 0x" +
                     hex(std::array{static_cast<byte>(type >> 8), static_cast<byte>(type)}, "");
        }
    }

    void labels() {
        for (bool bottom = false; !bottom && have(mpls::lse_bytes);) {
            const mpls::lse entry = load_be32(rest_.data());
            skip(mpls::lse_bytes);
            bottom = mpls::is_bottom(entry);
            begin("mpls " + std::to_string(mpls::label_of(entry)));
            word("ttl", mpls::ttl_of(entry));
            option("tc", mpls::tc_of(entry), 0);
            flag("not-bottom", !bottom && !have(mpls::lse_bytes));
        }
        ip();
    }

    void ip() {
        const byte version = rest_.empty() ? byte{} : rest_[0] >> 4;
        if (version == 4 && have(ipv4::min_header_bytes) &&
            ipv4::header_bytes(rest_.data()) >= 20 && have(ipv4::header_bytes(rest_.data()))) {
            ipv4_header();
        } else if (version == 6 && have(ipv6::header_bytes)) {
            ipv6_header();
        }
    }

    void ipv4_header() {
        const byte* const ip = rest_.data();
        const std::size_t header = ipv4::header_bytes(ip);
        const std::uint16_t length = ipv4::total_length(ip);
        limit_to(std::max<std::size_t>(length, header));
        begin("ipv4 " + address(ip + 12, AF_INET) + " > " + address(ip + 16, AF_INET));
        word("ttl", ipv4::ttl(ip));
        option("dscp", ip[1] >> 2, 0);
        option("ecn", ip[1] & 3, 0);
        option("id", load_be16(ip + 4), 0);
        flag("df", (ip[6] & 0x40) != 0);
        flag("mf", (ip[6] & 0x20) != 0);
        option("offset", load_be16(ip + 6) & 0x1fff, 0);
        if (header > ipv4::min_header_bytes) {
            text_ += " options " + hex(rest_.subspan(20, header - 20), "");
        }
        option("length", length, rest_.size());
        if (!ipv4::checksum_holds(ip)) {
            word("checksum", load_be16(ip + 10));
        }
        transport(header, ip[9], "protocol", ipv4::fragment(ip) != 0, {ip + 12, 8});
    }

    void ipv6_header() {
        const byte* const ip = rest_.data();
        const std::uint16_t length = ipv6::payload_length(ip);
        limit_to(ipv6::header_bytes + length);
        begin("ipv6 " + address(ip + 8, AF_INET6) + " > " + address(ip + 24, AF_INET6));
        word("hop-limit", ip[7]);
        option("traffic-class", load_be32(ip) >> 20 & 0xff, 0);
        option("flow-label", load_be32(ip) & 0xfffff, 0);
        option("length", length, rest_.size() - ipv6::header_bytes);
        transport(ipv6::header_bytes, ip[6], "next-header", false, {ip + 8, 32});
    }

    // Behind an IP header of `header` bytes; `addresses` are its two.
    void transport(std::size_t header, byte protocol, std::string_view protocol_word, bool fragment,
                   std::span<const byte> addresses) {
        skip(header);
        const bool udp = protocol == 17 && !fragment && have(8);
        const bool tcp = protocol == 6 && !fragment && have(20) && rest_[12] >> 4 == 5;
        const byte version = rest_.empty() ? byte{} : rest_[0] >> 4;
        const bool ip_in_ip = (protocol == 4 && version == 4 && have(20)) ||
                              (protocol == 41 && version == 6 && have(40));
        if (ip_in_ip) {
            return ip();
        }
        if (!udp && !tcp) {
            return option(protocol_word, protocol, 253);
        }
        const std::size_t sum_at = udp ? 6 : 16;
        const std::uint16_t sum = load_be16(rest_.data() + sum_at);
        const std::uint16_t right = checksum_over(addresses, protocol, sum_at);
        begin((udp ? "udp " : "tcp ") + std::to_string(load_be16(rest_.data())) + " > " +
              std::to_string(load_be16(rest_.data() + 2)));
        if (udp) {
            option("length", load_be16(rest_.data() + 4), rest_.size());
        } else {
            option("seq", load_be32(rest_.data() + 4), 0);
            option("ack", load_be32(rest_.data() + 8), 0);
            option("flags", load_be16(rest_.data() + 12) & 0xfff, 0x10);
            option("window", load_be16(rest_.data() + 14), 0);
        }
        option("checksum", sum, udp && right == 0 ? 0xffff : right);
        skip(udp ? 8 : 20);
    }

    std::uint16_t checksum_over(std::span<const byte> addresses, byte protocol,
                                std::size_t sum_at) const {
        packet_bytes covered(addresses.begin(), addresses.end());
        covered.resize(covered.size() + 8);
        store_be32(&covered[covered.size() - 8], static_cast<std::uint32_t>(rest_.size()));
        store_be32(&covered[covered.size() - 4], protocol);
        const std::size_t header = covered.size();
        covered.insert(covered.end(), rest_.begin(), rest_.end());
        store_be16(&covered[header + sum_at], 0);
        return checksum_of(covered.data(), covered.size());
    }

    void data() {
        if (rest_.empty()) {
            return;
        }
        bool counts = true;
        bool printable = true;
        for (std::size_t n = 0; n < rest_.size(); ++n) {
            counts = counts && rest_[n] == static_cast<byte>(n);
            printable = printable && rest_[n] >= 0x20 && rest_[n] < 0x7f && rest_[n] != '"';
        }
        if (counts && rest_.size() > 1) {
            begin("data " + std::to_string(rest_.size()));
        } else if (printable) {
            begin("payload \"" + std::string(rest_.begin(), rest_.end()) + '"');
        } else {
            begin("hex " + hex(rest_, " "));
        }
    }

    void afterwards() {
        if (behind_.empty()) {
            return;
        }
        if (std::all_of(behind_.begin(), behind_.end(), [](byte b) { return b == 0; })) {
            begin("pad " + std::to_string(frame_.size()));
        } else {
            begin("trailer " + hex(behind_, " "));
        }
    }

    std::span<const byte> frame_;
    std::span<const byte> rest_;
    std::span<const byte> behind_;
    std::string text_;
};

}  // namespace

std::string describe_packet(std::span<const byte> bytes, starts_with first) {
    if (bytes.empty()) {
        return "data 0";
    }
    // Some packets have fields that the words leave out: only hex is exact then.
    std::string text = reader(bytes).run(first);
    auto back = parse_packet(text);
    return back.ok() && std::equal(bytes.begin(), bytes.end(), back->begin(), back->end())
               ? text
               : "hex " + hex(bytes, " ");
}

std::string packet_difference(std::span<const byte> expected, std::span<const byte> actual) {
    std::string text = "  expected: " + describe_packet(expected) +
                       "\n  actual:   " + describe_packet(actual) +
                       "\n  offset    expected                 | actual\n";
    static constexpr std::size_t row = 8;
    for (std::size_t at = 0; at < std::max(expected.size(), actual.size()); at += row) {
        const auto part = [at](std::span<const byte> all) {
            return at < all.size() ? all.subspan(at, std::min(row, all.size() - at))
                                   : std::span<const byte>{};
        };
        std::string left = hex(part(expected), " ");
        left.resize(3 * row, ' ');
        std::string marks;
        for (std::size_t n = at; n < at + row; ++n) {
            const bool in_both = n < expected.size() && n < actual.size();
            const bool in_none = n >= expected.size() && n >= actual.size();
            marks += in_none || (in_both && expected[n] == actual[n]) ? "   " : "^^ ";
        }
        std::array<char, 32> offset{};
        (void)std::snprintf(offset.data(), offset.size(), "  %-10zu", at);
        text += offset.data() + left + " | " + hex(part(actual), " ") + '\n';
        if (marks.find('^') != std::string::npos) {
            text += "            " + std::string(3 * row, ' ') + "   " + marks + '\n';
        }
    }
    return text;
}

}  // namespace rhumb::test
