// Readers of the parts of a topology that stand in several places: addresses, ISD-AS numbers, and
// the links of a border router. What is wrong goes to `errors`, and the result then means nothing.
// Threads: control.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/config/diagnostics.hh"
#include "controlplane/scion/json_document.hh"
#include "controlplane/scion/json_object.hh"
#include "controlplane/scion/topology.hh"

namespace rhumb::scion::control {

// Which router has an interface of which number: an AS has each once.
using interface_ids = std::map<std::uint16_t, std::string>;

// The key isd_as, which must be there; wildcards are not looked at.
[[nodiscard]] isd_as read_isd_as(const json_object& from, config::diagnostics& errors);

// An address that must be there, host names excluded.
[[nodiscard]] std::optional<underlay_endpoint> read_endpoint(const json_object& from,
                                                             std::string_view key,
                                                             config::diagnostics& errors);

// A member of the interfaces of `router`; `core` says what this AS is.
[[nodiscard]] interface read_interface(json_value from, const std::string& router, bool core,
                                       interface_ids& ids, config::diagnostics& errors);

}  // namespace rhumb::scion::control
