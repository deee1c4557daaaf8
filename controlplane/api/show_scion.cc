// What `show` answers about the SCION border router. Threads: control.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "controlplane/api/show_parts.hh"
#include "controlplane/scion/metrics.hh"

namespace rhumb::api {

namespace {

using scion::link_scope;

std::string_view scope_text(link_scope scope) {
    switch (scope) {
        case link_scope::internal: return "internal";
        case link_scope::sibling: return "sibling";
        case link_scope::external: break;
    }
    return "external";
}

std::string_view type_text(scion::link_type type) {
    using enum scion::link_type;
    switch (type) {
        case core: return "core";
        case parent: return "parent";
        case child: return "child";
        case peer: return "peer";
        case none: break;
    }
    return "-";
}

std::string endpoint_text(const scion::endpoint& of) {
    return scion::control::to_string(
        scion::control::underlay_endpoint{of.address, of.address_bytes, of.port, {}});
}

double milliseconds(bfd::microseconds time) { return static_cast<double>(time.count()) / 1000; }

template <class Row>
json rows_by_link(const router& running, Row&& row) {
    json rows = json::array();
    for (std::size_t n = 0; n < running.scion()->links.size(); ++n) {
        if (!running.scion()->links[n].name.empty()) {
            row(rows, n, running.scion()->links[n]);
        }
    }
    return rows_of(std::move(rows));
}

json interfaces(const router& running) {
    return rows_by_link(
        running, [&](json& rows, std::size_t n, const scion::link_description& link) {
            const scion_counters count = running.engine().scion_sum(n);
            counter in;
            counter out;
            std::uint64_t invalid = 0;
            std::uint64_t busy = 0;
            for (const auto& size : count.sizes) {
                in = in + size.in;
                for (const counter& kind : size.out) {
                    out = out + kind;
                }
                invalid += size.invalid;
                busy += size.busy_slow_path;
            }
            rows.push_back(
                {{"interface", link.name},
                 {"neighbour", scion::to_string(link.neighbour)},
                 {"type", type_text(link.type)},
                 {"scope", scope_text(link.scope)},
                 {"local", endpoint_text(link.local)},
                 {"remote", link.scope == link_scope::internal ? "-" : endpoint_text(link.remote)},
                 {"mtu", link.mtu},
                 {"up", running.engine().live().link_up(n)},
                 {"in_packets", in.packets},
                 {"in_bytes", in.bytes},
                 {"out_packets", out.packets},
                 {"out_bytes", out.bytes},
                 {"invalid", invalid},
                 {"busy", busy}});
        });
}

json sessions(const router& running) {
    return rows_by_link(
        running, [&](json& rows, std::size_t n, const scion::link_description& link) {
            const auto status = running.slow().session_of(n);
            if (!status) {
                return;
            }
            const auto age = std::chrono::steady_clock::now() - status->since;
            rows.push_back(
                {{"link", link.name},
                 {"neighbour", scion::to_string(link.neighbour)},
                 {"state", bfd::to_string(status->state)},
                 {"remote_state", bfd::to_string(status->peer.state)},
                 {"diagnostic", bfd::to_string(status->diagnostic)},
                 {"tx_interval_ms", milliseconds(status->tx_interval)},
                 {"detection_ms", milliseconds(status->detection_time)},
                 {"sent", status->sent},
                 {"received", status->received},
                 {"changes", status->state_changes},
                 {"since_seconds", std::chrono::duration_cast<std::chrono::seconds>(age).count()}});
        });
}

std::string time_text(std::uint64_t milliseconds) {
    const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

json keys(const router& running) {
    const scion::setup& setup = *running.scion();
    json rows = json::array();
    rows.push_back({{"key", "key0"},
                    {"fingerprint", setup.fingerprint},
                    {"locked", setup.keys_are_locked},
                    {"loaded", time_text(setup.loaded_ms)},
                    {"until", nullptr}});
    if (setup.own.former_key != nullptr) {
        rows.push_back({{"key", "former"},
                        {"fingerprint", setup.former_fingerprint},
                        {"locked", setup.keys_are_locked},
                        {"loaded", nullptr},
                        {"until", time_text(setup.own.former_key_until)}});
    }
    return rows_of(std::move(rows));
}

json paths(const router& running) {
    return rows_by_link(
        running, [&](json& rows, std::size_t n, const scion::link_description& link) {
            const scion_counters count = running.engine().scion_sum(n);
            for (std::size_t k = 0; k < scion::traffic_types; ++k) {
                counter sum;
                for (const auto& size : count.sizes) {
                    sum = sum + size.out[k];
                }
                if (sum.packets != 0) {
                    rows.push_back({{"egress", link.name},
                                    {"traffic", scion::to_string(static_cast<scion::traffic>(k))},
                                    {"packets", sum.packets},
                                    {"bytes", sum.bytes}});
                }
            }
        });
}

json drops(const router& running) {
    json rows = json::array();
    for (const json& row : show_drops(running, {})["rows"]) {
        const std::string reason = row["reason"];
        if (reason.starts_with("scion_") || reason == "local_other") {
            rows.push_back(row);
        }
    }
    return rows_of(std::move(rows));
}

}  // namespace

result<json> show_scion(const router& running, std::string_view what) {
    if (running.scion() == nullptr) {
        return error{"this router is no SCION border router: its configuration has no [scion]", {}};
    }
    if (what == "scion_interfaces") return interfaces(running);
    if (what == "scion_bfd") return sessions(running);
    if (what == "scion_keys") return keys(running);
    if (what == "scion_paths") return paths(running);
    return drops(running);
}

scion::metrics scion_metrics(const router& running) {
    const scion::setup& setup = *running.scion();
    scion::metrics all;
    all.isd_as = scion::to_string(setup.files.as.ia);
    all.worker_cores = static_cast<std::uint32_t>(running.engine().workers().size());
    for (std::size_t n = 0; n < setup.links.size(); ++n) {
        const scion::link_description& link = setup.links[n];
        if (link.name.empty()) {
            continue;
        }
        scion::link_metrics& to = all.links.emplace_back();
        to.kind = link.scope == link_scope::external  ? scion::link_kind::external
                  : link.scope == link_scope::sibling ? scion::link_kind::sibling
                                                      : scion::link_kind::internal;
        to.interface_id = link.interface;
        to.neighbor_isd_as = scion::to_string(link.neighbour);
        to.sibling = link.scope == link_scope::sibling ? link.name : "";
        to.up = running.engine().live().link_up(n);
        if (const auto status = running.slow().session_of(n)) {
            to.bfd = {status->state_changes, status->sent, status->received};
        }
        const scion_counters count = running.engine().scion_sum(n);
        for (std::size_t s = 0; s < scion::size_classes; ++s) {
            scion::size_class_counts& size = to.sizes[s];
            const auto pair = [](const counter& c) {
                return scion::traffic_count{c.packets, c.bytes};
            };
            size.input = pair(count.sizes[s].in);
            size.processed = size.input.packets;
            for (std::size_t k = 0; k < scion::traffic_types; ++k) {
                size.output[k] = pair(count.sizes[s].out[k]);
            }
            size.drops[static_cast<std::size_t>(scion::dropped::invalid)] = count.sizes[s].invalid;
            size.drops[static_cast<std::size_t>(scion::dropped::busy_slow_path)] =
                count.sizes[s].busy_slow_path;
        }
    }
    all.services = {{"CS", setup.files.as.control_services.size(), 0},
                    {"DS", setup.files.as.discovery_services.size(), 0}};
    return all;
}

}  // namespace rhumb::api
