// Whole SCION packets as a host sends them: common and address header, path, and UDP, an SCMP echo
// or an SCMP traceroute request, with their checksums (draft-dekater-scion-dataplane). And the way
// back: what a host answers. Threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/scion/text.hh"
#include "rhumb/bytes.hh"
#include "rhumb/result.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion::paths {

enum class payload_kind : std::uint8_t { udp, echo, traceroute };

struct packet_description {
    isd_as from;
    isd_as to;
    control::underlay_endpoint source;  // the port: UDP's; of SCMP requests, the identifier
    control::underlay_endpoint destination;
    std::vector<byte> path;  // of type SCION; none: the empty path
    std::uint8_t traffic_class = 0;
    std::uint32_t flow = 1;  // 20 bits
    payload_kind kind = payload_kind::udp;
    std::uint16_t sequence = 1;  // of SCMP requests
    std::vector<byte> data;      // of UDP and echo requests
};

// From the common header on.
[[nodiscard]] result<std::vector<byte>> write_packet(const packet_description& what);

// Asks the router by which a packet enters (`ingress`) or leaves the AS of hop field `hop` to look
// at the packet (the router alert flag). False: `path` has no such hop.
[[nodiscard]] bool set_alert(std::span<byte> path, std::size_t hop, bool ingress);

// What the host at the end of its way answers to a packet of type SCION: ports and addresses
// swapped, the path turned round, an echo request become a reply.
[[nodiscard]] result<std::vector<byte>> answer_to(std::span<const byte> scion);

}  // namespace rhumb::scion::paths
