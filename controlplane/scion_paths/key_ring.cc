#include "controlplane/scion_paths/key_ring.hh"

#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "controlplane/scion/keys.hh"
#include "controlplane/scion_paths/files.hh"
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

std::vector<byte> copy(const control::secret& from) {
    return {from.bytes().begin(), from.bytes().end()};
}

// Of the first router that has keys in a folder made of this network; empty if none has.
std::string folder_with_keys(const network& of, std::size_t as, const std::string& folder) {
    for (std::size_t n = 0; n < of.ases[as].routers.size(); ++n) {
        const auto path = std::filesystem::path(folder) / folder_of(of, as, n);
        std::error_code why;
        if (std::filesystem::exists(path / "keys" / "master0.key", why)) {
            return path.string();
        }
    }
    return {};
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

result<key_ring> make_keys(const network& of, std::optional<std::uint64_t> seed,
                           const std::string& folder) {
    if (sodium_init() < 0) {
        return error{"libsodium cannot be used: there are no random numbers", {}};
    }
    key_ring made;
    for (std::size_t n = 0; n < of.ases.size(); ++n) {
        const network_as& as = of.ases[n];
        const std::string name = scion::to_string(as.ia);
        auto master0 = make_key(seed, "master0 " + name);
        auto master1 = make_key(seed, "master1 " + name);
        const std::string known = folder.empty() ? "" : folder_with_keys(of, n, folder);
        if (!known.empty()) {
            const auto loaded = control::load_master_keys(known);
            if (!loaded) {
                return loaded.why();
            }
            master0 = copy(loaded.value().key0);
            master1 = copy(loaded.value().key1);
        }
        auto keys = complete(as.master_key ? *as.master_key : master0, std::move(master1));
        if (!keys) {
            return keys.why();
        }
        made.push_back(std::move(*keys));
    }
    return made;
}

std::string to_base64(const std::vector<byte>& bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
    text.pop_back();  // the terminating zero
    return text;
}

}  // namespace rhumb::scion::paths
