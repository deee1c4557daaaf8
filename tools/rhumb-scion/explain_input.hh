// Where packets to explain come from: hexadecimal text as people and programs print it, captures,
// raw bytes. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "controlplane/scion/explain.hh"
#include "rhumb/bytes.hh"
#include "rhumb/result.hh"

namespace rhumb::scion_tool {

struct input_packet {
    std::vector<byte> bytes;
    std::optional<std::uint64_t> taken_ms;  // since 1970, where a capture says so
    std::uint32_t wire_bytes = 0;           // of which `bytes` were kept; 0: all
    scion::explain::start from = scion::explain::start::automatic;
};

// Pairs of digits, with spaces, colons between bytes, 0x in front, or as a dump: lines with an
// offset in front and characters behind (xxd, hexdump -C, tcpdump -x and -X, Wireshark). Errors
// have line and column.
[[nodiscard]] result<std::vector<byte>> parse_dump(std::string_view text);

// Classic pcap: Ethernet, raw IP, or a link type for private use, whose start is to be found.
[[nodiscard]] result<std::vector<input_packet>> read_capture(std::span<const byte> file);

// A file of any of these kinds, told by its first bytes; what is no text is one packet, raw.
[[nodiscard]] result<std::vector<input_packet>> read_input(std::span<const byte> file);

}  // namespace rhumb::scion_tool
