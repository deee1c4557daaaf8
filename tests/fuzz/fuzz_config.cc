// Any bytes as a configuration file and as a change: a value or an error, nothing else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "controlplane/config/load.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rhumb::config;
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    // A table that it names is not there.
    const auto made = parse(text, "fuzz.toml", "/nonexistent");
    if (!made.ok() && (made.why().message.empty() || made.why().where.line == 0)) {
        std::abort();
    }
    if (const auto change = parse_fragment(text); !change.ok() && change.why().where.line == 0) {
        std::abort();
    }
    return 0;
}
