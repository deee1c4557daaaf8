// What a session makes of the peer's frames.
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/overlay/wire/session.hh"
#include "controlplane/overlay/wire/session_words.hh"

namespace rhumb::overlay {
namespace {

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
    for (std::size_t n = 1; is_stream && n != call_type_names.size(); ++n) {
        if (name == call_type_names[n]) {
            return static_cast<call_type>(n);
        }
    }
    return is_stream ? call_type::duplex : call_type::async;
}

}  // namespace

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
