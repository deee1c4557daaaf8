#include "tools/rhumbctl/client.hh"

#include <fmt/format.h>

#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::ctl {
namespace {

// Whether brackets nest deeper than max_depth: the library writes nested values by recursion.
bool is_too_deep(std::string_view line) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t n = 0; n < line.size(); ++n) {
        const char c = line[n];
        if (in_string) {
            n += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max_depth) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

std::uint32_t position_of(const json& body, const char* key) {
    const auto found = body.find(key);
    return found != body.end() && found->is_number_unsigned() ? found->get<std::uint32_t>() : 0;
}

refusal refusal_of(const json& body) {
    const auto text = [&body](const char* key) {
        const auto found = body.find(key);
        return found != body.end() && found->is_string() ? found->get<std::string>() : "";
    };
    error why{text("message"),
              {text("file"), position_of(body, "line"), position_of(body, "column")}};
    if (why.message.empty()) {
        why.message = "the router refuses, and does not say why";
    }
    return refusal(std::move(why));
}

}  // namespace

message parse_message(std::string_view line) {
    if (is_too_deep(line)) {
        throw nonsense("it nests too deep");
    }
    json parsed = json::parse(line, nullptr, false);
    if (parsed.is_discarded()) {
        parsed = json::parse(without_halves(line), nullptr, false);
    }
    if (!parsed.is_object()) {
        throw nonsense("it is no JSON object");
    }
    message made;
    if (const auto id = parsed.find("id"); id != parsed.end()) {
        made.id = *id;
    }
    if (const auto result = parsed.find("result"); result != parsed.end()) {
        made.body = std::move(*result);
        return made;
    }
    const bool is_error = parsed.contains("error");
    made.what = is_error ? message::kind::error : message::kind::event;
    const auto body = parsed.find(is_error ? "error" : "event");
    if (body == parsed.end()) {
        throw nonsense("it has neither result, error nor event");
    }
    if (!body->is_object()) {
        throw nonsense("its error or event is no object");
    }
    made.body = std::move(*body);
    return made;
}

std::string request_line(std::uint64_t id, std::string_view method, const json& params) {
    std::string line;
    try {
        line = json{{"id", id}, {"method", method}, {"params", params}}.dump();
    } catch (const json::exception&) {
        throw failure(exit_status::usage, "the request holds bytes that are not UTF-8");
    }
    if (line.size() > max_line_bytes) {
        throw failure(
            exit_status::usage,
            fmt::format("the request has {} bytes; the router reads at most {}. Split it, "
                        "or put it in the configuration and reload",
                        line.size(), max_line_bytes));
    }
    return line;
}

void client::send(std::string_view method, const json& params) {
    ++id_;
    connection_.send_line(request_line(id_, method, params), wait_);
}

message client::checked(std::string_view line) const {
    message m = parse_message(line);
    // A router that cannot read a request does not know its id.
    if (m.id != json(id_) && !(m.what == message::kind::error && m.id.is_null())) {
        throw nonsense("it answers another request");
    }
    if (m.what == message::kind::error) {
        throw refusal_of(m.body);
    }
    return m;
}

json client::call(std::string_view method, const json& params) {
    send(method, params);
    message m = checked(*connection_.read_line(wait_));
    if (m.what != message::kind::result) {
        throw nonsense("it is an event that nobody asked for");
    }
    return std::move(m.body);
}

std::optional<json> client::follow(std::string_view method, const json& params,
                                   const on_event& tell, int interrupt) {
    send(method, params);
    for (;;) {
        const auto line = connection_.read_line(patience(0), interrupt);
        if (!line) {
            return std::nullopt;
        }
        message m = checked(*line);
        if (m.what == message::kind::result) {
            return std::move(m.body);
        }
        tell(m.body);
    }
}

}  // namespace rhumb::ctl
