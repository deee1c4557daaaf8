#include "controlplane/overlay/wire/session.hh"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "controlplane/overlay/wire/json_writer.hh"
#include "controlplane/overlay/wire/session_words.hh"

namespace rhumb::overlay {
namespace {

// Of a call or an error: as much memory as a session keeps for them.
constexpr std::size_t max_call_values = 4096;

// {"name":["ebt","replicate"],"args":[…],"type":"duplex"}; JavaScript leaves out the type async.
std::string call_body(call_type type, std::string_view name, std::string_view arguments) {
    std::string body = "{\"name\":[";
    for (bool first = true; first || !name.empty(); first = false) {
        const std::size_t part = std::min(name.find('.'), name.size());
        body += first ? "" : ",";
        append_json_string(body, name.substr(0, part));
        name.remove_prefix(std::min(part + 1, name.size()));
    }
    body += "],\"args\":";
    body += arguments;
    if (type != call_type::async) {
        body += ",\"type\":\"";
        body += call_type_names[static_cast<std::size_t>(type)];
        body += '"';
    }
    return body + '}';
}

}  // namespace

std::string error_body(std::string_view message) {
    std::string body = R"({"name":"Error","message":)";
    append_json_string(body, message);
    return body + R"(,"stack":""})";
}

bool says_no_ebt(std::string_view error) noexcept {
    return error == "method:ebt,replicate is not in list of allowed methods" ||
           error == "muxrpc: no such command: ebt.replicate";
}

bool says_no_broadcast(std::string_view error) noexcept {
    return error == "method:rhumb,broadcast is not in list of allowed methods" ||
           error == "muxrpc: no such command: rhumb.broadcast";
}

session::session(session_handler& handler, session_limits limits, std::string manifest)
    : handler_(&handler),
      limits_(limits),
      manifest_(std::move(manifest)),
      document_({.bytes = json_document::limits{}.bytes, .values = max_call_values}) {}

session::open_call* session::find(stream_id id) noexcept {
    const auto found = std::find_if(calls_.begin(), calls_.end(),
                                    [&](const open_call& call) { return call.id == id; });
    return found == calls_.end() ? nullptr : &*found;
}

void session::forget(stream_id id) noexcept {
    std::erase_if(calls_, [&](const open_call& call) { return call.id == id; });
}

session::open_call* session::writable(stream_id id, bool is_async) noexcept {
    open_call* const call = state_ == state::open ? find(id) : nullptr;
    return call != nullptr && call->is_async == is_async && !call->ended ? call : nullptr;
}

void session::put(stream_id id, bool is_stream, bool is_end, body_type type,
                  std::string_view body) {
    append_frame(
        output_,
        {.is_stream = is_stream, .is_end = is_end, .type = type, .length = 0, .request = id}, body);
}

// What the session says by itself is counted, as the peer decides how much that is.
void session::put_own(stream_id id, bool is_stream, bool is_end, std::string_view body) {
    const std::size_t before = output_.size();
    put(id, is_stream, is_end, body_type::json, body);
    answer_bytes_ = std::min(answer_bytes_, before) + output_.size() - before;
    if (answer_bytes_ > limits_.answers) {
        cut("the peer calls, but does not read the answers");
    }
}

stream_id session::next_id() noexcept {
    const bool can = state_ == state::open && calls_.size() < limits_.calls &&
                     last_own_ != std::numeric_limits<stream_id>::max();
    return can ? ++last_own_ : 0;
}

stream_id session::start(const open_call& as, std::string_view body) {
    const stream_id id = next_id();
    if (id != 0) {
        calls_.push_back(as);
        calls_.back().id = id;
        put(id, !as.is_async, false, body_type::json, body);
    }
    return id;
}

stream_id session::open(call_type type, std::string_view name, std::string_view arguments,
                        std::size_t largest) {
    open_call as;
    as.is_async = type == call_type::async;
    as.largest = largest;
    return start(as, call_body(type, name, arguments));
}

stream_id session::call(std::string_view name, std::string_view arguments) {
    return open(call_type::async, name, arguments);
}

void session::keep_alive() {
    const bool one_is_out = std::any_of(calls_.begin(), calls_.end(),
                                        [](const open_call& call) { return call.is_silent; });
    if (!one_is_out) {
        open_call as;
        as.is_async = as.is_silent = true;
        start(as, call_body(call_type::async, "manifest", "[]"));
    }
}

void session::allow(stream_id id, std::size_t largest) {
    if (open_call* const call = find(id)) {
        call->largest = largest;
    }
}

bool session::send(stream_id id, body_type type, std::string_view body) {
    const bool harms = body.empty() || (type == body_type::json && body == "null");
    if (harms || writable(id, false) == nullptr) {
        return false;
    }
    put(id, true, false, type, body);
    return true;
}

bool session::end(stream_id id) {
    open_call* const call = writable(id, false);
    if (call == nullptr) {
        return false;
    }
    call->ended = true;
    put(id, true, true, body_type::json, "true");
    return true;
}

bool session::fail(stream_id id, std::string_view message) {
    open_call* const call = writable(id, false);
    if (call == nullptr) {
        return false;
    }
    call->ended = true;
    put(id, true, true, body_type::json, error_body(message));
    return true;
}

bool session::answer(stream_id id, body_type type, std::string_view body) {
    if (id > 0 || body.empty() || writable(id, true) == nullptr) {
        return false;
    }
    forget(id);
    put(id, false, false, type, body);
    return true;
}

bool session::refuse(stream_id id, std::string_view message) {
    if (id > 0 || writable(id, true) == nullptr) {
        return false;
    }
    forget(id);
    put(id, false, true, body_type::json, error_body(message));
    return true;
}

void session::close() {
    if (state_ != state::open) {
        return;
    }
    for (const open_call& call : calls_) {
        if (!call.is_async && !call.ended) {
            put(call.id, true, true, body_type::json, "true");
        } else if (call.is_async && call.id < 0) {
            put(call.id, false, true, body_type::json, error_body(parent_ended));
        }
    }
    for (open_call& call : calls_) {
        call.ended = true;
    }
    append_mux_goodbye(output_);
    state_ = state::closing;
}

session::state session::feed(std::span<const byte> bytes) {
    while (state_ == state::open || state_ == state::closing) {
        switch (reader_.read(bytes)) {
            case mux_reader::event::none: return state_;
            case mux_reader::event::header: on_header(reader_.header()); break;
            case mux_reader::event::frame: on_frame(reader_.header(), reader_.body()); break;
            case mux_reader::event::goodbye: on_goodbye(); break;
            case mux_reader::event::failed: cut(reader_.why()); break;
        }
    }
    return state_;
}

session::state session::hang_up() {
    if (state_ == state::open || state_ == state::closing) {
        cut("unexpected hang-up");
    }
    return state_;
}

// Nothing more is sent or read.
void session::cut(std::string_view why) {
    if (state_ == state::failed) {
        return;
    }
    state_ = state::failed;
    why_ = why;
    output_.clear();
    end_all(why);
}

void session::end_all(std::string_view why) {
    while (!calls_.empty()) {
        const open_call call = calls_.back();
        calls_.pop_back();
        if (!call.is_async) {
            handler_->on_end(*this, call.id, why);
        } else if (call.id > 0 && !call.is_silent) {
            handler_->on_answer(*this, call.id, false, body_type::json, why);
        }
    }
}

}  // namespace rhumb::overlay
