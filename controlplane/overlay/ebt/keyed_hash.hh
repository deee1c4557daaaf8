// SipHash-1-3 of a string (Aumasson and Bernstein, 2012): who does not know the key cannot choose
// ids that fall together in a table. Not for signatures. Threads: any.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rhumb::overlay::ebt {

struct hash_key {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

class keyed_hash {
public:
    using is_transparent = void;  // tables look up views without making strings

    explicit keyed_hash(hash_key key) : key_(key) {}

    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
        state s{{key_.first ^ 0x736f6d6570736575U, key_.second ^ 0x646f72616e646f6dU,
                 key_.first ^ 0x6c7967656e657261U, key_.second ^ 0x7465646279746573U}};
        const std::size_t whole = text.size() / 8 * 8;
        for (std::size_t n = 0; n < whole; n += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data() + n, 8);
            s.absorb(word);
        }
        std::uint64_t last = std::uint64_t{text.size() & 0xff} << 56;
        for (std::size_t n = whole; n < text.size(); ++n) {
            last |= std::uint64_t{static_cast<unsigned char>(text[n])} << (8 * (n - whole));
        }
        s.absorb(last);
        s.v[2] ^= 0xff;
        s.round();
        s.round();
        s.round();
        return static_cast<std::size_t>(s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3]);
    }

private:
    struct state {
        std::uint64_t v[4];

        void round() noexcept {
            v[0] += v[1];
            v[1] = std::rotl(v[1], 13) ^ v[0];
            v[0] = std::rotl(v[0], 32);
            v[2] += v[3];
            v[3] = std::rotl(v[3], 16) ^ v[2];
            v[0] += v[3];
            v[3] = std::rotl(v[3], 21) ^ v[0];
            v[2] += v[1];
            v[1] = std::rotl(v[1], 17) ^ v[2];
            v[2] = std::rotl(v[2], 32);
        }
        void absorb(std::uint64_t word) noexcept {
            v[3] ^= word;
            round();
            v[0] ^= word;
        }
    };

    hash_key key_;
};

}  // namespace rhumb::overlay::ebt
