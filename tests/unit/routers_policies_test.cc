// SR policies of whole routers, and packets that follow them: lists that name binding SIDs of
// others, which these have to know, and which do not lead back.
#include <string>

#include "controlplane/config/text.hh"
#include "controlplane/routing/rows.hh"
#include "tests/unit/routers_rig.hh"

namespace rhumb {
namespace {

using test::routers_rig;
using test::walked;
using topology::advertisement;

// a imposes no more than two labels.
std::vector<advertisement> network() {
    auto said = test::make_advertisements(test::dear_row());
    said[0].msd = 2;
    return said;
}

// A policy of `headend` to `endpoint`, to which an address is steered. No binding SID: 0.
std::string policy_text(const std::string& headend, const std::string& endpoint,
                        const std::string& address, int binding_sid, const std::string& paths) {
    return "[[policies]]\nheadend = \"" + headend + "\"\ncolor = 1\nendpoint = \"" + endpoint +
           "\"\nsteer = [\"" + address + "/32\"]\n" +
           (binding_sid != 0 ? "binding_sid = " + std::to_string(binding_sid) + "\n" : "") +
           "paths = [" + paths + "]\n";
}

// Over the dear links, steered from a.
const std::string over_dear_links =
    policy_text("a", "e", "10.0.0.5", 0, "{ segments = [\"p\", \"p->q\", \"q->r\", \"r->e\"] }");

class routers_policies : public ::testing::Test {
protected:
    [[nodiscard]] static advertisement& of(std::vector<advertisement>& said,
                                           const std::string& name) {
        return *std::find_if(said.begin(), said.end(),
                             [&](const advertisement& one) { return one.origin == name; });
    }
    // The way of a packet that a sends to e.
    [[nodiscard]] static std::string way(routers_rig& rig) {
        const walked went = rig.net.send(*rig.m.find("a"), {}, rig.address(*rig.m.find("e")), 7);
        std::string text = went.delivered ? "" : went.why + ":";
        for (const topology::node_number n : went.nodes) {
            text += (text.empty() ? "" : " ") + rig.m.name(n);
        }
        return text;
    }
    [[nodiscard]] static nlohmann::json policies(const routers_rig& rig, const std::string& at) {
        return routing::policy_rows(rig.net.router(*rig.m.find(at)));
    }
    [[nodiscard]] static std::string notes(const routers_rig& rig, const std::string& at) {
        std::string text;
        for (const publish::note& n : rig.net.router(*rig.m.find(at)).tables().notes) {
            text += n.text + "\n";
        }
        return text;
    }
};

TEST_F(routers_policies, a_list_with_a_binding_sid_of_the_map_arrives) {
    auto said = network();
    of(said, "p").bindings = {{15'100, {"q", "r", "e"}}};
    routers_rig rig(said, {}, 0, over_dear_links);
    EXPECT_EQ(policies(rig, "a")[0]["lists"][0]["labels"].back(), 15'100);
    EXPECT_EQ(way(rig), "a p q r e");
    EXPECT_EQ(notes(rig, "p"), "");
    EXPECT_TRUE(policies(rig, "p").empty());
}

TEST_F(routers_policies, a_binding_sid_of_the_map_may_be_that_of_its_nodes_policy) {
    auto said = network();
    of(said, "p").bindings = {{15'100, {"q", "r", "e"}}};
    const std::string mine =
        policy_text("p", "e", "10.0.0.5", 15'100, "{ segments = [\"p->q\", \"q->r\", \"r->e\"] }");
    routers_rig rig(said, {}, 0, over_dear_links + mine);
    ASSERT_EQ(policies(rig, "p").size(), 1U);
    EXPECT_EQ(policies(rig, "p")[0]["binding_sid"], 15'100);
    EXPECT_EQ(way(rig), "a p q r e");
    EXPECT_EQ(notes(rig, "p"), "");
}

TEST_F(routers_policies, a_policy_that_leads_elsewhere_than_its_nodes_binding_sid_is_noted) {
    auto said = network();
    of(said, "p").bindings = {{15'100, {"q", "r", "e"}}};
    const std::string mine = policy_text("p", "q", "10.0.0.3", 15'100, "{ segments = [\"q\"] }");
    routers_rig rig(said, {}, 0, over_dear_links + mine);
    EXPECT_EQ(
        notes(rig, "p"),
        "binding SID 15100 leads to e on the map, and its policy to 10.0.0.3/32 color 1 leads "
        "to q\n");
    // The policy's path is what counts: for a's list the SID is of no use.
    EXPECT_FALSE(policies(rig, "a")[0]["up"].get<bool>()) << policies(rig, "a");
    EXPECT_EQ(way(rig), "a p b q c r d e");
}

TEST_F(routers_policies, a_binding_sid_that_its_node_cannot_back_is_noted_and_not_used) {
    for (const bool deep : {true, false}) {
        auto said = network();
        of(said, "p").bindings = {{15'100, {"q", "r", "e"}}};
        if (deep) {
            of(said, "p").msd = 1;
        } else {
            of(said, "p").bindings = {{15'100, {"q", "r", "nowhere"}}};
        }
        routers_rig rig(said, {}, 0, over_dear_links);
        EXPECT_EQ(notes(rig, "p"),
                  deep ? "nothing stands behind binding SID 15100 of the map: it needs 2 labels, "
                         "and p can impose 1\n"
                       : "nothing stands behind binding SID 15100 of the map: it leads through "
                         "nowhere, which is not on the map\n");
        EXPECT_FALSE(policies(rig, "a")[0]["up"].get<bool>());
        EXPECT_EQ(way(rig), "a p b q c r d e");
    }
}

// Dynamic paths are cut where a binding SID fits, and explicit lists may name one by its label.
TEST_F(routers_policies, computed_lists_and_labels_with_a_binding_sid_of_the_map_arrive) {
    auto said = network();
    of(said, "p").bindings = {{15'100, {"q", "r", "e"}}};
    for (const std::string path :
         {"dynamic = { exclude_nodes = [\"b\", \"c\", \"d\"] }", "segments = [\"p\", 15100]",
          "segments = [\"p\", 15100], verify = true"}) {
        const std::string policy = policy_text("a", "e", "10.0.0.5", 0, "{ " + path + " }");
        routers_rig rig(said, {}, 0, policy);
        EXPECT_EQ(way(rig), "a p q r e") << path;
        // Where the way by the links has gone it is another, and the SID leads there too.
        for (auto* const node : {&of(said, "q"), &of(said, "r")}) {
            std::erase_if(node->links, [](const topology::link& l) {
                return l.metric == 100 && (l.remote == "q" || l.remote == "r");
            });
            node->version += 1;
        }
        for (topology::node_number n = 0; n < said.size(); ++n) {
            rig.net.tell(n, said);
        }
        ASSERT_EQ(rig.net.error(), "");
        EXPECT_EQ(way(rig), path.starts_with("dynamic") ? "a p b q c r d e" : "a p q c r e")
            << path;
        said = network();
        of(said, "p").bindings = {{15'100, {"q", "r", "e"}}};
    }
}

// 10.9.0.9 is q and e; the nearest gets what is steered to it, and when that fails the other one.
TEST_F(routers_policies, an_anycast_endpoint_is_the_nearest_of_its_nodes) {
    auto said = network();
    topology::prefix shared;
    shared.address = *config::parse_prefix("10.9.0.9/32");
    shared.sids.push_back({900, 0, false, false});
    for (const std::string node : {"q", "e"}) {
        of(said, node).prefixes.push_back(shared);
    }
    routers_rig rig(said, {}, 0,
                    policy_text("a", "10.9.0.9", "10.9.0.9", 0,
                                "{ dynamic = { exclude_links = [\"p->q\"], max_hops = 3 } },"
                                "{ preference = 50, dynamic = { via = [\"10.9.0.9\", \"d\"] } }"));
    const auto nodes = [&] {
        const walked went = rig.net.send(*rig.m.find("a"), {}, 0x0a090009, 7);
        return (went.delivered ? "" : went.why) + rig.text(went);
    };
    EXPECT_EQ(nodes(), ": a p b q");
    for (auto* const node : {&of(said, "b"), &of(said, "q")}) {
        std::erase_if(node->links, [](const topology::link& l) {
            return (l.remote == "b" || l.remote == "q") && l.metric == 10;
        });
        node->version += 1;
    }
    for (topology::node_number n = 0; n < said.size(); ++n) {
        rig.net.tell(n, said);
    }
    ASSERT_EQ(rig.net.error(), "");
    // Too far for the first path; the second one passes a member, then d, and ends at e.
    EXPECT_EQ(nodes(), ": a p q c r d e");
    EXPECT_EQ(policies(rig, "a")[0]["preference"], 50);
}

const std::string comes_back =
    "invalid: it comes back to itself by binding SIDs of policies (list 1, segment 1)";

TEST_F(routers_policies, a_list_does_not_name_its_own_binding_sid) {
    auto said = network();
    said[0].msd = 10;
    routers_rig rig(said, {}, 0,
                    policy_text("a", "e", "10.0.0.5", 15'200,
                                "{ preference = 200, segments = [\"p\", \"a\", 15200] },"
                                "{ segments = [\"c\", \"e\"] }"));
    EXPECT_EQ(way(rig), "a p b q c r d e");
    const auto row = policies(rig, "a")[0];
    EXPECT_EQ(row["candidates"][0]["state"], comes_back) << row;
    EXPECT_EQ(row["candidates"][1]["state"], "active");
    const walked bound = rig.net.send(*rig.m.find("a"), {15'200}, 0x0a000005, 1);
    EXPECT_TRUE(bound.delivered) << rig.text(bound);
}

TEST_F(routers_policies, two_headends_do_not_name_each_others_binding_sids) {
    const std::string there = policy_text("a", "e", "10.0.0.5", 15'200,
                                          "{ preference = 200, segments = [\"e\", 15300] },"
                                          "{ segments = [\"c\", \"e\"] }");
    const std::string back =
        policy_text("e", "a", "10.0.0.1", 15'300, "{ segments = [\"a\", 15200] }");
    routers_rig rig(network(), {}, 0, there + back);
    for (const std::string at : {"a", "e"}) {
        const auto rows = policies(rig, at);
        EXPECT_EQ(rows[0]["candidates"][0]["state"], comes_back) << rows;
        EXPECT_EQ(rows[1]["candidates"][0]["state"], comes_back) << rows;
    }
    EXPECT_EQ(way(rig), "a p b q c r d e");
    const walked bound = rig.net.send(*rig.m.find("a"), {15'200}, 0x0a000005, 1);
    EXPECT_TRUE(bound.delivered) << rig.text(bound);
    const walked returned = rig.net.send(*rig.m.find("e"), {}, 0x0a000001, 1);
    EXPECT_TRUE(returned.delivered) << rig.text(returned);
}

TEST_F(routers_policies, a_list_may_name_the_binding_sid_of_a_policy_that_leads_on) {
    routers_rig rig(network(), {}, 0,
                    policy_text("a", "e", "10.0.0.5", 15'200, "{ segments = [\"p\", 15300] }") +
                        policy_text("p", "e", "10.0.0.5", 15'300,
                                    "{ segments = [\"p->q\", \"q->r\", 15400] }") +
                        policy_text("r", "e", "10.0.0.5", 15'400, "{ segments = [\"r->e\"] }"));
    EXPECT_EQ(way(rig), "a p q r e");
    EXPECT_TRUE(policies(rig, "a")[0]["up"].get<bool>());
}

}  // namespace
}  // namespace rhumb
