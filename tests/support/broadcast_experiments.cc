#include "tests/support/broadcast_experiments.hh"

#include <algorithm>
#include <cmath>

namespace rhumb::test {

using namespace overlay::broadcast;
using namespace std::chrono_literals;

options paper_options() {
    options made;
    made.verify = false;
    made.rate.frames_per_second = made.rate.bytes_per_second = made.rate.membership_per_second = 0;
    made.membership.shuffle_period = paper_cycle;
    // More than the tree is deeper than its shortest ways; a round trip and some.
    made.tree.first_wait = 15ms;
    made.tree.graft_wait = 5ms;
    made.tree.announce_delay = 0ms;
    made.tree.threshold = 0;
    made.memory.payload_age = 2s;
    made.memory.id_age = 4s;
    made.memory.origins = 16;
    return made;
}

overlay_views grown_overlay(std::size_t nodes, std::size_t cycles, std::uint32_t seed) {
    broadcast_network network(nodes, paper_options(), {}, seed);
    network.join_all(20ms);
    network.run_for(paper_cycle * cycles);
    return network.views();
}

broadcast_network with_views(const overlay_views& views, const options& each,
                             const broadcast_links& links, std::uint32_t seed) {
    broadcast_network network(views.active.size(), each, links, seed);
    network.adopt(views);
    return network;
}

spread_result spread(broadcast_network& network, std::size_t messages, std::size_t warm_up,
                     bool one_sender, broadcast_network::duration each) {
    spread_result made;
    std::size_t sender = network.random_alive();
    double deliveries = 0;
    for (std::size_t n = 0; n < messages; ++n) {
        if (!one_sender) {
            sender = network.random_alive();
        }
        network.tally() = {};
        const broadcast_record& r = network.broadcast_for(sender, each);
        const double others = static_cast<double>(r.delivered) - 1;
        const double payload = static_cast<double>(network.tally().payload());
        made.redundancy.push_back(others == 0 ? 0 : payload / others - 1);
        if (n < warm_up) {
            continue;
        }
        made.reliability +=
            static_cast<double>(r.delivered) / static_cast<double>(network.alive_count());
        made.payload += payload;
        made.control += static_cast<double>(network.tally().control());
        made.hops += r.last_hops;
        made.most_hops = std::max(made.most_hops, r.last_hops);
        made.mean_latency += r.latency_sum * 1e3;
        made.last_latency += std::chrono::duration<double, std::milli>(r.last).count();
        deliveries += others;
    }
    const double counted = static_cast<double>(messages - warm_up);
    for (double* value :
         {&made.reliability, &made.payload, &made.control, &made.hops, &made.last_latency}) {
        *value /= counted;
    }
    made.mean_latency /= std::max(1.0, deliveries);
    return made;
}

void fail_some(broadcast_network& network, std::size_t count, std::uint32_t seed) {
    std::vector<std::size_t> live;
    for (std::size_t n = 0; n < network.size(); ++n) {
        if (network.alive(n)) {
            live.push_back(n);
        }
    }
    rhumb::test::dice random(seed);
    for (std::size_t n = 0; n < count && n < live.size(); ++n) {
        std::swap(live[n], live[n + random() % (live.size() - n)]);
        network.fail(live[n]);
    }
}

void heal_for_a_cycle(broadcast_network& network) {
    network.set_detection(true);
    network.report_failures();
    network.run_for(paper_cycle);
}

// A branch ends in nothing with probability q: its node has failed, or all four others of its
// branches end so.
reach reach_after(double failed) {
    const double alive = 1 - failed;
    double q = 0.5;
    for (int n = 0; n < 20'000; ++n) {
        q = failed + alive * std::pow(q, 4);
    }
    const double largest = 1 - std::pow(q, 5);
    return {largest, largest * largest};
}

double gossip_reach(double fanout, double loss) {
    double s = 1;
    for (int n = 0; n < 1000; ++n) {
        s = 1 - std::exp(-fanout * (1 - loss) * s);
    }
    return s;
}

}  // namespace rhumb::test
