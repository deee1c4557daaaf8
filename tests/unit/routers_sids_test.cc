// Adjacency SIDs that are protected, and those that are not; anycast SIDs, whose nearest member
// gets the packet, and when that has gone another one.
#include "tests/unit/routers_rig.hh"

namespace rhumb {
namespace {

using test::distances;
using test::routers_rig;
using test::small_graph;
using test::walked;
using test::without;
using topology::advertisement;
using topology::distance;
using topology::link_number;
using topology::node_number;

mpls::label adjacency_label(const topology::map& m, link_number l, bool is_protected) {
    for (const topology::adjacency_sid& sid : m.said_of(l)->sids) {
        if (sid.is_protected == is_protected) {
            return sid.label;
        }
    }
    return 0;
}

// Over a link by its SID, and on from there by a node's: while the link is down, to its other end
// along the post-convergence path, or not at all.
std::size_t send_over_links(routers_rig& rig) {
    std::size_t repaired = 0;
    const topology::graph& g = rig.g;
    const distances all(g, rig.view);
    for (link_number l = 0; l < g.link_count(); ++l) {
        const node_number far = g.to[l];
        const distances rest(g, without(rig.view, {l, g.reverse[l]}));
        for (node_number to = 0; to < g.node_count(); ++to) {
            const auto send = [&](bool is_protected) {
                std::vector<mpls::label> stack{adjacency_label(rig.m, l, is_protected)};
                if (to != far) {
                    stack.push_back(rig.label(far, to));
                }
                return rig.net.send(g.from[l], stack, rig.address(to), 1);
            };
            for (const bool is_protected : {true, false}) {
                const walked way = send(is_protected);
                EXPECT_TRUE(way.delivered) << rig.text(way);
                EXPECT_EQ(way.links.front(), l);
                EXPECT_EQ(rig.cost(way, way.links.size()), rig.view.costs[l] + all(far, to));
            }
            rig.net.set_link(l, false);
            EXPECT_FALSE(send(false).delivered);
            const walked way = send(true);
            EXPECT_EQ(way.delivered, rest.reaches(g.from[l], far)) << rig.text(way);
            // What comes after the far end may be repaired as well, and is another matter.
            const auto at = std::find(way.nodes.begin(), way.nodes.end(), far);
            if (way.delivered) {
                EXPECT_EQ(way.nodes.back(), to);
                if (at == way.nodes.end()) {
                    ADD_FAILURE() << rig.text(way);
                } else {
                    EXPECT_EQ(rig.cost(way, static_cast<std::size_t>(at - way.nodes.begin())),
                              rest(g.from[l], far));
                }
                ++repaired;
            }
            rig.net.set_link(l, true);
        }
    }
    return repaired;
}

TEST(routers_sids, protected_adjacencies_lead_to_the_other_end) {
    std::size_t repaired = 0;
    for (std::uint32_t seed = 0; seed < 120 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        auto said = test::make_advertisements(small_graph(seed));
        for (std::size_t n = 0; n < said.size() && seed % 3 == 0; ++n) {
            said[n].srgb = {{static_cast<std::uint32_t>(20'000 + 1'000 * n), 1'000}};
        }
        routers_rig rig(said, {});
        repaired += send_over_links(rig);
    }
    for (const auto& edges : {test::ring(6), test::fat_tree(4), test::provider(20, 1)}) {
        routers_rig rig(test::make_advertisements(edges), {});
        repaired += send_over_links(rig);
    }
    EXPECT_GT(repaired, 8'000U);
}

// 10.9.0.9/32 with index 500, at each of these nodes.
std::vector<advertisement> with_anycast(std::vector<advertisement> said,
                                        const std::vector<node_number>& members) {
    for (const node_number n : members) {
        topology::prefix shared;
        shared.address.length = 32;
        store_be32(shared.address.address.data(), 0x0a090009);
        shared.sids.push_back({500, 0, false, false});
        said[n].prefixes.push_back(shared);
    }
    return said;
}

// From everywhere to a member, the nearest of those that are there.
void expect_nearest(routers_rig& rig, const std::vector<node_number>& members,
                    const distances& there, node_number gone) {
    const auto p = rig.m.find(rig.m.said(members.front())->prefixes.back().address);
    ASSERT_TRUE(p);
    for (node_number from = 0; from < rig.g.node_count(); ++from) {
        distance least = topology::unreachable;
        for (const node_number n : members) {
            least = n == gone ? least : std::min(least, there(from, n));
        }
        const mpls::label label = rig.labels.prefix_label(*p, 0, from).value_or(0);
        for (const auto& stack : {std::vector<mpls::label>{label}, std::vector<mpls::label>{}}) {
            if (from == gone) {
                continue;
            }
            const walked way = rig.net.send(from, stack, 0x0a090009, 5);
            ASSERT_EQ(way.delivered, least != topology::unreachable) << rig.text(way);
            if (way.delivered) {
                ASSERT_EQ(there(from, way.nodes.back()), least);
                ASSERT_EQ(std::count(members.begin(), members.end(), way.nodes.back()), 1);
                ASSERT_EQ(rig.cost(way, way.links.size()), least);
            }
        }
    }
}

TEST(routers_sids, anycast_leads_to_the_nearest_member_and_then_to_another) {
    for (std::uint32_t seed = 0; seed < 120 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        const auto plain = test::make_advertisements(small_graph(seed));
        const auto nodes = static_cast<node_number>(plain.size());
        std::vector<node_number> members{seed % nodes, (seed + 2) % nodes};
        if (seed % 3 == 0) {
            members.push_back((seed + 1) % nodes);
        }
        routers_rig rig(with_anycast(plain, members), {});
        expect_nearest(rig, members, distances(rig.g, rig.view), topology::nobody);
        // Any link fails: there is a way to a member as long as it is connected with one.
        for (link_number l = 0; l < rig.g.link_count(); ++l) {
            const distances rest(rig.g, without(rig.view, {l, rig.g.reverse[l]}));
            rig.net.set_link(l, false);
            for (node_number from = 0; from < nodes; ++from) {
                const walked way = rig.net.send(from, {}, 0x0a090009, 5);
                const bool near_is_left =
                    std::all_of(members.begin(), members.end(),
                                [&](node_number n) { return rest.reaches(from, n); });
                EXPECT_TRUE(way.delivered || !near_is_left) << rig.text(way);
            }
            rig.net.set_link(l, true);
        }
        // A member fails, and everybody gets to know.
        const node_number gone = members.front();
        rig.net.set_node(gone, false);
        std::vector<advertisement> left;
        topology::plane view = rig.view;
        for (const advertisement& one : with_anycast(plain, members)) {
            if (one.origin != rig.m.name(gone)) {
                left.push_back(one);
                std::erase_if(left.back().links, [&](const topology::link& l) {
                    return l.remote == rig.m.name(gone);
                });
            }
        }
        for (link_number l = rig.g.first[gone]; l < rig.g.first[gone + 1]; ++l) {
            view.costs[l] = view.costs[rig.g.reverse[l]] = topology::unusable;
        }
        for (node_number n = 0; n < nodes; ++n) {
            if (n != gone) {
                rig.net.tell(n, left);
            }
        }
        ASSERT_EQ(rig.net.error(), "");
        expect_nearest(rig, members, distances(rig.g, view), gone);
    }
}

}  // namespace
}  // namespace rhumb
