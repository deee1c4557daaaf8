#include "rhumb/crypto/aes128.hh"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "rhumb/crypto/aes_x86.hh"

namespace rhumb::crypto {

namespace {

// Two lanes of 64 bits, which compilers turn into SSE2 or Advanced SIMD registers.
using word [[gnu::vector_size(16)]] = std::uint64_t;
constexpr std::size_t lanes = 2;
constexpr std::size_t blocks_at_once = 4 * lanes;

// Bit b of every byte of eight blocks is in bit[b]. Lane l has blocks 4l to 4l + 3; of block 4l + k
// the byte in row r and column c of the state (FIPS 197 section 3.4) is at 8 * (4 * (c % 2) + r) +
// 4 * (c / 2) + k: a byte of the lane for each row of an even and an odd column, whose lower half
// has columns 0 and 1 of four blocks, the upper half columns 2 and 3.
struct planes {
    word bit[8];
};

static_assert(std::endian::native == std::endian::little);

[[nodiscard]] std::uint64_t half(const block& from, std::size_t n) noexcept {
    std::uint64_t out = 0;
    std::memcpy(&out, &from.bytes[8 * n], sizeof out);
    return out;
}

void exchange(word& low, word& high, int distance, std::uint64_t mask) noexcept {
    const word differs = ((low >> distance) ^ high) & mask;
    high ^= differs;
    low ^= differs << distance;
}

// In each byte of a lane: bit j of word i <-> bit i of word j. Its own inverse.
void transpose(planes& p) noexcept {
    for (std::size_t i = 0; i < 8; i += 2) {
        exchange(p.bit[i], p.bit[i + 1], 1, 0x5555555555555555);
    }
    for (const std::size_t i : {0U, 1U, 4U, 5U}) {
        exchange(p.bit[i], p.bit[i + 2], 2, 0x3333333333333333);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        exchange(p.bit[i], p.bit[i + 4], 4, 0x0f0f0f0f0f0f0f0f);
    }
}

// Places that have no block are zero.
[[nodiscard]] planes slice(const block* from, std::size_t count) noexcept {
    planes p{};
    for (std::size_t n = 0; n < count; ++n) {
        p.bit[n % 4][n / 4] = half(from[n], 0);
        p.bit[4 + n % 4][n / 4] = half(from[n], 1);
    }
    transpose(p);
    return p;
}

void unslice(planes p, block* to, std::size_t count) noexcept {
    transpose(p);
    for (std::size_t n = 0; n < count; ++n) {
        const std::uint64_t first = p.bit[n % 4][n / 4];
        const std::uint64_t second = p.bit[4 + n % 4][n / 4];
        std::memcpy(to[n].bytes.data(), &first, sizeof first);
        std::memcpy(&to[n].bytes[8], &second, sizeof second);
    }
}

void add_round_key(planes& p, const block& key) noexcept {
    planes k;
    for (std::size_t i = 0; i < 8; ++i) {
        const std::uint64_t part = half(key, i / 4);
        k.bit[i] = word{part, part};
    }
    transpose(k);
    for (std::size_t i = 0; i < 8; ++i) {
        p.bit[i] ^= k.bit[i];
    }
}

// A polynomial of degree 14 modulo x^8 + x^4 + x^3 + x + 1 (section 4.2).
[[nodiscard]] planes reduce(word (&product)[15]) noexcept {
    for (std::size_t n = 14; n >= 8; --n) {
        product[n - 8] ^= product[n];
        product[n - 7] ^= product[n];
        product[n - 5] ^= product[n];
        product[n - 4] ^= product[n];
    }
    planes out;
    std::copy_n(product, 8, out.bit);
    return out;
}

[[nodiscard]] planes multiply(const planes& a, const planes& b) noexcept {
    word product[15]{};
    for (std::size_t i = 0; i < 8; ++i) {
        for (std::size_t j = 0; j < 8; ++j) {
            product[i + j] ^= a.bit[i] & b.bit[j];
        }
    }
    return reduce(product);
}

// Squaring is linear: it only spreads the coefficients.
[[nodiscard]] planes square(const planes& a) noexcept {
    word product[15]{};
    for (std::size_t i = 0; i < 8; ++i) {
        product[2 * i] = a.bit[i];
    }
    return reduce(product);
}

// Section 5.1.1: the inverse, which is the 254th power, then the affine transformation.
[[nodiscard]] planes sub_bytes(const planes& x) noexcept {
    const planes x2 = square(x);
    const planes x3 = multiply(x2, x);
    const planes x12 = square(square(x3));
    const planes x15 = multiply(x12, x3);
    const planes x240 = square(square(square(square(x15))));
    const planes inverse = multiply(multiply(x240, x12), x2);
    planes out;
    for (std::size_t i = 0; i < 8; ++i) {
        out.bit[i] = inverse.bit[i] ^ inverse.bit[(i + 4) % 8] ^ inverse.bit[(i + 5) % 8] ^
                     inverse.bit[(i + 6) % 8] ^ inverse.bit[(i + 7) % 8];
    }
    for (const std::size_t i : {0U, 1U, 5U, 6U}) {  // the ones of 0x63
        out.bit[i] = ~out.bit[i];
    }
    return out;
}

// Row r moves r columns to the left. Two columns away is the other half of the same byte; one away
// is four bytes away, and in the other half as well where it wraps.
void shift_rows(planes& p) noexcept {
    for (word& w : p.bit) {
        const word two = ((w >> 4) & 0x0f0f0f0f0f0f0f0f) | ((w & 0x0f0f0f0f0f0f0f0f) << 4);
        const word one = (w >> 32) | (w << 32);
        const word one_wrapped = (two >> 32) | (two << 32);
        w = (w & 0x000000ff000000ff) | (two & 0x00ff000000ff0000) | (one & 0xff0000000000ff00) |
            (one_wrapped & 0x0000ff00ff000000);
    }
}

// Section 5.1.3: 2a + 3b + c + d is 2(a + b) + b + (c + d), with b, c, d from the rows below.
void mix_columns(planes& p) noexcept {
    planes sum;
    for (std::size_t i = 0; i < 8; ++i) {
        const word a = p.bit[i];
        const word b = ((a >> 8) & 0x00ffffff00ffffff) | ((a << 24) & 0xff000000ff000000);
        const word ab = a ^ b;
        const word cd = ((ab >> 16) & 0x0000ffff0000ffff) | ((ab << 16) & 0xffff0000ffff0000);
        sum.bit[i] = ab;
        p.bit[i] = b ^ cd;
    }
    for (std::size_t i = 0; i < 8; ++i) {
        p.bit[i] ^= sum.bit[(i + 7) % 8];
    }
    for (const std::size_t i : {1U, 3U, 4U}) {  // x^8 is also x^4 + x^3 + x
        p.bit[i] ^= sum.bit[7];
    }
}

void expand_portable(aes128_key& out, const byte* key) noexcept {
    std::memcpy(out.round[0].bytes.data(), key, key_bytes);
    unsigned constant = 1;
    for (std::size_t n = 1; n < out.round.size(); ++n) {
        const auto& before = out.round[n - 1].bytes;
        block rotated{{before[13], before[14], before[15], before[12]}};
        unslice(sub_bytes(slice(&rotated, 1)), &rotated, 1);
        rotated.bytes[0] = static_cast<byte>(rotated.bytes[0] ^ constant);
        constant = (constant << 1 ^ (constant >> 7) * 0x1b) & 0xff;
        auto& now = out.round[n].bytes;
        for (std::size_t i = 0; i < block_bytes; ++i) {
            now[i] = before[i] ^ (i < 4 ? rotated.bytes[i] : now[i - 4]);
        }
    }
}

void chain_portable(const aes128_key& key, block& state, const byte* from,
                    std::size_t count) noexcept {
    for (; count != 0; --count, from += block_bytes) {
        state = state ^ load_block(from);
        encrypt_portable(key, key.round[0], &state, &state, 1);
    }
}

}  // namespace

void encrypt_portable(const aes128_key& key, const block& first, const block* in, block* out,
                      std::size_t count) noexcept {
    while (count != 0) {
        const std::size_t now = std::min(count, blocks_at_once);
        planes p = slice(in, now);
        add_round_key(p, first);
        for (std::size_t round = 1; round <= 10; ++round) {
            p = sub_bytes(p);
            shift_rows(p);
            if (round < 10) {
                mix_columns(p);
            }
            add_round_key(p, key.round[round]);
        }
        unslice(p, out, now);
        in += now;
        out += now;
        count -= now;
    }
}

expand_function expand_for([[maybe_unused]] isa which) noexcept {
#if defined(__x86_64__)
    if (which >= isa::aesni) {
        return expand_aesni;
    }
#endif
    return expand_portable;
}

chain_function chain_for([[maybe_unused]] isa which) noexcept {
#if defined(__x86_64__)
    if (which >= isa::aesni) {
        return chain_aesni;
    }
#endif
    return chain_portable;
}

void expand(aes128_key& out, const byte* key) noexcept {
    static const expand_function run = expand_for(isa_in_use());
    run(out, key);
}

void chain(const aes128_key& key, block& state, const byte* from, std::size_t count) noexcept {
    static const chain_function run = chain_for(isa_in_use());
    run(key, state, from, count);
}

block encrypt(const aes128_key& key, const block& text) noexcept {
    block state{};
    chain(key, state, text.bytes.data(), 1);
    return state;
}

}  // namespace rhumb::crypto
