#include "controlplane/api/connection.hh"

#include "controlplane/api/server.hh"
#include "controlplane/api/show_parts.hh"
#include "controlplane/controller/report_json.hh"

namespace rhumb::api {

connection::connection(socket connected, server& owner)
    : line_client(std::move(connected), owner.lines()), server_(owner) {}

std::optional<std::string> connection::on_line(std::string_view line) {
    return answer(line, *this);
}

void connection::before_answers() { server_.running().publish_pending(); }

void connection::on_close() { server_.forget(this); }

result<json> connection::show(const json& params) {
    server_.running().publish_pending();
    return api::show(server_.running(), params, pages_);
}

result<json> connection::apply(const publish::changes& batch) {
    if (auto done = server_.running().apply(batch); !done) {
        return done.why();
    }
    return json{{"generation", server_.running().generation()}};
}

result<json> connection::reload() {
    if (auto done = server_.running().reload(); !done) {
        return done.why();
    }
    return json{{"generation", server_.running().tables().generation()}};
}

result<json> connection::set_port(const std::string& name, bool up) {
    if (auto done = server_.running().set_port(name, up); !done) {
        return done.why();
    }
    return json::object();
}

result<json> connection::set_nexthop(const std::string& name, bool up) {
    if (auto done = server_.running().set_nexthop(name, up); !done) {
        return done.why();
    }
    return json::object();
}

result<json> connection::reoptimise(const reoptimise_request& wanted) {
    router& running = server_.running();
    if (auto done = check_controller(running); !done) {
        return done.why();
    }
    controller::reoptimise_options options = running.reoptimise_options();
    if (wanted.target) {
        options.target = static_cast<double>(*wanted.target) / 100;
    }
    options.most_moves = wanted.moves.value_or(options.most_moves);
    const auto plan = running.reoptimise(options, wanted.apply);
    if (!plan) {
        return plan.why();
    }
    json answer = controller::report::to_json(plan.value());
    answer["applied"] = wanted.apply;
    return answer;
}

result<json> connection::revert_moves() {
    if (auto done = check_controller(server_.running()); !done) {
        return done.why();
    }
    return json{{"reverted", server_.running().revert_moves()}};
}

result<json> connection::shut_down() {
    server_.shut_down();
    return json::object();
}

std::optional<error> connection::start_trace(const json& id, const trace_request& wanted) {
    return server_.start_trace(*this, id, wanted);
}

std::optional<error> connection::start_capture(const json& id, const capture_request& wanted) {
    return server_.start_capture(*this, id, wanted);
}

std::optional<error> connection::ask_overlay(const request& asked) {
    overlay_thread* const overlay = server_.overlay();
    if (overlay == nullptr) {
        return error{"this router has no overlay: its configuration has no section [overlay]", {}};
    }
    overlay->ask(asked, shared_from_this());
    return std::nullopt;
}

}  // namespace rhumb::api
