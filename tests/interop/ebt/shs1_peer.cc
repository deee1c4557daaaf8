// One side of a secret handshake over standard input and output, as npm's shs1-test runs it:
//
//     shs1_peer NETWORK SERVER_PUBLIC                  the client
//     shs1_peer NETWORK SERVER_SECRET SERVER_PUBLIC    the server
//
// All of them in hexadecimal digits. At the end it writes the keys and nonces of the box stream.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "controlplane/overlay/wire/handshake.hh"
#include "tests/support/from_hex.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

key32 key_of(const char* digits) {
    const auto bytes = test::from_hex(digits);
    key32 key{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), key.size()), key.begin());
    return key;
}

bool write_all(std::span<const byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (count <= 0) {
            return false;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

bool run(handshake& side) {
    std::array<byte, 256> input{};
    for (;;) {
        if (side.state() == handshake_state::wants_answer) {
            side.accept();
        }
        if (!write_all(side.output())) {
            return false;
        }
        side.sent();
        if (side.state() != handshake_state::running) {
            return side.state() == handshake_state::done;
        }
        const ssize_t count = read(STDIN_FILENO, input.data(), input.size());
        if (count <= 0) {
            return false;
        }
        std::span<const byte> bytes = std::span(input).first(static_cast<std::size_t>(count));
        side.feed(bytes);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) {
        return 2;
    }
    const key32 network = key_of(argv[1]);
    // Of a secret key the first half is its seed.
    const auto own = argc == 4 ? identity::from_seed(key_of(argv[2])) : identity::generate();
    if (!own) {
        return 1;
    }
    handshake side = argc == 4 ? handshake::server(network, own.value())
                               : handshake::client(network, own.value(), key_of(argv[2]));
    if (!run(side)) {
        return 1;
    }
    const auto keys = side.keys();
    return write_all(keys->send_key) && write_all(keys->send_nonce) &&
                   write_all(keys->receive_key) && write_all(keys->receive_nonce)
               ? 0
               : 1;
}
