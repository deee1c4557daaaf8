// Captures as bytes: the pcap format (draft-ietf-opsawg-pcap), link type Ethernet. Threads: any.
//
//   file:    magic 4 | version 2+2 | reserved 4+4 | snap length 4 | link type 4          24 bytes
//   packet:  seconds 4 | fraction 4 | bytes kept 4 | bytes on the wire 4 | the bytes kept
//
// The magic tells the byte order of all numbers and the fraction's unit: a1b2c3d4 microseconds,
// a1b23c4d nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/result.hh"

namespace rhumb::packets {

// More is no frame, but a damaged file. The same bound as libpcap's.
inline constexpr std::size_t max_frame_bytes = 262144;

struct captured {
    std::uint64_t nanoseconds = 0;  // since 1970
    std::uint32_t wire_bytes = 0;   // at least data.size()
    std::vector<byte> data;
};

// Both byte orders, both units. Errors have no position; they name the packet and the byte.
[[nodiscard]] result<std::vector<captured>> read_pcap(std::span<const byte> file);

// Little-endian, microseconds. Precondition: no frame is longer than max_frame_bytes.
[[nodiscard]] std::vector<byte> write_pcap(std::span<const captured> packets);

}  // namespace rhumb::packets
