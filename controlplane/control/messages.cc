#include "controlplane/control/messages.hh"

#include <utility>

namespace rhumb::control {

namespace {

error bad(std::string message) { return {std::move(message), {}}; }

std::string dump(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

result<std::optional<std::string>> text_param(const json& params, std::string_view key) {
    const auto it = params.find(key);
    if (it == params.end()) {
        return std::optional<std::string>();
    }
    if (!it->is_string()) {
        return bad("params." + std::string(key) + " must be a string");
    }
    return std::optional(it->get<std::string>());
}

result<std::optional<std::uint64_t>> number_param(const json& params, std::string_view key,
                                                  std::uint64_t least, std::uint64_t most) {
    const auto it = params.find(key);
    if (it == params.end()) {
        return std::optional<std::uint64_t>();
    }
    if (!it->is_number_unsigned() || it->get<std::uint64_t>() < least ||
        it->get<std::uint64_t>() > most) {
        return bad("params." + std::string(key) + " must be a whole number from " +
                   std::to_string(least) + " to " + std::to_string(most));
    }
    return std::optional(it->get<std::uint64_t>());
}

namespace {

// The parser recurses on nested arrays and objects; requests nest three deep.
bool nests_deeper_than(std::string_view line, int most) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted) {
            i += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > most) {
                return true;
            }
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

}  // namespace

result<request> parse_request(std::string_view line) {
    json message = nests_deeper_than(line, 16)
                       ? json(json::value_t::discarded)
                       : json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (message.is_discarded() || !message.is_object()) {
        return bad("a request is one line with one JSON object");
    }
    request asked;
    if (const auto id = message.find("id"); id != message.end()) {
        asked.id = std::move(*id);
    }
    const auto method = message.find("method");
    if (method == message.end() || !method->is_string()) {
        return bad("a request has a string \"method\"");
    }
    asked.method = method->get<std::string>();
    if (const auto params = message.find("params"); params != message.end()) {
        if (!params->is_object()) {
            return bad("\"params\" must be an object");
        }
        asked.params = std::move(*params);
    }
    return asked;
}

std::string result_line(const json& id, const json& value) {
    return dump({{"id", id}, {"result", value}});
}

std::string event_line(const json& id, const json& value) {
    return dump({{"id", id}, {"event", value}});
}

std::string event_line_of(const json& id, std::string_view value) {
    std::string line = "{\"event\":";
    line += value;
    return line + ",\"id\":" + dump(id) + '}';
}

std::string error_line(const json& id, const error& why) {
    json details{{"message", why.message}};
    if (!why.where.file.empty()) {
        details["file"] = why.where.file;
    }
    if (why.where.line != 0) {
        details["line"] = why.where.line;
    }
    if (why.where.column != 0) {
        details["column"] = why.where.column;
    }
    return dump({{"id", id}, {"error", details}});
}

}  // namespace rhumb::control
