// The keys of all ASes of a network: given in its file, read from a folder that was made of it,
// derived from a seed, or random. Keys of test networks; real ones do not lie together in one
// place. Threads: any, once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/scion_paths/network.hh"
#include "rhumb/bytes.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/result.hh"

namespace rhumb::scion::paths {

struct as_keys {
    std::vector<byte> master0;  // 16 bytes, or what the network's file gives
    std::vector<byte> master1;
    crypto::cmac_key hop;  // derived from master0, as its routers do
};
using key_ring = std::vector<as_keys>;  // by the place of the AS in the network

// Of what the file does not give, `seed` decides; without one it is random. `folder`, if not empty:
// what write_files() left there stays in use, unless the file says otherwise.
[[nodiscard]] result<key_ring> make_keys(const network& of, std::optional<std::uint64_t> seed,
                                         const std::string& folder = {});

[[nodiscard]] std::string to_base64(const std::vector<byte>& bytes);

// Numbers that follow from a seed and a name: the same ones everywhere.
[[nodiscard]] std::vector<byte> derived_bytes(std::uint64_t seed, std::string_view name);  // 32

}  // namespace rhumb::scion::paths
