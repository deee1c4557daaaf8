// An Ed25519 key pair (RFC 8032): who signs a feed, and who a peer is. The secret half lies in
// locked memory (rhumb/crypto/secret.hh) and leaves it only into the key file. Threads: any, once
// it is made.
#pragma once

#include <array>
#include <span>

#include "controlplane/overlay/wire/ids.hh"
#include "rhumb/bytes.hh"
#include "rhumb/crypto/secret.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

inline constexpr std::size_t seed_bytes = 32;

class identity {
public:
    [[nodiscard]] static result<identity> generate();
    // The key pair of a seed: the same seed, the same pair. The caller wipes his copy.
    [[nodiscard]] static result<identity> from_seed(std::span<const byte, seed_bytes> seed);

    [[nodiscard]] const key32& id() const noexcept { return id_; }
    [[nodiscard]] signature64 sign(std::span<const byte> text) const noexcept;
    [[nodiscard]] std::span<const byte, seed_bytes> seed() const noexcept;
    // The secret half as a Curve25519 key (RFC 7748), for handshakes. Wipe it after use.
    void curve_secret(std::span<byte, 32> into) const noexcept;
    // Whether it is kept from being swapped out.
    [[nodiscard]] bool is_locked() const noexcept { return secret_.is_locked(); }

private:
    using secret_half = crypto::secret<std::array<byte, 64>>;  // seed, then public key
    identity(secret_half secret, const key32& id) : secret_(std::move(secret)), id_(id) {}

    secret_half secret_;
    key32 id_;
};

// About 40 microseconds: not for the control loop in numbers.
[[nodiscard]] bool verify_signature(const key32& signer, std::span<const byte> text,
                                    const signature64& signature) noexcept;

}  // namespace rhumb::overlay
