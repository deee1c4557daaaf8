// One connection, from its first byte to its last: handshake, box stream and session, one in the
// other. Whoever has the socket gives it what comes and sends what it gives; time limits are his.
//
//     connecting ──> wants_answer (server: accept() or refuse()) ──> open ──> ended
//                                  any of them ──> failed
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/overlay/wire/box_stream.hh"
#include "controlplane/overlay/wire/byte_queue.hh"
#include "controlplane/overlay/wire/handshake.hh"
#include "controlplane/overlay/wire/session.hh"
#include "rhumb/bytes.hh"

namespace rhumb::overlay {

class peer_link {
public:
    enum class state : std::uint8_t {
        connecting,
        wants_answer,
        open,
        ended,  // send output(), then close the socket
        failed  // close the socket
    };

    peer_link(handshake shake, session_handler& handler, session_limits limits = {},
              std::string manifest = {})
        : shake_(std::move(shake)), calls_(handler, limits, std::move(manifest)) {}

    // All of the bytes, which are decrypted where they lie.
    state feed(std::span<byte> bytes);
    // Lets the client in, or not: between messages 3 and 4 of the handshake.
    state accept();
    state refuse();
    // The socket has ended. After the goodbyes that is as it should be.
    state hang_up();
    // Ends all calls and says goodbye; the link ends when the peer has done so, too.
    void close() { calls_.close(); }

    // What is to be sent next, in segments as full as can be. Good until the next call.
    [[nodiscard]] std::span<const byte> output();
    void sent(std::size_t count) noexcept { sealed_.take(count); }
    // All that waits to be sent.
    [[nodiscard]] std::size_t bytes_pending() const noexcept {
        return sealed_.size() + calls_.bytes_pending();
    }

    [[nodiscard]] state now() const noexcept { return state_; }
    // Of who is at the other end; good from wants_answer or open on.
    [[nodiscard]] const key32& remote() const noexcept { return shake_.remote(); }
    [[nodiscard]] session& calls() noexcept { return calls_; }
    [[nodiscard]] const session& calls() const noexcept { return calls_; }
    [[nodiscard]] std::string_view why() const noexcept { return why_; }

private:
    void after_handshake();
    void feed_box(std::span<byte> bytes);
    void say_goodbye();
    state fail(std::string_view why);

    handshake shake_;
    session calls_;
    std::optional<box_reader> reader_;
    std::optional<box_writer> writer_;
    byte_queue sealed_;
    state state_ = state::connecting;
    bool said_goodbye_ = false;
    std::string why_;
};

}  // namespace rhumb::overlay
