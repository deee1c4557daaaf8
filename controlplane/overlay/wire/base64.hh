// Base64 (RFC 4648 section 4) in its one canonical form: padded, nothing but its alphabet, trailing
// bits zero. SSB compares names as text, so another spelling of the same bytes is another name, and
// is refused. Not for secrets: table look-ups tell the cache what was read. Threads: any.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "rhumb/bytes.hh"

namespace rhumb::overlay {

// Characters that `size` bytes take.
[[nodiscard]] constexpr std::size_t base64_size(std::size_t size) noexcept {
    return (size + 2) / 3 * 4;
}

// Appends the text of `bytes`.
void append_base64(std::string& to, std::span<const byte> bytes);

// Exactly `into.size()` bytes out of `text`; false where it is not their canonical text.
[[nodiscard]] bool decode_base64(std::string_view text, std::span<byte> into) noexcept;

// Whether `text` is the canonical text of any bytes at all, of one at least.
[[nodiscard]] bool is_canonical_base64(std::string_view text) noexcept;

}  // namespace rhumb::overlay
