// Re-optimisation: which policies should take other paths so that the fullest link is less full,
// and in which order. As few are moved as the search finds to be enough, and after no move, nor
// during one, is the fullest link fuller than it was before: a policy that moves make-before-break
// is counted on its old and new paths at once (on links of both, once).
// Threads: one at a time, as traffic.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "controlplane/controller/traffic.hh"
#include "controlplane/controller/what_if.hh"

namespace rhumb::controller {

// What a demand could follow instead: lists, and the links of the path that they spell (empty:
// several, or not known).
struct alternative {
    segment_lists lists;
    std::vector<topology::link_number> links;
    topology::segments spelt;  // the list as a headend would have it; empty: as in `lists`
};

struct move {
    std::uint32_t demand = 0;
    std::vector<segment_lists> before;  // choices
    alternative to;                     // to be followed from now on
    double during = 0;                  // the worst utilisation while it moves
    double after = 0;                   // and once it has moved
};

// Where demands could go.
struct alternatives {
    // The best first. `room`: what each link can take of the demand, in bits a second; a link with
    // less than its rate makes nothing better.
    std::function<std::vector<alternative>(std::uint32_t demand,
                                           std::span<const bits_per_second> room)>
        find;
    // The demand is to move, unless it turns out to be needless: later alternatives have to go with
    // it, and without it. None: there is nothing to keep in mind.
    std::function<void(const move& decided)> decided = nullptr;
};

struct reoptimise_options {
    double target = 0;          // utilisation: enough once no link is above it
    double least_gain = 0.001;  // of utilisation, by a move that makes the fullest link less full
    std::size_t most_moves = 100;
};

enum class stop_reason : std::uint8_t { target_reached, no_move_helps, too_many_moves, no_load };
[[nodiscard]] std::string_view to_string(stop_reason why);

struct reoptimisation {
    double before = 0;  // the worst utilisation
    double after = 0;
    std::optional<loaded_link> worst;  // after
    std::vector<move> moves;           // in this order
    stop_reason why = stop_reason::no_load;
};

// `movable`: demands that may get other lists. The traffic is as after all moves when it returns.
[[nodiscard]] reoptimisation reoptimise(traffic& t, std::span<const std::uint32_t> movable,
                                        const alternatives& others,
                                        const reoptimise_options& options = {});

}  // namespace rhumb::controller
