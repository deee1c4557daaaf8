#include "tools/rhumbctl/view.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tools/rhumbctl/text.hh"

namespace rhumb::ctl {
namespace {

using nlohmann::json;
using enum cell_kind;

constexpr std::array<std::string_view, 1> by_port{"port"};
constexpr std::array<std::string_view, 1> by_label{"label"};
constexpr std::array<std::string_view, 1> by_prefix{"prefix"};
constexpr std::array<std::string_view, 1> by_nexthop{"nexthop"};
constexpr std::array<std::string_view, 2> by_name{"kind", "name"};
constexpr std::array<std::string_view, 2> by_reason{"reason", "port"};
constexpr std::array<std::string_view, 1> by_worker{"worker"};
constexpr std::array<std::string_view, 2> by_interface{"interface", "remote"};
constexpr std::array<std::string_view, 1> by_link{"link"};
constexpr std::array<std::string_view, 3> by_policy{"headend", "color", "endpoint"};
constexpr std::array<std::string_view, 1> by_node{"node"};
constexpr std::array<std::string_view, 2> by_node_link{"node", "link"};
constexpr std::array<std::string_view, 1> by_key{"key"};
constexpr std::array<std::string_view, 2> by_way{"egress", "traffic"};
constexpr std::array<std::string_view, 1> by_feed{"feed"};
constexpr std::array<std::string_view, 2> by_peer{"peer", "address"};
constexpr std::array<std::string_view, 2> by_address{"port", "address"};

constexpr std::array<field, 14> port_fields{{{"PORT", "port"},
                                             {"STATE", "up", state},
                                             {"LINK", "link", up_down},
                                             {"MBPS", "mbps", number},
                                             {"MTU", "mtu", number},
                                             {"MAC", "mac"},
                                             {"RX PACKETS", "rx_packets", count, true},
                                             {"RX BYTES", "rx_bytes", count},
                                             {"TX PACKETS", "tx_packets", count, true},
                                             {"TX BYTES", "tx_bytes", count},
                                             {"DROPS", "drops", count},
                                             {"PUNTS", "punts", count},
                                             {"MISSED", "rx_missed", count},
                                             {"ERRORS", "rx_errors+tx_errors", sum}}};
constexpr std::array<field, 9> label_fields{{{"LABEL", "label", number},
                                             {"OP", "op"},
                                             {"OUT", "out", number},
                                             {"VIA", "via", paths},
                                             {"SEGMENTS", "segments", labels},
                                             {"TTL", "ttl"},
                                             {"TC", "tc", number},
                                             {"PACKETS", "packets", count, true},
                                             {"BYTES", "bytes", count}}};
constexpr std::array<field, 7> prefix_fields{{{"PREFIX", "prefix"},
                                              {"VIA", "via", paths},
                                              {"SEGMENTS", "segments", labels},
                                              {"TTL", "ttl"},
                                              {"TC", "tc", number},
                                              {"PACKETS", "packets", count, true},
                                              {"BYTES", "bytes", count}}};
constexpr std::array<field, 9> nexthop_fields{{{"NEXTHOP", "nexthop"},
                                               {"STATE", "up", state},
                                               {"PORT", "port"},
                                               {"MAC", "mac"},
                                               {"VLAN", "vlan", number},
                                               {"MTU", "mtu", number},
                                               {"BACKUP", "backup", backup},
                                               {"PACKETS", "packets", count, true},
                                               {"BYTES", "bytes", count}}};
constexpr std::array<field, 4> counter_fields{{{"KIND", "kind"},
                                               {"NAME", "name"},
                                               {"PACKETS", "packets", count, true},
                                               {"BYTES", "bytes", count}}};
constexpr std::array<field, 5> drop_fields{{{"REASON", "reason"},
                                            {"PORT", "port"},
                                            {"DROPPED", "dropped", count, true},
                                            {"PUNTED", "punted", count},
                                            {"MEANING", "sentence"}}};
constexpr std::array<field, 6> worker_fields{{{"WORKER", "worker", number},
                                              {"ROUNDS", "rounds", count, true},
                                              {"BUSY ROUNDS", "busy_rounds", count, true},
                                              {"INTERRUPTS", "interrupts"},
                                              {"TRACES MISSED", "traces_missed", count},
                                              {"CAPTURES MISSED", "captures_missed", count}}};

constexpr std::array<field, 7> neighbour_fields{{{"ADDRESS", "address"},
                                                 {"PORT", "port"},
                                                 {"MAC", "mac"},
                                                 {"STATE", "state"},
                                                 {"AGE S", "age_seconds", count},
                                                 {"WAITING", "waiting", count},
                                                 {"USERS", "users", count}}};

constexpr std::array<field, 14> scion_interface_fields{{{"INTERFACE", "interface"},
                                                        {"NEIGHBOUR", "neighbour"},
                                                        {"TYPE", "type"},
                                                        {"SCOPE", "scope"},
                                                        {"LOCAL", "local"},
                                                        {"REMOTE", "remote"},
                                                        {"MTU", "mtu", number},
                                                        {"STATE", "up", up_down},
                                                        {"IN PACKETS", "in_packets", count, true},
                                                        {"IN BYTES", "in_bytes", count},
                                                        {"OUT PACKETS", "out_packets", count, true},
                                                        {"OUT BYTES", "out_bytes", count},
                                                        {"INVALID", "invalid", count},
                                                        {"BUSY", "busy", count}}};
constexpr std::array<field, 11> scion_bfd_fields{{{"LINK", "link"},
                                                  {"NEIGHBOUR", "neighbour"},
                                                  {"STATE", "state"},
                                                  {"REMOTE", "remote_state"},
                                                  {"DIAGNOSTIC", "diagnostic"},
                                                  {"TX MS", "tx_interval_ms", number},
                                                  {"DETECTION MS", "detection_ms", number},
                                                  {"SENT", "sent", count, true},
                                                  {"RECEIVED", "received", count, true},
                                                  {"CHANGES", "changes", count},
                                                  {"SINCE S", "since_seconds", count}}};
constexpr std::array<field, 4> scion_key_fields{
    {{"KEY", "key"}, {"FINGERPRINT", "fingerprint"}, {"LOADED", "loaded"}, {"UNTIL", "until"}}};
constexpr std::array<field, 4> scion_path_fields{{{"EGRESS", "egress"},
                                                  {"TRAFFIC", "traffic"},
                                                  {"PACKETS", "packets", count, true},
                                                  {"BYTES", "bytes", count}}};

constexpr std::array<field, 6> overlay_feed_fields{{{"FEED", "feed"},
                                                    {"SEQUENCE", "sequence", count, true},
                                                    {"OWN", "own"},
                                                    {"FOLLOWED", "followed"},
                                                    {"BY", "by"},
                                                    {"FROZEN", "frozen"}}};
constexpr std::array<field, 8> overlay_peer_fields{{{"PEER", "peer"},
                                                    {"STATE", "state"},
                                                    {"ADDRESS", "address"},
                                                    {"SECONDS", "seconds", count},
                                                    {"RX BYTES", "rx_bytes", count, true},
                                                    {"TX BYTES", "tx_bytes", count, true},
                                                    {"FAILURES", "failures", count},
                                                    {"WHY", "why"}}};
constexpr std::array<field, 9> overlay_node_fields{{{"NODE", "node"},
                                                    {"FEED", "feed"},
                                                    {"OWN", "own"},
                                                    {"VERSION", "version", number},
                                                    {"LINKS", "links", number},
                                                    {"PREFIXES", "prefixes", number},
                                                    {"DOWN", "down", labels},
                                                    {"REFUSED", "refused", count},
                                                    {"WHY", "why"}}};
constexpr std::array<field, 3> overlay_fork_fields{
    {{"FEED", "feed"}, {"OURS", "ours"}, {"THEIRS", "theirs"}}};

constexpr std::array<field, 8> node_fields{{{"NODE", "node"},
                                            {"SID", "sid", number},
                                            {"LABEL", "label", number},
                                            {"COST", "cost", number},
                                            {"VIA", "via", labels},
                                            {"LINKS", "links", number},
                                            {"UP", "links_up", number},
                                            {"PREFIXES", "prefixes", labels}}};
constexpr std::array<field, 11> link_fields{{{"NODE", "node"},
                                             {"LINK", "link"},
                                             {"REMOTE", "remote"},
                                             {"STATE", "up", up_down},
                                             {"METRIC", "metric", number},
                                             {"TE", "te_metric", number},
                                             {"DELAY US", "delay_us", number},
                                             {"BITS/S", "bandwidth", count},
                                             {"AFFINITIES", "affinities", labels},
                                             {"SRLGS", "srlgs", labels},
                                             {"NEXTHOP", "nexthop"}}};
constexpr std::array<field, 6> spf_fields{{{"NODE", "node"},
                                           {"ALGORITHM", "algorithm", number},
                                           {"COST", "cost", number},
                                           {"VIA", "via", labels},
                                           {"SID", "sid", number},
                                           {"LABEL", "label", number}}};
constexpr std::array<field, 8> protection_fields{{{"LINK", "link"},
                                                  {"ALGORITHM", "algorithm", number},
                                                  {"PROTECTS", "protects"},
                                                  {"OUT", "out"},
                                                  {"SEGMENTS", "segments", labels},
                                                  {"LABELS", "labels", labels},
                                                  {"END", "end"},
                                                  {"DESTINATIONS", "destinations", labels}}};
constexpr std::array<field, 10> policy_fields{{{"POLICY", "policy"},
                                               {"HEADEND", "headend"},
                                               {"COLOR", "color", number},
                                               {"ENDPOINT", "endpoint"},
                                               {"STATE", "up", up_down},
                                               {"BINDING SID", "binding_sid", number},
                                               {"PREFERENCE", "preference", number},
                                               {"LISTS", "lists", lists},
                                               {"STEERED", "steered", labels},
                                               {"NOT VALID", "candidates", refused}}};
constexpr std::array<field, 2> conflict_fields{{{"NODE", "node"}, {"WHAT", "what"}}};

constexpr std::array<field, 6> utilisation_fields{{{"NODE", "node"},
                                                   {"LINK", "link"},
                                                   {"TO", "remote"},
                                                   {"MBIT/S", "rate", mbits},
                                                   {"CAPACITY MBIT/S", "capacity", mbits},
                                                   {"FULL %", "utilisation", percent}}};

constexpr std::array<view, 30> views{{{"version", {}, {}},
                                      {"ports", by_port, port_fields},
                                      {"labels", by_label, label_fields},
                                      {"prefixes", by_prefix, prefix_fields},
                                      {"nexthops", by_nexthop, nexthop_fields},
                                      {"counters", by_name, counter_fields},
                                      {"drops", by_reason, drop_fields},
                                      {"config", {}, {}},
                                      {"workers", by_worker, worker_fields},
                                      {"neighbours", by_address, neighbour_fields},
                                      {"topology", by_node, node_fields},
                                      {"links", by_node_link, link_fields},
                                      {"spf", by_node, spf_fields},
                                      {"protection", by_link, protection_fields},
                                      {"conflicts", by_node, conflict_fields},
                                      {"policies", by_policy, policy_fields},
                                      {"utilisation", by_node_link, utilisation_fields},
                                      {"scion_interfaces", by_interface, scion_interface_fields},
                                      {"scion_paths", by_way, scion_path_fields},
                                      {"scion_bfd", by_link, scion_bfd_fields},
                                      {"scion_keys", by_key, scion_key_fields},
                                      {"scion_drops", by_reason, drop_fields},
                                      {"overlay_self", {}, {}},
                                      {"overlay_feeds", by_feed, overlay_feed_fields},
                                      {"overlay_peers", by_peer, overlay_peer_fields},
                                      {"overlay_progress", {}, {}},
                                      {"overlay_state", {}, {}},
                                      {"overlay_broadcast", {}, {}},
                                      {"overlay_nodes", by_feed, overlay_node_fields},
                                      {"overlay_forks", by_feed, overlay_fork_fields}}};

constexpr const char* absent = "-";

std::optional<bool> flag(const json& row, std::string_view key) {
    const json& value = member(row, key);
    return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
}

std::string count_text(const json& value) {
    const auto number = unsigned_of(value);
    return number ? grouped(*number) : value_text(value);
}

std::string state_text(const json& row) {
    const auto up = flag(row, "up");
    if (!up) {
        return absent;
    }
    return !flag(row, "meant_up").value_or(true) ? "admin-down" : *up ? "up" : "down";
}

std::string list_text(const json& list, std::string (*of)(const json&),
                      std::string_view between = ",") {
    if (!list.is_array()) {
        return value_text(list);
    }
    std::string text;
    for (const json& value : list) {
        text += (text.empty() ? "" : std::string(between)) + of(value);
    }
    return text.empty() ? absent : text;
}

std::string path_text(const json& path) {
    if (!path.is_object()) {
        return value_text(path);
    }
    std::string text = value_text(member(path, "nexthop"));
    if (const json& out = member(path, "out"); !out.is_null()) {
        text += '>' + value_text(out);
    }
    if (const json& weight = member(path, "weight"); !weight.is_null() && weight != 1U) {
        text += '*' + value_text(weight);
    }
    if (const json& pushed = member(path, "segments"); !pushed.is_null()) {
        text += fmt::format(" (push {})", list_text(pushed, value_text));
    }
    return text;
}

// As words of `label set` and `prefix set` are written, but where paths push labels of their own.
std::string paths_text(const json& paths) {
    const bool push = paths.is_array() && std::ranges::any_of(paths, [](const json& path) {
                          return !member(path, "segments").is_null();
                      });
    return list_text(paths, path_text, push ? ", " : ",");
}

// Segment lists with their weights.
std::string lists_text(const json& lists) {
    if (!lists.is_array() || lists.empty()) {
        return absent;
    }
    std::string text;
    for (const json& list : lists) {
        const json& weight = member(list, "weight");
        text += (text.empty() ? "" : "; ") + list_text(member(list, "segments"), value_text);
        if (!weight.is_null() && weight != 1U) {
            text += '*' + value_text(weight);
        }
    }
    return text;
}

// Of candidate paths those that are not valid: by preference, with which list and segment is at
// fault, and what else the reason tells.
std::string refused_text(const json& candidates) {
    if (!candidates.is_array()) {
        return value_text(candidates);
    }
    std::string text;
    for (const json& path : candidates) {
        const std::string state = value_text(member(path, "state"));
        constexpr std::string_view refusal = "invalid: ";
        if (!state.starts_with(refusal)) {
            continue;
        }
        const std::string fault = state.substr(refusal.size());
        const json& reason = member(path, "reason");
        std::string more = reason.is_null() ? "" : value_text(reason);
        const std::string_view same = std::string_view(fault).substr(0, fault.find(" (list "));
        more = more.starts_with(same) ? more.substr(same.size()) : more.empty() ? "" : ": " + more;
        text += fmt::format("{}{}: {}{}", text.empty() ? "" : "; ",
                            value_text(member(path, "preference")), fault, more);
    }
    return text.empty() ? absent : text;
}

std::string backup_text(const json& backup) {
    if (!backup.is_object()) {
        return value_text(backup);
    }
    const std::string name = value_text(member(backup, "nexthop"));
    const std::string push = list_text(member(backup, "push"), value_text);
    return push == absent ? name : fmt::format("{} (push {})", name, push);
}

}  // namespace

const json& member(const json& row, std::string_view key) {
    static const json null;
    if (!row.is_object()) {
        return null;
    }
    const auto found = row.find(key);
    return found == row.end() ? null : *found;
}

double number_of(const json& value) { return value.is_number() ? value.get<double>() : 0; }

std::string mbits_text(const json& bits_per_second) {
    return bits_per_second.is_number() ? fmt::format("{:.1f}", number_of(bits_per_second) / 1e6)
                                       : value_text(bits_per_second);
}

std::string percent_text(const json& share) {
    return share.is_number() ? fmt::format("{:.1f}", 100 * number_of(share)) : value_text(share);
}

const view* view_of(std::string_view what) {
    const auto* const found = std::ranges::find(views, what, &view::what);
    return found == views.end() ? nullptr : found;
}

std::string command_of(std::string_view what) {
    for (const std::string_view prefix : {scion_prefix, overlay_prefix}) {
        if (what.starts_with(prefix)) {
            return fmt::format("{} show {}", prefix.substr(0, prefix.size() - 1),
                               what.substr(prefix.size()));
        }
    }
    return fmt::format("show {}", what);
}

std::vector<std::string_view> view_names(std::string_view prefix) {
    std::vector<std::string_view> names;
    for (const view& each : views) {
        const bool is_of_other =
            each.what.starts_with(scion_prefix) || each.what.starts_with(overlay_prefix);
        if (prefix.empty() ? !is_of_other : each.what.starts_with(prefix)) {
            names.push_back(each.what.substr(prefix.size()));
        }
    }
    return names;
}

std::optional<std::uint64_t> unsigned_of(const json& value) {
    const bool is_whole =
        value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0);
    return is_whole ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
}

std::string value_text(const json& value) {
    if (value.is_null()) {
        return absent;
    }
    if (value.is_string()) {
        return value.get_ref<const std::string&>().empty()
                   ? absent
                   : printable(value.get_ref<const std::string&>());
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "yes" : "no";
    }
    return printable(value.dump());
}

std::string cell(const json& row, const field& of) {
    switch (of.kind) {
        case text:
        case number: return value_text(member(row, of.key));
        case count: return count_text(member(row, of.key));
        case sum: {
            const auto total = counted(row, of);
            return total ? grouped(*total) : absent;
        }
        case up_down: {
            const auto up = flag(row, of.key);
            return !up ? absent : *up ? "up" : "down";
        }
        case state: return state_text(row);
        case paths: return paths_text(member(row, of.key));
        case labels: return list_text(member(row, of.key), value_text);
        case lists: return lists_text(member(row, of.key));
        case refused: return refused_text(member(row, of.key));
        case mbits: return mbits_text(member(row, of.key));
        case percent: return percent_text(member(row, of.key));
        case backup: return backup_text(member(row, of.key));
    }
    return absent;
}

std::optional<std::uint64_t> counted(const json& row, const field& of) {
    if (of.kind == count) {
        return unsigned_of(member(row, of.key));
    }
    if (of.kind != sum) {
        return std::nullopt;
    }
    std::optional<std::uint64_t> total;
    for (std::string_view keys = of.key; !keys.empty();) {
        const std::size_t plus = std::min(keys.find('+'), keys.size());
        if (const auto part = unsigned_of(member(row, keys.substr(0, plus)))) {
            total = total.value_or(0) + *part;
        }
        keys.remove_prefix(std::min(plus + 1, keys.size()));
    }
    return total;
}

}  // namespace rhumb::ctl
