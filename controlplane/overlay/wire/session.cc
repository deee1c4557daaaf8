#include "controlplane/overlay/wire/session.hh"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "controlplane/overlay/wire/json_writer.hh"

namespace rhumb::overlay {
namespace {

constexpr std::string_view parent_ended = "unexpected end of parent stream";
constexpr std::array<std::string_view, 4> type_names{"async", "source", "sink", "duplex"};

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
        body += type_names[static_cast<std::size_t>(type)];
        body += '"';
    }
    return body + '}';
}

// A procedure's name with `separator` between its parts, nothing where it is none.
std::optional<std::string> name_of(const json_value& call, char separator) {
    constexpr std::size_t most_parts = 8;
    const auto name = call.find("name");
    if (!name) {
        return std::nullopt;
    }
    if (name->is(json_kind::string)) {
        return std::string(name->text());
    }
    std::string joined;
    const bool is_list = name->is(json_kind::array) && name->size() != 0;
    for (std::size_t n = 0; is_list && n != name->size(); ++n) {
        if (!(*name)[n].is(json_kind::string) || n == most_parts) {
            return std::nullopt;
        }
        joined += n == 0 ? "" : std::string(1, separator);
        joined += (*name)[n].text();
    }
    return is_list ? std::optional(joined) : std::nullopt;
}

// A stream of a type that is not known is offered as what can do the most.
call_type type_of(const json_value& call, bool is_stream) {
    const auto name = call.find_text("type").value_or(std::string_view());
    for (std::size_t n = 1; is_stream && n != type_names.size(); ++n) {
        if (name == type_names[n]) {
            return static_cast<call_type>(n);
        }
    }
    return is_stream ? call_type::duplex : call_type::async;
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

session::session(session_handler& handler, session_limits limits, std::string manifest)
    : handler_(&handler), limits_(limits), manifest_(std::move(manifest)) {}

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

// Calls are numbered upwards: what is not above the last is about a call that has ended.
bool session::is_new_call(const frame_header& header) const noexcept {
    return header.request > last_of_peer_ && !header.is_end && state_ == state::open;
}

void session::on_header(const frame_header& header) {
    if (header.request == 0 || header.request == std::numeric_limits<std::int32_t>::min()) {
        cut("a frame with a number that no call has");
        return;
    }
    const open_call* const call = find(-header.request);
    const bool is_read = call != nullptr || is_new_call(header);
    const std::size_t own = call != nullptr ? call->largest : 0;
    if (header.length > (!is_read ? limits_.large : own != 0 ? own : limits_.body)) {
        cut("a frame that is larger than its stream may send");
    } else if (!is_read) {
        reader_.discard();
    }
}

void session::on_frame(const frame_header& header, std::string_view body) {
    const open_call* const found = find(-header.request);
    if (found == nullptr) {
        on_new_call(header, body);
        return;
    }
    const open_call call = *found;  // a handler may end it
    if (call.is_async != !header.is_stream) {
        cut("a frame of another kind than its call");
    } else if (call.is_async) {
        on_answer_frame(call, header, body);
    } else if (header.is_end) {
        on_stream_end(call, header, body);
    } else {
        handler_->on_data(*this, call.id, header.type, body);
    }
}

void session::on_answer_frame(const open_call& of, const frame_header& header,
                              std::string_view body) {
    if (of.id < 0) {
        cut("an answer to a call of one's own");
        return;
    }
    forget(of.id);
    if (of.is_silent) {
        return;
    }
    if (header.is_end) {
        handler_->on_answer(*this, of.id, false, body_type::text, error_text(body));
    } else {
        handler_->on_answer(*this, of.id, true, header.type, body);
    }
}

// What an end says: `true`, or why.
std::string session::error_text(std::string_view body) {
    if (!document_.read(body)) {
        return "an error that is no JSON";
    }
    const json_value root = document_.root();
    return std::string(root.is(json_kind::string)
                           ? root.text()
                           : root.find_text("message").value_or("an error without a message"));
}

void session::on_stream_end(const open_call& of, const frame_header& header,
                            std::string_view body) {
    const bool in_peace = header.type == body_type::json && body == "true";
    const std::string why = in_peace ? std::string() : error_text(body);
    forget(of.id);
    if (!of.ended && state_ == state::open) {
        put_own(of.id, true, true, in_peace ? "true" : error_body(why));
    }
    handler_->on_end(*this, of.id, in_peace ? std::nullopt : std::optional<std::string_view>(why));
}

void session::turn_down(const frame_header& header, std::string_view message) {
    put_own(-header.request, header.is_stream, true, error_body(message));
}

void session::on_new_call(const frame_header& header, std::string_view body) {
    last_of_peer_ = header.request;
    if (calls_.size() >= limits_.calls) {
        turn_down(header, "too many calls at the same time");
        return;
    }
    if (header.type != body_type::json || !document_.read(body)) {
        turn_down(header, "a call is a JSON object");
        return;
    }
    offer(header, document_.root());
}

void session::offer(const frame_header& header, const json_value& call) {
    const auto name = name_of(call, '.');
    if (!name) {
        turn_down(header, "a call has a name");
        return;
    }
    // The document is read again if the handler makes this session read.
    const std::string allowed =
        "method:" + *name_of(call, ',') + " is not in list of allowed methods";
    const stream_id id = -header.request;
    const bool is_async = !header.is_stream;
    if (is_async && *name == "manifest" && !manifest_.empty()) {
        put_own(id, false, false, manifest_);
        return;
    }
    open_call opened;
    opened.id = id;
    opened.is_async = is_async;
    calls_.push_back(opened);
    incoming_call offered{.id = id,
                          .name = *name,
                          .type = type_of(call, header.is_stream),
                          .arguments = call.find("args")};
    if (offered.arguments && !offered.arguments->is(json_kind::array)) {
        offered.arguments.reset();
    }
    if (!handler_->on_call(*this, offered) && find(id) != nullptr) {
        forget(id);
        turn_down(header, allowed);
    }
}

void session::on_goodbye() {
    if (state_ == state::open) {
        for (std::size_t n = 0; n != calls_.size() && state_ == state::open; ++n) {
            if (!calls_[n].is_async && !calls_[n].ended) {
                put_own(calls_[n].id, true, true, error_body(parent_ended));
            }
        }
        if (state_ != state::open) {
            return;
        }
        append_mux_goodbye(output_);
    }
    state_ = state::closed;
    end_all(parent_ended);
}

}  // namespace rhumb::overlay
