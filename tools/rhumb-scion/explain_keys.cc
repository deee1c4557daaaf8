#include "tools/rhumb-scion/explain_keys.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "controlplane/scion/keys.hh"
#include "rhumb/crypto/pbkdf2.hh"
#include "rhumb/crypto/secret.hh"

namespace rhumb::scion_tool {

namespace {

namespace fs = std::filesystem;
using scion::isd_as;
using scion::control::secret;

struct named {
    isd_as as;
    std::string_view rest;
};

result<named> split(std::string_view text, std::string_view what) {
    const std::size_t equals = text.find('=');
    const auto as = equals == std::string_view::npos ? std::nullopt
                                                     : scion::parse_isd_as(text.substr(0, equals));
    if (!as || as->is_wildcard()) {
        return error{fmt::format("{} begins with its ISD-AS: 1-ff00:0:110=...", what), {}};
    }
    return named{*as, text.substr(equals + 1)};
}

result<secret> decode(std::string_view text) {
    constexpr std::size_t hex_digits = 2 * crypto::key_bytes;
    if (text.starts_with("0x")) {
        text.remove_prefix(2);
    }
    const auto value = [&text](std::size_t at) {
        return scion::parse_digits(text.substr(at, 1), 16, 15);
    };
    bool is_hex = text.size() == hex_digits;
    for (std::size_t n = 0; is_hex && n < text.size(); ++n) {
        is_hex = value(n).has_value();
    }
    if (!is_hex) {
        return scion::control::decode_key(text);
    }
    std::vector<byte> bytes;
    bytes.reserve(crypto::key_bytes);
    for (std::size_t n = 0; n < text.size(); n += 2) {
        bytes.push_back(static_cast<byte>(*value(n) << 4 | *value(n + 1)));
    }
    return secret(std::move(bytes));
}

result<void> add_master(key_list& to, isd_as as, std::span<const byte> master) {
    const auto derived = crypto::hop_key(master);
    if (!derived) {
        return derived.why();
    }
    to.emplace_back().as = as;
    crypto::expand(to.back().key, (*derived.value()).data());
    return {};
}

std::optional<std::string> read_all(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// Of master0.key in the folder, or in its keys/.
result<void> add_file(key_list& to, isd_as as, const fs::path& folder) {
    for (const fs::path& path : {folder / "master0.key", folder / "keys" / "master0.key"}) {
        if (const auto text = read_all(path)) {
            const auto key = scion::control::decode_key(*text);
            if (!key) {
                return error{path.string() + ": " + key.why().text(), {}};
            }
            return add_master(to, as, key.value().bytes());
        }
    }
    return error{folder.string() + ": cannot read master0.key, nor keys/master0.key", {}};
}

std::optional<isd_as> owner_of(const fs::path& folder) {
    for (const fs::path& path :
         {folder / "topology.json", folder.parent_path() / "topology.json"}) {
        if (const auto text = read_all(path)) {
            const auto topology = nlohmann::json::parse(*text, nullptr, false);
            const auto found = topology.is_object() ? topology.find("isd_as") : topology.end();
            if (topology.is_object() && found != topology.end() && found->is_string()) {
                return scion::parse_isd_as(found->get<std::string>());
            }
        }
    }
    return std::nullopt;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
    std::error_code failed;
    std::vector<fs::path> inside;
    for (auto one = fs::directory_iterator(folder, failed);
         !failed && one != fs::directory_iterator(); one.increment(failed)) {
        inside.push_back(one->path());
    }
    std::ranges::sort(inside);
    return inside;
}

// The folder itself, or those in it, as `make` writes for each AS: with a topology and a key.
std::vector<fs::path> routers_in(const fs::path& folder) {
    const auto is_router = [](const fs::path& one) {
        std::error_code failed;
        return fs::exists(one / "topology.json", failed) &&
               fs::exists(one / "keys" / "master0.key", failed);
    };
    if (is_router(folder)) {
        return {folder};
    }
    std::vector<fs::path> found = folders_in(folder);
    std::erase_if(found, [&](const fs::path& one) { return !is_router(one); });
    return found;
}

}  // namespace

result<void> add_master_key(key_list& to, std::string_view text) {
    const auto parts = split(text, "a key");
    if (!parts) {
        return parts.why();
    }
    const auto key = decode(parts.value().rest);
    return key ? add_master(to, parts.value().as, key.value().bytes()) : key.why();
}

result<void> add_hop_key(key_list& to, std::string_view text) {
    const auto parts = split(text, "a key");
    if (!parts) {
        return parts.why();
    }
    const auto key = decode(parts.value().rest);
    if (!key) {
        return key.why();
    }
    if (key.value().bytes().size() != crypto::key_bytes) {
        return error{"the key for hop fields has 16 bytes", {}};
    }
    to.emplace_back().as = parts.value().as;
    crypto::expand(to.back().key, key.value().bytes().data());
    return {};
}

result<void> add_key_folder(key_list& to, const std::string& text) {
    if (text.find('=') != std::string::npos) {
        const auto parts = split(text, "a folder of keys");
        return parts ? add_file(to, parts.value().as, fs::path(parts.value().rest)) : parts.why();
    }
    const fs::path folder =
        fs::path(text).has_filename() ? fs::path(text) : fs::path(text).parent_path();
    if (const auto as = owner_of(folder)) {
        return add_file(to, *as, folder);
    }
    const std::size_t before = to.size();
    for (const fs::path& one : folders_in(folder)) {
        for (const fs::path& router : routers_in(one)) {
            const auto as = owner_of(router);
            if (!as) {
                continue;
            }
            if (auto added = add_file(to, *as, router); !added) {
                return added;
            }
        }
    }
    return to.size() != before
               ? result<void>()
               : error{text + ": no keys whose AS a topology.json tells; give ISD-AS=FOLDER", {}};
}

}  // namespace rhumb::scion_tool
