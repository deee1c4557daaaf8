// Any bytes as a label table: rules whose lists exist, or an error that says where.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "controlplane/config/load.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rhumb::config;
    rules made;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto done = parse_labels_csv(text, "fuzz.csv", 1, made);
    if (!done.ok()) {
        if (done.why().message.empty() || done.why().where.line == 0) {
            std::abort();
        }
        return 0;
    }
    for (const label_rule& rule : made.labels) {
        const bool paths = rule.paths < made.path_lists.size();
        const bool list = rule.list < made.segment_lists.size();
        if (paths != (rule.op != operation::next) || list != (rule.op == operation::push)) {
            std::abort();
        }
    }
    return 0;
}
