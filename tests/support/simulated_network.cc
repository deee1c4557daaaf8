#include "tests/support/simulated_network.hh"

#include <algorithm>

#include "controlplane/topology/flex_algo.hh"
#include "dataplane/pipeline/pipeline.hh"
#include "rhumb/bytes.hh"
#include "rhumb/checksum.hh"
#include "rhumb/table/stage_context.hh"
#include "tests/support/repairs.hh"

namespace rhumb::test {

namespace {

constexpr std::size_t room = 256;

// Port `number` of a node; 0 is the host's.
ethernet::mac_address mac_of(std::size_t node, std::size_t number) {
    return {0x02, static_cast<byte>(node >> 8),   static_cast<byte>(node),
            0,    static_cast<byte>(number >> 8), static_cast<byte>(number)};
}

packet_bytes frame_for(const std::vector<mpls::label>& labels, std::uint32_t destination,
                       std::uint16_t flow, unsigned ttl) {
    constexpr std::size_t payload = 8;
    packet_bytes frame(14);
    frame[12] = labels.empty() ? 0x08 : 0x88;
    frame[13] = labels.empty() ? 0x00 : 0x47;
    for (std::size_t n = 0; n < labels.size(); ++n) {
        frame.resize(frame.size() + 4);
        store_be32(frame.data() + frame.size() - 4,
                   mpls::make(labels[n], 0, n + 1 == labels.size(), ttl));
    }
    const std::size_t ip = frame.size();
    frame.resize(ip + 28 + payload);
    byte* const header = frame.data() + ip;
    header[0] = 0x45;
    store_be16(header + 2, static_cast<std::uint16_t>(28 + payload));
    header[8] = static_cast<byte>(ttl);
    header[9] = 17;
    store_be32(header + 12, 0xc0000201);
    store_be32(header + 16, destination);
    store_be16(header + 10, checksum_of(header, 20));
    store_be16(header + 20, flow);
    store_be16(header + 22, 2000);
    store_be16(header + 24, static_cast<std::uint16_t>(8 + payload));
    return frame;
}

void set_destination(packet_bytes& frame, const ethernet::mac_address& mac) {
    std::copy(mac.begin(), mac.end(), frame.begin());
}

}  // namespace

config::file file_for(const topology::map& m, topology::node_number node) {
    const topology::graph& g = m.graph();
    const topology::advertisement& said = *m.said(node);
    config::file file;
    file.node.name = said.origin;
    file.node.msd = said.msd;
    file.node.srgb.clear();
    file.node.srlb.clear();
    for (const auto& [from, into] :
         {std::pair(&said.srgb, &file.node.srgb), std::pair(&said.srlb, &file.node.srlb)}) {
        for (const topology::label_block& block : *from) {
            into->push_back({block.first, block.first + block.count - 1});
        }
    }
    const auto add = [&](const std::string& name, const ethernet::mac_address& to) {
        config::port port;
        port.name = name;
        port.device = "net_null" + std::to_string(file.ports.size());
        file.ports.push_back(port);
        config::nexthop hop;
        hop.name = name;
        hop.port = name;
        hop.mac = to;
        file.nexthops.push_back(hop);
    };
    add("host", mac_of(0xffff, node));
    for (topology::link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
        const topology::link_number back = g.reverse[l];
        const std::size_t there = back == topology::nobody ? 0 : back - g.first[g.to[l]] + 1;
        const topology::link* const link = m.said_of(l);
        add(link != nullptr ? link->name : "gone-" + std::to_string(l), mac_of(g.to[l], there));
    }
    for (const topology::prefix& p : said.prefixes) {
        config::prefix_rule rule;
        rule.match = p.address;
        rule.paths = file.rules.intern({config::path{"host", 1, std::nullopt}});
        file.rules.prefixes.push_back(rule);
    }
    return file;
}

publish::port_map ports_of(const config::file& file, topology::node_number node) {
    publish::port_map ports;
    for (std::size_t n = 0; n < file.ports.size(); ++n) {
        ports[file.ports[n].name] = {static_cast<std::uint8_t>(n), mac_of(node, n)};
    }
    return ports;
}

std::vector<config::topology_section::adjacency> links_of(const topology::map& m,
                                                          topology::node_number node) {
    std::vector<config::topology_section::adjacency> links;
    for (const topology::link& l : m.said(node)->links) {
        links.push_back({l.name, l.name, {}});
    }
    return links;
}

node_inputs inputs_for(const topology::map& m, topology::node_number own, bool protect) {
    node_inputs made;
    const std::vector<std::uint8_t> all = topology::algorithms(m);
    for (const std::uint8_t algorithm : all) {
        made.planes.push_back(topology::make_plane(m, algorithm));
        made.repairs.emplace_back();
        if (protect) {
            made.repairs.back() = repairs_for(m, made.planes.back(), algorithm, own);
        }
    }
    for (std::size_t n = 0; n < all.size(); ++n) {
        made.algorithms.push_back({all[n], &made.planes[n], made.repairs[n]});
    }
    made.links = links_of(m, own);
    made.file = std::make_unique<config::file>(file_for(m, own));
    made.configured = std::make_unique<publish::static_rules>(*made.file);
    return made;
}

namespace {

std::string joined(const config::segments& labels) {
    std::string text;
    for (const mpls::label l : labels) {
        text += (text.empty() ? "" : "/") + std::to_string(l);
    }
    return text;
}

template <class Rule>
std::string ways_text(const publish::computed_tables& made, const Rule& rule) {
    const config::rules& rules = made.rules;
    std::string text;
    if (rule.list != config::none) {
        text += " " + joined(rules.segment_lists[rule.list]);
    }
    for (const config::path& path :
         rule.paths != config::none ? rules.path_lists[rule.paths] : config::path_list{}) {
        text += " " + path.nexthop;
        text += path.weight != 1 ? "*" + std::to_string(path.weight) : "";
        text += path.out ? ">" + std::to_string(*path.out) : "";
        text += path.list != config::none ? ">" + joined(rules.segment_lists[path.list]) : "";
    }
    return text;
}

}  // namespace

std::string rule_text(const publish::computed_tables& made, mpls::label label) {
    for (const config::label_rule& rule : made.rules.labels) {
        if (rule.label == label) {
            std::string text;
            switch (rule.op) {
                case config::operation::next: text = "next"; break;
                case config::operation::pop: text = "pop"; break;
                case config::operation::push: text = "push"; break;
                case config::operation::continue_:
                    text = "continue";
                    text += rule.out != config::none ? " " + std::to_string(rule.out) : "";
            }
            return text + ways_text(made, rule);
        }
    }
    return "none";
}

std::string rule_text(const publish::computed_tables& made, const ip_prefix& match) {
    for (const config::prefix_rule& rule : made.rules.prefixes) {
        if (rule.match == match) {
            return (rule.discard ? "discard" : "send") + ways_text(made, rule);
        }
    }
    return "none";
}

std::string backup_text(const publish::computed_tables& made, const std::string& nexthop) {
    for (const config::nexthop& hop : made.nexthops) {
        if (hop.name == nexthop && hop.backup) {
            return (hop.backup->replace ? "=" : "") + hop.backup->nexthop +
                   (hop.backup->push.empty() ? "" : " " + joined(hop.backup->push));
        }
    }
    return "none";
}

std::string notes_text(const publish::computed_tables& made, publish::note_kind kind) {
    std::string text;
    for (const publish::note& n : made.notes) {
        if (n.kind == kind) {
            text += n.text + "\n";
        }
    }
    return text;
}

simulated_network::simulated_network(
    const topology::map& m, bool protect,
    const std::function<void(topology::node_number, node_inputs&)>& edit)
    : map_(&m) {
    const labels::sid_labels labels(m);
    for (topology::node_number n = 0; n < m.node_count(); ++n) {
        nodes_.push_back(std::make_unique<node>());
        node& here = *nodes_.back();
        here.inputs = inputs_for(m, n, protect);
        if (edit) {
            edit(n, here.inputs);
        }
        auto made =
            publish::forwarding::build(*here.inputs.file, ports_of(*here.inputs.file, n), nullptr);
        if (!made) {
            error_ = m.name(n) + ": " + made.why().text();
            return;
        }
        here.forwarding = std::move(*made);
        for (std::size_t port = 0; port < here.inputs.file->ports.size(); ++port) {
            here.live->set_port(port, true);
        }
        compute(m, labels, n);
    }
}

void simulated_network::converge(const topology::map& m, bool protect) {
    map_ = &m;
    const labels::sid_labels labels(m);
    for (topology::node_number n = 0; n < m.node_count(); ++n) {
        node_inputs& before = nodes_[n]->inputs;
        node_inputs now = inputs_for(m, n, protect);
        now.policies = before.policies;
        // The router's own configuration stays.
        now.file = std::move(before.file);
        now.configured = std::move(before.configured);
        before = std::move(now);
        compute(m, labels, n);
    }
}

void simulated_network::compute(const topology::map& m, const labels::sid_labels& labels,
                                topology::node_number number) {
    node& here = *nodes_[number];
    auto made = computer_.compute(here.inputs.on(m, labels, number));
    if (!made) {
        error_ = m.name(number) + ": " + made.why().text();
        return;
    }
    const auto applied = here.forwarding->apply(publish::difference(here.computed, *made));
    if (!applied) {
        error_ = m.name(number) + ": " + applied.why().text();
    }
    here.computed = std::move(*made);
    here.retired.release();
    here.tables = here.forwarding->snapshot(here.retired);
}

void simulated_network::set_link(topology::link_number l, bool up) {
    const topology::graph& g = map_->graph();
    for (const topology::link_number one : {l, g.reverse[l]}) {
        nodes_[g.from[one]]->live->set_port(one - g.first[g.from[one]] + 1, up);
    }
}

// One node; the port by which the frame left it, as it then is.
std::optional<std::size_t> simulated_network::step(walked& so_far, packet_bytes& frame,
                                                   topology::node_number at, std::size_t in_port) {
    node& here = *nodes_[at];
    std::vector<byte> memory(room + frame.size());
    std::copy(frame.begin(), frame.end(), memory.begin() + room);
    burst& b = *burst_;
    b.count = 1;
    b.in_port = static_cast<std::uint8_t>(in_port);
    b.put(0, memory.data() + room, frame.size(), room);
    no_trace trace;
    run_pipeline(b, {here.tables, *here.live, *counters_}, trace);
    if (b.fate[0] != verdict::forward) {
        so_far.why = map_->name(at) + ": " + std::string(text_of(b.reason[0]).name);
        so_far.bytes = frame;
        return std::nullopt;
    }
    frame.assign(b.front[0], b.end[0]);
    return b.out_port[0];
}

walked simulated_network::send(topology::node_number at, const std::vector<mpls::label>& labels,
                               std::uint32_t destination, std::uint16_t flow, unsigned ttl) {
    const topology::graph& g = map_->graph();
    walked way;
    packet_bytes frame = frame_for(labels, destination, flow, ttl);
    std::size_t in_port = 0;
    set_destination(frame, mac_of(at, 0));
    while (way.nodes.size() < 300) {
        way.nodes.push_back(at);
        const auto out = step(way, frame, at, in_port);
        if (!out) {
            return way;
        }
        if (*out == 0) {
            way.delivered = true;
            way.bytes = frame;
            return way;
        }
        const topology::link_number l = g.first[at] + static_cast<topology::link_number>(*out - 1);
        way.links.push_back(l);
        if (g.reverse[l] == topology::nobody) {
            way.why = map_->name(at) + ": sent over a link that is gone";
            return way;
        }
        at = g.to[l];
        in_port = g.reverse[l] - g.first[at] + 1;
    }
    way.why = "loops";
    return way;
}

}  // namespace rhumb::test
