// The text of a key file (key_file.hh), without the file. Threads: control.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "controlplane/overlay/wire/key_file.hh"
#include "controlplane/overlay/wire/wiped.hh"
#include "rhumb/bytes.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

inline constexpr std::size_t key_file_bytes = 1024;  // at most

struct key_file_text {
    std::array<char, key_file_bytes> chars{};
    std::size_t size = 0;
    [[nodiscard]] std::string_view view() const noexcept { return {chars.data(), size}; }
};

struct boxed_seed {
    passphrase_cost cost;
    std::array<byte, 16> salt{};
    std::array<byte, 24> nonce{};
    std::array<byte, seed_bytes + 16> box{};
};

struct parsed_key {
    key32 id{};
    std::optional<wiped<std::array<byte, seed_bytes>>> seed;
    std::optional<boxed_seed> boxed;  // instead
};

[[nodiscard]] result<wiped<key_file_text>> key_text(const identity& key, passphrase words,
                                                    passphrase_cost cost);
[[nodiscard]] result<parsed_key> parse_key_text(std::string_view text);
[[nodiscard]] result<identity> unlock(const parsed_key& key, passphrase words);

}  // namespace rhumb::overlay
