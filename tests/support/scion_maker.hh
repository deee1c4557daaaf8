// SCION packets from a description that reads like a table: segments in the order of travel, MACs
// by each hop's own key under the chain of segment ids, and SegIDs as they are where the packet
// stands (draft-dekater-scion-dataplane). Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/aes128.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::test {

// The forwarding key of an AS that is called by a number.
[[nodiscard]] std::vector<byte> as_key(byte number);
inline constexpr byte own_as = 1;
inline constexpr byte other_as = 2;

// Interfaces as the packet passes them, whatever the direction of construction.
struct hop_spec {
    std::uint16_t in = 0;
    std::uint16_t out = 0;
    byte as = other_as;  // whose key
    byte exp_time = 63;
    bool alert_in = false;  // for the router that it enters by
    bool alert_out = false;
    bool bad_mac = false;
    std::vector<byte> key = {};  // where it is not as_key(as)
};

struct segment_spec {
    bool construction = true;
    std::vector<hop_spec> hops;
    bool peering = false;
    std::uint16_t beta = 0x1111;  // of the hop that was constructed first
    std::uint32_t made = 1'767'225'600;
};

struct host_spec {
    unsigned type = scion::host_ipv4;
    std::vector<byte> bytes{10, 9, 9, 9};
};
[[nodiscard]] host_spec host(const std::string& address);
[[nodiscard]] host_spec service_host(unsigned number);

// A transport header with `data` bytes behind it.
struct layer4_spec {
    unsigned next = scion::next_udp;
    std::vector<byte> bytes;
};
[[nodiscard]] layer4_spec udp(unsigned source, unsigned destination, std::size_t data = 4);
[[nodiscard]] layer4_spec tcp(unsigned source, unsigned destination);
// The first four bytes and what follows them.
[[nodiscard]] layer4_spec scmp_message(byte type, byte code, const std::vector<byte>& rest);
[[nodiscard]] layer4_spec echo(byte type, unsigned identifier);
[[nodiscard]] layer4_spec traceroute(byte type, unsigned identifier);

struct epic_spec {
    std::uint32_t timestamp = 1;  // in steps of 21 us, behind the first segment's
    std::uint32_t counter = 0x02000003;
    bool bad_penultimate = false;
    bool bad_last = false;
};

struct packet_spec {
    scion::path_type type = scion::path_type::scion;
    std::string from = "1-ff00:0:110";
    std::string to = "1-ff00:0:112";
    host_spec source;
    host_spec destination{scion::host_ipv4, {10, 0, 0, 51}};
    std::vector<segment_spec> segments;
    unsigned hop = 0;              // CurrHF
    bool from_outside = true;      // stands at an external link; else inside the AS
    std::optional<unsigned> info;  // CurrINF, where it is to be another than the hop's
    // NextHdr and the header without its first byte.
    std::vector<std::pair<unsigned, std::vector<byte>>> extensions;
    layer4_spec layer4 = udp(40000, 21000);
    std::optional<unsigned> payload_length;
    std::size_t spare_words = 0;  // between path and payload, inside of HdrLen
    epic_spec epic;
    std::uint32_t flow = 0xbeef;
};

// From the common header on.
[[nodiscard]] std::vector<byte> make_scion(const packet_spec& spec);

// Where things are in such a packet, in bytes from the common header on, without an EPIC prefix.
[[nodiscard]] std::size_t info_at(const packet_spec& spec, unsigned info);
[[nodiscard]] std::size_t hop_at(const packet_spec& spec, unsigned hop);

// The whole tag of a hop field under a key.
[[nodiscard]] crypto::block mac_of(const std::vector<byte>& key, std::uint16_t beta,
                                   const byte* info, const byte* hop);

}  // namespace rhumb::test
