// SR policies after a failure, and traffic after all failures, in milliseconds of one processor.
//
//   build-bench/tools/bench/policies_bench
//
// 10,000 dynamic policies at one headend of a network of 1,000 nodes and of 10,000, and spread over
// all 1,000: links fail one after the other and come back, those that most policies use first.
// What-if: all single failures of a network of 200 nodes with a demand between any two.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/controller/what_if.hh"
#include "controlplane/paths/policies.hh"
#include "controlplane/paths/policy_services.hh"
#include "tests/support/network_maps.hh"

namespace {

using namespace rhumb;
using topology::link_number;
using topology::node_number;

constexpr std::size_t policy_count = 10'000;
constexpr std::size_t failed_links = 60;

// Of this process: other programs on the machine do not count.
double now_ms() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// A map, and what its nodes say, by number.
class network {
public:
    explicit network(std::size_t nodes) {
        std::vector<test::edge> edges = test::provider(nodes, 1);
        for (std::size_t i = 0; i < edges.size(); ++i) {
            edges[i].affinities = topology::affinity_set{1} << i * 7 % 20;
        }
        map = test::make_map(edges);
        for (node_number n = 0; n < map.node_count(); ++n) {
            said_.push_back(*map.said(n));
        }
    }

    // Both ends of a link say that it is gone, or there again.
    topology::change set(const std::vector<link_number>& ends, bool up) {
        topology::change sum;
        for (const link_number end : ends) {
            topology::advertisement& a = said_[map.graph().from[end]];
            if (up) {
                a.links.push_back(taken_.front());
                taken_.erase(taken_.begin());
            } else {
                const auto at = std::find_if(a.links.begin(), a.links.end(), [&](const auto& l) {
                    return map.find_link(map.graph().from[end], l.name) == end;
                });
                taken_.push_back(*at);
                a.links.erase(at);
            }
            ++a.version;
            auto changed = map.apply(a);
            sum.links.insert(sum.links.end(), changed->links.begin(), changed->links.end());
        }
        return sum;
    }

    topology::map map;

private:
    std::vector<topology::advertisement> said_;
    std::vector<topology::link> taken_;
};

struct times {
    std::vector<double> services;  // trees that the change has touched
    std::vector<double> policies;
    std::size_t most_looked_at = 0;
    std::size_t most_computed = 0;
    std::size_t most_changed = 0;

    void print(const char* what) {
        const auto at = [](std::vector<double>& of, std::size_t hundredth) {
            std::sort(of.begin(), of.end());
            return of[std::min(of.size() - 1, of.size() * hundredth / 100)];
        };
        std::vector<double> both;
        for (std::size_t i = 0; i < policies.size(); ++i) {
            both.push_back(services[i] + policies[i]);
        }
        std::sort(both.begin(), both.end());
        std::printf(
            "  %-10s median %7.2f ms  worst %7.2f ms  of which trees %6.2f ms  (at most %zu "
            "looked at, %zu computed, %zu changed)\n",
            what, at(both, 50), both.back(), at(services, 100), most_looked_at, most_computed,
            most_changed);
    }
};

void run_policies(std::size_t size, bool one_headend, const char* title) {
    network net(size);
    const auto nodes = static_cast<node_number>(net.map.node_count());
    paths::policy_services computes(net.map);
    paths::policies all(net.map, computes.services());
    // Policies of four kinds: of each twentieth part of the links some do not use one.
    for (std::uint32_t n = 0; n < policy_count; ++n) {
        const node_number headend = one_headend ? nodes - 1 : n % nodes;
        const node_number endpoint = (headend + 1 + n / (one_headend ? 1 : nodes) * 97) % nodes;
        if (endpoint == headend) {
            continue;
        }
        paths::candidate_path c;
        c.dynamic.emplace();
        c.dynamic->within.exclude_any = topology::affinity_set{1} << n / nodes % 4;
        all.set({headend, n, net.map.said(endpoint)->prefixes.front().address}, c);
    }
    double start = now_ms();
    (void)all.update(0);
    std::printf("%s\n  all at first %.2f ms\n", title, now_ms() - start);

    // Links by how many policies use them.
    std::vector<std::pair<std::size_t, link_number>> used(net.map.graph().link_count());
    for (link_number l = 0; l < used.size(); ++l) {
        used[l].second = l;
    }
    std::size_t active = 0;
    std::size_t hops = 0;
    for (std::uint32_t n = 0; n < all.size(); ++n) {
        active += all.at(n)->active ? 1U : 0U;
        hops += all.at(n)->links.size();
        for (const link_number l : all.at(n)->links) {
            ++used[l].first;
        }
    }
    std::sort(used.rbegin(), used.rend());
    std::printf("  %zu of %u policies are valid; %.1f links each; the busiest link carries %zu\n",
                active, all.size(), static_cast<double>(hops) / static_cast<double>(active),
                used.front().first);
    times down;
    times up;
    paths::microseconds clock = 0;
    for (std::size_t i = 0; i < failed_links; ++i) {
        const link_number l = used[i].second;
        const std::vector<link_number> ends{l, net.map.graph().reverse[l]};
        for (const bool back : {false, true}) {
            times& to = back ? up : down;
            const topology::change changed = net.set(ends, back);
            start = now_ms();
            computes.update();
            const double middle = now_ms();
            const paths::evaluation done = all.update(changed, clock += 2'000'000);
            to.services.push_back(middle - start);
            to.policies.push_back(now_ms() - middle);
            to.most_looked_at = std::max(to.most_looked_at, done.looked_at);
            to.most_computed = std::max(to.most_computed, done.computed);
            to.most_changed = std::max(to.most_changed, done.changed.size());
        }
    }
    down.print("failure");
    up.print("repair");
}

void run_what_if() {
    network net(200);
    std::vector<controller::routed_demand> demands;
    const auto nodes = static_cast<node_number>(net.map.node_count());
    for (node_number a = 0; a < nodes; ++a) {
        for (node_number b = 0; b < nodes; ++b) {
            if (a != b) {
                demands.push_back({a, b, 1e6 * (1 + (a * 7 + b) % 10), {}, false});
                if ((a + b) % 20 == 0) {  // some follow policies
                    const node_number via = (a + b * 3 + 1) % nodes;
                    demands.back().choices.push_back(
                        {{{topology::segment::to_node(via), topology::segment::to_node(b)}, 1}});
                }
            }
        }
    }
    double start = now_ms();
    controller::traffic t(net.map, std::move(demands));
    const double placed = now_ms() - start;
    const auto failures = controller::single_failures(net.map);
    start = now_ms();
    const auto found = controller::what_if(t, failures);
    std::printf(
        "what-if: %u nodes, %zu links, %zu demands\n  placed in %.1f ms; %zu failures in "
        "%.0f ms, %zu of them leave demands without a way\n",
        nodes, net.map.graph().link_count() / 2, t.demands().size(), placed, failures.size(),
        now_ms() - start,
        static_cast<std::size_t>(
            std::count_if(found.failures.begin(), found.failures.end(),
                          [](const auto& f) { return !f.unroutable.empty(); })));
}

}  // namespace

int main() {
    run_policies(1'000, true, "10,000 policies at one headend, 1,000 nodes");
    run_policies(1'000, false, "10,000 policies at 1,000 headends");
    run_policies(10'000, true, "10,000 policies at one headend, 10,000 nodes");
    run_what_if();
    return 0;
}
