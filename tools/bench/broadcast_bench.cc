// The figures of the HyParView and Plumtree papers (DSN 2007, SRDS 2007) beside those of
// controlplane/overlay/broadcast, and Plumtree, flooding and random gossip beside each other.
// Simulated (tests/support/broadcast_network.hh): hops of 1 ms, all at once. In Markdown, as
// docs/broadcast.md has it.
//
//   build/tools/bench/broadcast_bench [NODES [PART...]]     10000; shape costs failures healing
//                                                           continuous ways
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/broadcast_experiments.hh"

namespace {

using namespace rhumb::test;
using namespace rhumb::overlay::broadcast;
using namespace std::chrono_literals;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

broadcast_network network(const overlay_views& views, spreading way, std::uint16_t threshold = 0) {
    options each = paper_options();
    each.way = way;
    each.tree.threshold = threshold;
    return with_views(views, each, {}, 2);
}

void print_shape(const overlay_views& views) {
    const broadcast_network net = network(views, spreading::flooding);
    const overlay_shape s = shape_of(net, 5, 200);
    std::printf("\n## Overlay after 50 cycles (HyParView table 1)\n\n");
    std::printf("| figure | published | here |\n| --- | ---: | ---: |\n");
    std::printf("| clustering | 0.00092 | %.5f |\n", s.clustering);
    std::printf("| mean shortest path | 6.385 | %.3f |\n", s.path_length);
    std::printf("| longest shortest path | | %zu |\n", s.longest);
    std::printf("| edges | | %zu |\n", s.edges);
    std::printf("| nodes with 5 neighbours | | %zu |\n", s.full);
    std::printf("| neighbours on one side only | 0 | %zu |\n", s.one_sided);
    std::printf("| nodes in one piece | all | %zu of %zu |\n", s.largest, net.size());
}

void print_costs(const overlay_views& views) {
    struct {
        const char* name;
        spreading way;
        bool one_sender;
        std::uint16_t threshold;
        const char* published;
    } const rows[] = {
        {"flooding", spreading::flooding, false, 0, "39,984 / 0 | 8-9"},
        {"Plumtree, one sender", spreading::plumtree, true, 0, "9,999 / 29,987 | ~10"},
        {"Plumtree, many senders", spreading::plumtree, false, 0, "9,999 / 29,990 | 50-75"},
        {"optimised (3), one sender", spreading::plumtree, true, 3, "9,999 / 29,989 | ~8"},
        {"optimised (7), many senders", spreading::plumtree, false, 7, "9,999 / 38,976 | 17-18"},
    };
    std::printf("\n## Copies and control frames for one message (Plumtree table 1, figure 2)\n\n");
    std::printf("Mean of messages 21 to 60; RMR is copies / (nodes - 1) - 1.\n\n");
    std::printf(
        "| | published copies / control | published LDH | copies | control | LDH mean | "
        "LDH most | RMR of messages 1, 2, 3, 4 | last |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (const auto& row : rows) {
        broadcast_network net = network(views, row.way, row.threshold);
        const spread_result r = spread(net, 60, 20, row.one_sender);
        std::printf("| %s | %s | %.0f | %.0f | %.1f | %u | %.3f, %.3f, %.3f, %.3f | %.3f |\n",
                    row.name, row.published, r.payload, r.control, r.hops, r.most_hops,
                    r.redundancy[0], r.redundancy[1], r.redundancy[2], r.redundancy[3],
                    r.redundancy.back());
        std::fflush(stdout);
    }
}

// Mean, and the best, of messages of 20 senders right after failures.
spread_result right_after(broadcast_network& net, double& best) {
    spread_result sum;
    for (int n = 0; n < 20; ++n) {
        const double one = spread(net, 1, 0, false, 100ms).reliability;
        sum.reliability += one / 20;
        best = std::max(best, one);
    }
    return sum;
}

void print_failures(const overlay_views& views) {
    const char* const published[] = {"~100",    "~100",      "~100", "98.7", "95",
                                     "56 (84)", "15 (0-31)", "~0",   "~0"};
    std::printf("\n## Reliability right after failures, in %% (Plumtree figure 6a)\n\n");
    std::printf(
        "20 random senders. Theory: of a random 5-regular graph, the largest component S, "
        "and S² for a random sender.\n\n");
    std::printf(
        "| failed | published | theory S | theory S² | flooding best | flooding mean | "
        "Plumtree best | Plumtree mean |\n"
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (std::size_t n = 1; n <= 9; ++n) {
        const reach theory = reach_after(static_cast<double>(n) / 10);
        std::printf("| %zu0 %% | %s | %.1f | %.1f |", n, published[n - 1], 100 * theory.largest,
                    100 * theory.expected);
        for (const spreading way : {spreading::flooding, spreading::plumtree}) {
            broadcast_network net = network(views, way);
            static_cast<void>(spread(net, 3, 0, false));
            net.set_detection(false);
            fail_some(net, net.size() * n / 10, static_cast<std::uint32_t>(n));
            double best = 0;
            const spread_result r = right_after(net, best);
            std::printf(" %.1f | %.1f |", 100 * best, 100 * r.reliability);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
}

void print_healing(const overlay_views& views) {
    std::printf("\n## Healing (Plumtree figures 4, 5, 6b)\n\n");
    std::printf(
        "One message a cycle, many senders. Published: whole again after 1 cycle up to "
        "70 %%, 1-3 at 80 %%, 2-4 at 90 %%; RMR 1.9 / 2.3 / 2.0 once after 40 / 60 / 80 "
        "%%, ~0 after 2-4 cycles.\n\n");
    std::printf(
        "| failed | reliability in %% of cycles 0 to 5 | RMR of cycles 1 to 5 | LDH of "
        "cycle 5 |\n| ---: | --- | --- | ---: |\n");
    for (std::size_t n = 1; n <= 9; ++n) {
        broadcast_network net = network(views, spreading::plumtree);
        static_cast<void>(spread(net, 3, 0, false));
        net.set_detection(false);
        fail_some(net, net.size() * n / 10, static_cast<std::uint32_t>(n));
        std::string reliability;
        std::string redundancy;
        unsigned hops = 0;
        for (int cycle = 0; cycle <= 5; ++cycle) {
            if (cycle > 0) {
                heal_for_a_cycle(net);
            }
            const spread_result r = spread(net, 1, 0, false);
            char text[32];
            std::snprintf(text, sizeof text, "%.2f ", 100 * r.reliability);
            reliability += text;
            std::snprintf(text, sizeof text, "%.2f ", r.redundancy[0]);
            redundancy += cycle == 0 ? "" : text;
            hops = r.most_hops;
        }
        std::printf("| %zu0 %% | %s | %s | %u |\n", n, reliability.c_str(), redundancy.c_str(),
                    hops);
        std::fflush(stdout);
    }
}

void print_continuous(const overlay_views& views) {
    broadcast_network net = network(views, spreading::plumtree);
    static_cast<void>(spread(net, 3, 0, false));
    double worst = 1;
    double sum = 0;
    double most = 0;
    constexpr int cycles = 100;
    for (int cycle = 0; cycle < cycles; ++cycle) {
        fail_some(net, net.size() / 200, static_cast<std::uint32_t>(cycle));
        heal_for_a_cycle(net);
        const spread_result r = spread(net, 1, 0, false);
        worst = std::min(worst, r.reliability);
        sum += r.redundancy[0];
        most = std::max(most, r.redundancy[0]);
    }
    std::printf("\n## 0.5 %% of the nodes fail in each of 100 cycles (Plumtree figure 3)\n\n");
    std::printf("| | published | here |\n| --- | ---: | ---: |\n");
    std::printf("| worst reliability | 100 %% | %.2f %% |\n", 100 * worst);
    std::printf("| RMR, mean | up to 0.1 | %.3f |\n", sum / cycles);
    std::printf("| RMR, most | | %.3f |\n", most);
}

void print_way(const overlay_views& views, const char* name, const options& wanted, double loss) {
    std::printf("| %s | %.0f %% |", name, 100 * loss);
    for (const bool again : {false, true}) {
        options each = wanted;
        each.retransmission.on = again;
        each.retransmission.wait = 20ms;
        each.retransmission.attempts = 8;
        broadcast_links links;
        links.loss = loss;
        links.spread = 4ms;
        broadcast_network net = with_views(views, each, links, 2);
        const spread_result r = spread(net, again ? 15 : 35, 5, false, again ? 4s : 500ms);
        const double others = static_cast<double>(net.size() - 1);
        std::printf(" %.3f | %.2f | %.2f | %.0f | %.0f |", 100 * r.reliability, r.payload / others,
                    r.control / others, r.mean_latency, r.last_latency);
    }
    std::printf("\n");
    std::fflush(stdout);
}

void print_ways(const overlay_views& views) {
    std::printf("\n## Plumtree, flooding, random gossip on links that lose frames\n\n");
    std::printf(
        "Many senders (30 messages, 10 with retransmission); links of 1 to 5 ms. Without "
        "retransmission, and with: a copy that "
        "is not acknowledged goes again after 20 ms, 40 ms and so on, 8 times at most. "
        "Copies and control frames (with ACKs) for each node that is to get the message; "
        "the mean over messages of the mean and of the last delivery, in ms.\n\n");
    std::printf(
        "| | loss | reached %% | copies | control | mean ms | last ms | again: reached %% "
        "| copies | control | mean ms | last ms |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | "
        "---: |\n");
    for (const double loss : {0.0, 0.1, 0.2, 0.3}) {
        options tree = paper_options();
        tree.tree.first_wait = 60ms;
        tree.tree.graft_wait = 15ms;
        tree.tree.threshold = 7;
        print_way(views, "Plumtree", tree, loss);
        options flood = tree;
        flood.way = spreading::flooding;
        print_way(views, "flooding", flood, loss);
        for (const std::size_t fanout : {3U, 5U, 8U}) {
            options gossip = tree;
            gossip.way = spreading::gossip;
            gossip.gossip_fanout = fanout;
            print_way(views, ("gossip, fan-out " + std::to_string(fanout)).c_str(), gossip, loss);
        }
    }
}

}  // namespace

int main(int count, char** arguments) {
    const std::size_t nodes =
        count > 1 ? std::max<std::size_t>(100, std::strtoul(arguments[1], nullptr, 10)) : 10'000;
    const std::vector<std::string> parts(arguments + std::min(count, 2), arguments + count);
    const auto start = std::chrono::steady_clock::now();
    const overlay_views views = grown_overlay(nodes, 50, 1);
    std::printf("%zu nodes, joined and 50 cycles old after %.1f s\n", nodes, seconds_since(start));
    const std::pair<const char*, void (*)(const overlay_views&)> all[] = {
        {"shape", print_shape},     {"costs", print_costs},           {"failures", print_failures},
        {"healing", print_healing}, {"continuous", print_continuous}, {"ways", print_ways},
    };
    for (const auto& [name, print] : all) {
        if (parts.empty() || std::find(parts.begin(), parts.end(), name) != parts.end()) {
            const auto began = std::chrono::steady_clock::now();
            print(views);
            std::fprintf(stderr, "%s: %.1f s\n", name, seconds_since(began));
        }
    }
    return 0;
}
