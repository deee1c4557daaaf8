#include "controlplane/api/requests.hh"

#include <array>
#include <limits>
#include <utility>

#include "controlplane/config/load.hh"

namespace rhumb::api {

namespace {

error bad(std::string message) { return {std::move(message), {}}; }

std::string dump(const json& message) {
    return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

result<std::string> needed_text(const json& params, std::string_view key) {
    auto text = text_param(params, key);
    if (!text) {
        return text.why();
    }
    if (!text.value()) {
        return bad("params." + std::string(key) + " is missing");
    }
    return *std::move(text).value();
}

result<bool> needed_flag(const json& params, std::string_view key) {
    const auto it = params.find(key);
    if (it == params.end() || !it->is_boolean()) {
        return bad("params." + std::string(key) + " must be true or false");
    }
    return it->get<bool>();
}

// Changes as TOML, which can say everything, or as a table of labels, which is read much faster.
result<publish::changes> parse_changes(const json& params) {
    const auto toml = text_param(params, "toml");
    if (!toml) {
        return toml.why();
    }
    const auto csv = text_param(params, "labels_csv");
    if (!csv) {
        return csv.why();
    }
    if (toml.value().has_value() == csv.value().has_value()) {
        return bad("params has either toml or labels_csv");
    }
    publish::changes batch;
    if (csv.value()) {
        if (const auto read = config::parse_labels_csv(*csv.value(), "labels_csv", 0, batch.rules);
            !read) {
            return read.why();
        }
        return batch;
    }
    auto fragment = config::parse_fragment(*toml.value());
    if (!fragment) {
        return fragment.why();
    }
    batch.remove_labels = std::move(fragment->remove_labels);
    batch.remove_prefixes = std::move(fragment->remove_prefixes);
    batch.remove_nexthops = std::move(fragment->remove_nexthops);
    batch.nexthops = std::move(fragment->nexthops);
    batch.rules = std::move(fragment->rules);
    return batch;
}

result<json> apply(const json& params, commands& router) {
    const auto batch = parse_changes(params);
    return batch ? router.apply(batch.value()) : batch.why();
}

template <class Set>
result<json> set_state(const json& params, Set&& set) {
    const auto name = needed_text(params, "name");
    if (!name) {
        return name.why();
    }
    const auto up = needed_flag(params, "up");
    if (!up) {
        return up.why();
    }
    return set(name.value(), up.value());
}

result<json> reoptimise(const json& params, commands& router) {
    const auto target = number_param(params, "target", 0, 10'000);
    const auto moves = number_param(params, "moves", 1, 10'000);
    const auto apply = params.contains("apply") ? needed_flag(params, "apply") : false;
    if (!target) return target.why();
    if (!moves) return moves.why();
    if (!apply) return apply.why();
    return router.reoptimise({target.value(), moves.value(), apply.value()});
}

std::optional<error> start_trace(const request& asked, commands& router) {
    const auto count = number_param(asked.params, "count", 1, 10000);
    const auto port = text_param(asked.params, "port");
    const auto label = number_param(asked.params, "label", 0, mpls::label_count - 1);
    if (!count) return count.why();
    if (!port) return port.why();
    if (!label) return label.why();
    trace_request wanted;
    wanted.count = static_cast<std::uint32_t>(count.value().value_or(1));
    wanted.port = port.value().value_or("");
    if (label.value()) {
        wanted.label = static_cast<mpls::label>(*label.value());
    }
    return router.start_trace(asked.id, wanted);
}

std::optional<error> start_capture(const request& asked, commands& router) {
    auto port = needed_text(asked.params, "port");
    const auto count =
        number_param(asked.params, "count", 0, std::numeric_limits<std::int64_t>::max());
    if (!port) return port.why();
    if (!count) return count.why();
    return router.start_capture(asked.id, {std::move(port).value(), count.value().value_or(0)});
}

result<json> carry_out(const request& asked, commands& router) {
    if (asked.method == "show") {
        return router.show(asked.params);
    }
    if (asked.method == "apply") {
        return apply(asked.params, router);
    }
    if (asked.method == "reload") {
        return router.reload();
    }
    if (asked.method == "port") {
        return set_state(asked.params, [&](const std::string& name, bool up) {
            return router.set_port(name, up);
        });
    }
    if (asked.method == "nexthop") {
        return set_state(asked.params, [&](const std::string& name, bool up) {
            return router.set_nexthop(name, up);
        });
    }
    if (asked.method == "reoptimise") {
        return reoptimise(asked.params, router);
    }
    if (asked.method == "revert") {
        return router.revert_moves();
    }
    if (asked.method == "shutdown") {
        return router.shut_down();
    }
    return bad("unknown method \"" + asked.method.substr(0, 64) +
               "\"; known: show apply reload port nexthop reoptimise revert trace capture "
               "shutdown");
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

std::optional<std::string> answer(std::string_view line, commands& router) {
    const auto asked = parse_request(line);
    if (!asked) {
        return error_line(nullptr, asked.why());
    }
    const json& id = asked.value().id;
    const std::string& method = asked.value().method;
    if (method == "trace" || method == "capture") {
        const auto refused = method == "trace" ? start_trace(asked.value(), router)
                                               : start_capture(asked.value(), router);
        return refused ? std::optional(error_line(id, *refused)) : std::nullopt;
    }
    const auto done = carry_out(asked.value(), router);
    return done ? result_line(id, done.value()) : error_line(id, done.why());
}

std::string result_line(const json& id, const json& value) {
    return dump({{"id", id}, {"result", value}});
}

std::string event_line(const json& id, const json& value) {
    return dump({{"id", id}, {"event", value}});
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

}  // namespace rhumb::api
