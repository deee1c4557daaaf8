#include "controlplane/api/running_config.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "controlplane/api/show_parts.hh"
#include "controlplane/config/inline_map.hh"
#include "controlplane/config/text.hh"

namespace rhumb::api {

namespace {

using publish::forwarding;

// A TOML basic string. JSON's escapes are TOML's.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <class Items, class ToText>
std::string array_of(const Items& items, ToText&& to_text) {
    std::string text = "[";
    for (const auto& item : items) {
        text += (text.size() > 1 ? ", " : "") + to_text(item);
    }
    return text + "]";
}

std::string numbers(const std::vector<mpls::label>& list) {
    return array_of(list, [](mpls::label l) { return std::to_string(l); });
}

std::string ranges(const std::vector<config::label_range>& list) {
    return array_of(list, [](const auto& range) { return quoted(config::to_string(range)); });
}

std::string paths(const std::vector<publish::path_text>& list) {
    return array_of(list, [](const publish::path_text& path) {
        if (path.weight == 1 && !path.out && path.segments.empty()) {
            return quoted(path.nexthop);
        }
        return fmt::format("{{ nexthop = {}, weight = {}{}{} }}", quoted(path.nexthop), path.weight,
                           path.out ? fmt::format(", out = {}", *path.out) : "",
                           path.segments.empty() ? "" : ", segments = " + numbers(path.segments));
    });
}

// From owners to their ranges, which the configuration has together.
std::string reserved_text(const std::vector<config::reserved_range>& reserved) {
    std::string text;
    for (auto one = reserved.begin(); one != reserved.end();) {
        std::vector<config::label_range> of_owner;
        const std::string& owner = one->owner;
        for (; one != reserved.end() && one->owner == owner; ++one) {
            of_owner.push_back(one->labels);
        }
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", quoted(owner), ranges(of_owner));
    }
    return text.empty() ? text : fmt::format("reserved = {{ {} }}\n", text);
}

std::string node_text(const config::node& node) {
    std::string text = fmt::format(
        "[node]\nname = {}\nsrgb = {}\nsrlb = {}\nstatic = {}\nttl = \"{}\"\nmsd = {}\n"
        "max_label_lookups = {}\n",
        quoted(node.name), ranges(node.srgb), ranges(node.srlb), ranges(node.static_labels),
        config::to_string(node.ttl), node.msd, node.max_label_lookups);
    text += reserved_text(node.reserved);
    if (node.hash_seed) {
        text += fmt::format("ecmp_seed = {}\n", *node.hash_seed);
    }
    if (!node.punt.empty()) {
        text += fmt::format("punt = {}\n", quoted(node.punt));
    }
    return text;
}

std::string port_text(const config::port& port) {
    std::string text =
        fmt::format("\n[ports.{}]\ndevice = {}\nmtu = {}\nrx_queues = {}\n", quoted(port.name),
                    quoted(port.device), port.mtu, port.rx_queues);
    if (port.mac) {
        text += fmt::format("mac = \"{}\"\n", config::to_string(*port.mac));
    }
    if (port.promiscuous) {
        text += "promiscuous = true\n";
    }
    if (port.shared_tx) {
        text += "shared_tx = true\n";
    }
    if (port.msd) {
        text += fmt::format("msd = {}\n", *port.msd);
    }
    if (!port.vlans.empty()) {
        text += fmt::format("vlans = {}\n", array_of(port.vlans, [](std::uint16_t vlan) {
                                return std::to_string(vlan);
                            }));
    }
    return text;
}

std::string nexthop_text(const config::nexthop& hop) {
    std::string text = fmt::format("\n[nexthops.{}]\nport = {}\nmac = \"{}\"\n", quoted(hop.name),
                                   quoted(hop.port), config::to_string(hop.mac));
    if (hop.vlan != 0) {
        text += fmt::format("vlan = {}\n", hop.vlan);
    }
    if (hop.mtu) {
        text += fmt::format("mtu = {}\n", *hop.mtu);
    }
    if (hop.ttl != config::ttl_model::inherit) {
        text += fmt::format("ttl = \"{}\"\n", config::to_string(hop.ttl));
    }
    if (hop.backup) {
        text +=
            fmt::format("backup = {{ nexthop = {}, push = {}{} }}\n", quoted(hop.backup->nexthop),
                        numbers(hop.backup->push), hop.backup->replace ? ", replace = true" : "");
    }
    if (!hop.follows.empty()) {
        text += fmt::format("follows = {}\n", quoted(hop.follows));
    }
    return text;
}

std::string runtime_text(const config::runtime& runtime) {
    return fmt::format(
        "\n[runtime]\nworkers = {}\ncores = {}\nidle = \"{}\"\nburst = {}\nrx_descriptors = {}\n"
        "tx_descriptors = {}\nbuffers = {}\nmemory_mib = {}\nhugepages = {}\neal = {}\n"
        "socket = {}\n",
        runtime.workers, quoted(runtime.cores),
        runtime.idle == config::idle_policy::busy ? "busy" : "adaptive", runtime.burst,
        runtime.rx_descriptors, runtime.tx_descriptors, runtime.buffers, runtime.memory_mib,
        quoted(runtime.hugepages), array_of(runtime.eal, quoted), quoted(runtime.socket));
}

bool all_have_labels(const std::vector<publish::path_text>& list) {
    return std::all_of(list.begin(), list.end(),
                       [](const publish::path_text& path) { return path.out.has_value(); });
}

std::string label_text(const publish::label_view& rule) {
    std::string text = fmt::format("\n[[labels]]\nlabel = {}\nop = \"{}\"\n", rule.label,
                                   config::to_string(operation_of(rule.entry.op())));
    if (rule.entry.op() == label_op::continue_ && !all_have_labels(rule.paths)) {
        text += fmt::format("out = {}\n", rule.entry.out());
    }
    if (!rule.segments.empty()) {
        text += fmt::format("segments = {}\n", numbers(rule.segments));
    }
    if (!rule.paths.empty()) {
        text += fmt::format("via = {}\n", paths(rule.paths));
    }
    if (rule.entry.op() != label_op::continue_) {
        text += fmt::format("ttl = \"{}\"\n", rule.entry.pipe() ? "pipe" : "uniform");
    }
    if (rule.entry.sets_tc()) {
        text += fmt::format("tc = {}\n", rule.entry.tc(0));
    }
    return text;
}

std::string scion_text(const config::scion_section& scion) {
    return fmt::format(
        "\n[scion]\nrouter = {}\nown_ports = {}\npacket_too_big = {}\nfan_out = {}\nslow_path_rate "
        "= {}\n"
        "slow_path_link_rate = {}\nkey_overlap = {}\nhttp = {}\n",
        quoted(scion.router), scion.own_ports, scion.packet_too_big, scion.fan_out,
        scion.slow_path_rate, scion.slow_path_link_rate, scion.key_overlap, quoted(scion.http));
}

std::string topology_section_text(const config::topology_section& topology) {
    std::string text = "\n[topology]\n";
    if (topology.map == nullptr) {
        text += fmt::format("file = {}\n", quoted(topology.file));
    }
    if (!topology.node.empty()) {
        text += fmt::format("node = {}\n", quoted(topology.node));
    }
    std::string links;
    for (const auto& [link, nexthop, where] : topology.adjacencies) {
        links += fmt::format("{}{} = {}", links.empty() ? "" : ", ", quoted(link), quoted(nexthop));
    }
    if (!links.empty()) {
        text += fmt::format("links = {{ {} }}\n", links);
    }
    return text + fmt::format(
                      "protection = \"{}\"\nfall_back = {}\nlocal_delay = {}\n"
                      "microloop_avoidance = {}\nmeasure = {}\nsmoothing = {}\n"
                      "policy_settle = {}\npolicy_keep_installed = {}\n"
                      "policy_reserved_labels = {}\n",
                      config::to_string(topology.protects), topology.fall_back,
                      topology.local_delay, topology.microloop_avoidance, topology.measure,
                      topology.smoothing, topology.policy_settle, topology.policy_keep_installed,
                      topology.policy_reserved_labels);
}

std::string controller_text(const config::controller_section& controller) {
    return fmt::format(
        "\n[controller]\ndemands = \"{}\"\nreoptimise = {}\ntarget = {}\nmoves = {}\n",
        config::to_string(controller.demands), controller.reoptimise, controller.target,
        controller.moves);
}

std::string overlay_text(const config::overlay_section& overlay) {
    std::string text = fmt::format("\n[overlay]\nkey = {}\nstore = {}\n", quoted(overlay.key_file),
                                   quoted(overlay.store_file));
    if (!overlay.passphrase_file.empty()) {
        text += fmt::format("passphrase_file = {}\n", quoted(overlay.passphrase_file));
    }
    if (!overlay.network.text.empty()) {
        text += fmt::format("network = {}\n", quoted(overlay.network.text));
    }
    const auto list = [&](std::string_view key,
                          const std::vector<config::overlay_section::item>& items) {
        if (!items.empty()) {
            text +=
                fmt::format("{} = {}\n", key,
                            array_of(items, [](const auto& item) { return quoted(item.text); }));
        }
    };
    list("listen", overlay.listen);
    list("peers", overlay.peers);
    list("follow", overlay.follow);
    text += fmt::format(
        "broadcast = \"{}\"\nbroadcast_order = {}\nbroadcast_retransmit = {}\n"
        "broadcast_fanout = {}\nbroadcast_lifetime = {}\n",
        config::to_string(overlay.broadcast), overlay.broadcast_order, overlay.broadcast_retransmit,
        overlay.broadcast_fanout, overlay.broadcast_lifetime);
    if (!overlay.broadcast_address.text.empty()) {
        text += fmt::format("broadcast_address = {}\n", quoted(overlay.broadcast_address.text));
    }
    text += fmt::format("link_state = {}\n", overlay.link_state);
    if (!overlay.nodes.empty()) {
        std::string nodes;
        for (const auto& [node, feed] : overlay.nodes) {
            nodes += fmt::format("{}{} = {}", nodes.empty() ? "" : ", ", quoted(node),
                                 quoted(feed.text));
        }
        text += fmt::format("nodes = {{ {} }}\n", nodes);
    }
    return text + fmt::format(
                      "admit = \"{}\"\ndiscovery = {}\nmax_peers = {}\nswitch_timeout = {}\n"
                      "handshake_timeout = {}\nmessages_per_second = {}\n"
                      "verifies_per_second = {}\nkilobytes_per_second = {}\n",
                      config::to_string(overlay.admits), overlay.discovery, overlay.max_peers,
                      overlay.switch_timeout, overlay.handshake_timeout,
                      overlay.messages_per_second, overlay.verifies_per_second,
                      overlay.kilobytes_per_second);
}

std::string prefix_text(const publish::prefix_view& rule) {
    if (rule.way.list == route::discard) {
        return fmt::format("\n[[prefixes]]\nmatch = \"{}\"\ndiscard = true\n",
                           config::to_string(rule.prefix));
    }
    std::string text = fmt::format("\n[[prefixes]]\nmatch = \"{}\"\nvia = {}\n",
                                   config::to_string(rule.prefix), paths(rule.paths));
    if (!rule.segments.empty()) {
        text += fmt::format("segments = {}\n", numbers(rule.segments));
    }
    if (rule.way.list != route::no_list) {
        text += fmt::format("ttl = \"{}\"\n", rule.way.pipe ? "pipe" : "uniform");
        if (rule.way.sets_tc) {
            text += fmt::format("tc = {}\n", rule.way.tc);
        }
    }
    return text;
}

nlohmann::json page(std::string toml, const std::string& next) {
    nlohmann::json answer{{"rows", {{{"toml", std::move(toml)}}}}};
    if (!next.empty()) {
        answer["next"] = next;
    }
    return answer;
}

nlohmann::json label_page(const running_parts& of, std::uint64_t from, std::uint64_t limit) {
    const forwarding& tables = of.tables;
    std::string text;
    auto label = tables.next_label(from);
    for (std::uint64_t n = 0; label && n < limit; ++n) {
        if (of.network == nullptr || !of.network->has(*label)) {
            text += label_text(tables.label(*label));
        }
        label = tables.next_label(*label + std::uint64_t{1});
    }
    if (label) {
        return page(std::move(text), "label " + std::to_string(*label));
    }
    const auto& prefixes = tables.prefixes();
    return page(std::move(text),
                prefixes.empty() ? "" : "prefix " + config::to_string(prefixes.begin()->first));
}

nlohmann::json prefix_page(const running_parts& of, const ip_prefix& from, std::uint64_t limit) {
    const forwarding& tables = of.tables;
    std::string text;
    auto it = tables.prefixes().lower_bound(from);
    for (std::uint64_t n = 0; it != tables.prefixes().end() && n < limit; ++n, ++it) {
        if (!tables.is_own(it->first) && (of.network == nullptr || !of.network->has(it->first))) {
            text += prefix_text(tables.prefix(it->first));
        }
    }
    return page(std::move(text),
                it == tables.prefixes().end() ? "" : "prefix " + config::to_string(it->first));
}

// Of the map that the configuration has itself.
result<nlohmann::json> map_page(const config::inline_map& map, std::size_t at) {
    constexpr std::size_t page_bytes = std::size_t{1} << 20;  // as JSON six times as much at most
    if (at >= map.text.size()) {
        return bad_cursor();
    }
    const std::size_t end = end_of_piece(map.text, at, page_bytes);
    return page(map.text.substr(at, end - at),
                end < map.text.size() ? fmt::format("map {}", end) : "label 0");
}

}  // namespace

config::operation operation_of(label_op op) {
    switch (op) {
        case label_op::continue_: return config::operation::continue_;
        case label_op::pop: return config::operation::pop;
        case label_op::push: return config::operation::push;
        default: return config::operation::next;
    }
}

result<nlohmann::json> running_config(const running_parts& of, const std::string& from,
                                      std::uint64_t limit) {
    const config::inline_map* const map =
        of.network == nullptr ? nullptr : of.network->section().map.get();
    if (from.empty()) {
        std::string text = node_text(of.tables.node());
        for (const config::port& port : of.tables.ports()) {
            text += port_text(port);
        }
        for (const auto& [name, hop] : of.tables.nexthops()) {
            if (of.network == nullptr || !of.network->has_nexthop(name)) {
                text += nexthop_text(hop);
            }
        }
        text += runtime_text(of.runtime);
        if (of.scion != nullptr) {
            text += scion_text(*of.scion);
        }
        if (of.network != nullptr) {
            text += topology_section_text(of.network->section());
            if (const auto& controller = of.network->controller()) {
                text += controller_text(*controller);
            }
        }
        if (of.overlay != nullptr) {
            text += overlay_text(*of.overlay);
        }
        return page(std::move(text), map != nullptr && !map->text.empty() ? "map 0" : "label 0");
    }
    if (const auto at = number_cursor("map ", from); at && map != nullptr) {
        return map_page(*map, *at);
    }
    if (from.starts_with("label ")) {
        std::uint64_t label = 0;
        std::from_chars(from.data() + 6, from.data() + from.size(), label);
        return label_page(of, label, limit);
    }
    if (from.starts_with("prefix ")) {
        if (const auto prefix = config::parse_prefix(std::string_view(from).substr(7))) {
            return prefix_page(of, *prefix, limit);
        }
    }
    return bad_cursor();
}

}  // namespace rhumb::api
