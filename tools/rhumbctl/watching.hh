// Looking at packets: `trace` writes what happened to each, `capture` keeps their frames.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>

#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/command.hh"

namespace rhumb::ctl {

// The event in words: a header line, the steps, the verdict, the frame before and after.
// Throws failure{no_connection} if it holds what no trace can.
[[nodiscard]] std::string trace_text(const nlohmann::json& event, std::uint64_t number);

// Each packet as it is traced; the closing line goes to `progress`.
void trace(client& router, const command& what, bool as_json, std::ostream& out,
           std::ostream& progress);

// Ends well, with all packets so far in the file, when `interrupt`, a descriptor, turns readable.
// `live`: `progress` is a terminal and shows a running count.
void capture(client& router, const command& what, int interrupt, bool live, std::ostream& progress);

}  // namespace rhumb::ctl
