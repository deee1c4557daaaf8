#include "controlplane/overlay/wire/peer_link.hh"

#include <algorithm>

namespace rhumb::overlay {

// From the handshake's state to the link's; messages that it has made go out unsealed.
void peer_link::after_handshake() {
    sealed_.append(shake_.output());
    shake_.sent();
    switch (shake_.state()) {
        case handshake_state::running: break;
        case handshake_state::wants_answer: state_ = state::wants_answer; break;
        case handshake_state::failed: fail(shake_.why()); break;
        case handshake_state::done: {
            const wiped<stream_keys> keys = shake_.keys();
            writer_.emplace(keys->send_key, keys->send_nonce);
            reader_.emplace(keys->receive_key, keys->receive_nonce);
            state_ = state::open;
        }
    }
}

peer_link::state peer_link::feed(std::span<byte> bytes) {
    if (state_ == state::connecting) {
        std::span<const byte> rest = bytes;
        shake_.feed(rest);
        bytes = bytes.last(rest.size());
        after_handshake();
    }
    if (state_ == state::wants_answer && !bytes.empty()) {
        return fail("the client speaks before it is let in");
    }
    if (state_ == state::open) {
        feed_box(bytes);
    }
    return state_;
}

peer_link::state peer_link::accept() {
    if (state_ == state::wants_answer) {
        shake_.accept();
        after_handshake();
    }
    return state_;
}

peer_link::state peer_link::refuse() {
    if (state_ == state::wants_answer) {
        shake_.refuse();
        after_handshake();
    }
    return state_;
}

void peer_link::feed_box(std::span<byte> bytes) {
    while (state_ == state::open) {
        switch (reader_->read(bytes)) {
            case box_reader::event::none: return;
            case box_reader::event::data: calls_.feed(reader_->plain()); break;
            case box_reader::event::failed: fail(reader_->why()); return;
            case box_reader::event::goodbye:
                // Some peers leave without a goodbye to the calls, when nothing was said for long.
                if (calls_.now() != session::state::closed) {
                    why_ = "the peer has left";
                    calls_.hang_up();
                }
                say_goodbye();
                return;
        }
        if (calls_.now() == session::state::failed) {
            fail(calls_.why());
        } else if (calls_.now() == session::state::closed) {
            say_goodbye();
        }
    }
}

// After all that waits; nothing follows it. Our goodbye answers the peer's, or comes first: there
// is nothing to wait for once both sides have ended their calls.
void peer_link::say_goodbye() {
    if (!said_goodbye_) {
        writer_->seal(calls_.output().waiting(), sealed_);
        calls_.output().clear();
        writer_->goodbye(sealed_);
        said_goodbye_ = true;
    }
    state_ = state::ended;
}

peer_link::state peer_link::fail(std::string_view why) {
    if (state_ != state::failed && state_ != state::ended) {
        state_ = state::failed;
        why_ = why;
        sealed_.clear();
        calls_.hang_up();
    }
    return state_;
}

peer_link::state peer_link::hang_up() {
    if (state_ == state::ended) {
        return state_;
    }
    return fail(state_ == state::connecting ? shake_.meaning_of_hang_up() : "unexpected hang-up");
}

std::span<const byte> peer_link::output() {
    // So much at a time that the socket has enough, and what comes after is still plain.
    constexpr std::size_t enough = 16 * segment_bytes;
    if (state_ == state::connecting) {
        sealed_.append(shake_.output());  // a client's first message
        shake_.sent();
    }
    byte_queue& plain = calls_.output();
    if (state_ == state::open && sealed_.size() < enough) {
        const std::size_t count = std::min(plain.size(), enough);
        writer_->seal(plain.waiting().first(count), sealed_);
        plain.take(count);
    }
    return sealed_.waiting();
}

}  // namespace rhumb::overlay
