// What `show` answers about the map of the network. Threads: control.
#include "controlplane/api/show_parts.hh"
#include "controlplane/routing/rows.hh"

namespace rhumb::api {

result<json> show_network(const router& running, std::string_view what, const json& params) {
    if (running.network() == nullptr) {
        return error{"this router has no map: its configuration has no [topology]", {}};
    }
    const routing::network& known = *running.network();
    if (what == "topology") return rows_of(routing::topology_rows(known));
    if (what == "topology_file") return rows_of(routing::topology_file_rows(known));
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
    const auto algorithm = number_param(params, "algorithm", 0, 255);
    if (!algorithm) {
        return algorithm.why();
    }
    auto rows = routing::spf_rows(known, static_cast<std::uint8_t>(algorithm.value().value_or(0)));
    return rows ? result<json>(rows_of(std::move(rows).value())) : rows.why();
}

}  // namespace rhumb::api
