// The packet notation: any text is a packet or an error with a column, and any bytes have a
// description that means exactly these bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/support/case_file.hh"
#include "tests/support/packet_text.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rhumb::test;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = parse_packet(text);
    if (!parsed.ok() && parsed.why().where.column == 0) {
        std::abort();
    }
    auto cases = parse_case_file(text, "fuzz.case");
    if (!cases.ok() && cases.why().message.empty()) {
        std::abort();
    }
    for (const starts_with first : {starts_with::ethernet, starts_with::mpls, starts_with::ip}) {
        auto back = parse_packet(describe_packet({data, size}, first));
        if (!back.ok() || *back != packet_bytes(data, data + size)) {
            std::abort();
        }
    }
    return 0;
}
