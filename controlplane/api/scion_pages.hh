// What the HTTP listener shows of a SCION border router. Threads: control.
#pragma once

#include <vector>

#include "controlplane/api/http_listener.hh"
#include "controlplane/api/router.hh"

namespace rhumb::api {

// Precondition: the router is a border router. `running` outlives the pages.
[[nodiscard]] std::vector<page> scion_pages(const router& running);

}  // namespace rhumb::api
