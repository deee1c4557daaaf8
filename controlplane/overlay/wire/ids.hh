// Names on the wire of Secure Scuttlebutt (ssb-ref): a feed is its author's Ed25519 public key
// (RFC 8032), a message the SHA-256 of its text, a signature stands at a message's end.
//
//     @<base64 of 32 bytes>.ed25519        a feed, and the peer that has its key
//     %<base64 of 32 bytes>.sha256         a message
//     <base64 of 64 bytes>.sig.ed25519     a signature
//
// Threads: any.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb::overlay {

using key32 = std::array<byte, 32>;  // an Ed25519 public key, or a SHA-256
using signature64 = std::array<byte, 64>;

inline constexpr std::size_t feed_id_chars = 53;
inline constexpr std::size_t message_id_chars = 52;
inline constexpr std::size_t signature_chars = 100;

void append_feed_id(std::string& to, const key32& feed);
[[nodiscard]] std::string feed_id_text(const key32& feed);
// Nothing where the base64 is not canonical, too: an id has one spelling.
[[nodiscard]] std::optional<key32> parse_feed_id(std::string_view text) noexcept;

[[nodiscard]] std::string message_id_text(const key32& message);
[[nodiscard]] std::optional<key32> parse_message_id(std::string_view text) noexcept;

[[nodiscard]] std::string signature_text(const signature64& signature);
[[nodiscard]] std::optional<signature64> parse_signature(std::string_view text) noexcept;

}  // namespace rhumb::overlay
