// SipHash-2-4 (Aumasson, Bernstein, 2012) under a secret of this process. Two uses: 64-bit names of
// messages and origins, that strangers, who choose what is hashed, cannot make collide; and random
// numbers that they cannot foresee. Never on the wire: each node has its own secret.
// Threads: hashing any; dice one each.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "controlplane/overlay/broadcast/identity.hh"

namespace rhumb::overlay::broadcast {

struct secret {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

class keyed_hash {
public:
    explicit keyed_hash(const secret& key) noexcept : key_(key) {}

    [[nodiscard]] std::uint64_t operator()(std::span<const byte> bytes) const noexcept {
        state s(key_);
        std::size_t at = 0;
        for (; at + 8 <= bytes.size(); at += 8) {
            s.take(little(bytes.data() + at));
        }
        std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
        for (std::size_t i = 0; at + i < bytes.size(); ++i) {
            last |= static_cast<std::uint64_t>(bytes[at + i]) << (8 * i);
        }
        s.take(last);
        return s.finish();
    }

    [[nodiscard]] std::uint64_t operator()(const message_id& id) const noexcept {
        state s(key_);
        for (std::size_t at = 0; at < key_size; at += 8) {
            s.take(little(id.origin.data() + at));
        }
        s.take(id.sequence);
        s.take(std::uint64_t{key_size + 8} << 56);
        return s.finish();
    }

    [[nodiscard]] std::uint64_t operator()(std::uint64_t word) const noexcept {
        state s(key_);
        s.take(word);
        s.take(std::uint64_t{8} << 56);
        return s.finish();
    }

private:
    static std::uint64_t little(const byte* from) noexcept { return byte_swap(load_be64(from)); }

    struct state {
        explicit state(const secret& key) noexcept
            : v0(key.low ^ 0x736f6d6570736575U),
              v1(key.high ^ 0x646f72616e646f6dU),
              v2(key.low ^ 0x6c7967656e657261U),
              v3(key.high ^ 0x7465646279746573U) {}

        void round() noexcept {
            v0 += v1;
            v1 = std::rotl(v1, 13) ^ v0;
            v0 = std::rotl(v0, 32);
            v2 += v3;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1;
            v1 = std::rotl(v1, 17) ^ v2;
            v2 = std::rotl(v2, 32);
        }
        void take(std::uint64_t word) noexcept {
            v3 ^= word;
            round();
            round();
            v0 ^= word;
        }
        [[nodiscard]] std::uint64_t finish() noexcept {
            v2 ^= 0xff;
            for (int n = 0; n < 4; ++n) {
                round();
            }
            return v0 ^ v1 ^ v2 ^ v3;
        }
        std::uint64_t v0, v1, v2, v3;
    };

    secret key_;
};

// The hash of 0, 1, 2 and so on.
class dice {
public:
    // Another key than that of the names, from the same secret.
    explicit dice(const secret& key) noexcept : hash_({key.low, ~key.high}) {}

    // Below `sides`, which is not 0.
    [[nodiscard]] std::size_t below(std::size_t sides) noexcept {
        const std::uint64_t high = hash_(count_++) >> 32;
        return static_cast<std::size_t>((high * static_cast<std::uint32_t>(sides)) >> 32);
    }

private:
    keyed_hash hash_;
    std::uint64_t count_ = 0;
};

}  // namespace rhumb::overlay::broadcast
