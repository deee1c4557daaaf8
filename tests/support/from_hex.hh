// Bytes written as hexadecimal digits. Threads: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/aes128.hh"

namespace rhumb::test {

inline std::vector<byte> from_hex(std::string_view digits) {
    std::vector<byte> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes.push_back(
            static_cast<byte>(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

// The first 16 bytes, zeroes where there are fewer.
inline crypto::block block_from_hex(std::string_view digits) {
    const std::vector<byte> bytes = from_hex(digits);
    crypto::block out{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.bytes.size()), out.bytes.begin());
    return out;
}

}  // namespace rhumb::test
