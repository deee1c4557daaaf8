// Any bytes as a message, and as the content of one that is made: what is a message reads the same
// once more, and what was made verifies.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "controlplane/overlay/wire/classic_message.hh"
#include "controlplane/overlay/wire/utf.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::check;

void check_message(message_reader& reader, const classic_message& message) {
    check(message.sequence >= 1 && (message.sequence == 1) == !message.previous);
    check(std::isfinite(message.timestamp));
    check(utf16_units(message.signed_text) <= max_message_units);
    classic_message again;
    check(reader.read(message.wire, again).ok());
    check(again.wire == message.wire && again.signed_text == message.signed_text);
    check(again.id == message.id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto author = identity::from_seed(key32{1});
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    message_reader reader;
    classic_message message;
    if (const auto done = reader.read(text, message)) {
        check_message(reader, message);
        static_cast<void>(verify(message));
    } else {
        check(!done.why().message.empty());
    }
    const chain_position after{size % 3 == 0 ? 0 : 7, key32{5}};
    const auto made = reader.make(author.value(), after, 1.5e12, text);
    if (made) {
        check(verify(made.value()) && check_follows(made.value(), after));
        check_message(reader, made.value());
    }
    return 0;
}
