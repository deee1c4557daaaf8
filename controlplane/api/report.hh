// What a run did, as text for people: for rhumbd --trace and --summary, where packets come from a
// capture and are gone before anybody could ask. Threads: control.
#pragma once

#include <iosfwd>

#include "controlplane/api/router.hh"

namespace rhumb::api {

// The traces that workers have recorded, in the order of the workers.
void print_traces(router& running, std::ostream& out);

// Ports, next hops, labels, prefixes and drops with their counters.
void print_summary(const router& running, std::ostream& out);

}  // namespace rhumb::api
