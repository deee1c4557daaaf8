#include "rhumb/crypto/aes_x86.hh"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <array>

#if defined(__GNUC__) && !defined(__clang__)
// False alarms on what g++ 12's own intrinsics leave undefined on purpose (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace rhumb::crypto {

namespace {

#define RHUMB_AESNI gnu::target("aes,sse4.1")
#define RHUMB_VAES gnu::target("aes,vaes,avx2")
#define RHUMB_AVX512 gnu::target("aes,vaes,avx512f,avx512bw,avx512dq,avx512vl")

// An instruction takes three to five cycles, and one or two begin in each: eight registers a step
// keep the units busy. Every loop over them is unrolled, so that they are registers.
constexpr std::size_t width = 8;
#define RHUMB_UNROLL _Pragma("GCC unroll 8")

constexpr std::size_t last_round = 10;

[[RHUMB_AESNI, gnu::always_inline]] inline __m128i load_128(const void* from) noexcept {
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
[[RHUMB_AESNI, gnu::always_inline]] inline void store_128(void* to, __m128i value) noexcept {
    _mm_storeu_si128(static_cast<__m128i*>(to), value);
}

// Words 1 to 3 of a round key: each is XORed with all before it (FIPS 197 section 5.2).
[[RHUMB_AESNI, gnu::always_inline]] inline __m128i add_words_before(__m128i key) noexcept {
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    return _mm_xor_si128(key, _mm_slli_si128(key, 8));
}

[[RHUMB_AESNI, gnu::always_inline]] inline __m128i first_round_key(const cmac_key& key) noexcept {
    return _mm_xor_si128(load_128(&key.aes.round[0]), load_128(&key.k1));
}

[[RHUMB_AESNI, gnu::always_inline]] inline void step_aesni(const cmac_key& key, const block* in,
                                                           block* out) noexcept {
    __m128i state[width];
    __m128i round_key = first_round_key(key);
    RHUMB_UNROLL
    for (std::size_t i = 0; i < width; ++i) {
        state[i] = _mm_xor_si128(load_128(in + i), round_key);
    }
    for (std::size_t n = 1; n < last_round; ++n) {
        round_key = load_128(&key.aes.round[n]);
        RHUMB_UNROLL
        for (std::size_t i = 0; i < width; ++i) {
            state[i] = _mm_aesenc_si128(state[i], round_key);
        }
    }
    round_key = load_128(&key.aes.round[last_round]);
    RHUMB_UNROLL
    for (std::size_t i = 0; i < width; ++i) {
        store_128(out + i, _mm_aesenclast_si128(state[i], round_key));
    }
}

[[RHUMB_VAES, gnu::always_inline]] inline __m256i twice(__m128i key) noexcept {
    return _mm256_broadcastsi128_si256(key);
}

[[RHUMB_VAES, gnu::always_inline]] inline void step_vaes(const cmac_key& key, const block* in,
                                                         block* out) noexcept {
    __m256i state[width];
    __m256i round_key = twice(first_round_key(key));
    RHUMB_UNROLL
    for (std::size_t i = 0; i < width; ++i) {
        state[i] = _mm256_xor_si256(
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + 2 * i)), round_key);
    }
    for (std::size_t n = 1; n < last_round; ++n) {
        round_key = twice(load_128(&key.aes.round[n]));
        RHUMB_UNROLL
        for (std::size_t i = 0; i < width; ++i) {
            state[i] = _mm256_aesenc_epi128(state[i], round_key);
        }
    }
    round_key = twice(load_128(&key.aes.round[last_round]));
    RHUMB_UNROLL
    for (std::size_t i = 0; i < width; ++i) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * i),
                            _mm256_aesenclast_epi128(state[i], round_key));
    }
}

[[RHUMB_AVX512, gnu::always_inline]] inline __m512i four_times(__m128i key) noexcept {
    return _mm512_broadcast_i32x4(key);
}

// The first `count` of the four blocks from the i-th register on, in halves of blocks.
[[RHUMB_AVX512, gnu::always_inline]] inline __mmask8 here(std::size_t count,
                                                          std::size_t i) noexcept {
    const std::size_t blocks = count > 4 * i ? std::min<std::size_t>(count - 4 * i, 4) : 0;
    return static_cast<__mmask8>((1U << 2 * blocks) - 1);
}

// `Registers` of four blocks each, as far as there are `count` blocks.
template <std::size_t Registers>
[[RHUMB_AVX512, gnu::always_inline]] inline void step_avx512(const cmac_key& key, const block* in,
                                                             block* out,
                                                             std::size_t count) noexcept {
    __m512i state[Registers];
    __m512i round_key = four_times(first_round_key(key));
    RHUMB_UNROLL
    for (std::size_t i = 0; i < Registers; ++i) {
        state[i] =
            _mm512_xor_si512(_mm512_maskz_loadu_epi64(here(count, i), in + 4 * i), round_key);
    }
    for (std::size_t n = 1; n < last_round; ++n) {
        round_key = four_times(load_128(&key.aes.round[n]));
        RHUMB_UNROLL
        for (std::size_t i = 0; i < Registers; ++i) {
            state[i] = _mm512_aesenc_epi128(state[i], round_key);
        }
    }
    round_key = four_times(load_128(&key.aes.round[last_round]));
    RHUMB_UNROLL
    for (std::size_t i = 0; i < Registers; ++i) {
        _mm512_mask_storeu_epi64(out + 4 * i, here(count, i),
                                 _mm512_aesenclast_epi128(state[i], round_key));
    }
}

}  // namespace

[[RHUMB_AESNI]] void expand_aesni(aes128_key& out, const byte* key) noexcept {
    __m128i now = load_128(key);
    store_128(&out.round[0], now);
    // RotWord, of the last word into all four; as these are equal, ShiftRows moves nothing, and the
    // last round is SubWord and the XOR of the constant.
    const __m128i rotate = _mm_set1_epi32(0x0c0f0e0d);
    int constant = 1;
    for (std::size_t n = 1; n <= last_round; ++n) {
        const __m128i word =
            _mm_aesenclast_si128(_mm_shuffle_epi8(now, rotate), _mm_set1_epi32(constant));
        now = _mm_xor_si128(add_words_before(now), word);
        store_128(&out.round[n], now);
        constant = (constant << 1 ^ (constant >> 7) * 0x1b) & 0xff;
    }
}

[[RHUMB_AESNI]] void chain_aesni(const aes128_key& key, block& state, const byte* from,
                                 std::size_t count) noexcept {
    __m128i now = load_128(&state);
    for (; count != 0; --count, from += block_bytes) {
        now = _mm_xor_si128(_mm_xor_si128(now, load_128(from)), load_128(&key.round[0]));
        for (std::size_t n = 1; n < last_round; ++n) {
            now = _mm_aesenc_si128(now, load_128(&key.round[n]));
        }
        now = _mm_aesenclast_si128(now, load_128(&key.round[last_round]));
    }
    store_128(&state, now);
}

[[RHUMB_AESNI]] void cmac_aesni(const cmac_key& key, const block* in, block* out,
                                std::size_t count) noexcept {
    constexpr std::size_t step = width;
    for (; count >= step; in += step, out += step, count -= step) {
        step_aesni(key, in, out);
    }
    if (count != 0) {  // fewer than a step takes: one over a copy
        std::array<block, step> rest{};
        std::copy_n(in, count, rest.data());
        step_aesni(key, rest.data(), rest.data());
        std::copy_n(rest.data(), count, out);
    }
}

[[RHUMB_VAES]] void cmac_vaes(const cmac_key& key, const block* in, block* out,
                              std::size_t count) noexcept {
    constexpr std::size_t step = 2 * width;
    for (; count >= step; in += step, out += step, count -= step) {
        step_vaes(key, in, out);
    }
    if (count != 0) {  // fewer than a step takes: one over a copy
        std::array<block, step> rest{};
        std::copy_n(in, count, rest.data());
        step_vaes(key, rest.data(), rest.data());
        std::copy_n(rest.data(), count, out);
    }
}

[[RHUMB_AVX512]] void cmac_avx512(const cmac_key& key, const block* in, block* out,
                                  std::size_t count) noexcept {
    constexpr std::size_t step = 4 * width;
    for (; count >= step; in += step, out += step, count -= step) {
        step_avx512<width>(key, in, out, step);
    }
    while (count != 0) {
        const std::size_t now = std::min(count, step / 2);
        step_avx512<width / 2>(key, in, out, now);
        in += now;
        out += now;
        count -= now;
    }
}

}  // namespace rhumb::crypto

#endif
