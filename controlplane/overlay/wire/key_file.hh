// The file that holds a node's key: text, readable by its owner alone (0600), and refused where
// others may read it, too. Lines after the first may come in any order:
//
//     rhumb overlay key 1
//     id @<base64 of 32 bytes>.ed25519
//     seed <base64 of 32 bytes>
//
// or, under a passphrase, instead of `seed`:
//
//     argon2id <operations> <bytes of memory> <base64 of 16 bytes of salt>
//     secretbox <base64 of 24 bytes of nonce> <base64 of 48 bytes: the seed, boxed>
//
// The box's key is the passphrase's Argon2id (RFC 9106; libsodium's crypto_pwhash). Lines that
// begin with # are passed over. A key that was read must be the one that `id` names. Threads:
// control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "controlplane/overlay/wire/identity.hh"
#include "rhumb/bytes.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

// What guessing a passphrase costs. Files with more than `most` are refused: reading them would
// take all memory.
struct passphrase_cost {
    std::uint64_t operations = 3;
    std::size_t memory = std::size_t{64} << 20;
};
inline constexpr passphrase_cost most_cost{64, std::size_t{1} << 30};

// An empty passphrase is none. The caller wipes his copy.
using passphrase = std::span<const char>;

// Writes a new file, all of it or nothing; an error where there is a file already.
[[nodiscard]] result<void> write_key_file(const std::string& path, const identity& key,
                                          passphrase words = {}, passphrase_cost cost = {});

// An error where the file is missing, not the caller's, or open to others; where it wants a
// passphrase and there is none, or another one.
[[nodiscard]] result<identity> read_key_file(const std::string& path, passphrase words = {});

struct key_on_disk {
    identity key;
    bool is_encrypted = false;
};
[[nodiscard]] result<key_on_disk> look_at_key_file(const std::string& path, passphrase words);

// What is there, or else a new key, which is written. A key in the clear that has a passphrase from
// now on is encrypted in its place: there is the one file or the other at any time, and the old one
// is never written to.
struct opened_key {
    enum class origin : std::uint8_t { found, made, encrypted };
    identity key;
    origin from = origin::found;
};
[[nodiscard]] result<opened_key> open_key_file(const std::string& path, passphrase words = {},
                                               passphrase_cost cost = {});

}  // namespace rhumb::overlay
