// The stream of rhumb.broadcast on a connection. Only the client opens it; its end is no reason to
// end the connection.
#include <utility>

#include "controlplane/overlay/service/connection.hh"

namespace rhumb::overlay {

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

void connection::take_broadcast(body_type type, std::string_view body) {
    if (type != body_type::binary) {
        link_.calls().fail(broadcast_, "frames of rhumb.broadcast must be binary");
        return stop_broadcast();
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
}

}  // namespace rhumb::overlay
