#include "controlplane/neighbours/frames.hh"

namespace rhumb::neighbours {

namespace {

constexpr ethernet::mac_address everybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

frame frame_of(const interface_settings& on, const ethernet::mac_address& to,
               const arp::message& what) {
    frame made(arp::frame_bytes);
    made.resize(arp::write_frame(made, to, on.vlan, what));
    return made;
}

frame frame_of(const interface_settings& on, const ethernet::mac_address& to,
               const nd::message& what) {
    frame made(nd::max_frame_bytes);
    made.resize(nd::write_frame(made, to, on.mac, on.vlan, what));
    return made;
}

// The address that the target MAC stands for is what is asked, so it stays zero.
arp::message arp_request(const interface_settings& on, const ip_address& target) {
    return {arp::request, on.mac, source_for(on, target).ipv4(), {}, target.ipv4()};
}

nd::message nd_solicitation(const interface_settings& on, const ip_address& target,
                            const nd::ipv6_address& destination) {
    nd::message ask;
    ask.source = source_for(on, target).bytes;
    ask.destination = destination;
    ask.target = target.bytes;
    ask.link_layer = on.mac;
    return ask;
}

nd::message nd_advertisement(const interface_settings& on, const nd::ipv6_address& own) {
    nd::message say;
    say.type = nd::advertisement;
    say.source = own;
    say.destination = nd::all_nodes;
    say.target = own;
    say.router = true;
    say.override_ = true;
    say.link_layer = on.mac;
    return say;
}

}  // namespace

frame solicitation(const interface_settings& on, const ip_address& target) {
    if (target.af == family::ipv4) {
        return frame_of(on, everybody, arp_request(on, target));
    }
    const nd::ipv6_address group = nd::solicited_node(target.bytes);
    return frame_of(on, nd::multicast_mac(group), nd_solicitation(on, target, group));
}

frame probe(const interface_settings& on, const ip_address& target,
            const ethernet::mac_address& last) {
    return target.af == family::ipv4
               ? frame_of(on, last, arp_request(on, target))
               : frame_of(on, last, nd_solicitation(on, target, target.bytes));
}

frame reply(const interface_settings& on, const arp::message& asked) {
    return frame_of(on, asked.sender_mac,
                    arp::message{arp::reply, on.mac, asked.target, asked.sender_mac, asked.sender});
}

frame reply(const interface_settings& on, const nd::message& asked,
            const ethernet::mac_address& from) {
    nd::message say = nd_advertisement(on, asked.target);
    if (asked.source == nd::unspecified) {
        // Whoever probes has no address yet to be answered at: all nodes hear it (section 7.2.4).
        return frame_of(on, nd::multicast_mac(nd::all_nodes), say);
    }
    say.destination = asked.source;
    say.solicited = true;
    return frame_of(on, asked.link_layer.value_or(from), say);
}

frame announcement(const interface_settings& on, const ip_address& own) {
    if (own.af == family::ipv4) {
        return frame_of(on, everybody,
                        arp::message{arp::request, on.mac, own.ipv4(), {}, own.ipv4()});
    }
    return frame_of(on, nd::multicast_mac(nd::all_nodes), nd_advertisement(on, own.bytes));
}

}  // namespace rhumb::neighbours
