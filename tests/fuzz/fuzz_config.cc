// Any bytes as a configuration file and as a change: a value or an error, nothing else. A map in it
// can be written, and reads as the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "controlplane/config/inline_map.hh"
#include "controlplane/config/load.hh"

namespace {

using namespace rhumb::config;

bool reads_as_the_same(const inline_map& map) {
    const auto again = parse("[topology.map]\n" + map.text, "again.toml", "/nonexistent");
    if (!again.ok() || again.value().topology->map == nullptr) {
        return false;
    }
    const inline_map& other = *again.value().topology->map;
    return other.text == map.text && other.policies_text == map.policies_text &&
           other.network.nodes == map.network.nodes &&
           other.network.affinities == map.network.affinities &&
           parse_policies(map.policies_text, "policies.toml", map.network.affinities).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    // A table that it names is not there.
    const auto made = parse(text, "fuzz.toml", "/nonexistent");
    if (!made.ok() && (made.why().message.empty() || made.why().where.line == 0)) {
        std::abort();
    }
    if (made.ok() && made.value().topology && made.value().topology->map != nullptr &&
        !reads_as_the_same(*made.value().topology->map)) {
        std::abort();
    }
    if (const auto change = parse_fragment(text); !change.ok() && change.why().where.line == 0) {
        std::abort();
    }
    return 0;
}
