#include "controlplane/api/requests.hh"

#include <array>
#include <limits>
#include <utility>

#include "controlplane/config/load.hh"

namespace rhumb::api {

namespace {

error bad(std::string message) { return {std::move(message), {}}; }

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

bool shows_overlay(const request& asked) {
    const auto what = asked.params.find("what");
    return asked.method == "show" && what != asked.params.end() && what->is_string() &&
           what->get_ref<const std::string&>().starts_with("overlay_");
}

}  // namespace

std::optional<std::string> answer(std::string_view line, commands& router) {
    const auto asked = parse_request(line);
    if (!asked) {
        return error_line(nullptr, asked.why());
    }
    const json& id = asked.value().id;
    const std::string& method = asked.value().method;
    if (method.starts_with("overlay.") || shows_overlay(asked.value())) {
        const auto refused = router.ask_overlay(asked.value());
        return refused ? std::optional(error_line(id, *refused)) : std::nullopt;
    }
    if (method == "trace" || method == "capture") {
        const auto refused = method == "trace" ? start_trace(asked.value(), router)
                                               : start_capture(asked.value(), router);
        return refused ? std::optional(error_line(id, *refused)) : std::nullopt;
    }
    const auto done = carry_out(asked.value(), router);
    return done ? result_line(id, done.value()) : error_line(id, done.why());
}

}  // namespace rhumb::api
