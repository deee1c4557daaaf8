#include "tests/support/scion_network.hh"

#include "tests/support/scion_border.hh"

namespace rhumb::test {

namespace {

scion::endpoint router_inside(std::size_t as, std::size_t router) {
    return endpoint_of("10." + std::to_string(as) + ".0." + std::to_string(router + 1), 30042);
}
scion::endpoint host_in(std::size_t as) {
    return endpoint_of("10." + std::to_string(as) + ".0.51", 40001);
}
// The ends of the link from an AS to the next.
scion::endpoint left_end(std::size_t as) {
    return endpoint_of("192.0.2." + std::to_string(2 * as + 1), 50000);
}
scion::endpoint right_end(std::size_t as) {
    return endpoint_of("192.0.2." + std::to_string(2 * as + 2), 50000);
}
scion::link_type seen_from_left(step_to step) {
    using enum scion::link_type;
    return step == step_to::parent ? parent
           : step == step_to::core ? core
           : step == step_to::peer ? peer
                                   : child;
}
scion::link_type seen_from_right(step_to step) {
    using enum scion::link_type;
    return step == step_to::parent ? child : step == step_to::child ? parent : seen_from_left(step);
}

}  // namespace

scion_network::scion_network(const std::vector<step_to>& steps, unsigned two_routers)
    : steps_(steps) {
    for (std::size_t as = 0; as <= steps.size(); ++as) {
        auto& routers = ases_.emplace_back();
        const auto key = as_key(static_cast<byte>(first_key + as));
        const std::size_t count = (two_routers >> as & 1) != 0 ? 2 : 1;
        for (std::size_t n = 0; n < count; ++n) {
            routers.push_back(
                std::make_unique<scion_rig>(isd_as_of(name(as)), key, router_inside(as, n)));
            scion_rig& made = *routers.back();
            made.now_ms = clock_ms;
            made.own.last_port = 65535;
            at_[text_of_endpoint(router_inside(as, n))] = &made;
        }
        if (as != 0) {
            routers.front()->add_external(in_of(as), seen_from_right(steps[as - 1]),
                                          right_end(as - 1), left_end(as - 1),
                                          isd_as_of(name(as - 1)));
            at_[text_of_endpoint(right_end(as - 1))] = routers.front().get();
        }
        if (as != steps.size()) {
            routers.back()->add_external(out_of(as), seen_from_left(steps[as]), left_end(as),
                                         right_end(as), isd_as_of(name(as + 1)));
            at_[text_of_endpoint(left_end(as))] = routers.back().get();
        }
        if (count == 2 && as != 0) {
            routers.back()->add_sibling(in_of(as), seen_from_right(steps[as - 1]),
                                        router_inside(as, 0), isd_as_of(name(as - 1)));
        }
        if (count == 2 && as != steps.size()) {
            routers.front()->add_sibling(out_of(as), seen_from_left(steps[as]),
                                         router_inside(as, 1), isd_as_of(name(as + 1)));
        }
    }
}

packet_spec scion_network::path(bool core_construction) const {
    packet_spec spec;
    spec.from = name(0);
    spec.to = name(steps_.size());
    spec.source = host("10.0.0.51");
    spec.destination = host("10." + std::to_string(steps_.size()) + ".0.51");
    spec.from_outside = false;
    spec.layer4 = udp(host_port, host_port);
    const auto begin_segment = [&](step_to step, std::size_t as, bool peering) {
        segment_spec& made = spec.segments.emplace_back();
        made.construction = step == step_to::child || (step == step_to::core && core_construction);
        made.beta = static_cast<std::uint16_t>(0x1357 * (as + 1));
        made.peering = peering;
        made.hops = {{0, 0, static_cast<byte>(first_key + as)}};
    };
    bool over_peering = false;
    for (std::size_t as = 0; as < steps_.size(); ++as) {
        const step_to step = steps_[as];
        if (step == step_to::peer) {
            if (spec.segments.empty()) {
                begin_segment(step_to::parent, as, true);
            }
            spec.segments.back().peering = over_peering = true;
            spec.segments.back().hops.back().out = out_of(as);
            begin_segment(step_to::child, as + 1, true);
            spec.segments.back().hops.back().in = in_of(as + 1);
            continue;
        }
        const bool goes_on = !spec.segments.empty() &&
                             (steps_[as - 1] == step || (over_peering && step == step_to::child));
        if (!goes_on) {
            begin_segment(step, as, false);
        }
        spec.segments.back().hops.back().out = out_of(as);
        spec.segments.back().hops.push_back(
            {in_of(as + 1), 0, static_cast<byte>(first_key + as + 1)});
    }
    return spec;
}

std::vector<byte> scion_network::sent(const std::vector<byte>& scion) const {
    return udp_packet(host_in(0), router_inside(0, ases_.front().size() - 1), scion);
}
std::vector<byte> scion_network::sent_back(const std::vector<byte>& scion) const {
    return udp_packet(host_in(steps_.size()), router_inside(steps_.size(), 0), scion);
}

scion_network::arrival scion_network::carry(std::vector<byte> packet) {
    arrival came;
    for (came.routers = 0; came.routers < 100; ++came.routers) {
        came.wrong += what_is_wrong_with(packet);
        came.outcome = {};
        came.outcome.fate = verdict::forward;
        came.outcome.packet = packet;
        const auto known = at_.find(text_of_endpoint(came.outcome.destination()));
        came.router = known == at_.end() ? nullptr : known->second;
        if (came.router == nullptr) {
            return came;
        }
        came.outcome = came.router->run(packet);
        if (came.outcome.fate != verdict::forward) {
            return came;
        }
        packet = came.outcome.packet;
    }
    came.wrong += "it goes in circles";
    return came;
}

}  // namespace rhumb::test
