#include "controlplane/api/telemetry.hh"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>

#include "controlplane/api/requests.hh"
#include "controlplane/api/show.hh"

namespace rhumb::api {

namespace {

struct command {
    const char* name;
    const char* help;
    const char* what;    // of show
    const char* filter;  // the param that the parameter goes into; null: none
    const char* key;     // the column that names a row; null: there is one row
};

constexpr std::array<command, 7> known{{
    {"/rhumb/version", "Version, tables and their sizes. No parameters", "version", nullptr,
     nullptr},
    {"/rhumb/ports", "Counters of ports. Parameter: a port's name (optional)", "ports", "port",
     "port"},
    {"/rhumb/label", "A label's rule and counters. Parameter: the label", "labels", "label",
     nullptr},
    {"/rhumb/prefix", "A prefix's counters. Parameter: the prefix", "prefixes", "prefix", nullptr},
    {"/rhumb/nexthops", "Counters of next hops. Parameter: a next hop's name (optional)",
     "nexthops", "nexthop", "nexthop"},
    {"/rhumb/drops", "Dropped and punted packets by reason. Parameter: a port's name (optional)",
     "drops", "port", "reason"},
    {"/rhumb/workers", "Rounds of workers. No parameters", "workers", nullptr, "worker"},
}};

std::string as_text(const json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

// Rows to one flat dictionary: KEY/COLUMN, equal ones added up (a reason at several ports).
io::telemetry_fields flatten(const json& rows, const char* key) {
    io::telemetry_fields fields;
    for (const json& row : rows) {
        const std::string prefix = key != nullptr ? as_text(row[key]) + "/" : "";
        for (const auto& [column, value] : row.items()) {
            if (key != nullptr && (column == key || column == "sentence" || column == "port")) {
                continue;
            }
            const std::string name = prefix + column;
            if (!value.is_number_unsigned()) {
                fields.emplace_back(name, as_text(value));
                continue;
            }
            const auto number = value.get<std::uint64_t>();
            const auto same = std::find_if(fields.begin(), fields.end(),
                                           [&](const auto& field) { return field.first == name; });
            if (same != fields.end() && key != nullptr) {
                std::get<std::uint64_t>(same->second) += number;
            } else {
                fields.emplace_back(name, number);
            }
        }
    }
    return fields;
}

}  // namespace

std::optional<io::telemetry_fields> telemetry_answer(const router& running, std::string_view name,
                                                     const std::string& params) {
    for (const command& one : known) {
        if (name != one.name) {
            continue;
        }
        json asked{{"what", one.what}, {"limit", 100U}};  // unsigned, as from a client
        if (one.filter != nullptr && !params.empty()) {
            asked[one.filter] = params;
        }
        long_answers none;
        const auto shown = show(running, asked, none);
        const bool needs_param = one.filter != nullptr && one.key == nullptr;
        if (!shown || (needs_param && params.empty())) {
            return std::nullopt;
        }
        return flatten(shown.value()["rows"], one.key);
    }
    return std::nullopt;
}

telemetry::telemetry(boost::asio::io_context& loop, const router& running) {
    io::set_telemetry_source(
        [&loop, &running](std::string_view name,
                          const std::string& params) -> std::optional<io::telemetry_fields> {
            auto promise = std::make_shared<std::promise<std::optional<io::telemetry_fields>>>();
            auto answer = promise->get_future();
            boost::asio::post(loop, [promise, &running, name = std::string(name), params] {
                promise->set_value(telemetry_answer(running, name, params));
            });
            // The loop may be ending; then nobody answers.
            if (answer.wait_for(std::chrono::seconds(1)) != std::future_status::ready) {
                return std::nullopt;
            }
            return answer.get();
        });
    static const bool registered = [] {
        bool all = true;
        for (const command& one : known) {
            all = io::add_telemetry(one.name, one.help) && all;
        }
        return all;
    }();
    (void)registered;
}

telemetry::~telemetry() { io::set_telemetry_source(nullptr); }

}  // namespace rhumb::api
