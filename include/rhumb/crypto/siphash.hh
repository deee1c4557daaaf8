// SipHash-C-D (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): 64 bits that
// nobody without the key can foresee, or make collide. For hash tables whose keys strangers choose,
// 1-3 rounds; 2-4 where the output is used as a random number. No signature. Threads: any.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "rhumb/bytes.hh"

namespace rhumb::crypto {

struct siphash_key {
    std::uint64_t low = 0;  // its first 8 bytes, little-endian
    std::uint64_t high = 0;
};

template <int C, int D>
class siphash {
public:
    explicit siphash(const siphash_key& key) noexcept
        : v0_(key.low ^ 0x736f6d6570736575U),
          v1_(key.high ^ 0x646f72616e646f6dU),
          v2_(key.low ^ 0x6c7967656e657261U),
          v3_(key.high ^ 0x7465646279746573U) {}

    [[nodiscard]] static std::uint64_t of(const siphash_key& key,
                                          std::span<const byte> bytes) noexcept {
        siphash hash(key);
        std::size_t at = 0;
        for (; at + 8 <= bytes.size(); at += 8) {
            hash.take(byte_swap(load_be64(bytes.data() + at)));
        }
        std::uint64_t last = std::uint64_t{bytes.size()} << 56;
        for (std::size_t i = 0; at + i < bytes.size(); ++i) {
            last |= std::uint64_t{bytes[at + i]} << (8 * i);
        }
        hash.take(last);
        return hash.finish();
    }

    // Eight bytes of the message, little-endian. Its last word has its length in bytes on top.
    void take(std::uint64_t word) noexcept {
        v3_ ^= word;
        for (int n = 0; n < C; ++n) {
            round();
        }
        v0_ ^= word;
    }
    [[nodiscard]] std::uint64_t finish() noexcept {
        v2_ ^= 0xff;
        for (int n = 0; n < D; ++n) {
            round();
        }
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

private:
    void round() noexcept {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace rhumb::crypto
