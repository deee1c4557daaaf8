#include "tools/rhumbctl/frame.hh"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::ctl {
namespace {

constexpr unsigned type_qinq = 0x88a8;  // IEEE 802.1ad S-tag
constexpr unsigned protocol_icmp = 1;
constexpr unsigned protocol_tcp = 6;
constexpr unsigned protocol_udp = 17;
constexpr unsigned protocol_icmpv6 = 58;
constexpr std::size_t tag_bytes = 4;
constexpr std::size_t ipv4_bytes = 20;
constexpr std::size_t ipv6_bytes = 40;
constexpr std::size_t ports_bytes = 4;
constexpr std::size_t arp_bytes = 8;
constexpr std::size_t udp_bytes = 8;
constexpr std::size_t tcp_bytes = 20;
constexpr std::size_t icmp_bytes = 4;

std::string mac_text(const byte* at) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", at[0], at[1], at[2], at[3],
                       at[4], at[5]);
}

std::string address_text(int family, const byte* at) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return inet_ntop(family, at, text.data(), text.size()) == nullptr ? "?" : text.data();
}

// Takes headers off the front, one after the other.
class reader {
public:
    reader(std::span<const byte> bytes, std::size_t length)
        : rest_(bytes), hidden_(std::max(length, bytes.size()) - bytes.size()) {}

    [[nodiscard]] std::string summary() {
        ethernet();
        return std::move(text_);
    }

private:
    void say(const std::string& part) { text_ += (text_.empty() ? "" : " | ") + part; }

    // The first `size` bytes, or nullptr, and the summary says that `name` is cut.
    [[nodiscard]] const byte* take(std::size_t size, std::string_view name) {
        if (rest_.size() < size) {
            say(fmt::format("{} cut after {} of {} bytes", name, rest_.size(), size));
            rest_ = {};
            return nullptr;
        }
        const byte* at = rest_.data();
        rest_ = rest_.subspan(size);
        return at;
    }

    void data() {
        if (const std::size_t size = rest_.size() + hidden_; size > 0) {
            say(fmt::format("data {}", size));
        }
    }

    void ethernet() {
        const byte* at = take(ethernet::header_bytes, "eth");
        if (at == nullptr) {
            return;
        }
        say(fmt::format("eth {} > {}", mac_text(at + 6), mac_text(at)));
        unsigned type = load_be16(at + ethernet::type_offset);
        while (type == ethernet::type_vlan || type == type_qinq) {
            at = take(tag_bytes, "vlan");
            if (at == nullptr) {
                return;
            }
            say(fmt::format("vlan {}", load_be16(at) & 0xfffU));
            type = load_be16(at + 2);
        }
        network(type);
    }

    void network(unsigned type) {
        switch (type) {
            case ethernet::type_mpls: return labels();
            case ethernet::type_ipv4: return ipv4();
            case ethernet::type_ipv6: return ipv6();
            case ethernet::type_arp: return arp();
            default: say(fmt::format("type 0x{:04x}", type)); return data();
        }
    }

    void labels() {
        for (mpls::lse entry = 0; !mpls::is_bottom(entry);) {
            const byte* at = take(mpls::lse_bytes, "mpls");
            if (at == nullptr) {
                return;
            }
            entry = load_be32(at);
            const unsigned tc = mpls::tc_of(entry);
            say(fmt::format("mpls {}{} ttl {}", mpls::label_of(entry),
                            tc == 0 ? "" : fmt::format(" tc {}", tc), mpls::ttl_of(entry)));
        }
        payload();
    }

    // Behind a label stack only the version field tells what it is.
    void payload() {
        const unsigned version = rest_.empty() ? 0U : rest_[0] >> 4U;
        version == 4 ? ipv4() : version == 6 ? ipv6() : data();
    }

    void ipv4() {
        const byte* at = take(ipv4_bytes, "ipv4");
        if (at == nullptr) {
            return;
        }
        say(fmt::format("ipv4 {} > {} ttl {}", address_text(AF_INET, at + 12),
                        address_text(AF_INET, at + 16), at[8]));
        const std::size_t header = std::size_t{at[0]} % 16 * 4;
        if (at[0] >> 4U != 4 || header < ipv4_bytes) {
            text_ += fmt::format(" (version {}, header of {} bytes)", at[0] >> 4U, header);
            return data();
        }
        const std::size_t fragment = std::size_t{load_be16(at + 6) & 0x1fffU} * 8;
        if (take(header - ipv4_bytes, "ipv4 options") == nullptr) {
            return;
        }
        if (fragment != 0) {
            text_ += fmt::format(" offset {}", fragment);
            return data();
        }
        transport(at[9]);
    }

    void ipv6() {
        const byte* at = take(ipv6_bytes, "ipv6");
        if (at == nullptr) {
            return;
        }
        say(fmt::format("ipv6 {} > {} hop-limit {}", address_text(AF_INET6, at + 8),
                        address_text(AF_INET6, at + 24), at[7]));
        if (at[0] >> 4U != 6) {
            text_ += fmt::format(" (version {})", at[0] >> 4U);
            return data();
        }
        transport(at[6]);
    }

    void transport(unsigned protocol) {
        switch (protocol) {
            case protocol_udp: return ports("udp", udp_bytes);
            case protocol_tcp: return ports("tcp", tcp_bytes);
            case protocol_icmp: return icmp("icmp");
            case protocol_icmpv6: return icmp("icmpv6");
            default: say(fmt::format("protocol {}", protocol)); return data();
        }
    }

    void ports(std::string_view name, std::size_t header) {
        if (rest_.size() < ports_bytes) {
            (void)take(header, name);
            return;
        }
        say(fmt::format("{} {} > {}", name, load_be16(rest_.data()), load_be16(rest_.data() + 2)));
        if (take(header, name) != nullptr) {
            data();
        }
    }

    void icmp(std::string_view name) {
        if (const byte* at = take(icmp_bytes, name); at != nullptr) {
            say(fmt::format("{} type {} code {}", name, at[0], at[1]));
            data();
        }
    }

    void arp() {
        if (const byte* at = take(arp_bytes, "arp"); at != nullptr) {
            const unsigned operation = load_be16(at + 6);
            say(operation == 1   ? "arp request"
                : operation == 2 ? "arp reply"
                                 : fmt::format("arp operation {}", operation));
            data();
        }
    }

    std::span<const byte> rest_;
    std::size_t hidden_;  // bytes of the frame that we do not have
    std::string text_;
};

}  // namespace

std::optional<frame_bytes> parse_hex(std::string_view text) {
    if (text.size() % 2 != 0 || text.size() > 2 * max_frame_bytes) {
        return std::nullopt;
    }
    frame_bytes bytes(text.size() / 2);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const char* at = text.data() + 2 * n;
        const auto [end, code] = std::from_chars(at, at + 2, bytes[n], 16);
        if (code != std::errc{} || end != at + 2) {
            return std::nullopt;
        }
    }
    return bytes;
}

std::string frame_summary(std::span<const byte> bytes, std::size_t length) {
    return reader(bytes, length).summary();
}

std::string hex_dump(std::span<const byte> bytes, std::string_view indent) {
    constexpr std::size_t line_bytes = 16;
    std::string text;
    for (std::size_t offset = 0; offset < bytes.size(); offset += line_bytes) {
        const auto line = bytes.subspan(offset, std::min(line_bytes, bytes.size() - offset));
        text += fmt::format("{}{:04x}  {:02x}\n", indent, offset, fmt::join(line, " "));
    }
    return text;
}

}  // namespace rhumb::ctl
