// The short way through the stage for plain packets, which most are: a SCION path without peering
// and alerts, for a link or for a UDP or TCP port of an IPv4 host, over IPv4 on both sides. All
// that the long way (stage.cc) checks is checked here too, but not told apart: a packet for which
// anything does not hold is left as it came, and the long way finds out what is to be said of it.
//
//   take, for each packet    where its parts are; every check but the MAC; where it is to go
//   MAC, for the burst       one AES block a hop field, two at a switch of segments
//   send, for each packet    MAC compared; SegID, PathMeta, underlay headers; next hop
//
// So nothing is written before everything is known, and a packet costs no second round through the
// IP stage. tests/support/scion_rig.cc puts each test's packets both ways. Threads: worker.
#pragma once

#include "rhumb/packet/burst.hh"
#include "rhumb/packet/lane.hh"
#include "rhumb/table/stage_context.hh"

namespace rhumb::scion {

// Forwards the plain ones among `packets`; the others, untouched, are in `rest`, in their order.
// Precondition: the router speaks SCION.
void forward_plain(burst& b, lane packets, const stage_context& context, lane_list& rest) noexcept;

}  // namespace rhumb::scion
