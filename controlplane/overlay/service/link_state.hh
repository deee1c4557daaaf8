// What a node says of itself (topology/advertisement.hh) as messages of its own feed, and back. A
// message holds about 8000 characters, so that it may take several, one after the other:
//
//     {"type": "rhumb/link-state", "node": "r1", "part": 1, "parts": 2,
//      "srgb": ["16000-23999"], "msd": 10, ..., "links": [{"name": "to-r2", ...}], ...}
//
// The version is the sequence of the last part in its feed: it ascends, and nobody else can make
// one. Docs: docs/overlay.md. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/topology/advertisement.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

inline constexpr std::string_view link_state_type = "rhumb/link-state";
inline constexpr std::size_t most_link_state_parts = 64;
// Numbers travel as doubles.
inline constexpr std::uint64_t most_link_state_number = (std::uint64_t{1} << 53) - 1;
inline constexpr std::array<std::string_view, topology::metric_types> link_state_metrics{
    "igp", "delay", "te"};

// Contents to publish, in this order. An error: one part of it is too long for a message.
[[nodiscard]] result<std::vector<std::string>> link_state_contents(
    const topology::advertisement& said);

// Puts the parts together that one feed has.
class link_state_assembler {
public:
    link_state_assembler();
    // A message of the feed, the next or a later one; `raw` is its text. Nothing: it is no link
    // state, or not the last part of one. An error: it makes no sense, or speaks of another node
    // than `node` (where that is not empty).
    [[nodiscard]] result<std::optional<topology::advertisement>> take(std::int64_t sequence,
                                                                      std::string_view raw,
                                                                      std::string_view node);

private:
    topology::advertisement building_;
    std::size_t parts_ = 0;  // 0: none is being put together
    std::size_t have_ = 0;
};

}  // namespace rhumb::overlay
