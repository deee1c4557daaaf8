// What a change of the TTL does to an IPv4 header, word by word as RFC 1624 has it: what the
// shorter way of the packet path is compared with. Threads: any.
#pragma once

#include <cstdint>

#include "rhumb/bytes.hh"
#include "rhumb/checksum.hh"

namespace rhumb::test {

// The checksum after one 16-bit word of the covered bytes changed: RFC 1624, equation 3,
// HC' = ~(~HC + ~m + m'). Never turns a right checksum into a wrong one, +0 and -0 included.
[[nodiscard]] constexpr std::uint16_t checksum_update(std::uint16_t checksum,
                                                      std::uint16_t old_word,
                                                      std::uint16_t new_word) noexcept {
    const std::uint32_t sum = static_cast<std::uint16_t>(~checksum) +
                              std::uint32_t{static_cast<std::uint16_t>(~old_word)} + new_word;
    return static_cast<std::uint16_t>(~checksum_fold(sum));
}

inline void set_ttl(byte* ip, unsigned ttl) noexcept {
    const std::uint16_t old_word = load_be16(ip + 8);
    const auto new_word = static_cast<std::uint16_t>(ttl << 8 | (old_word & 0xff));
    store_be16(ip + 8, new_word);
    store_be16(ip + 10, checksum_update(load_be16(ip + 10), old_word, new_word));
}

}  // namespace rhumb::test
