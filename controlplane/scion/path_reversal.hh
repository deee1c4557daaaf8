// The way back of a packet: its path as the router that answers puts it into the reply
// (draft-dekater-scion-dataplane, path reversal; SCMP specification of the reference). Threads:
// control.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/scion/packet.hh"
#include "rhumb/bytes.hh"

namespace rhumb::scion {

// The bytes of a path of type SCION that leads from this router back to where `p` came from; `p`
// has one of type SCION or EPIC, of any shape that find_parts() accepts, with the current fields
// within it. `from_outside`: the packet came by an external link, which is to be left by. Empty:
// there is none, because the packet already stood at the end of its way back.
[[nodiscard]] std::vector<byte> path_back(const packet& p, bool from_outside);

}  // namespace rhumb::scion
