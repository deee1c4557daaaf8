// Packets as people write them, both ways. Used by the case files, the unit tests and every failure
// message that shows a packet. Threads: any.
//
//   eth 02:00:00:00:09:01 > 02:00:00:00:01:01 | mpls 16002 ttl 63 | ipv4 10.0.0.1 > 10.2.0.1
//       | udp 1000 > 2000 | data 8                                          (all of it one line)
//
// A packet is a row of elements with `|` between them, outermost first. What follows from the rest
// (ethertypes, bottom-of-stack bits, lengths, protocols, checksums) is filled in; a word that names
// it overrides it, right or wrong. Numbers are decimal or 0x; [x] is what holds without the word.
//
//   eth SOURCE > DESTINATION   type N [by what follows]
//   vlan ID                    pcp N [0], dei, type N [by what follows]
//   mpls LABEL                 ttl N [64], tc N [0], bottom, not-bottom [by what follows]
//   ipv4 SOURCE > DESTINATION  ttl N [64], dscp N [0], ecn N [0], id N [0], df, mf, offset N [0] in
//                              8 bytes, protocol N [by what follows], options HEX (4, 8.. bytes),
//                              length N, checksum N, ihl N in 4 bytes, version N
//   ipv6 SOURCE > DESTINATION  hop-limit N [64], traffic-class N [0], flow-label N [0],
//                              next-header N [by what follows], length N, version N
//   udp PORT > PORT            length N, checksum N
//   tcp PORT > PORT            seq N [0], ack N [0], flags N [0x10], window N [0], checksum N
//   data N                     N bytes: 00 01 02 ...
//   payload "TEXT"             the text's bytes; bytes N: over and over, until there are N
//   scion AS,HOST > AS,HOST    1-ff00:0:110,10.0.0.1; hosts are IPv4, IPv6, CS, DS, svc:N
//                              flow N [1], traffic-class N [0], next N and length N (of the
//                              payload) and path-type N and header-length N in words [by what
//                              follows], version N [0]
//   path                       at N: CurrHF [0]; info N: CurrINF [by CurrHF]
//   one-hop                    instead of path, before a segment with two hops
//   segment forth|back         forth: in the direction of construction; peering, age N seconds [0]
//                              or made N; id N: what the MACs of its hops are made with [0];
//                              with N: SegID is id with the MAC of hop N, from 0 on, chained in
//   hop IN > OUT               of the segment before it, ConsIngress > ConsEgress; exp N [0],
//                              key NAME [no key: no MAC], id N [the segment's], mac HEX,
//                              ingress-alert, egress-alert
//   hbh HEX, e2e HEX           extension headers with these options
//   scmp TYPE/CODE             by type: pointer N, mtu N, isd-as AS, interface N, ingress N,
//                              egress N, id N, seq N [0]; checksum N. What follows is the quote,
//                              of which cut N keeps N bytes
//   bfd STATE                  my N, your N [0], tx N, rx N [200000], multiplier N [3], diagnostic
//   N hex 45 00 1c ...           these bytes trailer 00 01 ...          bytes behind the packet: no
//   header's length counts them pad N                      zeros behind the packet until the frame
//   has N bytes truncate N                 cuts the frame to N bytes
//
// `$name` stands for elements that the caller has named; words behind it go to the first of them:
// with flow = `ipv4 10.0.0.1 > 10.2.0.1 | data 8`, `$flow ttl 9` sets that header's TTL.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/result.hh"

namespace rhumb::test {

using packet_bytes = std::vector<byte>;
// Besides what `$name` stands for: "key NAME", 32 hex digits, for MACs; "now", seconds since 1970,
// from which ages count.
using packet_names = std::map<std::string, std::string, std::less<>>;

// The bytes, or an error whose position has only a column: in `text`, from 1.
[[nodiscard]] result<packet_bytes> parse_packet(std::string_view text,
                                                const packet_names& names = {});

// The same for text that is known to be right (in tests of other things): throws
// std::invalid_argument with text, column and reason.
[[nodiscard]] packet_bytes packet(std::string_view text);

// What kind of header a packet starts with.
enum class starts_with { ethernet, mpls, ip };

// The text that parse_packet() turns into exactly these bytes.
[[nodiscard]] std::string describe_packet(std::span<const byte> bytes,
                                          starts_with first = starts_with::ethernet);

// Both packets in words and, side by side, in hex, with a mark at every byte that differs.
[[nodiscard]] std::string packet_difference(std::span<const byte> expected,
                                            std::span<const byte> actual);

}  // namespace rhumb::test
