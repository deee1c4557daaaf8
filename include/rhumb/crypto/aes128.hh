// AES-128 encryption (FIPS 197), as message authentication needs it: keys, chains of blocks.
//
// The portable code is bitsliced: eight blocks side by side as eight planes of bits, the S-box
// computed by logic on whole planes. There is no table that a key or a text could index and no
// branch on them, so caches and time tell nothing. A lookup table is faster for one block, but
// other programs on the core can see which of its lines were touched. AES-NI (aes_x86.cc) has the
// same property. Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>

#include "rhumb/bytes.hh"
#include "rhumb/isa.hh"

namespace rhumb::crypto {

inline constexpr std::size_t key_bytes = 16;
inline constexpr std::size_t block_bytes = 16;

struct alignas(block_bytes) block {
    std::array<byte, block_bytes> bytes;
};

// 16 bytes, any alignment.
[[nodiscard]] inline block load_block(const byte* from) noexcept {
    block out;
    std::memcpy(out.bytes.data(), from, block_bytes);
    return out;
}

[[nodiscard]] inline block operator^(const block& a, const block& b) noexcept {
    block out;
    for (std::size_t i = 0; i < block_bytes; ++i) {
        out.bytes[i] = a.bytes[i] ^ b.bytes[i];
    }
    return out;
}

// The key as its schedule expands it (section 5.2): round[0] is the key itself. Equal on all levels
// of isa.
struct alignas(64) aes128_key {
    std::array<block, 11> round;
};

// From key_bytes bytes at `key`. Written in place: no copy of a key stays behind.
void expand(aes128_key& out, const byte* key) noexcept;

[[nodiscard]] block encrypt(const aes128_key& key, const block& text) noexcept;

// Cipher block chaining (NIST SP 800-38A section 6.2) of which only the last block matters:
// state = AES(state ^ block) for each of `count` blocks at `from`, any alignment.
void chain(const aes128_key& key, block& state, const byte* from, std::size_t count) noexcept;

// What the three above use, by what the processor has.
using expand_function = void (*)(aes128_key& out, const byte* key) noexcept;
using chain_function = void (*)(const aes128_key& key, block& state, const byte* from,
                                std::size_t count) noexcept;
[[nodiscard]] expand_function expand_for(isa which) noexcept;
[[nodiscard]] chain_function chain_for(isa which) noexcept;

// The portable code for many blocks at once: out = AES(in), with `first` in the place of round[0].
// `in` and `out` are the same or do not overlap.
void encrypt_portable(const aes128_key& key, const block& first, const block* in, block* out,
                      std::size_t count) noexcept;

}  // namespace rhumb::crypto
