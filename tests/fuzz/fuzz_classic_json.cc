// Any bytes as JSON: what is read can be written in both styles, and reads back as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/overlay/wire/json.hh"
#include "controlplane/overlay/wire/json_writer.hh"
#include "controlplane/overlay/wire/utf.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::check;

std::string written(std::string_view text, json_style style) {
    constexpr std::size_t plenty = std::size_t{64} << 20;
    json_document document;
    check(document.read(text).ok());
    std::string out;
    check(write_json(document.root(), style, out, plenty));
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    json_document document;
    if (const auto done = document.read(text); !done) {
        check(!done.why().message.empty());
        return 0;
    }
    const std::string compact = written(text, json_style::compact);
    const std::string pretty = written(text, json_style::pretty);
    if (pretty.size() <= json_document::limits{}.bytes) {
        check(written(pretty, json_style::compact) == compact);
    }
    if (compact.size() <= json_document::limits{}.bytes) {
        check(written(compact, json_style::pretty) == pretty);
    }
    std::string latin1;
    append_latin1(latin1, pretty);
    check(latin1.size() == utf16_units(pretty));
    std::string little;
    static_cast<void>(write_json(document.root(), json_style::pretty, little, 100));
    check(pretty.starts_with(std::string_view(little).substr(0, 100)));
    return 0;
}
