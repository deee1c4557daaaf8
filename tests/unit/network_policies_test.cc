// SR policies of a node and of its network: options, binding SIDs, why a path is not valid.
#include "tests/unit/controlled_network.hh"

namespace rhumb::routing {
namespace {

// [topology] says how policies are computed.
TEST_F(controlled_network, options_of_policies_are_the_configurations) {
    more_ = policy("a", "n0", 1);
    const auto load = [&](network& known, const config::topology_section& keys, microseconds now) {
        auto done = known.reload(test::write_network(folder_, said_, 0, more_, keys));
        EXPECT_TRUE(done.ok()) << done.why().text();
        EXPECT_TRUE(known.compute(now).ok());
    };
    config::topology_section keys;
    const auto known = open(std::nullopt);
    const std::string over_n1 = ways(*known).at("a");
    // A better path has to be the best for 2 s.
    keys.policy_settle = 2000;
    load(*known, keys, 0);
    for (topology::advertisement& one : said_) {
        for (topology::link& l : one.links) {
            l.metric = one.origin == "n2" || l.remote == "n2" ? 1 : 10;
        }
    }
    load(*known, keys, second);
    ASSERT_TRUE(known->compute(3 * second - 1).ok());
    EXPECT_EQ(policy_rows(*known)[0]["lists"][0]["segments"].size(), 2U);
    ASSERT_TRUE(known->compute(3 * second).ok());
    EXPECT_EQ(policy_rows(*known)[0]["lists"][0]["segments"].size(), 1U);
    // Of two paths of equal preference the one that is installed.
    const auto paths = [&](const char* first, const char* second_path) {
        more_ = "[[policies]]\nname = \"a\"\ncolor = 1\nendpoint = \"n3\"\n" + std::string(first) +
                second_path;
    };
    const char* const one =
        "[[policies.paths]]\ndiscriminator = 1\nname = \"one\"\nsegments = [\"n3\"]\n";
    const char* const two =
        "[[policies.paths]]\ndiscriminator = 2\nname = \"two\"\nsegments = [\"n1\", \"n3\"]\n";
    const auto active = [&] { return policy_rows(*known)[0]["active"]; };
    for (const bool keep : {false, true}) {
        keys.policy_keep_installed = keep;
        paths(one, "");
        load(*known, keys, 10 * second);
        EXPECT_EQ(active(), "one");
        paths(one, two);
        load(*known, keys, 20 * second);
        EXPECT_EQ(active(), keep ? "one" : "two");
    }
    // And of the MSD some labels are for others.
    said_[0].msd = 2;
    paths("", two);
    load(*known, keys, 30 * second);
    EXPECT_TRUE(policy_rows(*known)[0]["up"].get<bool>());
    keys.policy_reserved_labels = 1;
    load(*known, keys, 40 * second);
    EXPECT_FALSE(policy_rows(*known)[0]["up"].get<bool>());
}

// Packets with the old label are under way when a policy has a new one.
TEST_F(controlled_network, a_binding_sid_that_changes_is_good_for_a_while) {
    const auto with_sid = [&](int sid) {
        std::string a = policy("a", "n0", 1);
        return a.insert(a.find("endpoint"), "binding_sid = " + std::to_string(sid) + "\n");
    };
    more_ = with_sid(15'200);
    const auto known = open(std::nullopt);
    const auto rule = [&](microseconds now, mpls::label label) {
        auto made = known->compute(now);
        EXPECT_TRUE(made.ok());
        const auto& all = made.value().rules.labels;
        const auto at = std::ranges::find(all, label, &config::label_rule::label);
        return at == all.end() ? std::nullopt : std::optional(*at);
    };
    ASSERT_TRUE(rule(0, 15'200));
    more_ = with_sid(15'300);
    ASSERT_TRUE(known->reload(test::write_network(folder_, said_, 0, more_)).ok());
    const auto before = rule(second, 15'200);
    const auto after = rule(second, 15'300);
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->paths, after->paths);
    EXPECT_EQ(known->due(), 2 * second);
    EXPECT_TRUE(rule(2 * second - 1, 15'200));
    EXPECT_FALSE(rule(2 * second, 15'200));
    EXPECT_TRUE(rule(2 * second, 15'300));
    EXPECT_EQ(known->due(), paths::never);
    // A policy that takes the label of another waits for it.
    more_ = with_sid(15'400) + "[[policies]]\nname = \"z\"\ncolor = 9\nendpoint = \"n2\"\n" +
            "binding_sid = 15300\n[[policies.paths]]\ndynamic = {}\n";
    ASSERT_TRUE(known->reload(test::write_network(folder_, said_, 0, more_)).ok());
    const auto still = rule(3 * second, 15'300);
    ASSERT_TRUE(still);
    EXPECT_EQ(still->paths, rule(3 * second, 15'400)->paths);
    const auto others = rule(4 * second, 15'300);
    ASSERT_TRUE(others);
    EXPECT_NE(others->paths, still->paths);
}

// Labels of a headend are those that the map gives it now.
TEST_F(controlled_network, binding_sids_keep_off_what_the_map_says_now) {
    const std::string sid = "binding_sid = 15200\n";
    std::string a = policy("a", "n0", 1);
    a.insert(a.find("endpoint"), sid);
    more_ = a + policy("b", "n0", 2);
    const auto known = open(std::nullopt);
    const auto label = [&](std::size_t row) {
        return policy_rows(*known)[row]["binding_sid"].get<mpls::label>();
    };
    EXPECT_EQ(label(0), 15'200U);
    const mpls::label allocated = label(1);
    const auto load = [&](microseconds now) {
        const config::file file = test::write_network(folder_, said_, 0, more_);
        auto done = known->reload(file);
        EXPECT_TRUE(done.ok()) << done.why().text();
        auto computed = known->compute(now);
        EXPECT_TRUE(computed.ok()) << computed.why().text();
    };
    // Both are links' now.
    ASSERT_EQ(said_[0].links.size(), 2U);
    const auto before = said_[0].links;
    said_[0].links[0].sids = {{15'200, false, false}};
    said_[0].links[1].sids = {{allocated, false, false}};
    load(second);
    EXPECT_NE(label(0), 15'200U);
    EXPECT_NE(label(1), allocated);
    EXPECT_NE(label(0), label(1));
    // And now they are not, and an SRLB is another one.
    said_[0].links = before;
    load(5 * second);
    EXPECT_EQ(label(0), 15'200U);
    said_[0].srlb = {{4'000, 100}};
    load(9 * second);
    EXPECT_EQ(label(0), 15'200U);  // given by hand
    EXPECT_LT(label(1), 4'100U);
    // A link that is down keeps its labels.
    said_[0].srlb = {{4'000, 5}};  // four are of links
    load(13 * second);
    EXPECT_EQ(label(1), 4'004U);
    EXPECT_TRUE(known->set_link("to-n2", false, 14 * second));
    EXPECT_TRUE(known->compute(14 * second).ok());
    EXPECT_EQ(label(1), 4'004U);
}

// The control socket says what is wrong with a path, and what would help.
TEST_F(controlled_network, an_invalid_path_has_a_reason) {
    said_ = test::make_advertisements(std::vector<test::edge>{{"n0", "n1", 1, 1},
                                                              {"n1", "n3", 1, 1},
                                                              {"n0", "n2", 1, 1},
                                                              {"n2", "n4", 90, 90},
                                                              {"n4", "n5", 90, 90},
                                                              {"n5", "n3", 90, 90}});
    said_[0].msd = 2;
    more_ = policy("a", "n0", 1) + policy("far", "n0", 2);
    more_.replace(more_.rfind("dynamic = {}"), 12, R"(dynamic = { exclude_nodes = ["n1"] })");
    const json rows = policy_rows(*open(std::nullopt));
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_FALSE(rows[0]["candidates"][0].contains("reason"));
    const json& far = rows[1]["candidates"][0];
    const std::string reason = far["reason"];
    EXPECT_NE(reason.find("; a policy with a binding_sid would help: of "), std::string::npos)
        << reason;
    EXPECT_EQ(far["state"], "invalid: it has more labels than the headend can impose (MSD)");
}

// Each label as the node finds it that looks at it: every one has another SRGB here.
TEST_F(controlled_network, labels_of_a_list_are_those_where_the_segment_before_has_ended) {
    said_ = test::make_advertisements(std::vector<test::edge>{
        {"n0", "n1"}, {"n1", "n3"}, {"n1", "n3"}, {"n0", "n2"}, {"n2", "n3"}});
    topology::prefix any;
    any.address = said_[0].prefixes[0].address;
    any.address.address[3] = 99;
    any.sids.push_back({900, 0, false, false});
    std::uint32_t base = 100'000;
    for (topology::advertisement& one : said_) {
        one.srgb = {{base += 10'000, 1000}};
        if (one.origin == "n1" || one.origin == "n2") {
            one.prefixes.push_back(any);
        }
        for (topology::link& l : one.links) {
            if (l.remote == "n3" && one.origin == "n1") {
                l.sids.push_back({4'500, false, true});
            }
        }
    }
    said_[0].bindings = {};
    said_[1].bindings = {{15'300, {"n3"}}};
    ASSERT_EQ(said_[1].origin, "n1");
    ASSERT_EQ(said_[2].origin, "n3");
    const auto path = [](const std::string& segments, int color, const std::string& keys = "",
                         const char* headend = "n0") {
        return "[[policies]]\nname = \"p" + std::to_string(color) + "\"\nheadend = \"" + headend +
               "\"\ncolor = " + std::to_string(color) + "\nendpoint = \"n2\"\n" + keys +
               "[[policies.paths]]\nsegments = [" + segments + "]\n";
    };
    more_ = path(R"("n3", "n2")", 1, "binding_sid = 15200\n", "n1") +
            path(R"("n1", 15200, "n3", "n1")", 2) + path(R"("n1", 15300, "n0")", 3) +
            path(R"("n1", "n1->n3", "n0")", 4) + path(R"("10.0.0.99/32", "n3", "n0")", 5);
    const auto known = open(config::controller_section{});
    const json rows = policy_rows(*known);
    const auto labels = [&](int color) {
        for (const json& row : rows) {
            if (row["color"] == color) {
                return row["lists"][0]["labels"];
            }
        }
        return json();
    };
    // n0 to n3 are numbers 1 to 4 (indexes), by SRGB 110000, 120000 (n1), 130000 (n3), 140000.
    EXPECT_EQ(labels(2), json({110'002, 15'200, 140'003, 130'002}));
    EXPECT_EQ(labels(3), json({110'002, 15'300, 130'001}));
    EXPECT_EQ(labels(4), json({110'002, 4'500, 130'001}));
    // Whoever of the two has it on top would need another label.
    EXPECT_EQ(labels(5), json({110'900, nullptr, 130'001}));
}

}  // namespace
}  // namespace rhumb::routing
