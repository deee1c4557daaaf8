// Computed tables beside a configuration's own rules, as one file to build tables from. Threads:
// any (pure).
#pragma once

#include "controlplane/config/config.hh"
#include "controlplane/publish/computed.hh"

namespace rhumb::routing {

// Adds what was computed. Precondition: computed for this configuration, so nothing is there twice.
void add_to(config::file& file, const publish::computed_tables& computed);

}  // namespace rhumb::routing
