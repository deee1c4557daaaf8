// AES-128 byte by byte as FIPS 197 words it, for comparison. Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/aes128.hh"

namespace rhumb::test {

// Section 4.2.
inline byte times_x(byte a) { return static_cast<byte>(a << 1 ^ (a >> 7) * 0x1b); }
inline byte times(byte a, byte b) {
    byte product = 0;
    for (; b != 0; b = static_cast<byte>(b >> 1), a = times_x(a)) {
        product = static_cast<byte>(product ^ (b & 1) * a);
    }
    return product;
}

// Section 5.1.1, the inverse found by trying.
inline std::array<byte, 256> make_s_box() {
    std::array<byte, 256> box{};
    for (unsigned a = 0; a < 256; ++a) {
        byte inverse = 0;
        for (unsigned b = 1; b < 256; ++b) {
            if (times(static_cast<byte>(a), static_cast<byte>(b)) == 1) {
                inverse = static_cast<byte>(b);
            }
        }
        for (unsigned i = 0; i < 8; ++i) {
            const unsigned bit = inverse >> i ^ inverse >> (i + 4) % 8 ^ inverse >> (i + 5) % 8 ^
                                 inverse >> (i + 6) % 8 ^ inverse >> (i + 7) % 8 ^ 0x63 >> i;
            box[a] = static_cast<byte>(box[a] | (bit & 1) << i);
        }
    }
    return box;
}
inline byte s_box(byte in) {
    static const std::array<byte, 256> box = make_s_box();
    return box[in];
}

// Section 5.2.
inline std::array<byte, 176> slow_round_keys(const byte* key) {
    std::array<byte, 176> w{};
    std::copy_n(key, 16, w.begin());
    byte constant = 1;
    for (std::size_t n = 16; n < w.size(); n += 4) {
        std::array<byte, 4> word{w[n - 4], w[n - 3], w[n - 2], w[n - 1]};
        if (n % 16 == 0) {
            word = {static_cast<byte>(s_box(word[1]) ^ constant), s_box(word[2]), s_box(word[3]),
                    s_box(word[0])};
            constant = times_x(constant);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            w[n + i] = w[n - 16 + i] ^ word[i];
        }
    }
    return w;
}

// Section 5.1.
inline crypto::block slow_encrypt(const byte* key, const crypto::block& text) {
    const auto w = slow_round_keys(key);
    auto state = text.bytes;
    const auto add_round_key = [&](std::size_t round) {
        for (std::size_t i = 0; i < 16; ++i) {
            state[i] ^= w[16 * round + i];
        }
    };
    add_round_key(0);
    for (std::size_t round = 1; round <= 10; ++round) {
        std::array<byte, 16> moved{};
        for (std::size_t row = 0; row < 4; ++row) {
            for (std::size_t column = 0; column < 4; ++column) {
                moved[4 * column + row] = s_box(state[4 * ((column + row) % 4) + row]);
            }
        }
        for (std::size_t i = 0; i < 16; ++i) {
            const std::size_t column = i / 4 * 4;
            const auto below = [&](std::size_t n) { return moved[column + (i + n) % 4]; };
            state[i] = round == 10 ? moved[i]
                                   : static_cast<byte>(times(2, below(0)) ^ times(3, below(1)) ^
                                                       below(2) ^ below(3));
        }
        add_round_key(round);
    }
    return {state};
}

}  // namespace rhumb::test
