// Words that both halves of a session use (session.cc, session_incoming.cc). Threads: any.
#pragma once

#include <array>
#include <string_view>

namespace rhumb::overlay {

// As JavaScript's peers say it.
inline constexpr std::string_view parent_ended = "unexpected end of parent stream";
// In the order of call_type.
inline constexpr std::array<std::string_view, 4> call_type_names{"async", "source", "sink",
                                                                 "duplex"};

}  // namespace rhumb::overlay
