// AES by the processor's own instructions: what aes128.cc and cmac.cc choose from. Each function
// wants a processor that has the level of rhumb::isa in its name. Threads: any.
#pragma once

#if defined(__x86_64__)

#include <cstddef>

#include "rhumb/crypto/aes128.hh"
#include "rhumb/crypto/cmac.hh"

namespace rhumb::crypto {

// As expand_function, chain_function and cmac_function say.
void expand_aesni(aes128_key& out, const byte* key) noexcept;
void chain_aesni(const aes128_key& key, block& state, const byte* from, std::size_t count) noexcept;
void cmac_aesni(const cmac_key& key, const block* in, block* out, std::size_t count) noexcept;
void cmac_vaes(const cmac_key& key, const block* in, block* out, std::size_t count) noexcept;
void cmac_avx512(const cmac_key& key, const block* in, block* out, std::size_t count) noexcept;

}  // namespace rhumb::crypto

#endif
