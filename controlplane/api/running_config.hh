// The running configuration as TOML, in pages. Threads: control.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "controlplane/config/config.hh"
#include "controlplane/publish/forwarding.hh"
#include "rhumb/result.hh"

namespace rhumb::api {

// Precondition: an operation of the configuration, not a special-purpose label's.
[[nodiscard]] config::operation operation_of(label_op op);

// {"rows": [{"toml": text}], "next": cursor}: node, ports, next hops, runtime and, where it is not
// null, `scion` on the first page; then the label rules, then the prefixes, `limit` on a page.
[[nodiscard]] result<nlohmann::json> running_config(const publish::forwarding& tables,
                                                    const config::runtime& runtime,
                                                    const config::scion_section* scion,
                                                    const std::string& from, std::uint64_t limit);

}  // namespace rhumb::api
