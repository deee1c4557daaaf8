// Configuration samples of the SCION reference implementation, from $RHUMB_VECTORS or from
// ../shared/vectors beside the project. Threads: any.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace rhumb::scion::control {

inline std::filesystem::path samples_folder() {
    const char* const given = std::getenv("RHUMB_VECTORS");
    const std::filesystem::path vectors =
        given != nullptr ? given : std::filesystem::path(RHUMB_ROOT) / "../shared/vectors";
    return vectors / "scion/config-samples";
}

inline bool have_samples() { return std::filesystem::exists(samples_folder() / "index.json"); }

inline std::string sample(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(samples_folder() / name, std::ios::binary).rdbuf();
    return text.str();
}

}  // namespace rhumb::scion::control
