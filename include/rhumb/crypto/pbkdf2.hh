// PBKDF2 with HMAC-SHA-256 (RFC 8018 section 5.2), and the keys that a SCION AS derives with it
// from its master secret. Threads: control.
#pragma once

#include <cstdint>
#include <span>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/secret.hh"
#include "rhumb/result.hh"

namespace rhumb::crypto {

// Fills `out`, of at most 32 * (2^32 - 1) bytes. `iterations` from 1 on.
void pbkdf2_hmac_sha256(std::span<const byte> password, std::span<const byte> salt,
                        std::uint32_t iterations, std::span<byte> out) noexcept;

// The key for the MACs of hop fields, as the reference implementation derives it from the decoded
// bytes of keys/master0.key: salt "Derive OF Key", 1000 iterations.
[[nodiscard]] result<secret_key> hop_key(std::span<const byte> master);

}  // namespace rhumb::crypto
