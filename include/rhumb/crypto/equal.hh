// Whether two MACs are equal, in a time that does not tell where they differ. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "rhumb/bytes.hh"

namespace rhumb::crypto {

// `length` bytes at `a` and at `b`. All of them are looked at. Where the length is known when
// compiling, this is a load, an XOR and an OR for every word: for the 6 bytes of a hop field's MAC
// (draft-dekater-scion-dataplane) two of each.
[[nodiscard, gnu::always_inline]] inline bool constant_time_equal(const byte* a, const byte* b,
                                                                  std::size_t length) noexcept {
    std::uint64_t differs = 0;
    const auto compare = [&]<class Word>(Word) {
        for (; length >= sizeof(Word); length -= sizeof(Word)) {
            Word x = 0;
            Word y = 0;
            std::memcpy(&x, a, sizeof x);
            std::memcpy(&y, b, sizeof y);
            differs |= static_cast<std::uint64_t>(x ^ y);
            a += sizeof(Word);
            b += sizeof(Word);
        }
    };
    compare(std::uint64_t{});
    compare(std::uint32_t{});
    compare(std::uint16_t{});
    compare(std::uint8_t{});
    return differs == 0;
}

}  // namespace rhumb::crypto
