#include "controlplane/api/show_parts.hh"
#include "controlplane/config/text.hh"

namespace rhumb::api {

using publish::forwarding;

namespace {

void add_if_counted(json& rows, std::string_view kind, std::string name, const counter& count) {
    if (count != counter{}) {
        json row{{"kind", kind}, {"name", std::move(name)}};
        add_counter(row, count);
        rows.push_back(std::move(row));
    }
}

}  // namespace

// Everything that has counted something: ports and next hops on the first page, then prefixes, then
// labels. A cursor is what comes next: "prefix 10.2.0.0/16" or "label 16002".
result<json> show_counters(const router& running, const filters& wanted) {
    const rhumb::engine& engine = running.engine();
    const forwarding& tables = running.tables();
    json rows = json::array();
    auto prefix = tables.prefixes().begin();
    std::uint64_t from = 0;
    if (wanted.from.empty()) {
        for (std::size_t p = 0; p < engine.ports().size(); ++p) {
            const port_counters count = engine.port_sum(p);
            add_if_counted(rows, "port_rx", engine.ports()[p]->name(), count.rx);
            add_if_counted(rows, "port_tx", engine.ports()[p]->name(), count.tx);
        }
        for (const auto& [name, hop] : tables.nexthops()) {
            add_if_counted(rows, "nexthop", name,
                           running.nexthop_counter(*tables.nexthop_number(name)));
        }
    } else if (const auto at = prefix_cursor(wanted.from)) {
        prefix = tables.prefixes().lower_bound(*at);
    } else if (const auto label = label_cursor(wanted.from)) {
        prefix = tables.prefixes().end();
        from = *label;
    } else {
        return bad_cursor();
    }
    const std::size_t most = rows.size() + wanted.limit;
    for (; prefix != tables.prefixes().end(); ++prefix) {
        if (rows.size() >= most) {
            return json{{"rows", std::move(rows)},
                        {"next", "prefix " + config::to_string(prefix->first)}};
        }
        add_if_counted(rows, "prefix", config::to_string(prefix->first),
                       running.prefix_counter(prefix->second));
    }
    for (auto label = tables.next_label(from); label;
         label = tables.next_label(*label + std::uint64_t{1})) {
        if (rows.size() >= most) {
            return json{{"rows", std::move(rows)}, {"next", "label " + std::to_string(*label)}};
        }
        add_if_counted(rows, "label", std::to_string(*label), running.label_counter(*label));
    }
    return rows_of(std::move(rows));
}

json show_drops(const router& running, const filters& wanted) {
    const rhumb::engine& engine = running.engine();
    json rows = json::array();
    for (std::size_t p = 0; p <= engine.ports().size(); ++p) {
        // After the ports: what this router itself was to send.
        const bool is_own = p == engine.ports().size();
        const std::string port = is_own ? "self" : engine.ports()[p]->name();
        if (!wanted.port.empty() && wanted.port != port) {
            continue;
        }
        const port_counters count = engine.port_sum(is_own ? own_port : p);
        for (const drop_reason_text& text : drop_reason_texts) {
            const auto r = static_cast<std::size_t>(text.reason);
            if (count.drops[r] != 0 || count.punts[r] != 0) {
                rows.push_back({{"reason", text.name},
                                {"sentence", text.sentence},
                                {"port", port},
                                {"dropped", count.drops[r]},
                                {"punted", count.punts[r]}});
            }
        }
    }
    return rows_of(std::move(rows));
}

}  // namespace rhumb::api
