#include "rhumb/crypto/pbkdf2.hh"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <functional>

namespace rhumb::crypto {

namespace {

constexpr std::size_t hash_bytes = crypto_auth_hmacsha256_BYTES;
using hash = std::array<byte, hash_bytes>;
using hmac = crypto_auth_hmacsha256_state;

}  // namespace

void pbkdf2_hmac_sha256(std::span<const byte> password, std::span<const byte> salt,
                        std::uint32_t iterations, std::span<byte> out) noexcept {
    hmac keyed;  // the password goes in once, all else begins with a copy
    crypto_auth_hmacsha256_init(&keyed, password.data(), password.size());
    hmac state;
    hash u;
    hash sum;
    for (std::uint32_t index = 1; !out.empty(); ++index) {
        std::array<byte, sizeof index> number;
        store_be32(number.data(), index);
        state = keyed;
        crypto_auth_hmacsha256_update(&state, salt.data(), salt.size());
        crypto_auth_hmacsha256_update(&state, number.data(), number.size());
        crypto_auth_hmacsha256_final(&state, u.data());
        sum = u;
        for (std::uint32_t n = 1; n < iterations; ++n) {
            state = keyed;
            crypto_auth_hmacsha256_update(&state, u.data(), u.size());
            crypto_auth_hmacsha256_final(&state, u.data());
            std::transform(sum.begin(), sum.end(), u.begin(), sum.begin(), std::bit_xor<byte>());
        }
        const std::size_t now = std::min(out.size(), hash_bytes);
        std::copy_n(sum.begin(), now, out.begin());
        out = out.subspan(now);
    }
    secret_memory::wipe(&keyed, sizeof keyed);
    secret_memory::wipe(&state, sizeof state);
    secret_memory::wipe(u.data(), u.size());
    secret_memory::wipe(sum.data(), sum.size());
}

result<secret_key> hop_key(std::span<const byte> master) {
    if (master.empty()) {
        return error{"the master secret is empty", {}};
    }
    static constexpr std::array<byte, 13> salt{'D', 'e', 'r', 'i', 'v', 'e', ' ',
                                               'O', 'F', ' ', 'K', 'e', 'y'};
    return secret_key::make(
        [&](std::array<byte, key_bytes>& key) { pbkdf2_hmac_sha256(master, salt, 1000, key); });
}

}  // namespace rhumb::crypto
