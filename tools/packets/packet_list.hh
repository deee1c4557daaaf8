// Packets in a text file, one a line, in the notation of tests/support/packet_text.hh. Threads:
// any.
//
//   # Comments and empty lines are passed over.
//   let to-west = eth 02:00:00:00:09:01 > 02:00:00:00:01:01
//   $to-west | mpls 16002 ttl 64 | ipv4 10.0.0.1 > 10.2.0.1
//       | udp 1000 > 2000 | data 8          a line that starts with a bar goes on with the last one
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/result.hh"

namespace rhumb::packets {

struct listed_packet {
    std::uint32_t line = 0;  // where it starts, from 1
    std::vector<byte> data;
};

// Errors name file (as `name`), line and column.
[[nodiscard]] result<std::vector<listed_packet>> read_packet_list(std::string_view text,
                                                                  const std::string& name);

}  // namespace rhumb::packets
