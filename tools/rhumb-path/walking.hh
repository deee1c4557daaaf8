// What becomes of a packet with labels, for whoever shows it. Threads: one.
#pragma once

#include <nlohmann/json.hpp>

#include "controlplane/labels/label_walk.hh"
#include "tools/rhumb-path/network.hh"

namespace rhumb::path_tool {

struct walk_settings {
    bool one = false;
    words fail;

    void add_to(po::options_description& options);
    [[nodiscard]] labels::walk_options make(const network& in) const;
};

[[nodiscard]] nlohmann::json walk_json(const network& in, const labels::label_walk& walk);
// A table, to standard output.
void print_walk(const network& in, const labels::label_walk& walk);

}  // namespace rhumb::path_tool
