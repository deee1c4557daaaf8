// Any lines on the control socket: every line has one answer, a line of JSON with the request's id
// and either a result or an error, or none where a trace or capture was started; changes are made
// whole or not at all, and the tables that follow can be published.
//
// The first byte of the input says what the rest is: lines as they come, or (odd) the TOML of an
// `apply`, which the fuzzer would not find its way into through JSON's escapes.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/api/requests.hh"
#include "controlplane/config/load.hh"
#include "controlplane/publish/forwarding.hh"

namespace rhumb::api {

namespace {

constexpr std::string_view configuration = R"(
[node]
name = "fuzz"
static = ["16-99"]
[ports.west]
device = "none0"
mac = "02:00:00:00:01:01"
[ports.east]
device = "none1"
mac = "02:00:00:00:01:02"
msd = 3
[nexthops.r2]
port = "east"
mac = "02:00:00:00:02:01"
backup = { nexthop = "r3", push = [16002] }
[nexthops.r3]
port = "west"
mac = "02:00:00:00:03:01"
[[labels]]
index = 1
op = "next"
[[labels]]
index = 2
op = "continue"
out = 16002
via = ["r2", { nexthop = "r3", weight = 3 }]
[[labels]]
label = 15100
op = "push"
segments = [16003, 16002]
via = ["r3"]
[[prefixes]]
match = "10.2.0.0/16"
segments = [16002]
via = ["r2"]
)";

[[noreturn]] void broken(const char* rule, std::string_view line) {
    std::fprintf(stderr, "%s: %.*s\n", rule, static_cast<int>(line.size()), line.data());
    std::abort();
}

// A router that has nothing but tables.
class tables_only : public commands {
public:
    tables_only() {
        auto file = config::parse(configuration, "fuzz.toml", "/nonexistent");
        publish::port_map ports;
        for (const config::port& port : file->ports) {
            ports.emplace(port.name, publish::port_facts{static_cast<std::uint8_t>(ports.size()),
                                                         port.mac.value()});
        }
        tables_ = std::move(publish::forwarding::build(*file, ports, nullptr)).value();
        publish();
    }

    result<json> show(const json& params) override {
        const auto limit = number_param(params, "limit", 1, 2000);
        const auto what = text_param(params, "what");
        if (!limit) return limit.why();
        if (!what) return what.why();
        return json{{"rows", {{{"echo", what.value().value_or("")}}}}};  // may not be UTF-8
    }
    result<json> apply(const publish::changes& batch) override {
        const auto before = state();
        if (auto done = tables_->apply(batch); !done) {
            if (done.why().message.empty() || state() != before) {
                broken("a refused change changed something, or says nothing", done.why().message);
            }
            return done.why();
        }
        publish();
        changed_ = true;
        return json{{"generation", tables_->generation()}};
    }
    // Whether it is not what it was when it was made.
    [[nodiscard]] bool changed() const { return changed_; }
    result<json> reload() override { return error{"no file \xff", {"f\xfe", 1, 2}}; }
    result<json> set_port(const std::string& name, bool up) override {
        return json{{"name", name}, {"up", up}};
    }
    result<json> set_nexthop(const std::string& name, bool up) override {
        return set_port(name, up);
    }
    result<json> reoptimise(const reoptimise_request& wanted) override {
        if (wanted.target.value_or(0) > 10'000 || wanted.moves.value_or(1) - 1 > 9'999) {
            broken("a re-optimisation out of bounds", "");
        }
        return json{{"applied", wanted.apply}};
    }
    result<json> revert_moves() override { return json::object(); }
    result<json> shut_down() override { return json::object(); }
    std::optional<error> start_trace(const json& id, const trace_request& wanted) override {
        if (wanted.count < 1 || wanted.count > 10000 ||
            wanted.label.value_or(0) >= mpls::label_count) {
            broken("a trace out of bounds", id.dump(-1, ' ', false, replace));
        }
        return std::nullopt;
    }
    std::optional<error> ask_overlay(const request& /*asked*/) override {
        return error{"there is no overlay", {}};
    }
    std::optional<error> start_capture(const json& /*id*/, const capture_request& wanted) override {
        return wanted.port.empty() ? std::optional(error{"no port", {}}) : std::nullopt;
    }

    static constexpr auto replace = json::error_handler_t::replace;

private:
    // Numbers that say whether anything is different.
    [[nodiscard]] std::array<std::size_t, 4> state() const {
        return {tables_->label_count(), tables_->prefixes().size(), tables_->nexthops().size(),
                static_cast<std::size_t>(tables_->generation())};
    }
    void publish() {
        retired_list replaced;
        const table_set next = tables_->snapshot(replaced);
        (void)next;
        (void)tables_->take_new_numbers();
    }

    std::unique_ptr<publish::forwarding> tables_;
    bool changed_ = false;
};

void check(std::string_view line, commands& router) {
    const std::optional<std::string> reply = answer(line, router);
    const auto asked = parse_request(line);
    if (!reply) {
        const std::string method = asked ? asked.value().method : "";
        if (method != "trace" && method != "capture") {
            broken("no answer", line);
        }
        return;
    }
    if (reply->find('\n') != std::string::npos) {
        broken("an answer of several lines", *reply);
    }
    const json message = json::parse(*reply, nullptr, /*allow_exceptions=*/false);
    if (!message.is_object() || message.size() != 2 || !message.contains("id") ||
        message.contains("result") == message.contains("error")) {
        broken("an answer that is none", *reply);
    }
    if (message.contains("error") && (!message["error"].contains("message") ||
                                      message["error"]["message"].get<std::string>().empty())) {
        broken("a refusal that says nothing", *reply);
    }
    const json id = asked ? asked.value().id : json();
    if (message["id"].dump(-1, ' ', false, tables_only::replace) !=
        id.dump(-1, ' ', false, tables_only::replace)) {
        broken("another request's id", *reply);
    }
}

// Each input meets the same tables.
tables_only& fresh_router() {
    static std::unique_ptr<tables_only> router;
    if (!router || router->changed()) {
        router = std::make_unique<tables_only>();
    }
    return *router;
}

}  // namespace

}  // namespace rhumb::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rhumb::api;
    if (size == 0) {
        return 0;
    }
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    tables_only& router = fresh_router();
    if (data[0] % 2 != 0) {
        const json request{{"id", 7}, {"method", "apply"}, {"params", {{"toml", rest}}}};
        check(request.dump(-1, ' ', false, tables_only::replace), router);
        return 0;
    }
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        check(line, router);
    }
    return 0;
}
