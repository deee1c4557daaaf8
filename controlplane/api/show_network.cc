// What `show` answers about the map of the network. Threads: control.
#include <algorithm>
#include <chrono>
#include <utility>

#include "controlplane/api/show_parts.hh"
#include "controlplane/routing/load_report.hh"
#include "controlplane/routing/rows.hh"

namespace rhumb::api {

namespace {

error no_map() { return {"this router has no map: its configuration has no [topology]", {}}; }

// Cursors: "byte 1048576" of a file, "row 1000" of a report.
std::string cursor(std::string_view unit, std::size_t at) {
    return std::string(unit) + ' ' + std::to_string(at);
}

}  // namespace

result<json> show_network(const router& running, std::string_view what, const json& params) {
    if (running.network() == nullptr) {
        return no_map();
    }
    const routing::network& known = *running.network();
    if (what == "topology") return rows_of(routing::topology_rows(known));
    if (what == "links") return rows_of(routing::link_rows(known));
    if (what == "protection") {
        const auto destination = text_param(params, "destination");
        if (!destination) return destination.why();
        if (!destination.value()) return rows_of(routing::protection_rows(known));
        auto rows = routing::protection_rows(known, *destination.value());
        return rows ? result<json>(rows_of(std::move(rows).value())) : rows.why();
    }
    if (what == "policies") return rows_of(routing::policy_rows(known));
    if (what == "conflicts") return rows_of(routing::conflict_rows(known));
    if (what == "utilisation") return rows_of(routing::utilisation_rows(known));
    const auto algorithm = number_param(params, "algorithm", 0, 255);
    if (!algorithm) {
        return algorithm.why();
    }
    auto rows = routing::spf_rows(known, static_cast<std::uint8_t>(algorithm.value().value_or(0)));
    return rows ? result<json>(rows_of(std::move(rows).value())) : rows.why();
}

// All pages are of the map as it was with the first one.
result<json> show_topology_file(const router& running, const filters& wanted, long_answers& held) {
    constexpr std::size_t row_bytes = std::size_t{256} << 10;
    constexpr std::size_t page_bytes = std::size_t{1} << 20;  // as JSON six times as much at most
    if (running.network() == nullptr) {
        return no_map();
    }
    std::string& text = held.topology_file;
    std::size_t at = 0;
    if (wanted.from.empty()) {
        text = routing::topology_file_text(*running.network());
    } else if (const auto from = number_cursor("byte ", wanted.from); from && *from < text.size()) {
        at = *from;
    } else {
        return bad_cursor();
    }
    json rows = json::array();
    const std::size_t page_end = std::min(at + page_bytes, text.size());
    while (at < page_end && rows.size() < wanted.limit) {
        const std::size_t end = end_of_piece(text, at, row_bytes);
        rows.push_back({{"toml", text.substr(at, end - at)}});
        at = end;
    }
    json answer = rows_of(std::move(rows));
    if (at < text.size()) {
        answer["next"] = cursor("byte", at);
    } else {
        text = {};
    }
    return answer;
}

result<void> check_controller(const router& running) {
    if (running.network() == nullptr) {
        return no_map();
    }
    if (!running.network()->controller()) {
        return error{
            "this router computes for itself alone: its configuration has no "
            "[controller]",
            {}};
    }
    return {};
}

// Failures are computed page by page, so that the router is not kept from its work for long.
result<json> show_report(const router& running, const filters& wanted, const json& params,
                         long_answers& held) {
    constexpr std::chrono::milliseconds patience{50};
    if (auto done = check_controller(running); !done) {
        return done.why();
    }
    std::size_t at = 0;
    if (wanted.from.empty()) {
        const auto fail = text_param(params, "fail");
        if (!fail) return fail.why();
        const auto full = number_param(params, "full", 0, 10'000);
        if (!full) return full.why();
        auto made =
            routing::load_report::make(*running.network(), fail.value().value_or("all"),
                                       static_cast<double>(full.value().value_or(100)) / 100);
        if (!made) {
            return made.why();
        }
        held.report = std::move(made).value();
    } else if (const auto from = number_cursor("row ", wanted.from);
               from && held.report != nullptr && *from < held.report->size()) {
        at = *from;
    } else {
        return bad_cursor();
    }
    if (!held.report->holds()) {
        held.report.reset();
        return error{"the network has changed since the report began; ask again", {}};
    }
    json answer = rows_of(held.report->rows(at, wanted.limit, patience));
    at += answer["rows"].size();
    if (at < held.report->size()) {
        answer["next"] = cursor("row", at);
    } else {
        held.report.reset();
    }
    return answer;
}

}  // namespace rhumb::api
