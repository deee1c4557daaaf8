// Any bytes instead of each message of a handshake, in any pieces: no end but failure, unless the
// bytes are those of the other side.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/wire/handshake.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::check;

// A byte: how long the next piece is; then the piece.
handshake_state feed_pieces(handshake& to, std::span<const byte> bytes) {
    while (!bytes.empty()) {
        std::span<const byte> piece =
            bytes.subspan(1, std::min<std::size_t>(bytes[0], bytes.size() - 1));
        bytes = bytes.subspan(1 + piece.size());
        to.feed(piece);
    }
    return to.state();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto alice = identity::from_seed(key32{1});
    static const auto bob = identity::from_seed(key32{2});
    if (size == 0) {
        return 0;
    }
    // So many messages pass as they are, up to three; then the input comes.
    const int honest = data[0] % 4;
    auto client = handshake::client(main_network, alice.value(), bob.value().id());
    auto server = handshake::server(main_network, bob.value());
    for (int n = 0; n < honest; ++n) {
        handshake& from = n % 2 == 0 ? client : server;
        std::span<const byte> bytes = from.output();
        (n % 2 == 0 ? server : client).feed(bytes);
        from.sent();
    }
    server.accept();
    handshake& to = honest % 2 == 0 ? server : client;
    const std::span<const byte> input(data + 1, size - 1);
    const handshake_state state = feed_pieces(to, input);
    check(state == handshake_state::running || state == handshake_state::failed);
    check((state == handshake_state::failed) == !to.why().empty());
    return 0;
}
