// What the stage benchmark measures: for each case a router's rules and the frames that come in.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/config/config.hh"
#include "rhumb/bytes.hh"
#include "rhumb/table/scion_table.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::bench {

inline constexpr ethernet::mac_address our_mac{2, 0, 0, 0, 1, 1};
inline constexpr unsigned nexthop_count = 64;   // named n0, n1, ...
inline constexpr std::size_t frame_bytes = 64;  // of a frame that need not be longer

using frame = std::vector<byte>;  // all of a case's about as long

// The border router of a case, and the time of day that its packets are of.
struct border_router {
    std::shared_ptr<const scion::table> table;
    std::uint64_t now_ms = 0;
};

struct stage_case {
    std::string name;
    // Adds what the router needs to know, and says of what kind the frames are: the maker gives the
    // n-th of them.
    std::function<std::function<frame(std::size_t n)>(config::rules&)> make;
    bool all_forwarded = true;  // else some are dropped on purpose
    border_router scion = {};   // null: none
};

[[nodiscard]] std::vector<stage_case> stage_cases();
[[nodiscard]] std::vector<stage_case> scion_cases();  // also among the above
// How the cost grows: `labels N`, `paths N`, `push N`, `next N`.
[[nodiscard]] std::vector<stage_case> scaling_cases();

}  // namespace rhumb::bench
