// A link fails, comes up or costs another amount, and routers get to know one after the other, in
// any order. Packets between all pairs are walked after each step. With microloop avoidance (paths
// pinned by segments, and RFC 8333's delay next to the failure) all of them arrive at any time;
// without, some go round in circles on the same maps.
#include <random>

#include "tests/unit/routers_rig.hh"

namespace rhumb {
namespace {

using test::distances;
using test::routers_rig;
using test::walked;
using test::without;
using topology::advertisement;
using topology::link_number;
using topology::node_number;

constexpr std::uint32_t pin_milliseconds = 200;

enum class event : std::uint8_t { goes, comes, costs_more, costs_less };

struct totals {
    std::size_t packets = 0;
    std::size_t lost = 0;
    std::size_t looped = 0;
};

class convergence {
public:
    convergence(const std::vector<test::edge>& edges, bool avoidance, event what,
                std::uint32_t seed)
        : said_(test::make_advertisements(edges)),
          avoidance_(avoidance),
          what_(what),
          dice_(seed),
          rig_(said_, keys(avoidance)),
          link_(static_cast<link_number>(dice_() % rig_.g.link_count())),
          ends_{rig_.g.from[link_], rig_.g.to[link_]},
          now_(rig_.view),
          then_(rig_.view) {
        for (const link_number l : {link_, rig_.g.reverse[link_]}) {
            switch (what) {
                case event::goes: then_.costs[l] = topology::unusable; break;
                case event::comes: now_.costs[l] = topology::unusable; break;
                case event::costs_more: then_.costs[l] = 40; break;
                case event::costs_less: now_.costs[l] = 40; break;
            }
        }
    }

    totals run() {
        begin();
        walk_all();
        if (what_ == event::goes || what_ == event::comes) {
            rig_.net.set_link(link_, what_ == event::comes);
            walk_all();
        }
        for (const node_number n : order()) {
            tell(n, said_with(then_));
            walk_all();
        }
        rig_.net.wait(std::uint64_t{pin_milliseconds} * 1'000);
        for (const node_number n : order()) {
            if (rig_.net.is_due(n)) {
                rig_.net.follow(n);
                walk_all();
            }
        }
        EXPECT_EQ(rig_.net.error(), "");
        expect_shortest();
        return all_;
    }

private:
    static config::topology_section keys(bool avoidance) {
        config::topology_section keys;
        keys.microloop_avoidance = avoidance ? pin_milliseconds : 0;
        return keys;
    }

    // Everybody has known of what is before the event for long.
    void begin() {
        if (what_ != event::comes && what_ != event::costs_less) {
            return;
        }
        rig_.net.set_link(link_, what_ == event::costs_less);
        for (node_number n = 0; n < rig_.g.node_count(); ++n) {
            tell(n, said_with(now_));
        }
        rig_.net.wait(std::uint64_t{pin_milliseconds} * 1'000);
        for (node_number n = 0; n < rig_.g.node_count(); ++n) {
            rig_.net.follow(n);
        }
        EXPECT_EQ(rig_.net.error(), "");
    }

    // What all say while links cost this. Ends of a link that is gone see their ports.
    [[nodiscard]] std::vector<advertisement> said_with(const topology::plane& view) const {
        std::vector<advertisement> said = said_;
        for (const link_number l : {link_, rig_.g.reverse[link_]}) {
            auto& links = said[rig_.g.from[l]].links;
            const auto at = std::find_if(
                links.begin(), links.end(),
                [&](const topology::link& one) { return one.name == rig_.m.said_of(l)->name; });
            if (view.costs[l] == topology::unusable) {
                links.erase(at);
            } else {
                at->metric = view.costs[l];
            }
        }
        return said;
    }
    void tell(node_number n, const std::vector<advertisement>& said) {
        const bool is_end = n == ends_[0] || n == ends_[1];
        if (is_end && (what_ == event::goes || what_ == event::comes)) {
            const link_number own = n == ends_[0] ? link_ : rig_.g.reverse[link_];
            const bool up = said[n].links.size() == said_[n].links.size();
            rig_.net.tell_link(n, rig_.m.said_of(own)->name, up);
        } else {
            rig_.net.tell(n, said);
        }
    }

    // In any order, but for the ends of the link. Where it comes up they know it before the others,
    // who hear of it from them. Where it has gone they keep to their repairs until the others know,
    // with avoidance (RFC 8333): the daemon waits for `local_delay`.
    [[nodiscard]] std::vector<node_number> order() {
        std::vector<node_number> nodes(rig_.g.node_count());
        for (node_number n = 0; n < nodes.size(); ++n) {
            nodes[n] = n;
        }
        for (std::size_t n = nodes.size(); n > 1; --n) {
            std::swap(nodes[n - 1], nodes[dice_() % n]);
        }
        if (what_ == event::comes || (avoidance_ && what_ == event::goes)) {
            std::erase_if(nodes, [&](node_number n) { return n == ends_[0] || n == ends_[1]; });
            nodes.insert(what_ == event::comes ? nodes.begin() : nodes.end(), {ends_[0], ends_[1]});
        }
        return nodes;
    }

    // Between nodes that are connected before and after.
    void walk_all() {
        const topology::plane least = what_ == event::goes || what_ == event::comes
                                          ? without(rig_.view, {link_, rig_.g.reverse[link_]})
                                          : rig_.view;
        const distances there(rig_.g, least);
        rig_.each_pair([&](node_number from, node_number to, bool labelled) {
            if (!there.reaches(from, to)) {
                return;
            }
            const walked way = rig_.send(from, to, labelled, static_cast<std::uint16_t>(from));
            ++all_.packets;
            if (!way.delivered || way.nodes.back() != to) {
                ++all_.lost;
                const auto visits =
                    std::count(way.nodes.begin(), way.nodes.end(), way.nodes.back());
                all_.looped += visits > 2 ? 1U : 0U;
                EXPECT_FALSE(avoidance_) << rig_.m.name(from) << " to " << rig_.m.name(to) << ", "
                                         << rig_.m.name(ends_[0]) << "-" << rig_.m.name(ends_[1])
                                         << rig_.text(way).substr(0, 200);
            }
        });
    }

    void expect_shortest() {
        const distances there(rig_.g, then_);
        rig_.each_pair([&](node_number from, node_number to, bool labelled) {
            const walked way = rig_.send(from, to, labelled, 9);
            ASSERT_EQ(way.delivered, there.reaches(from, to)) << rig_.text(way);
            topology::distance sum = 0;
            for (const link_number l : way.links) {
                sum += then_.costs[l];
            }
            ASSERT_TRUE(!way.delivered || sum == there(from, to)) << rig_.text(way);
        });
    }

    std::vector<advertisement> said_;
    bool avoidance_;
    event what_;
    std::mt19937 dice_;
    routers_rig rig_;
    link_number link_;
    node_number ends_[2];
    topology::plane now_;
    topology::plane then_;
    totals all_;
};

void add(totals& to, const totals& from) {
    to.packets += from.packets;
    to.lost += from.lost;
    to.looped += from.looped;
}

void compare(event what, std::size_t least_looped) {
    totals with;
    totals plain;
    for (std::uint32_t seed = 0; seed < 60 && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        const auto edges = test::small_graph(seed, 10);
        add(with, convergence(edges, true, what, seed).run());
        add(plain, convergence(edges, false, what, seed).run());
    }
    const std::vector<std::vector<test::edge>> shapes{
        test::ring(8), test::ring(9), test::fat_tree(4), test::router_network(14, 22, 3)};
    for (std::uint32_t n = 0; n < 2 * shapes.size(); ++n) {
        add(with, convergence(shapes[n / 2], true, what, n).run());
        add(plain, convergence(shapes[n / 2], false, what, n).run());
    }
    EXPECT_EQ(with.lost, 0U);
    EXPECT_GT(plain.looped, least_looped);
    std::printf("%zu packets, none lost; without avoidance %zu of %zu lost, %zu in loops\n",
                with.packets, plain.lost, plain.packets, plain.looped);
}

TEST(routers_convergence, a_link_goes) { compare(event::goes, 100); }
TEST(routers_convergence, a_link_comes) { compare(event::comes, 100); }
TEST(routers_convergence, a_link_costs_more) { compare(event::costs_more, 100); }
TEST(routers_convergence, a_link_costs_less) { compare(event::costs_less, 100); }

}  // namespace
}  // namespace rhumb
