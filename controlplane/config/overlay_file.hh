// A file of rhumb-overlay's own (docs/overlay.md): [overlay], and of a router's sections [node] and
// [runtime]. As strict as the configuration of a router. Threads: control.
#pragma once

#include <string>
#include <string_view>

#include "controlplane/config/config.hh"
#include "rhumb/result.hh"

namespace rhumb::config {

struct overlay_file {
    std::string path;
    config::node node;
    config::runtime runtime;
    overlay_section overlay;
};
[[nodiscard]] result<overlay_file> load_overlay(const std::string& path);
[[nodiscard]] result<overlay_file> parse_overlay(std::string_view text, const std::string& name);

}  // namespace rhumb::config
