#include "dataplane/ip/prepare.hh"

#include <cstddef>
#include <cstring>

#include "rhumb/wire/ipv4.hh"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__GNUC__) && !defined(__clang__)
// False alarms on what g++ 12's own intrinsics leave undefined on purpose (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace rhumb::ip {

#if defined(__x86_64__)

namespace {

#define RHUMB_AVX512 gnu::target("avx512f,avx512bw,avx512dq,avx512vl")

// Eight packets a step, one in each 64-bit lane. `low`: bytes 0 to 7 of the header, `middle`: 8 to
// 15, `last`: 16 to 19, all as loaded, so that the first byte is the lowest.
struct headers {
    __m512i low;
    __m512i middle;
    __m512i last;
};

[[RHUMB_AVX512, gnu::always_inline]] inline __m512i bits(__m512i lanes, unsigned from,
                                                         unsigned count) noexcept {
    return _mm512_and_si512(_mm512_srli_epi64(lanes, from),
                            _mm512_set1_epi64(static_cast<long long>((1ULL << count) - 1)));
}

// Eight of a burst's fronts or ends.
[[RHUMB_AVX512, gnu::always_inline]] inline __m512i load_addresses(__mmask8 which,
                                                                   byte* const* from) noexcept {
    return _mm512_maskz_loadu_epi64(which, static_cast<const void*>(from));
}

// 16 bytes each of four packets.
[[RHUMB_AVX512, gnu::always_inline]] inline __m512i load_four(byte* const* from,
                                                              std::size_t at) noexcept {
    const auto load = [=](std::size_t n) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[n] + at));
    };
    __m512i four = _mm512_castsi128_si512(load(0));
    four = _mm512_inserti64x2(four, load(1), 1);
    four = _mm512_inserti64x2(four, load(2), 2);
    return _mm512_inserti64x2(four, load(3), 3);
}

[[RHUMB_AVX512, gnu::always_inline]] inline headers load(byte* const* front) noexcept {
    const __m512i first = load_four(front, 0);
    const __m512i second = load_four(front + 4, 0);
    const __m512i evens = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i odds = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    return {_mm512_permutex2var_epi64(first, evens, second),
            _mm512_permutex2var_epi64(first, odds, second),
            _mm512_srli_epi64(
                _mm512_permutex2var_epi64(load_four(front, 4), odds, load_four(front + 4, 4)), 32)};
}

// RFC 1071: whether the ten words add up to 0xffff.
[[RHUMB_AVX512, gnu::always_inline]] inline __mmask8 checksum_holds(const headers& h) noexcept {
    const __m512i halves =
        _mm512_add_epi64(_mm512_add_epi64(bits(h.low, 0, 32), _mm512_srli_epi64(h.low, 32)),
                         _mm512_add_epi64(bits(h.middle, 0, 32), _mm512_srli_epi64(h.middle, 32)));
    __m512i sum = _mm512_add_epi64(halves, h.last);
    for (int fold = 0; fold < 3; ++fold) {  // 35 bits, 20, 17, 16
        sum = _mm512_add_epi64(bits(sum, 0, 16), _mm512_srli_epi64(sum, 16));
    }
    return _mm512_cmpeq_epi64_mask(sum, _mm512_set1_epi64(0xffff));
}

// By first byte: whether the address may be one that ipv4::is_martian knows.
[[RHUMB_AVX512, gnu::always_inline]] inline __mmask8 suspect(__m512i first) noexcept {
    return static_cast<__mmask8>(_mm512_testn_epi64_mask(first, first) |
                                 _mm512_cmpeq_epi64_mask(first, _mm512_set1_epi64(127)) |
                                 _mm512_cmpeq_epi64_mask(first, _mm512_set1_epi64(0xa9)) |
                                 _mm512_cmpge_epu64_mask(first, _mm512_set1_epi64(224)));
}

[[RHUMB_AVX512]] void prepare_avx512(burst& b, prepared& out) noexcept {
    const __m512i one = _mm512_set1_epi64(1);
    const __m512i header_bytes = _mm512_set1_epi64(ipv4::min_header_bytes);
    for (std::size_t i = 0; i < b.count; i += 8) {
        const std::size_t left = b.count - i;
        const auto here = static_cast<__mmask8>(left >= 8 ? 0xffU : (1U << left) - 1);
        const __m512i front = load_addresses(here, &b.front[i]);
        const __m512i end = load_addresses(here, &b.end[i]);
        const __m512i length = _mm512_sub_epi64(end, front);
        __mmask8 good = _mm512_mask_cmpge_epu64_mask(here, length, header_bytes);
        if (good != 0xff) [[unlikely]] {  // the end of the burst, or a truncated header
            std::memset(&out.ttl_word[i], 0, 8 * sizeof out.ttl_word[i]);
            continue;
        }
        const headers h = load(&b.front[i]);
        const __m512i packet_bytes =
            _mm512_or_si512(_mm512_slli_epi64(bits(h.low, 16, 8), 8), bits(h.low, 24, 8));
        good = _mm512_mask_cmpeq_epi64_mask(good, bits(h.low, 0, 8), _mm512_set1_epi64(0x45));
        good = _mm512_mask_cmpge_epu64_mask(good, packet_bytes, header_bytes);
        good = _mm512_mask_cmple_epu64_mask(good, packet_bytes, length);
        good &= checksum_holds(h);
        good &=
            static_cast<__mmask8>(~(suspect(bits(h.middle, 32, 8)) | suspect(bits(h.last, 0, 8))));

        // The TTL as ip/stage.cc's take_ttl has it, the checksum as ipv4::lower_ttl.
        const __m512i own = bits(h.middle, 0, 8);
        const __m512i limit = _mm512_cvtepu8_epi64(_mm_loadl_epi64(
            reinterpret_cast<const __m128i*>(&b.ttl[i])));  // columns are whole blocks of eight
        const __mmask8 limited = _mm512_test_epi64_mask(limit, limit);
        const __m512i ttl = _mm512_mask_min_epu64(_mm512_sub_epi64(own, one), limited, own, limit);
        good = _mm512_mask_test_epi64_mask(good, own, own);
        good = _mm512_mask_test_epi64_mask(good, ttl, ttl);
        const __m512i hops = _mm512_sub_epi64(own, ttl);
        __m512i checksum = _mm512_add_epi64(bits(h.middle, 16, 16), hops);
        checksum = _mm512_mask_add_epi64(
            checksum, _mm512_cmpge_epu64_mask(checksum, _mm512_set1_epi64(0xffff)), checksum, one);
        const __m512i word = _mm512_or_si512(_mm512_sub_epi64(bits(h.middle, 0, 16), hops),
                                             _mm512_slli_epi64(bits(checksum, 0, 16), 16));

        _mm512_mask_storeu_epi64(static_cast<void*>(&b.end[i]), good,
                                 _mm512_add_epi64(front, packet_bytes));
        _mm256_store_si256(reinterpret_cast<__m256i*>(&out.ttl_word[i]),
                           _mm512_maskz_cvtepi64_epi32(good, word));
    }
}

}  // namespace

prepare_function prepare_for(isa which) noexcept {
    return which >= isa::avx512 ? prepare_avx512 : nullptr;
}

#else

prepare_function prepare_for(isa) noexcept { return nullptr; }

#endif

}  // namespace rhumb::ip
