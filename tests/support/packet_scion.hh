// The SCION elements of the packet notation (packet_text.hh). Threads: any.
#pragma once

#include <span>
#include <string_view>

#include "tests/support/packet_text.hh"
#include "tests/support/packet_words.hh"

namespace rhumb::test {

// What may stand between `scion` and its payload, and belongs to its header.
[[nodiscard]] bool is_path_part(std::string_view kind);
[[nodiscard]] bool is_scion_extension(std::string_view kind);
// NextHdr by the kind of element that follows.
[[nodiscard]] unsigned scion_next_header(std::string_view kind);

// The header that `parts`, a `scion` and its path parts, describe; takes all their words.
[[nodiscard]] packet_bytes scion_header(std::span<element> parts, std::size_t payload_bytes,
                                        std::string_view next, const packet_names& names);
// What a checksum behind the header covers of it, without length and protocol.
[[nodiscard]] packet_bytes scion_pseudo_header(element& scion);

// `e2e`, `hbh`: an extension header.
[[nodiscard]] packet_bytes scion_extension(element& e, std::string_view next);
// Type, code, no checksum yet, and what the type has before its data.
[[nodiscard]] packet_bytes scmp_head(element& e);
[[nodiscard]] packet_bytes bfd_packet(element& e);

}  // namespace rhumb::test
