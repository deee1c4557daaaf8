// Rules by hand: prefix SIDs with their flags, anycast, adjacencies, repairs, and what the
// configuration says itself.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/config/text.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/simulated_network.hh"

namespace rhumb {
namespace {

using publish::computed_tables;
using publish::note_kind;
using test::backup_text;
using test::notes_text;
using test::rule_text;
using topology::advertisement;

// a - b - d      Costs 10. SRGBs from 100000, 200000, 300000 and 400000 on; SID indexes 1 to 4,
//  \- c -/       adjacency SIDs from 4000 on, the odd ones protected.
std::vector<advertisement> square() {
    auto said = test::make_advertisements({{"a", "b"}, {"a", "c"}, {"b", "d"}, {"c", "d"}});
    for (std::size_t n = 0; n < said.size(); ++n) {
        // In the order of first mention: a, b, c, d.
        said[n].srgb = {{static_cast<std::uint32_t>(100'000 * (n + 1)), 1000}};
    }
    return said;
}

topology::prefix_sid& sid_of(advertisement& said) { return said.prefixes.front().sids.front(); }

ip_prefix prefix(const std::string& text) { return *config::parse_prefix(text); }

struct computed_for {
    explicit computed_for(std::vector<advertisement> said, const std::string& node = "a",
                          bool protect = false)
        : m(test::make_map(said)),
          labels(m),
          own(*m.find(node)),
          inputs(test::inputs_for(m, own, protect)) {}

    [[nodiscard]] computed_tables operator()() {
        publish::table_computer computer;
        auto made = computer.compute(inputs.on(m, labels, own));
        EXPECT_TRUE(made) << made.why().text();
        return made ? std::move(*made) : computed_tables{};
    }
    // What the configuration says has changed.
    void configure() { inputs.configured = std::make_unique<publish::static_rules>(*inputs.file); }

    topology::map m;
    labels::sid_labels labels;
    topology::node_number own;
    test::node_inputs inputs;
};

computed_tables compute(const std::vector<advertisement>& said, const std::string& node = "a",
                        bool protect = false) {
    return computed_for(said, node, protect)();
}

TEST(computed_rules, out_labels_are_those_of_the_next_hop) {
    const computed_tables made = compute(square());
    EXPECT_EQ(rule_text(made, 100'001), "next");
    EXPECT_EQ(rule_text(made, 100'002), "pop to-b");
    EXPECT_EQ(rule_text(made, 100'004), "continue to-b>200004 to-c>300004");
    EXPECT_EQ(rule_text(made, prefix("10.0.0.2/32")), "send to-b");
    EXPECT_EQ(rule_text(made, prefix("10.0.0.4/32")), "send to-b>200004 to-c>300004");
    EXPECT_EQ(rule_text(made, prefix("10.0.0.1/32")), "none");  // its own
    EXPECT_TRUE(made.nexthops.empty());
}

TEST(computed_rules, equal_srgbs_share_the_label) {
    auto said = square();
    said[2].srgb = said[1].srgb;
    const computed_tables made = compute(said);
    EXPECT_EQ(rule_text(made, 100'004), "continue 200004 to-b to-c");
    EXPECT_EQ(rule_text(made, prefix("10.0.0.4/32")), "send 200004 to-b to-c");
}

TEST(computed_rules, flags_say_what_the_last_hop_but_one_does) {
    auto said = square();
    sid_of(said[1]).no_php = true;
    EXPECT_EQ(rule_text(compute(said), 100'002), "continue 200002 to-b");
    EXPECT_EQ(rule_text(compute(said), prefix("10.0.0.2/32")), "send 200002 to-b");
    EXPECT_EQ(rule_text(compute(said, "b"), 200'002), "next");
    sid_of(said[1]).explicit_null = true;
    EXPECT_EQ(rule_text(compute(said), 100'002), "continue 0 to-b");
    EXPECT_EQ(rule_text(compute(said), prefix("10.0.0.2/32")), "send 0 to-b");
    EXPECT_EQ(rule_text(compute(said, "b"), 200'002), "next");
    sid_of(said[1]).no_php = false;  // explicit null without it does not count
    EXPECT_EQ(rule_text(compute(said), 100'002), "pop to-b");
    said[1].prefixes.front().readvertised = true;  // never popped before b
    EXPECT_EQ(rule_text(compute(said), 100'002), "continue 200002 to-b");
    EXPECT_EQ(rule_text(compute(said, "d"), 400'002), "continue 200002 to-b");
}

TEST(computed_rules, explicit_null_of_ipv6) {
    auto said = square();
    said[1].prefixes.front().address = prefix("2001:db8::2/128");
    sid_of(said[1]).no_php = true;
    sid_of(said[1]).explicit_null = true;
    EXPECT_EQ(rule_text(compute(said), 100'002), "continue 2 to-b");
    EXPECT_EQ(rule_text(compute(said), prefix("2001:db8::2/128")), "send 2 to-b");
}

TEST(computed_rules, anycast_goes_to_the_nearest_and_one_path_may_pop) {
    auto said = square();
    topology::prefix shared;
    shared.address = prefix("10.9.0.9/32");
    shared.sids.push_back({50, 0, false, false});
    said[1].prefixes.push_back(shared);
    said[3].prefixes.push_back(shared);
    EXPECT_EQ(rule_text(compute(said), 100'050), "pop to-b");
    EXPECT_EQ(rule_text(compute(said), prefix("10.9.0.9/32")), "send to-b");
    EXPECT_EQ(rule_text(compute(said, "b"), 200'050), "next");
    // As far to b, which is the last hop, as to d, which lies behind c.
    said[1].prefixes.back().metric = 10;
    EXPECT_EQ(rule_text(compute(said), 100'050), "continue to-b>3 to-c>300050");
    EXPECT_EQ(rule_text(compute(said), prefix("10.9.0.9/32")), "send to-b to-c>300050");
    EXPECT_EQ(rule_text(compute(said, "c"), 300'050), "pop to-d");
}

TEST(computed_rules, a_prefix_without_a_sid_is_plain_ip) {
    auto said = square();
    topology::prefix plain;
    plain.address = prefix("10.7.0.0/16");
    said[3].prefixes.push_back(plain);
    EXPECT_EQ(rule_text(compute(said), prefix("10.7.0.0/16")), "send to-b to-c");
}

TEST(computed_rules, an_index_beyond_an_srgb_is_noted) {
    auto said = square();
    sid_of(said[3]).index = 1500;
    said[2].srgb = {{300'000, 1000}, {310'000, 1000}};
    said[0].srgb = {{100'000, 2000}};
    const computed_tables made = compute(said);
    EXPECT_EQ(rule_text(made, 101'500), "continue 310500 to-c");
    EXPECT_EQ(notes_text(made, note_kind::beyond_srgb),
              "10.0.0.4/32 cannot go via b, whose SRGB has no label for it\n"
              "10.0.0.4/32 cannot go via b, whose SRGB has no label for it\n");
    said[0].srgb = {{100'000, 1000}};
    EXPECT_EQ(notes_text(compute(said), note_kind::beyond_srgb).substr(0, 50),
              "index 1500 of 10.0.0.4/32 is beyond the SRGB of a\n");
}

TEST(computed_rules, a_link_without_a_next_hop) {
    computed_for one(square());
    std::erase_if(one.inputs.links, [](const auto& l) { return l.link == "to-b"; });
    const computed_tables made = one();
    EXPECT_EQ(rule_text(made, 100'002), "none");
    EXPECT_EQ(rule_text(made, 100'004), "continue 300004 to-c");
    EXPECT_EQ(rule_text(made, 4000), "none");
    EXPECT_EQ(notes_text(made, note_kind::no_nexthop),
              "link to-b to b has no next hop: name one in topology.links\n");
}

TEST(computed_rules, what_the_configuration_says_holds) {
    computed_for one(square());
    config::label_rule rule;
    rule.label = 4;
    rule.by_index = true;
    one.inputs.file->rules.labels.push_back(rule);
    rule.label = 4000;
    rule.by_index = false;
    one.inputs.file->rules.labels.push_back(rule);
    config::prefix_rule plain;
    plain.match = prefix("10.0.0.4/32");
    one.inputs.file->rules.prefixes.push_back(plain);
    one.configure();
    const computed_tables made = one();
    EXPECT_EQ(rule_text(made, 100'004), "none");
    EXPECT_EQ(rule_text(made, 4000), "none");
    EXPECT_EQ(rule_text(made, 4001), "pop to-b");
    EXPECT_EQ(rule_text(made, prefix("10.0.0.4/32")), "none");
    EXPECT_EQ(notes_text(made, note_kind::conflict),
              "label 100004 of 10.0.0.4/32 has a rule in the configuration, which holds\n"
              "label 4000 of to-b has a rule in the configuration, which holds\n"
              "prefix 10.0.0.4/32 of d has a rule in the configuration, which holds\n");
}

TEST(computed_rules, labels_outside_the_configured_blocks_are_left_out) {
    computed_for one(square());
    one.inputs.file->node.srgb = {{100'000, 100'002}};
    one.configure();
    const computed_tables made = one();
    EXPECT_EQ(rule_text(made, 100'002), "pop to-b");
    EXPECT_EQ(rule_text(made, 100'004), "none");
    EXPECT_NE(notes_text(made, note_kind::outside_block)
                  .find("label 100004 of 10.0.0.4/32 is in none of this node's blocks"),
              std::string::npos);
}

TEST(computed_rules, adjacencies) {
    auto said = test::make_advertisements(
        {{"a", "b"}, {"a", "b", 20, 20}, {"a", "c"}, {"c", "b", 100, 100}});
    for (std::size_t n = 0; n < 2; ++n) {
        said[0].links[n].sids.push_back(
            {4900, false, true, false, static_cast<std::uint8_t>(n + 1)});
    }
    const computed_tables plain = compute(said);
    EXPECT_EQ(rule_text(plain, 4000), "pop to-b");
    EXPECT_EQ(rule_text(plain, 4001), "pop to-b");
    EXPECT_EQ(rule_text(plain, 4002), "pop to-b.2");
    EXPECT_EQ(rule_text(plain, 4900), "pop to-b to-b.2*2");
    const computed_tables made = compute(said, "a", true);
    EXPECT_EQ(rule_text(made, 4000), "pop to-b");
    EXPECT_EQ(rule_text(made, 4001), "pop to-b~via-to-b.2");
    EXPECT_EQ(backup_text(made, "to-b~via-to-b.2"), "to-b.2");
    // No shortest path leads over the second link: while it is down they do as well.
    EXPECT_EQ(rule_text(made, 4003), "pop to-b.2~via-to-b");
    EXPECT_EQ(rule_text(made, 4900), "pop to-b to-b.2*2");
    EXPECT_EQ(made.nexthops.front().follows, "to-b.2");
}

TEST(computed_rules, a_link_that_the_other_end_does_not_know_has_no_adjacency) {
    auto said = square();
    said[1].links.erase(said[1].links.begin());  // b's to a
    const computed_tables made = compute(said);
    EXPECT_EQ(rule_text(made, 4000), "none");
    EXPECT_EQ(rule_text(made, 4002), "pop to-c");
    EXPECT_EQ(rule_text(made, 100'002), "continue 300002 to-c");
}

TEST(computed_rules, a_repair_ends_in_the_labels_of_where_it_ends) {
    // While a-b is down: over c, whose SRGB is another, straight on to d and b.
    const computed_tables made = compute(square(), "a", true);
    EXPECT_EQ(rule_text(made, 100'002), "pop to-b~via-to-c~300004/400002");
    EXPECT_EQ(backup_text(made, "to-b~via-to-c~300004/400002"), "to-c 300004/400002");
    EXPECT_EQ(rule_text(made, 100'004),
              "continue to-b~via-to-c=300004>200004 to-c~via-to-b=200004>300004");
    EXPECT_EQ(backup_text(made, "to-b~via-to-c=300004"), "=to-c 300004");
    EXPECT_EQ(rule_text(made, 4001), "pop to-b~via-to-c~300004/400002");
}

TEST(computed_rules, with_equal_srgbs_destinations_share_next_hops) {
    // A chain behind b: all of it takes the same repair, and keeps its label.
    auto said = test::make_advertisements(
        {{"a", "b"}, {"a", "c"}, {"c", "b", 10, 10}, {"b", "e"}, {"e", "f"}, {"f", "g"}});
    const computed_tables made = compute(said, "a", true);
    for (const mpls::label label : {16'004U, 16'005U, 16'006U}) {
        EXPECT_EQ(rule_text(made, label), "continue " + std::to_string(label) + " to-b~via-to-c");
    }
    // For b itself the label was popped, and c gets it.
    EXPECT_EQ(rule_text(made, 16'002), "pop to-b~via-to-c~16002");
    EXPECT_EQ(made.nexthops.size(), 3U);  // and the one for c
}

TEST(computed_rules, a_repair_deeper_than_the_msd_is_not_used) {
    auto said = square();
    said[0].msd = 1;
    const computed_tables made = compute(said, "a", true);
    EXPECT_EQ(rule_text(made, 100'002), "pop to-b");
    EXPECT_EQ(rule_text(made, 100'004),
              "continue to-b~via-to-c=300004>200004 to-c~via-to-b=200004>300004");
    EXPECT_NE(notes_text(made, note_kind::msd)
                  .find("a repair of to-b needs 2 labels, as for b; the MSD towards to-c is 1\n"),
              std::string::npos);
}

TEST(computed_rules, a_backup_of_the_configuration_holds) {
    computed_for one(square(), "a", true);
    for (config::nexthop& hop : one.inputs.file->nexthops) {
        if (hop.name == "to-b") {
            hop.backup = config::backup{"to-c", {}, {}};
        }
    }
    one.configure();
    const computed_tables made = one();
    EXPECT_EQ(rule_text(made, 100'002), "pop to-b");
    EXPECT_EQ(rule_text(made, 4001), "pop to-b");
}

TEST(computed_rules, flexible_algorithms_have_labels_and_repairs_of_their_own) {
    auto said = square();
    for (std::size_t n = 0; n < said.size(); ++n) {
        said[n].algorithms = {128};
        said[n].prefixes.front().sids.push_back(
            {static_cast<std::uint32_t>(n + 101), 128, false, false});
    }
    said[0].definitions.push_back({128, 100, topology::metric_type::igp, 1, 0, 0, {}});
    said[0].links[0].affinities = 1;  // not over a-b
    said[1].links[0].affinities = 1;
    const computed_tables made = compute(said, "a", true);
    EXPECT_EQ(rule_text(made, 100'101), "next");
    EXPECT_EQ(rule_text(made, 100'102), "continue 300102 to-c");
    EXPECT_EQ(rule_text(made, 100'104), "continue 300104 to-c");
    EXPECT_EQ(rule_text(made, prefix("10.0.0.2/32")), "send to-b~via-to-c~300004/400002");
    said[3].algorithms.clear();  // d takes no part: nothing leads there, nor through it
    EXPECT_EQ(rule_text(compute(said), 100'104), "none");
    EXPECT_EQ(rule_text(compute(said), 100'102), "none");
}

TEST(computed_rules, an_overloaded_node_is_reached_but_not_passed) {
    auto said = square();
    said[1].overload = true;
    const computed_tables made = compute(said);
    EXPECT_EQ(rule_text(made, 100'002), "pop to-b");
    EXPECT_EQ(rule_text(made, 100'004), "continue 300004 to-c");
}

}  // namespace
}  // namespace rhumb
