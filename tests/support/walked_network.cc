#include "tests/support/walked_network.hh"

#include <algorithm>
#include <utility>

#include "dataplane/pipeline/pipeline.hh"
#include "rhumb/bytes.hh"
#include "rhumb/checksum.hh"
#include "rhumb/table/stage_context.hh"

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

// The labels of a frame.
std::vector<mpls::label> stack_of(const packet_bytes& frame) {
    std::vector<mpls::label> stack;
    bool more = frame[12] == 0x88 && frame[13] == 0x47;
    for (std::size_t at = 14; more && at + 4 <= frame.size(); at += 4) {
        const std::uint32_t entry = load_be32(frame.data() + at);
        stack.push_back(mpls::label_of(entry));
        more = !mpls::is_bottom(entry);
    }
    return stack;
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

void walked_network::set_link(topology::link_number l, bool up) {
    const topology::graph& g = map_->graph();
    for (const topology::link_number one : {l, g.reverse[l]}) {
        places_[g.from[one]]->live->set_port(one - g.first[g.from[one]] + 1, up);
    }
}

void walked_network::set_node(topology::node_number n, bool up) {
    const topology::graph& g = map_->graph();
    for (topology::link_number l = g.first[n]; l < g.first[n + 1]; ++l) {
        if (g.reverse[l] != topology::nobody) {
            set_link(l, up);
        }
    }
}

result<void> walked_network::add_node(config::file file) {
    const auto number = static_cast<topology::node_number>(places_.size());
    place& here = *places_.emplace_back(std::make_unique<place>());
    const publish::port_map ports = ports_of(file, number);
    auto made = publish::forwarding::build(std::move(file), ports, nullptr);
    if (!made) {
        return made.why();
    }
    here.forwarding = std::move(*made);
    for (std::size_t port = 0; port < ports.size(); ++port) {
        here.live->set_port(port, true);
    }
    here.tables = here.forwarding->snapshot(here.retired);
    return {};
}

result<void> walked_network::apply(topology::node_number node, const publish::changes& batch) {
    place& here = *places_[node];
    auto done = here.forwarding->apply(batch);
    here.retired.release();
    here.tables = here.forwarding->snapshot(here.retired);
    return done;
}

// One node; the port by which the frame left it, as it then is.
std::optional<std::size_t> walked_network::step(walked& so_far, packet_bytes& frame,
                                                topology::node_number at, std::size_t in_port) {
    place& here = *places_[at];
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

walked walked_network::send(topology::node_number at, const std::vector<mpls::label>& labels,
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
        way.stacks.push_back(stack_of(frame));
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
