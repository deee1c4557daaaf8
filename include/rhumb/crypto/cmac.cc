#include "rhumb/crypto/cmac.hh"

#include <algorithm>
#include <cstdint>

#include "rhumb/crypto/aes_x86.hh"

namespace rhumb::crypto {

namespace {

// RFC 4493 section 2.3: times x in GF(2^128), without a branch on the key.
[[nodiscard]] block doubled(const block& in) noexcept {
    const std::uint64_t high = load_be64(in.bytes.data());
    const std::uint64_t low = load_be64(&in.bytes[8]);
    block out;
    store_be64(out.bytes.data(), high << 1 | low >> 63);
    store_be64(&out.bytes[8], low << 1 ^ (high >> 63) * 0x87);
    return out;
}

void cmac_portable(const cmac_key& key, const block* in, block* out, std::size_t count) noexcept {
    encrypt_portable(key.aes, key.aes.round[0] ^ key.k1, in, out, count);
}

}  // namespace

void expand(cmac_key& out, const byte* key) noexcept {
    expand(out.aes, key);
    out.k1 = doubled(encrypt(out.aes, block{}));
    out.k2 = doubled(out.k1);
}

cmac_function cmac_for(isa which) noexcept {
    switch (which) {
#if defined(__x86_64__)
        case isa::avx512: return cmac_avx512;
        case isa::vaes: return cmac_vaes;
        case isa::aesni: return cmac_aesni;
#endif
        default: return cmac_portable;
    }
}

void cmac_blocks(const cmac_key& key, const block* in, block* out, std::size_t count) noexcept {
    static const cmac_function run = cmac_for(isa_in_use());
    run(key, in, out, count);
}

block cmac(const cmac_key& key, std::span<const byte> message) noexcept {
    const std::size_t before_last = message.empty() ? 0 : (message.size() - 1) / block_bytes;
    const std::span<const byte> rest = message.subspan(before_last * block_bytes);
    block last{};
    std::copy(rest.begin(), rest.end(), last.bytes.begin());
    if (rest.size() < block_bytes) {
        last.bytes[rest.size()] = 0x80;
        last = last ^ key.k2;
    } else {
        last = last ^ key.k1;
    }
    block state{};
    chain(key.aes, state, message.data(), before_last);
    chain(key.aes, state, last.bytes.data(), 1);
    return state;
}

block cbc_mac(const aes128_key& key, std::span<const block> message) noexcept {
    block state{};
    if (!message.empty()) {
        chain(key, state, message.front().bytes.data(), message.size());
    }
    return state;
}

}  // namespace rhumb::crypto
