// Any text as a message with link state: what is taken makes sense to the map, and can be written
// and read back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/overlay/service/link_state.hh"
#include "controlplane/topology/map.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::check;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Messages of one feed, a line each.
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    link_state_assembler parts;
    topology::map map;
    for (std::int64_t sequence = 1; !rest.empty(); ++sequence) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + (line.size() < rest.size() ? 1 : 0));
        const auto read = parts.take(sequence, line, {});
        if (!read) {
            check(!read.why().message.empty());
            continue;
        }
        if (!read.value()) {
            continue;
        }
        const topology::advertisement& said = *read.value();
        check(said.version == static_cast<std::uint64_t>(sequence));
        check(map.apply(said).ok());
        const auto contents = link_state_contents(said);
        if (!contents) {
            continue;  // longer than the writer would make it
        }
        link_state_assembler again;
        for (std::size_t n = 0; n < contents.value().size(); ++n) {
            const auto part =
                again.take(sequence, "{\"content\":" + contents.value()[n] + "}", said.origin);
            check(part.ok());
            check(part.value().has_value() == (n + 1 == contents.value().size()));
            check(!part.value() || *part.value() == said);
        }
    }
    return 0;
}
