// rhumb-scion show and paths: a network, its segments, and the paths that they make, as tables.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "controlplane/scion_paths/hex.hh"
#include "controlplane/scion_paths/walk_words.hh"
#include "tools/rhumb-scion/lab.hh"
#include "tools/rhumbctl/table.hh"

namespace rhumb::scion::tool {

namespace {

using ctl::text_table;
using nlohmann::json;

json ases_json(const lab& in) {
    json rows = json::array();
    for (const paths::network_as& as : in.of.ases) {
        json routers = json::object();
        for (const paths::network_router& router : as.routers) {
            routers[router.name] = control::to_string(router.internal);
        }
        rows.push_back({{"isd_as", scion::to_string(as.ia)},
                        {"core", as.core},
                        {"mtu", as.mtu},
                        {"routers", routers},
                        {"host", control::to_string(as.host)}});
    }
    return rows;
}

json links_json(const lab& in) {
    json rows = json::array();
    for (const paths::network_link& link : in.of.links) {
        json ends = json::array();
        for (const paths::link_end& end : link.ends) {
            const paths::network_as& as = in.of.ases[end.as];
            ends.push_back({{"interface", paths::to_string(as.ia, end.interface)},
                            {"router", as.routers[end.router].name},
                            {"address", control::to_string(end.address)}});
        }
        rows.push_back({{"kind", paths::to_string(link.kind)}, {"mtu", link.mtu}, {"ends", ends}});
    }
    return rows;
}

std::vector<paths::path_interface> interfaces_of(const paths::segment& s) {
    std::vector<paths::path_interface> made;
    for (const paths::segment_entry& entry : s.entries) {
        for (const std::uint16_t id : {entry.hop.ingress, entry.hop.egress}) {
            if (id != 0) {
                made.push_back({entry.ia, id});
            }
        }
    }
    return made;
}

std::string peers_of(const paths::segment& s) {
    std::string text;
    for (const paths::segment_entry& entry : s.entries) {
        for (const paths::peer_entry& peer : entry.peers) {
            text +=
                fmt::format("{}{}#{} ~ {}#{}", text.empty() ? "" : ", ", scion::to_string(entry.ia),
                            peer.hop.ingress, peer.peer_interface, scion::to_string(peer.peer));
        }
    }
    return text;
}

json segments_json(const lab& in) {
    json rows = json::array();
    const auto add = [&rows](const char* kind, const paths::segment& s) {
        json macs = json::array();
        for (const paths::segment_entry& entry : s.entries) {
            macs.push_back(paths::to_hex(entry.hop.mac));
        }
        rows.push_back({{"kind", kind},
                        {"segment_id", fmt::format("{:#06x}", s.id)},
                        {"timestamp", s.timestamp},
                        {"digest", paths::to_hex(paths::digest_of(s))},
                        {"chain", chain_of(interfaces_of(s))},
                        {"peers", peers_of(s)},
                        {"macs", macs}});
    };
    for (const paths::segment& s : in.segments.cores) {
        add("core", s);
    }
    for (const paths::segment& s : in.segments.downs) {
        add("down", s);
    }
    return rows;
}

void print_ases(const json& rows) {
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        std::string routers;
        for (const auto& [name, address] : row["routers"].items()) {
            routers += (routers.empty() ? "" : ", ") + name + ' ' + address.get<std::string>();
        }
        cells.push_back({row["isd_as"], row["core"].get<bool>() ? "core" : "-", row["mtu"].dump(),
                         routers, row["host"]});
    }
    text_table table({{"AS"}, {"CORE"}, {"MTU", true}, {"ROUTERS"}, {"HOST"}});
    std::cout << "ASes\n" << table.render(cells);
}

void print_links(const json& rows) {
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        text_table::row line{row["kind"]};
        for (const json& end : row["ends"]) {
            line.push_back(end["interface"].get<std::string>() + " " +
                           end["router"].get<std::string>());
            line.push_back(end["address"]);
        }
        line.push_back(row["mtu"].dump());
        cells.push_back(std::move(line));
    }
    text_table table({{"KIND"}, {"END"}, {"UNDERLAY"}, {"OTHER END"}, {"UNDERLAY"}, {"MTU", true}});
    std::cout << "\nlinks\n" << table.render(cells);
}

void print_segments(const json& rows) {
    std::vector<text_table::row> cells;
    for (const json& row : rows) {
        const std::string peers = row["peers"];
        cells.push_back(
            {row["kind"], row["segment_id"], row["chain"], peers.empty() ? "-" : peers});
    }
    text_table table({{"KIND"}, {"SEGID"}, {"INTERFACES, AS CONSTRUCTED"}, {"PEERING LINKS"}});
    std::cout << "\nsegments (an up segment is a down segment the other way)\n"
              << table.render(cells);
}

json path_json(const paths::path& p, std::size_t number) {
    json parts = json::array();
    for (const paths::path_part& part : p.parts) {
        json hops = json::array();
        for (const paths::hop_field& hop : part.hops) {
            hops.push_back({{"exp_time", hop.exp_time},
                            {"cons_ingress", hop.ingress},
                            {"cons_egress", hop.egress},
                            {"mac", paths::to_hex(hop.mac)}});
        }
        parts.push_back({{"kind", paths::to_string(part.kind)},
                         {"construction", part.construction},
                         {"peering", part.peering},
                         {"segment_id", part.segment_id},
                         {"timestamp", part.timestamp},
                         {"hops", hops}});
    }
    json interfaces = json::array();
    for (const paths::path_interface& i : p.interfaces) {
        interfaces.push_back(paths::to_string(i.ia, i.id));
    }
    return {{"number", number},
            {"links", p.weight},
            {"kinds", kinds_of(p)},
            {"interfaces", interfaces},
            {"mtu", p.mtu},
            {"good_until", paths::time_text(p.good_until_ms)},
            {"fingerprint", paths::to_hex(p.fingerprint())},
            {"path", paths::to_hex(p.bytes())},
            {"segments", parts}};
}

}  // namespace

exit_status show(const words& line) {
    command_line given(
        "usage: rhumb-scion show [OPTION...] NETWORK.toml\n"
        "\n"
        "The network's ASes and links with what the file leaves open filled in, and the segments\n"
        "that beaconing makes of them.\n");
    lab_options how;
    how.add_to(given.options, true);
    if (!given.parse(line, 1)) {
        return exit_status::done;
    }
    const auto in = make_lab(given.given()[0], how);
    if (how.as_json) {
        const json all{
            {"ases", ases_json(*in)}, {"links", links_json(*in)}, {"segments", segments_json(*in)}};
        std::cout << all.dump(1, ' ', true) << '\n';
        return exit_status::done;
    }
    print_ases(ases_json(*in));
    print_links(links_json(*in));
    print_segments(segments_json(*in));
    return exit_status::done;
}

exit_status list_paths(const words& line) {
    command_line given(
        "usage: rhumb-scion paths [OPTION...] NETWORK.toml FROM TO\n"
        "\n"
        "All paths from AS FROM to AS TO, in the reference implementation's order. INTERFACES\n"
        "reads 1-ff00:0:112#1 > 11#1-ff00:0:111: out by interface 1, in by interface 11 of the\n"
        "next AS. SEGMENTS: + is a switch of segments, ~ a peering link.\n");
    lab_options how;
    how.add_to(given.options, true);
    if (!given.parse(line, 3)) {
        return exit_status::done;
    }
    const auto in = make_lab(given.given()[0], how);
    const auto found = in->paths_between(in->as_of(given.given()[1]), in->as_of(given.given()[2]));
    if (how.as_json) {
        json rows = json::array();
        for (std::size_t n = 0; n < found.size(); ++n) {
            rows.push_back(path_json(found[n], n + 1));
        }
        std::cout << rows.dump(1, ' ', true) << '\n';
    } else if (!found.empty()) {
        std::vector<text_table::row> cells;
        for (std::size_t n = 0; n < found.size(); ++n) {
            const paths::path& p = found[n];
            cells.push_back({std::to_string(n + 1), kinds_of(p), std::to_string(p.mtu),
                             paths::time_text(p.good_until_ms),
                             paths::to_hex(p.fingerprint()).substr(0, 16), chain_of(p.interfaces)});
        }
        text_table table({{"PATH", true},
                          {"SEGMENTS"},
                          {"MTU", true},
                          {"GOOD UNTIL"},
                          {"FINGERPRINT"},
                          {"INTERFACES"}});
        std::cout << table.render(cells);
    }
    if (found.empty()) {
        throw failure(exit_status::refused, fmt::format("there is no path from {} to {}",
                                                        given.given()[1], given.given()[2]));
    }
    return exit_status::done;
}

}  // namespace rhumb::scion::tool
