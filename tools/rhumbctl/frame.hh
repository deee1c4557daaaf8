// Frames in words and in hex, whole or cut short, well made or not: a header is read only if all of
// it is there. Threads: any.
//
//   eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16002 ttl 64 | ipv4 10.0.0.1 > 10.2.0.1 ttl 64
//       | udp 1000 > 2000 | data 8                                        (all of it one line)
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/bytes.hh"

namespace rhumb::ctl {

using frame_bytes = std::vector<byte>;

inline constexpr std::size_t max_frame_bytes = 65535;

// nullopt if it is not pairs of hex digits, or there are more than max_frame_bytes.
[[nodiscard]] std::optional<frame_bytes> parse_hex(std::string_view text);

// `length`: how long the frame is, of which `bytes` are the first.
[[nodiscard]] std::string frame_summary(std::span<const byte> bytes, std::size_t length);

// 16 bytes a line, each line behind `indent`:  0000  45 00 ..
[[nodiscard]] std::string hex_dump(std::span<const byte> bytes, std::string_view indent);

}  // namespace rhumb::ctl
