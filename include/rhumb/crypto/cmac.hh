// AES-CMAC (RFC 4493), and AES-CBC-MAC over whole blocks. Threads: any.
//
// The MAC of a SCION hop field (draft-dekater-scion-dataplane) covers one block of exactly 16
// bytes, so it is one AES of that block XOR K1. Blocks of a burst do not depend on each other: they
// go through the cipher side by side, several instructions in flight at once.
#pragma once

#include <cstddef>
#include <span>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/aes128.hh"
#include "rhumb/isa.hh"

namespace rhumb::crypto {

// RFC 4493 section 2.3: K1 is for messages of whole blocks, K2 for others.
struct cmac_key {
    aes128_key aes;
    block k1;
    block k2;
};

// From key_bytes bytes at `key`. Written in place: no copy of a key stays behind.
void expand(cmac_key& out, const byte* key) noexcept;

// The whole tags of `count` messages of one block each. `in` and `out` are the same or do not
// overlap. Neither is read or written beyond `count` blocks.
using cmac_function = void (*)(const cmac_key& key, const block* in, block* out,
                               std::size_t count) noexcept;
[[nodiscard]] cmac_function cmac_for(isa which) noexcept;

// The same, as isa_in_use() says. A worker that keeps what cmac_for() returns saves a jump.
void cmac_blocks(const cmac_key& key, const block* in, block* out, std::size_t count) noexcept;

// The whole tag of a message of any length.
[[nodiscard]] block cmac(const cmac_key& key, std::span<const byte> message) noexcept;

// The last block of AES-CBC with an IV of zeroes, which EPIC's hop validation fields and DRKey's
// derivations are. Its caller has padded the message with zeroes, and all messages under one key
// must be of one length, or begin with their length: CBC-MAC is forged otherwise. Of no blocks:
// zeroes.
[[nodiscard]] block cbc_mac(const aes128_key& key, std::span<const block> message) noexcept;

}  // namespace rhumb::crypto
