// Bytes as hexadecimal digits. Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb::scion::paths {

[[nodiscard]] inline std::string to_hex(std::span<const byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const byte b : bytes) {
        text += digits[b >> 4];
        text += digits[b & 15];
    }
    return text;
}

}  // namespace rhumb::scion::paths
