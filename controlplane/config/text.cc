#include "controlplane/config/text.hh"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>

#include "controlplane/config/form.hh"

namespace rhumb::config {
namespace {

// Digits only, no sign, no leading zero, at most `max`.
std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t max) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size() || number > max) {
        return std::nullopt;
    }
    return number;
}

std::optional<byte> parse_hex_byte(std::string_view text) {
    byte value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (code != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

int socket_family(family af) { return af == family::ipv4 ? AF_INET : AF_INET6; }

}  // namespace

std::optional<ethernet::mac_address> parse_mac(std::string_view text) {
    ethernet::mac_address mac{};
    if (text.size() != 3 * mac.size() - 1) {
        return std::nullopt;
    }
    for (std::size_t n = 0; n < mac.size(); ++n) {
        const auto value = parse_hex_byte(text.substr(3 * n, 2));
        if (!value || (n > 0 && text[3 * n - 1] != ':')) {
            return std::nullopt;
        }
        mac[n] = *value;
    }
    return mac;
}

std::string to_string(const ethernet::mac_address& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                       mac[4], mac[5]);
}

std::optional<ip_prefix> parse_prefix(std::string_view text) {
    const std::size_t slash = text.find('/');
    std::array<char, INET6_ADDRSTRLEN> address{};  // inet_pton wants a terminated string
    if (slash == std::string_view::npos || slash >= address.size() ||
        std::memchr(text.data(), '\0', slash) != nullptr) {
        return std::nullopt;
    }
    std::memcpy(address.data(), text.data(), slash);

    ip_prefix prefix;
    prefix.af =
        text.substr(0, slash).find(':') != std::string_view::npos ? family::ipv6 : family::ipv4;
    const auto length = parse_decimal(text.substr(slash + 1), address_bits(prefix.af));
    if (!length ||
        inet_pton(socket_family(prefix.af), address.data(), prefix.address.data()) != 1) {
        return std::nullopt;
    }
    prefix.length = static_cast<std::uint8_t>(*length);
    return prefix;
}

std::optional<ip_prefix> parse_host(std::string_view text) {
    const bool v6 = text.find(':') != std::string_view::npos;
    return parse_prefix(std::string(text) + (v6 ? "/128" : "/32"));
}

bool has_host_bits(const ip_prefix& prefix) { return prefix.shortened(prefix.length) != prefix; }

std::string to_string(const ip_prefix& prefix) {
    std::array<char, INET6_ADDRSTRLEN> address{};
    inet_ntop(socket_family(prefix.af), prefix.address.data(), address.data(), address.size());
    return fmt::format("{}/{}", address.data(), prefix.length);
}

std::optional<label_range> parse_label_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = parse_decimal(text.substr(0, dash), mpls::label_count - 1);
    const auto last = dash == std::string_view::npos
                          ? first
                          : parse_decimal(text.substr(dash + 1), mpls::label_count - 1);
    if (!first || !last || *first > *last) {
        return std::nullopt;
    }
    return label_range{*first, *last};
}

std::string to_string(const label_range& range) {
    return range.first == range.last ? fmt::format("{}", range.first)
                                     : fmt::format("{}-{}", range.first, range.last);
}

std::string bandwidth_text(std::uint64_t bits) {
    constexpr std::uint64_t giga = 1'000'000'000;
    constexpr std::uint64_t mega = 1'000'000;
    return bits % giga == 0   ? fmt::format("{}G", bits / giga)
           : bits % mega == 0 ? fmt::format("{}M", bits / mega)
                              : std::to_string(bits);
}

std::string_view to_string(operation op) {
    switch (op) {
        case operation::continue_: return "continue";
        case operation::next: return "next";
        case operation::pop: return "pop";
        case operation::push: return "push";
    }
    return "";
}

std::string_view to_string(demand_source what) {
    return demand_sources[static_cast<std::size_t>(what)].name;
}

std::string_view to_string(overlay_broadcast way) {
    return overlay_broadcasts[static_cast<std::size_t>(way)].name;
}

std::string_view to_string(overlay_admission whom) {
    return admissions[static_cast<std::size_t>(whom)].name;
}

std::string_view to_string(protected_resource what) {
    for (const choice<protected_resource>& known : protected_resources) {
        if (known.value == what) {
            return known.name;
        }
    }
    return "";
}

std::string_view to_string(ttl_model model) {
    switch (model) {
        case ttl_model::inherit: return "inherit";
        case ttl_model::uniform: return "uniform";
        case ttl_model::pipe: return "pipe";
    }
    return "";
}

}  // namespace rhumb::config
