#include "controlplane/scion_paths/key_ring.hh"

#include <sodium.h>

#include <algorithm>

#include "controlplane/scion/keys.hh"
#include "controlplane/scion_paths/segment.hh"
#include "rhumb/crypto/pbkdf2.hh"

namespace rhumb::scion::paths {

namespace {

std::vector<byte> make_key(std::optional<std::uint64_t> seed, const std::string& name) {
    std::vector<byte> made(crypto::key_bytes);
    if (seed) {
        made = derived_bytes(*seed, name);
        made.resize(crypto::key_bytes);
    } else {
        randombytes_buf(made.data(), made.size());
    }
    return made;
}

result<as_keys> complete(std::vector<byte> master0, std::vector<byte> master1) {
    as_keys made{std::move(master0), std::move(master1), {}};
    const auto derived = crypto::hop_key(made.master0);
    if (!derived) {
        return derived.why();
    }
    crypto::expand(made.hop, derived.value()->data());
    return made;
}

}  // namespace

std::vector<byte> derived_bytes(std::uint64_t seed, std::string_view name) {
    std::vector<byte> text(sizeof seed + name.size());
    store_be64(text.data(), seed);
    std::copy(name.begin(), name.end(), text.begin() + sizeof seed);
    const segment_digest digest = sha256(text);
    return {digest.begin(), digest.end()};
}

result<key_ring> make_keys(const network& of, std::optional<std::uint64_t> seed) {
    if (sodium_init() < 0) {
        return error{"libsodium cannot be used: there are no random numbers", {}};
    }
    key_ring made;
    for (const network_as& as : of.ases) {
        const std::string name = scion::to_string(as.ia);
        auto keys = complete(as.master_key ? *as.master_key : make_key(seed, "master0 " + name),
                             make_key(seed, "master1 " + name));
        if (!keys) {
            return keys.why();
        }
        made.push_back(std::move(*keys));
    }
    return made;
}

result<as_keys> load_keys(const std::string& folder) {
    const auto loaded = control::load_master_keys(folder);
    if (!loaded) {
        return loaded.why();
    }
    const auto copy = [](const control::secret& from) {
        return std::vector<byte>(from.bytes().begin(), from.bytes().end());
    };
    return complete(copy(loaded.value().key0), copy(loaded.value().key1));
}

std::string to_base64(const std::vector<byte>& bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
    text.pop_back();  // the terminating zero
    return text;
}

}  // namespace rhumb::scion::paths
