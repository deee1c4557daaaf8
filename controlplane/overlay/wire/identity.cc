#include "controlplane/overlay/wire/identity.hh"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "controlplane/overlay/wire/wiped.hh"

namespace rhumb::overlay {

result<identity> identity::generate() {
    if (sodium_init() < 0) {
        return error{"the system gives no random numbers", {}};
    }
    wiped<std::array<byte, seed_bytes>> seed;
    randombytes_buf(seed->data(), seed->size());
    return from_seed(*seed);
}

result<identity> identity::from_seed(std::span<const byte, seed_bytes> seed) {
    key32 id{};
    auto made = secret_half::make([&](std::array<byte, 64>& secret) {
        crypto_sign_seed_keypair(id.data(), secret.data(), seed.data());
    });
    if (!made) {
        return made.why();
    }
    return identity(std::move(made).value(), id);
}

signature64 identity::sign(std::span<const byte> text) const noexcept {
    signature64 signature{};
    crypto_sign_detached(signature.data(), nullptr, text.data(), text.size(), secret_->data());
    return signature;
}

std::span<const byte, seed_bytes> identity::seed() const noexcept {
    return std::span(*secret_).first<seed_bytes>();
}

void identity::curve_secret(std::span<byte, 32> into) const noexcept {
    // Never fails: it hashes the seed.
    static_cast<void>(crypto_sign_ed25519_sk_to_curve25519(into.data(), secret_->data()));
}

bool verify_signature(const key32& signer, std::span<const byte> text,
                      const signature64& signature) noexcept {
    return sodium_init() >= 0 && crypto_sign_verify_detached(signature.data(), text.data(),
                                                             text.size(), signer.data()) == 0;
}

}  // namespace rhumb::overlay
