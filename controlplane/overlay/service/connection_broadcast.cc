// The stream of rhumb.broadcast on a connection. Only the client opens it, again when it has ended;
// its end is no reason to end a connection that is of other use.
#include <algorithm>
#include <utility>

#include "controlplane/overlay/service/connection.hh"

namespace rhumb::overlay {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds least_again{5};
constexpr std::chrono::seconds most_again{60};  // a stream that held for so long was no failure

}  // namespace

// Who does not know it answers with an error, and nothing else comes of it.
void connection::call_broadcast() {
    called_ = steady_clock::now();
    open_broadcast(link_.calls().open(call_type::duplex, "rhumb.broadcast", R"([{"version":1}])",
                                      broadcasts::largest_frame));
}

void connection::answer_broadcast(const incoming_call& call) {
    budget_.spend(budget::messages, 1);  // it costs about as much
    std::optional<json_value> version;
    if (call.arguments && call.arguments->size() != 0) {
        version = (*call.arguments)[0].find("version");
    }
    if (!version || !version->is(json_kind::number) || version->number() != 1) {
        link_.calls().fail(call.id, "expected rhumb.broadcast({version: 1})");
        return;
    }
    stop_broadcast();
    link_.calls().allow(call.id, broadcasts::largest_frame);
    open_broadcast(call.id);
}

void connection::open_broadcast(stream_id id) {
    broadcast_ = id;
    if (id != 0) {
        spread_->opened(peer_, *this, id > 0);
    }
}

void connection::stop_broadcast() {
    if (const stream_id id = std::exchange(broadcast_, 0); id != 0) {
        link_.calls().end(id);
        spread_->closed(peer_, *this);
    }
}

// A peer that could not follow, or did wrong, gets another chance, more and more slowly.
void connection::broadcast_ended() {
    if (!is_client_ || is_closing_ || owner_ == nullptr) {
        return;
    }
    const bool has_held = steady_clock::now() - called_ >= most_again;
    again_after_ = has_held ? least_again : std::clamp(again_after_ * 2, least_again, most_again);
    again_timer_.expires_after(again_after_);
    again_timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
        if (cancelled || self->owner_ == nullptr || self->is_closing_ || self->broadcast_ != 0) {
            return;
        }
        if (self->owner_->is_for_broadcast(*self)) {
            return self->close("the stream of broadcast has ended");
        }
        if (!self->knows_no_broadcast_) {
            self->call_broadcast();
            self->write_soon();
        }
    });
}

void connection::take_broadcast(body_type type, std::string_view body) {
    if (type != body_type::binary) {
        link_.calls().fail(broadcast_, "frames of rhumb.broadcast must be binary");
        stop_broadcast();
        return broadcast_ended();
    }
    budget_.spend(budget::messages, 1);
    const std::size_t before = spread_->verifying();
    spread_->frame(peer_, *this, {reinterpret_cast<const byte*>(body.data()), body.size()});
    const std::size_t after = spread_->verifying();
    budget_.spend(budget::verifies, after > before ? after - before : 0);
}

void connection::send_frame(std::span<const byte> frame) {
    link_.calls().send(broadcast_, body_type::binary,
                       {reinterpret_cast<const char*>(frame.data()), frame.size()});
    write_soon();
}

void connection::end_broadcast(std::string_view why) {
    link_.calls().fail(std::exchange(broadcast_, 0), why);
    write_soon();
    broadcast_ended();
}

}  // namespace rhumb::overlay
