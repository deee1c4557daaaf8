// The running configuration as TOML, in pages. Threads: control.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "controlplane/config/config.hh"
#include "controlplane/publish/forwarding.hh"
#include "controlplane/routing/network.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

// Precondition: an operation of the configuration, not a special-purpose label's.
[[nodiscard]] config::operation operation_of(label_op op);

// Of a router that runs; null where it has none of that.
struct running_parts {
    const publish::forwarding& tables;
    const config::runtime& runtime;
    const config::scion_section* scion = nullptr;
    const routing::network* network = nullptr;
    const config::overlay_section* overlay = nullptr;
};

// {"rows": [{"toml": text}], "next": cursor}: node, ports, next hops, runtime, scion, topology,
// controller and overlay on the first page; then the map that stands in [topology]; then the label
// rules, then the prefixes, `limit` on a page. What is computed from the map is left out.
[[nodiscard]] result<nlohmann::json> running_config(const running_parts& of,
                                                    const std::string& from, std::uint64_t limit);

}  // namespace rhumb::api
