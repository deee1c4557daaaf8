// Any bytes as the payload of a broadcast message: what was read can be written and read back, and
// nothing is looked at that is not there.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/service/envelope.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb::overlay;
using rhumb::byte;
using rhumb::test::check;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Of the length that is said: a byte beyond is found by the sanitizer.
    const std::vector<byte> bytes(data, data + size);
    const auto down = read_link_down(bytes);
    if (down) {
        std::vector<byte> again;
        append_link_down(again, *down);
        check(again == bytes);
    }
    const auto read = read_envelope(bytes);
    if (!read) {
        return 0;
    }
    check(read->kind != 0 && read->sent_ms >= 0);
    check(!read->is(broadcast_kind::link_down) || read_link_down(read->content).has_value());
    check(is_fresh(read->sent_ms, read->sent_ms, 0));
    std::vector<byte> written;
    append_envelope(written, *read);
    check(written == bytes);
    return 0;
}
