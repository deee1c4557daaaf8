#include "controlplane/scion/text.hh"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion::control {
namespace {

constexpr std::size_t max_zone_bytes = 64;
constexpr std::array<byte, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = parse_digits(text, 10, 0xffff);
    return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

// A literal address, `af` being AF_INET or AF_INET6.
bool read_address(int af, std::string_view text, underlay_endpoint& to) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};  // inet_pton wants it so
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) {
        return false;
    }
    std::ranges::copy(text, terminated.begin());
    to.address_bytes = af == AF_INET ? 4 : 16;
    return inet_pton(af, terminated.data(), to.address.data()) == 1;
}

void unmap(underlay_endpoint& endpoint) {
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), endpoint.address.begin())) {
        std::array<byte, 16> plain{};
        std::copy_n(endpoint.address.begin() + mapped_prefix.size(), 4, plain.begin());
        endpoint.address = plain;
        endpoint.address_bytes = 4;
        endpoint.zone.clear();
    }
}

// "2001:db8::1%zone": what stands between brackets.
bool read_ipv6(std::string_view text, underlay_endpoint& to) {
    const std::size_t percent = text.find('%');
    if (percent != std::string_view::npos) {
        const std::string_view zone = text.substr(percent + 1);
        const bool printable =
            std::ranges::all_of(zone, [](char c) { return c > ' ' && c <= '~' && c != ']'; });
        if (zone.empty() || zone.size() > max_zone_bytes || !printable) {
            return false;
        }
        to.zone = zone;
    }
    if (!read_address(AF_INET6, text.substr(0, percent), to)) {
        return false;
    }
    unmap(to);
    return true;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<underlay_endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    underlay_endpoint endpoint;
    std::string_view host = text.substr(0, colon);
    const auto port = parse_port(text.substr(colon + 1));
    bool read = false;
    if (host.starts_with('[') && host.ends_with(']')) {
        read = read_ipv6(host.substr(1, host.size() - 2), endpoint);
    } else {
        read = read_address(AF_INET, host, endpoint);
    }
    if (!read || !port) {
        return std::nullopt;
    }
    endpoint.port = *port;
    return endpoint;
}

std::optional<underlay_endpoint> parse_local_endpoint(std::string_view text) {
    if (!text.starts_with(':')) {
        return parse_endpoint(text);
    }
    const auto port = parse_port(text.substr(1));
    if (!port) {
        return std::nullopt;
    }
    underlay_endpoint endpoint;
    endpoint.port = *port;
    return endpoint;
}

std::string to_string(const underlay_endpoint& endpoint) {
    std::array<char, INET6_ADDRSTRLEN> address{};
    if (endpoint.address_bytes == 4) {
        inet_ntop(AF_INET, endpoint.address.data(), address.data(), address.size());
        return fmt::format("{}:{}", address.data(), endpoint.port);
    }
    if (endpoint.address_bytes != 16) {
        return fmt::format(":{}", endpoint.port);
    }
    inet_ntop(AF_INET6, endpoint.address.data(), address.data(), address.size());
    return fmt::format("[{}{}{}]:{}", address.data(), endpoint.zone.empty() ? "" : "%",
                       endpoint.zone, endpoint.port);
}

std::optional<port_range> parse_port_range(std::string_view text) {
    if (text == "all" || text == "ALL") {
        return port_range{1, 0xffff};
    }
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = parse_port(text.substr(0, dash));
    const auto last = parse_port(text.substr(dash + 1));
    if (!first || !last || *first < 1 || *first > *last) {
        return std::nullopt;
    }
    return port_range{*first, *last};
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    struct unit {
        std::string_view name;
        std::chrono::nanoseconds length;
    };
    using namespace std::chrono_literals;
    constexpr std::array<unit, 10> units{{{"y", 365 * 24h},
                                          {"w", 7 * 24h},
                                          {"d", 24h},
                                          {"h", 1h},
                                          {"m", 1min},
                                          {"s", 1s},
                                          {"ms", 1ms},
                                          {"us", 1us},
                                          {"\u00b5s", 1us},  // as the reference reads it, too
                                          {"ns", 1ns}}};
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto* const found = std::ranges::find(units, text.substr(digits), &unit::name);
    if (found == units.end()) {
        return std::nullopt;
    }
    const auto max = static_cast<std::uint64_t>(std::chrono::nanoseconds::max() / found->length);
    const auto number = parse_digits(text.substr(0, digits), 10, max);
    if (!number) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*number) * found->length;
}

bool same_letters(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace rhumb::scion::control
