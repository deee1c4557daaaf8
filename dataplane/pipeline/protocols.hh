// THE registration line: every protocol that the pipeline runs. A protocol is a type with
//   static constexpr protocol kind;            what burst::kind says of its packets
//   static constexpr std::uint16_t ethertype;  how its packets come in; not there: inside others'
//   template <class Trace> static void process(burst&, lane, const stage_context&,
//                                            lanes& uncovered, Trace&);
// A stage puts a packet under which it uncovers another protocol into that one's lane.
// To add one: its folder, its enumerator in packet/burst.hh, and its name in this list.
#pragma once

#include <tuple>

#include "dataplane/ip/stage.hh"
#include "dataplane/mpls/stage.hh"
#include "dataplane/scion/stage.hh"

namespace rhumb {

using protocols = std::tuple<mpls::stage, ip::ipv4_stage, ip::ipv6_stage, scion::stage>;

}  // namespace rhumb
