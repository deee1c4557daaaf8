#include "controlplane/api/show.hh"

#include <unistd.h>

#include <algorithm>

#include "controlplane/api/running_config.hh"
#include "controlplane/api/show_parts.hh"
#include "controlplane/config/form.hh"
#include "controlplane/config/text.hh"
#include "rhumb/isa.hh"

namespace rhumb::api {

namespace {

using publish::forwarding;

json via_json(const std::vector<publish::path_text>& paths) {
    json list = json::array();
    for (const publish::path_text& path : paths) {
        json one{{"nexthop", path.nexthop}, {"weight", path.weight}};
        if (path.out) {
            one["out"] = *path.out;
        }
        if (!path.segments.empty()) {
            one["segments"] = path.segments;
        }
        list.push_back(std::move(one));
    }
    return list;
}

bool goes_via(const std::vector<publish::path_text>& paths, const std::string& nexthop) {
    return nexthop.empty() || std::any_of(paths.begin(), paths.end(), [&](const auto& path) {
               return path.nexthop == nexthop;
           });
}

json label_row(const publish::label_view& rule, const counter& count) {
    json row{{"label", rule.label}, {"op", config::to_string(operation_of(rule.entry.op()))}};
    if (rule.entry.op() == label_op::continue_ &&
        !std::all_of(rule.paths.begin(), rule.paths.end(), [](const auto& p) { return p.out; })) {
        row["out"] = rule.entry.out();
    }
    if (!rule.paths.empty()) {
        row["via"] = via_json(rule.paths);
    }
    if (!rule.segments.empty()) {
        row["segments"] = rule.segments;
    }
    row["ttl"] = rule.entry.pipe() ? "pipe" : "uniform";
    if (rule.entry.sets_tc()) {
        row["tc"] = rule.entry.tc(0);
    }
    add_counter(row, count);
    return row;
}

result<json> show_labels(const router& running, const filters& wanted) {
    const forwarding& tables = running.tables();
    std::uint64_t from = wanted.labels ? wanted.labels->first : 0;
    if (!wanted.from.empty()) {
        const auto cursor = label_cursor(wanted.from);
        if (!cursor) {
            return bad_cursor();
        }
        from = *cursor;
    }
    const std::uint64_t last = wanted.labels ? wanted.labels->last : mpls::label_count - 1;
    json rows = json::array();
    for (auto label = tables.next_label(from); label && *label <= last;
         label = tables.next_label(*label + std::uint64_t{1})) {
        const publish::label_view rule = tables.label(*label);
        if (!goes_via(rule.paths, wanted.nexthop) ||
            (!wanted.op.empty() && config::to_string(operation_of(rule.entry.op())) != wanted.op)) {
            continue;
        }
        if (rows.size() == wanted.limit) {
            return json{{"rows", std::move(rows)}, {"next", "label " + std::to_string(*label)}};
        }
        rows.push_back(label_row(rule, running.label_counter(*label)));
    }
    return rows_of(std::move(rows));
}

json prefix_row(const router& running, const ip_prefix& prefix) {
    const publish::prefix_view rule = running.tables().prefix(prefix);
    json row{{"prefix", config::to_string(prefix)}, {"via", via_json(rule.paths)}};
    if (rule.way.list == route::discard) {
        row["discard"] = true;
        add_counter(row, running.prefix_counter(rule.id));
        return row;
    }
    if (!rule.segments.empty()) {
        row["segments"] = rule.segments;
    }
    if (!rule.way.is_own() && rule.way.list != route::no_list) {
        row["ttl"] = rule.way.pipe ? "pipe" : "uniform";
        if (rule.way.sets_tc) {
            row["tc"] = rule.way.tc;
        }
    }
    add_counter(row, running.prefix_counter(rule.id));
    return row;
}

result<json> show_prefixes(const router& running, const filters& wanted) {
    const auto& prefixes = running.tables().prefixes();
    auto it = prefixes.begin();
    if (!wanted.from.empty()) {
        const auto from = prefix_cursor(wanted.from);
        if (!from) {
            return bad_cursor();
        }
        it = prefixes.lower_bound(*from);
    }
    json rows = json::array();
    for (; it != prefixes.end(); ++it) {
        if ((wanted.prefix && *wanted.prefix != it->first) ||
            !goes_via(running.tables().prefix(it->first).paths, wanted.nexthop)) {
            continue;
        }
        if (rows.size() == wanted.limit) {
            return json{{"rows", std::move(rows)},
                        {"next", "prefix " + config::to_string(it->first)}};
        }
        rows.push_back(prefix_row(running, it->first));
    }
    return rows_of(std::move(rows));
}

json nexthop_row(const router& running, const config::nexthop& hop) {
    const forwarding& tables = running.tables();
    const rhumb::engine& engine = running.engine();
    const nexthop_id id = *tables.nexthop_number(hop.name);
    const std::size_t port = *engine.port_number(hop.port);
    const bool meant =
        engine.live().nexthop_up(hop.follows.empty() ? id : *tables.nexthop_number(hop.follows));
    json row{{"nexthop", hop.name},
             {"port", hop.port},
             {"mac", config::to_string(hop.mac)},
             {"mtu", hop.mtu.value_or(tables.ports()[port].mtu)},
             {"up", meant && (engine.live().ports() >> port & 1) != 0},
             {"meant_up", meant}};
    if (hop.vlan != 0) {
        row["vlan"] = hop.vlan;
    }
    if (hop.backup) {
        row["backup"] = {{"nexthop", hop.backup->nexthop}, {"push", hop.backup->push}};
        if (hop.backup->replace) {
            row["backup"]["replace"] = true;
        }
    }
    if (!hop.follows.empty()) {
        row["follows"] = hop.follows;
    }
    add_counter(row, running.nexthop_counter(id));
    return row;
}

result<json> show_nexthops(const router& running, const filters& wanted) {
    const auto& hops = running.tables().nexthops();
    json rows = json::array();
    for (auto it = hops.lower_bound(wanted.from); it != hops.end(); ++it) {
        if ((!wanted.nexthop.empty() && wanted.nexthop != it->first) ||
            (!wanted.port.empty() && wanted.port != it->second.port)) {
            continue;
        }
        if (rows.size() == wanted.limit) {
            return json{{"rows", std::move(rows)}, {"next", it->first}};
        }
        rows.push_back(nexthop_row(running, it->second));
    }
    return rows_of(std::move(rows));
}

template <class Words>
std::uint64_t sum_of(const Words& words) {
    std::uint64_t sum = 0;
    for (const std::uint64_t word : words) {
        sum += word;
    }
    return sum;
}

json show_ports(const router& running, const filters& wanted) {
    const rhumb::engine& engine = running.engine();
    json rows = json::array();
    for (std::size_t p = 0; p < engine.ports().size(); ++p) {
        const io::port& port = *engine.ports()[p];
        if (!wanted.port.empty() && wanted.port != port.name()) {
            continue;
        }
        const port_counters count = engine.port_sum(p);
        const io::device_counters device = port.counters();
        rows.push_back({{"port", port.name()},
                        {"device", port.device()},
                        {"driver", port.driver()},
                        {"mac", config::to_string(port.mac())},
                        {"mtu", running.tables().ports()[p].mtu},
                        {"up", (engine.live().ports() >> p & 1) != 0},
                        {"meant_up", running.port_meant_up(p)},
                        {"link", port.link_up()},
                        {"mbps", port.link_mbps()},
                        {"rx_queues", port.rx_queues()},
                        {"tx_queues", port.tx_queues()},
                        {"rx_packets", count.rx.packets},
                        {"rx_bytes", count.rx.bytes},
                        {"tx_packets", count.tx.packets},
                        {"tx_bytes", count.tx.bytes},
                        {"drops", sum_of(count.drops)},
                        {"punts", sum_of(count.punts)},
                        {"rx_missed", device.rx_missed + device.rx_no_buffer},
                        {"rx_errors", device.rx_errors},
                        {"tx_errors", device.tx_errors}});
    }
    return rows_of(std::move(rows));
}

json show_version(const router& running) {
    const forwarding& tables = running.tables();
    return rows_of({{{"version", RHUMB_VERSION},
                     {"name", tables.node().name},
                     {"dpdk", io::dpdk_version()},
                     {"isa", name_of(isa_in_use())},
                     {"pages", running.engine().pages()},
                     {"pid", ::getpid()},
                     {"uptime_seconds", running.uptime().count()},
                     {"config", running.config_file()},
                     {"generation", tables.generation()},
                     {"labels", tables.label_count()},
                     {"prefixes", tables.prefixes().size()},
                     {"nexthops", tables.nexthops().size()}}});
}

json show_neighbours(const router& running, const filters& wanted) {
    json rows = json::array();
    for (const auto& [on, one] : running.slow().neighbour_rows()) {
        const std::string& port = running.engine().ports()[on]->name();
        if (!wanted.port.empty() && wanted.port != port) {
            continue;
        }
        const ip_prefix host{one.address.af,
                             static_cast<std::uint8_t>(address_bits(one.address.af)),
                             one.address.bytes};
        const std::string text = config::to_string(host);
        rows.push_back(
            {{"address", text.substr(0, text.find('/'))},
             {"port", port},
             {"mac", one.mac ? config::to_string(*one.mac) : "-"},
             {"state", neighbours::name_of(one.state)},
             {"age_seconds", std::chrono::duration_cast<std::chrono::seconds>(one.age).count()},
             {"waiting", one.waiting},
             {"users", one.users}});
    }
    return rows_of(std::move(rows));
}

json show_workers(const router& running) {
    json rows = json::array();
    for (std::size_t w = 0; w < running.engine().workers().size(); ++w) {
        worker& one = *running.engine().workers()[w];
        rows.push_back({{"worker", w},
                        {"rounds", one.rounds()},
                        {"busy_rounds", one.busy_rounds()},
                        {"interrupts", one.uses_interrupts()},
                        {"traces_missed", one.tap().traces.missed()},
                        {"captures_missed", one.tap().captures.missed()}});
    }
    return rows_of(std::move(rows));
}

}  // namespace

result<json> show(const router& running, const json& params, long_answers& held) {
    const auto what = text_param(params, "what");
    if (!what) {
        return what.why();
    }
    const auto wanted = read_filters(params);
    if (!wanted) {
        return wanted.why();
    }
    if (const std::string& port = wanted.value().port;
        !port.empty() && !running.engine().port_number(port)) {
        return error{"there is no port \"" + port + "\"", {}};
    }
    if (const std::string& hop = wanted.value().nexthop;
        !hop.empty() && !running.tables().nexthop_number(hop)) {
        return error{"there is no next hop \"" + hop + "\"", {}};
    }
    if (const std::string& op = wanted.value().op;
        !op.empty() && std::none_of(config::operations.begin(), config::operations.end(),
                                    [&](const auto& known) { return known.name == op; })) {
        return error{"there is no op \"" + op + "\"; there is continue, next, pop and push", {}};
    }
    const std::string name = what.value().value_or("");
    if (name == "version") return show_version(running);
    if (name == "ports") return show_ports(running, wanted.value());
    if (name == "labels") return show_labels(running, wanted.value());
    if (name == "prefixes") return show_prefixes(running, wanted.value());
    if (name == "nexthops") return show_nexthops(running, wanted.value());
    if (name == "counters") return show_counters(running, wanted.value());
    if (name == "drops") return show_drops(running, wanted.value());
    if (name == "workers") return show_workers(running);
    if (name == "neighbours") return show_neighbours(running, wanted.value());
    if (name == "scion_interfaces" || name == "scion_paths" || name == "scion_bfd" ||
        name == "scion_keys" || name == "scion_drops") {
        return show_scion(running, name);
    }
    if (name == "topology" || name == "links" || name == "spf" || name == "protection" ||
        name == "conflicts" || name == "policies" || name == "utilisation") {
        return show_network(running, name, params);
    }
    if (name == "topology_file") return show_topology_file(running, wanted.value(), held);
    if (name == "report") return show_report(running, wanted.value(), params, held);
    if (name == "config") {
        return running_config(
            {running.tables(), running.runtime(),
             running.scion() ? &running.scion()->section : nullptr, running.network(),
             running.overlay() ? &*running.overlay() : nullptr},
            wanted.value().from, wanted.value().limit);
    }
    return error{
        "params.what must be one of version, ports, labels, prefixes, nexthops, counters, "
        "drops, config, workers, neighbours, topology, links, spf, protection, conflicts, "
        "policies, utilisation, topology_file, report, "
        "scion_interfaces, scion_paths, scion_bfd, scion_keys, scion_drops",
        {}};
}

}  // namespace rhumb::api
