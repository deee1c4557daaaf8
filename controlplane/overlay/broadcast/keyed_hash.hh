// SipHash-2-4 under a secret of this process. Two uses: 64-bit names of messages and origins, that
// strangers, who choose what is hashed, cannot make collide; and random numbers that they cannot
// foresee. Never on the wire: each node has its own secret.
// Threads: hashing any; dice one each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "controlplane/overlay/broadcast/identity.hh"
#include "rhumb/bytes.hh"
#include "rhumb/crypto/siphash.hh"

namespace rhumb::overlay::broadcast {

using secret = crypto::siphash_key;

class keyed_hash {
public:
    explicit keyed_hash(const secret& key) noexcept : key_(key) {}

    [[nodiscard]] std::uint64_t operator()(std::span<const byte> bytes) const noexcept {
        return hash::of(key_, bytes);
    }
    // That of its 40 bytes, the sequence little-endian.
    [[nodiscard]] std::uint64_t operator()(const message_id& id) const noexcept {
        hash made(key_);
        for (std::size_t at = 0; at < key_size; at += 8) {
            made.take(byte_swap(load_be64(id.origin.data() + at)));
        }
        made.take(id.sequence);
        made.take(std::uint64_t{key_size + 8} << 56);
        return made.finish();
    }
    [[nodiscard]] std::uint64_t operator()(std::uint64_t word) const noexcept {
        hash made(key_);
        made.take(word);
        made.take(std::uint64_t{8} << 56);
        return made.finish();
    }

private:
    using hash = crypto::siphash<2, 4>;
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
