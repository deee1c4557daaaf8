// An IPv4 or IPv6 prefix, network order, host bits zero. Threads: any (a value).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb {

enum class family : std::uint8_t { ipv4, ipv6 };

[[nodiscard]] constexpr unsigned address_bits(family f) noexcept {
    return f == family::ipv4 ? 32 : 128;
}

struct ip_prefix {
    family af = family::ipv4;
    std::uint8_t length = 0;         // bits
    std::array<byte, 16> address{};  // IPv4: the first four
    friend auto operator<=>(const ip_prefix&, const ip_prefix&) = default;

    // The prefix of `bits` (at most length) bits that contains this one.
    [[nodiscard]] constexpr ip_prefix shortened(unsigned bits) const noexcept {
        ip_prefix result = *this;
        result.length = static_cast<std::uint8_t>(bits);
        for (std::size_t i = 0; i < result.address.size(); ++i) {
            const unsigned keep = bits > 8 * i ? bits - static_cast<unsigned>(8 * i) : 0;
            if (keep < 8) {
                result.address[i] &= static_cast<byte>(0xff00U >> keep);
            }
        }
        return result;
    }
};

struct ip_prefix_hash {
    [[nodiscard]] std::size_t operator()(const ip_prefix& p) const noexcept {
        return std::hash<std::string_view>{}(
                   {reinterpret_cast<const char*>(p.address.data()), p.address.size()}) ^
               (std::size_t{p.length} << 1 | static_cast<std::size_t>(p.af)) * 0x9e3779b97f4a7c15U;
    }
};

}  // namespace rhumb
