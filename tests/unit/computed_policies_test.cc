// SR policies in the tables (RFC 9256 8): binding SIDs, steered prefixes, weights; by hand, and
// walked.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "controlplane/config/text.hh"
#include "rhumb/bytes.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/simulated_network.hh"

namespace rhumb {
namespace {

using publish::note_kind;
using test::notes_text;
using test::rule_text;
using topology::advertisement;
using topology::segment;

ip_prefix prefix(const std::string& text) { return *config::parse_prefix(text); }

// a - b - c - d, and a - e - f - d, costs 10; e - f costs 25. Indexes 1 to 6 in this order: a, b,
// c, d, e, f. SRGB of node n (from 1): n * 100000.
std::vector<advertisement> network() {
    auto said = test::make_advertisements(
        {{"a", "b"}, {"b", "c"}, {"c", "d"}, {"a", "e"}, {"e", "f", 25, 25}, {"f", "d"}});
    for (std::size_t n = 0; n < said.size(); ++n) {
        said[n].srgb = {{static_cast<std::uint32_t>(100'000 * (n + 1)), 1000}};
        topology::prefix behind;
        behind.address = prefix("10.2." + std::to_string(n + 1) + ".0/24");
        said[n].prefixes.push_back(behind);
    }
    return said;
}

class computed_policies : public ::testing::Test {
protected:
    explicit computed_policies(bool protect = false)
        : m_(test::make_map(network())), inputs_(test::inputs_for(m_, node("a"), protect)) {}

    [[nodiscard]] topology::node_number node(const std::string& name) const {
        return *m_.find(name);
    }
    [[nodiscard]] segment to(const std::string& name) const { return segment::to_node(node(name)); }
    [[nodiscard]] segment over(const std::string& from, const std::string& link) const {
        return segment::over_link(m_.graph(), *m_.find_link(node(from), link));
    }
    paths::installed_policy& add(std::uint32_t color, const std::string& endpoint,
                                 std::vector<paths::weighted_segments> lists) {
        paths::installed_policy policy;
        policy.color = color;
        policy.endpoint = m_.said(node(endpoint))->prefixes.front().address;
        policy.binding_sid = 15'000 + color;
        policy.lists = std::move(lists);
        inputs_.policies.push_back(policy);
        return inputs_.policies.back();
    }
    void compute() {
        publish::table_computer computer;
        const labels::sid_labels labels(m_);
        auto made = computer.compute(inputs_.on(m_, labels, node("a")));
        ASSERT_TRUE(made) << made.why().text();
        made_ = std::move(*made);
    }
    [[nodiscard]] std::string binding(std::uint32_t color) const {
        return rule_text(made_, 15'000 + color);
    }
    [[nodiscard]] std::string notes(note_kind kind) const { return notes_text(made_, kind); }

    topology::map m_;
    test::node_inputs inputs_;
    publish::computed_tables made_;
};
class protected_policies : public computed_policies {
protected:
    protected_policies() : computed_policies(true) {}
};

TEST_F(computed_policies, the_first_label_goes_where_the_next_hop_is_the_segments_end) {
    add(1, "d", {{{to("b"), to("f")}, 1}});
    add(2, "d", {{{to("c"), over("c", "to-d")}, 1}});
    add(3, "d", {{{over("a", "to-e"), over("e", "to-f"), to("d")}, 1}});
    add(4, "b", {{{to("b")}, 1}});
    compute();
    EXPECT_EQ(binding(1), "push 200006 to-b");
    EXPECT_EQ(binding(2), "push 200003/4003 to-b");  // protected adjacencies where there are some
    EXPECT_EQ(binding(3), "push 4003/600004 to-e");
    EXPECT_EQ(binding(4), "pop to-b");
}

TEST_F(computed_policies, flags_of_the_first_segment) {
    auto said = network();
    said[1].prefixes.front().sids.front().no_php = true;
    said[1].version = 2;
    said[4].prefixes.front().sids.front() = {5, 0, true, true};  // explicit null
    said[4].version = 2;
    ASSERT_TRUE(m_.apply(said[1]));
    ASSERT_TRUE(m_.apply(said[4]));
    add(1, "d", {{{to("b"), to("f")}, 1}});
    add(2, "d", {{{to("e"), to("f")}, 1}});
    compute();
    EXPECT_EQ(binding(1), "push 200002/200006 to-b");
    EXPECT_EQ(binding(2), "push 500006 to-e");
}

TEST_F(computed_policies, several_lists_with_weights) {
    add(1, "d", {{{to("c"), to("d")}, 3}, {{to("f")}, 1}});
    add(2, "d", {{{to("d")}, 1}, {{to("e"), to("d")}, 2}});
    add(3, "d", {{{to("b"), to("d")}, 1000}, {{to("e"), to("d")}, 1}});
    compute();
    EXPECT_EQ(binding(1), "push to-b*3>200003/300004 to-e>500006");
    EXPECT_EQ(binding(2), "push to-b>200004 to-e*2>500004");
    EXPECT_EQ(binding(3), "push to-b*256>200004 to-e>500004");
}

TEST_F(computed_policies, equal_paths_to_the_first_segment_share_its_weight) {
    auto said = network();
    for (const std::size_t n : {4U, 5U}) {  // e - f costs 10: f is as far either way round
        for (topology::link& l : said[n].links) {
            l.metric = 10;
        }
        said[n].version = 2;
        ASSERT_TRUE(m_.apply(said[n]));
    }
    inputs_ = test::inputs_for(m_, node("a"), false);
    add(1, "d", {{{to("d")}, 1}, {{to("b")}, 1}});
    compute();
    EXPECT_EQ(binding(1), "push to-b>200004 to-e>500004 to-b*2");
}

TEST_F(computed_policies, labels_given_as_such) {
    add(1, "d",
        {{{{topology::segment_kind::sid, 0, topology::nobody, 100'003},
           {topology::segment_kind::sid, 0, topology::nobody, 300'006}},
          1}});
    add(2, "d", {{{{topology::segment_kind::sid, 0, topology::nobody, 4002}, to("f")}, 1}});
    add(3, "d", {{{{topology::segment_kind::sid, 0, topology::nobody, 777}}, 1}});
    compute();
    EXPECT_EQ(binding(1), "push 200003/300006 to-b");
    EXPECT_EQ(binding(2), "push 500006 to-e");
    EXPECT_EQ(binding(3), "none");
    EXPECT_EQ(notes(note_kind::unresolved),
              "a list of the policy to 10.0.0.4/32 color 3 has a segment that no label or no way "
              "stands for\n");
}

TEST_F(computed_policies, an_adjacency_of_another_node_cannot_be_first) {
    add(1, "d", {{{over("b", "to-c")}, 1}, {{to("c")}, 1}});
    compute();
    EXPECT_EQ(binding(1), "push 200003 to-b");
    EXPECT_NE(notes(note_kind::unresolved), "");
}

TEST_F(computed_policies, segments_that_are_not_on_the_map) {
    using topology::segment_kind;
    constexpr std::uint32_t far = 1'000'000;
    for (const segment& s :
         {segment::to_node(far), segment{segment_kind::adjacency, 0, 0, far},
          segment{segment_kind::adjacency, 0, 1, 0}, segment{segment_kind::parallel, 0, far, far},
          segment{segment_kind::anycast, 0, topology::nobody, far},
          segment{segment_kind::sid, 0, topology::nobody, far * 2},
          segment{segment_kind::binding, 0, far, 15'000},
          segment{segment_kind::node, 200, 1, topology::nobody}}) {
        add(1, "d", {{{s}, 1}, {{to("b"), s}, 1}, {{}, 1}, {{to("b")}, 0}});
    }
    compute();
    EXPECT_EQ(binding(1), "none");
}

TEST_F(computed_policies, lists_beyond_the_msd_are_not_installed) {
    auto said = network();
    said[0].msd = 2;
    said[0].version = 2;
    ASSERT_TRUE(m_.apply(said[0]));
    add(1, "d", {{{to("c"), to("f"), to("c")}, 1}});
    add(2, "d", {{{to("b"), to("f"), to("c")}, 1}});
    compute();
    EXPECT_EQ(binding(1), "none");
    EXPECT_EQ(binding(2), "push 200006/600003 to-b");
    EXPECT_EQ(notes(note_kind::msd),
              "a list of the policy to 10.0.0.4/32 color 1 needs 3 labels; the MSD towards to-b is "
              "2\n");
}

TEST_F(computed_policies, steered_prefixes_take_the_list) {
    add(1, "d", {{{to("f"), to("d")}, 1}}).steered = {prefix("10.2.4.0/24"),
                                                      prefix("192.0.2.0/24")};
    add(2, "d", {{{to("e"), to("d")}, 1}}).steered = {prefix("192.0.2.0/24")};
    compute();
    EXPECT_EQ(rule_text(made_, prefix("10.2.4.0/24")), "send 500006/600004 to-e");
    EXPECT_EQ(rule_text(made_, prefix("192.0.2.0/24")), "send 500004 to-e");  // the higher color
    EXPECT_EQ(rule_text(made_, prefix("10.2.3.0/24")), "send to-b");          // IGP
}

TEST_F(computed_policies, an_invalid_policy_leaves_its_traffic_to_others_or_drops_it) {
    add(1, "d", {}).steered = {prefix("10.2.4.0/24"), prefix("192.0.2.0/24")};
    auto& dropping = add(2, "c", {});
    dropping.steered = {prefix("10.2.3.0/24"), prefix("10.2.2.0/24")};
    dropping.drop_upon_invalid = true;
    add(1, "b", {{{to("b")}, 1}}).steered = {prefix("10.2.2.0/24")};
    inputs_.policies.back().binding_sid = 15'009;
    compute();
    EXPECT_EQ(binding(1), "none");
    EXPECT_EQ(binding(2), "none");
    EXPECT_EQ(rule_text(made_, prefix("10.2.4.0/24")), "send to-b");
    EXPECT_EQ(rule_text(made_, prefix("192.0.2.0/24")), "none");
    EXPECT_EQ(rule_text(made_, prefix("10.2.3.0/24")), "discard");
    EXPECT_EQ(rule_text(made_, prefix("10.2.2.0/24")), "send to-b");
}

TEST_F(computed_policies, what_would_come_back_is_not_steered) {
    // From e, b's prefix is reached by way of a.
    add(1, "e", {{{to("e")}, 1}}).steered = {prefix("10.2.2.0/24"), prefix("10.2.6.0/24")};
    compute();
    EXPECT_EQ(rule_text(made_, prefix("10.2.2.0/24")), "send to-b");
    EXPECT_EQ(rule_text(made_, prefix("10.2.6.0/24")), "send to-e");
    EXPECT_EQ(notes(note_kind::loop),
              "10.2.2.0/24 is not steered into the policy to 10.0.0.5/32 color 1: from there it "
              "would come back\n");
}

TEST_F(computed_policies, lists_that_come_back_by_binding_sids_are_left_out) {
    const auto label = [](std::uint32_t value) {
        return segment{topology::segment_kind::sid, 0, topology::nobody, value};
    };
    add(1, "d", {{{to("b"), to("a"), label(15'001)}, 1}, {{to("c"), to("d")}, 1}});
    add(2, "d", {{{to("b"), to("a"), label(15'003)}, 1}});
    add(3, "d", {{{to("e"), to("a"), label(15'004)}, 1}});
    add(4, "d", {{{to("c"), to("a"), label(15'002)}, 1}});
    add(5, "d", {{{to("c"), to("a"), label(15'001)}, 1}});
    add(6, "d", {{{to("c"), label(15'006)}, 1}});  // somebody else's
    compute();
    EXPECT_EQ(binding(1), "push 200003/300004 to-b");
    EXPECT_EQ(binding(2), "none");
    EXPECT_EQ(binding(3), "none");
    EXPECT_EQ(binding(4), "none");
    EXPECT_EQ(binding(5), "push 200003/300001/15001 to-b");
    EXPECT_EQ(binding(6), "push 200003/15006 to-b");
    std::string expected;
    for (const std::string color : {"1", "2", "3", "4"}) {
        expected += "a list of the policy to 10.0.0.4/32 color " + color +
                    " comes back to itself by binding SIDs\n";
    }
    EXPECT_EQ(notes(note_kind::loop), expected);
}

TEST_F(computed_policies, what_would_not_get_on_from_the_end_of_a_list_is_not_steered) {
    auto said = network();
    said[0].overload = true;  // nothing goes from e to b through a
    said[3].overload = true;  // nor through d
    for (const std::size_t n : {0U, 3U}) {
        said[n].version = 2;
        ASSERT_TRUE(m_.apply(said[n]));
    }
    inputs_ = test::inputs_for(m_, node("a"), false);
    add(1, "b", {{{to("e")}, 1}}).steered = {prefix("10.2.2.0/24")};
    compute();
    EXPECT_EQ(rule_text(made_, prefix("10.2.2.0/24")), "send to-b");
    EXPECT_EQ(notes(note_kind::loop),
              "10.2.2.0/24 is not steered into the policy to 10.0.0.2/32 color 1: from there "
              "nothing leads to it\n");
}

// e lets nothing pass, but a policy to it may end there and go on as plain IP.
TEST_F(computed_policies, what_has_no_other_way_may_go_to_a_neighbour_that_lets_nothing_pass) {
    auto said = network();
    said[4].overload = true;
    said[4].version = 2;
    ASSERT_TRUE(m_.apply(said[4]));
    said[0].version = 2;  // without its link to b, a reaches nothing behind e
    std::erase_if(said[0].links, [](const topology::link& l) { return l.remote == "b"; });
    ASSERT_TRUE(m_.apply(said[0]));
    inputs_ = test::inputs_for(m_, node("a"), false);
    add(1, "e", {{{to("e")}, 1}}).steered = {prefix("10.2.6.0/24")};
    compute();
    EXPECT_EQ(rule_text(made_, prefix("10.2.6.0/24")), "send to-e");
    EXPECT_EQ(notes(note_kind::loop), "");
}

// What counts is where the lists end, not what the endpoint is.
TEST_F(computed_policies, what_would_come_back_from_the_end_of_a_list_is_not_steered) {
    add(1, "b", {{{to("e")}, 1}}).steered = {prefix("10.2.2.0/24")};
    add(2, "b", {{{to("c")}, 1}, {{to("e"), to("a"), to("e")}, 1}}).steered = {
        prefix("10.2.3.0/24")};
    add(3, "b", {{{to("f")}, 1}}).steered = {prefix("10.2.4.0/24")};
    compute();
    EXPECT_EQ(rule_text(made_, prefix("10.2.2.0/24")), "send to-b");
    EXPECT_EQ(rule_text(made_, prefix("10.2.3.0/24")), "send to-b");
    EXPECT_EQ(rule_text(made_, prefix("10.2.4.0/24")), "send 500006 to-e");
    EXPECT_EQ(notes(note_kind::loop),
              "10.2.2.0/24 is not steered into the policy to 10.0.0.2/32 color 1: from there it "
              "would come back\n"
              "10.2.3.0/24 is not steered into the policy to 10.0.0.2/32 color 2: from there it "
              "would come back\n");
}

TEST_F(computed_policies, who_has_a_label_first_keeps_it) {
    add(1, "d", {{{to("c")}, 1}}).binding_sid = 100'003;
    add(2, "d", {{{to("c")}, 1}}).binding_sid = 4000;
    add(3, "d", {{{to("c")}, 1}}).binding_sid = 900'000;
    compute();
    EXPECT_EQ(rule_text(made_, 100'003), "continue 200003 to-b");
    EXPECT_EQ(rule_text(made_, 4000), "pop to-b");
    EXPECT_EQ(
        notes(note_kind::conflict),
        "label 100003 of the policy to 10.0.0.4/32 color 1 is that of another segment "
        "already\n"
        "label 4000 of the policy to 10.0.0.4/32 color 2 is that of another segment already\n");
    EXPECT_NE(notes(note_kind::outside_block), "");
}

TEST_F(protected_policies, the_first_segment_is_repaired) {
    add(1, "d", {{{to("c"), to("d")}, 1}});
    add(2, "d", {{{over("a", "to-b"), to("f")}, 1}});
    compute();
    // Without a-b: from e the shortest paths to c and b come back, those to f and d do not.
    EXPECT_EQ(binding(1), "push 200003/300004 to-b~via-to-e=500004/400003");
    EXPECT_EQ(binding(2), "push 200006 to-b~via-to-e~500004/400002");
}

// Packets with a binding SID, and steered ones, arrive by the lists' ways, and while a link is down
// by repairs.
TEST(policies_walked, binding_and_steered) {
    const topology::map m = test::make_map(network());
    const topology::node_number a = *m.find("a");
    const topology::node_number d = *m.find("d");
    const auto to = [&](const std::string& name) { return segment::to_node(*m.find(name)); };
    test::simulated_network net(m, true, [&](topology::node_number n, test::node_inputs& inputs) {
        if (n == a) {
            paths::installed_policy policy;
            policy.color = 1;
            policy.endpoint = m.said(d)->prefixes.front().address;
            policy.binding_sid = 15'001;
            policy.lists = {{{to("f"), to("d")}, 1}, {{to("c"), to("d")}, 3}};
            policy.steered = {prefix("10.2.4.0/24")};
            inputs.policies = {policy};
        }
    });
    ASSERT_EQ(net.error(), "");
    const std::uint32_t address = 0x0a020401;
    std::map<std::string, int> ways;
    for (std::uint16_t flow = 0; flow < 800; ++flow) {
        for (const bool bound : {true, false}) {
            const auto way =
                net.send(a, bound ? std::vector<mpls::label>{15'001} : std::vector<mpls::label>{},
                         address, flow);
            ASSERT_TRUE(way.delivered) << way.why;
            ASSERT_EQ(way.nodes.back(), d);
            ++ways[m.name(way.nodes[1])];
        }
    }
    EXPECT_NEAR(ways["b"], 1200, 120);
    EXPECT_NEAR(ways["e"], 400, 120);
    const topology::graph& g = m.graph();
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        net.set_link(l, false);
        for (std::uint16_t flow = 0; flow < 40; ++flow) {
            const auto way = net.send(a, {15'001}, address, flow);
            EXPECT_TRUE(way.delivered) << way.why;
            EXPECT_EQ(way.nodes.back(), d);
        }
        net.set_link(l, true);
    }
}

}  // namespace
}  // namespace rhumb
