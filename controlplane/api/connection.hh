// One client of the control socket: carries out what its lines ask for. Threads: control.
#pragma once

#include <string>

#include "controlplane/api/requests.hh"
#include "controlplane/api/show.hh"
#include "controlplane/control/line_server.hh"

namespace rhumb::api {

class server;

class connection : public control::line_client, private commands {
public:
    connection(socket connected, server& owner);

private:
    std::optional<std::string> on_line(std::string_view line) override;
    // Publishes what was changed.
    void before_answers() override;
    void on_close() override;

    result<json> show(const json& params) override;
    result<json> apply(const publish::changes& batch) override;
    result<json> reload() override;
    result<json> set_port(const std::string& name, bool up) override;
    result<json> set_nexthop(const std::string& name, bool up) override;
    result<json> reoptimise(const reoptimise_request& wanted) override;
    result<json> revert_moves() override;
    result<json> shut_down() override;
    std::optional<error> start_trace(const json& id, const trace_request& wanted) override;
    std::optional<error> start_capture(const json& id, const capture_request& wanted) override;

    std::optional<error> ask_overlay(const request& asked) override;

    server& server_;
    long_answers pages_;
};

}  // namespace rhumb::api
