// The SCION stage's decisions in words, for traces: what was checked and found, and where in the
// packet, so that a reader can find the field. Pure. Threads: control.
#pragma once

#include <string>

#include "rhumb/packet/slow_request.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/scion_table.hh"

namespace rhumb::scion {

// `own`: the table that the packet met, or what has come since; null: none, and numbers stay
// numbers. Precondition: a step of SCION's.
[[nodiscard]] std::string words_of(const trace_event& event, const table* own);

// What a worker asks of the slow path; empty for tasks that are none of SCION's.
[[nodiscard]] std::string words_of(const slow_request& asked, const table* own);

}  // namespace rhumb::scion
