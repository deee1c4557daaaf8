#include "controlplane/config/policies_file.hh"

#include <gtest/gtest.h>

#include "tests/unit/policies_rig.hh"

namespace rhumb::config {
namespace {

using test::policies_rig;

const std::vector<std::string> affinities{"red", "", "blue"};

class policies_file_test : public testing::Test {
protected:
    policies_rig rig{std::vector<test::edge>{
        {"r1", "r2"}, {"r2", "r3"}, {"r2", "r3"}, {"r3", "r5"}, {"r1", "r5"}}};

    resolved_policies read(const std::string& text) {
        const auto file = parse_policies(text, "p.toml", affinities);
        if (!file) {
            ADD_FAILURE() << file.why().text();
            return {};
        }
        diagnostics errors("p.toml", 0);
        auto made = resolve_policies(file.value(), rig.map, rig.node("r1"), errors);
        EXPECT_FALSE(errors.failed()) << errors.why().text();
        return made;
    }
    // The first error of reading, or of resolving.
    std::string error_of(const std::string& text,
                         std::optional<topology::node_number> own = topology::node_number{0}) {
        const auto file = parse_policies(text, "p.toml", affinities);
        if (!file) {
            return file.why().text();
        }
        diagnostics errors("p.toml", 0);
        (void)resolve_policies(file.value(), rig.map, own, errors);
        return errors.failed() ? errors.why().text() : "";
    }
    // An error in a path of an otherwise good policy: it begins in line 5.
    std::string error_of_path(const std::string& lines) {
        return error_of("[[policies]]\ncolor = 100\nendpoint = \"r5\"\n[[policies.paths]]\n" +
                        lines + "\n");
    }
};

TEST_F(policies_file_test, a_whole_file) {
    const auto made = read(R"(
[[policies]]
name = "gold"
color = 100
endpoint = "r5"
binding_sid = 15100
priority = 7
steer = ["203.0.113.0/24", "2001:db8::/32"]
[[policies.paths]]
name = "north"
preference = 200
lists = [
    { segments = ["r2", "r2->r3", "r3:to-r5"], weight = 3 },
    { segments = [16003, { to = "10.0.0.4/32", algorithm = 0 }], verify = true },
]
[[policies.paths]]
drop_upon_invalid = true
[policies.paths.dynamic]
metric = "delay"
exclude = ["red"]
include_any = ["red", "blue"]
exclude_nodes = "r2"
exclude_links = ["r3->r2", "r1:to-r5"]
exclude_srlgs = [7]
bandwidth = "1G"
max_delay = "5ms"
max_metric = 100
max_hops = 6
via = ["r3"]
disjoint_from = "silver"
disjoint = "node"

[[policies]]
name = "silver"
color = 200
endpoint = "0.0.0.0"
headend = "r2"
[[policies.paths]]
segments = ["r3"]

[[routes]]
prefix = "198.51.100.0/24"
next_hop = "r5"
colors = [100, { color = 200, only = "any_endpoint" }]

[[demands]]
from = "r1"
to = "r5"
rate = "2.5G"
policy = "gold"
)");
    ASSERT_EQ(made.policies.size(), 2U);
    const resolved_policy& gold = made.policies[0];
    EXPECT_EQ(gold.key, rig.key("r1", 100, "r5"));
    EXPECT_EQ(gold.priority, 7);
    EXPECT_EQ(gold.steer.size(), 2U);
    ASSERT_EQ(gold.candidates.size(), 2U);
    const paths::candidate_path& north = gold.candidates[0];
    EXPECT_EQ(north.preference, 200U);
    EXPECT_EQ(north.binding_sid, 15'100U);
    ASSERT_EQ(north.lists.size(), 2U);
    EXPECT_EQ(north.lists[0].weight, 3U);
    paths::hop named = rig.over("r3", "r5");
    named.remote = topology::nobody;
    named.link = "to-r5";
    EXPECT_EQ(north.lists[0].hops, (std::vector{rig.to("r2"), rig.over("r2", "r3"), named}));
    EXPECT_EQ(north.lists[1].hops[0], rig.label(16'003));
    EXPECT_EQ(north.lists[1].hops[1].is, paths::hop::kind::prefix);
    EXPECT_TRUE(north.lists[1].verify);
    const paths::candidate_path& other = gold.candidates[1];
    EXPECT_NE(other.key.discriminator, north.key.discriminator);
    EXPECT_TRUE(other.drop_upon_invalid);
    ASSERT_TRUE(other.dynamic);
    const paths::constraints& within = other.dynamic->within;
    EXPECT_EQ(within.metric, topology::metric_type::delay);
    EXPECT_EQ(within.exclude_any, 0b001U);
    EXPECT_EQ(within.include_any, 0b101U);
    EXPECT_EQ(within.exclude_nodes, (std::vector{rig.node("r2")}));
    EXPECT_EQ(within.exclude_srlgs, (std::vector{7U}));
    EXPECT_EQ(within.bandwidth, 1'000'000'000U);
    EXPECT_EQ(within.max_delay, 5'000U);
    EXPECT_EQ(within.max_metric, 100U);
    EXPECT_EQ(within.max_hops, 6U);
    EXPECT_EQ(within.via, (std::vector{rig.node("r3")}));
    EXPECT_EQ(other.dynamic->avoid.size(), 2U);
    EXPECT_EQ(other.dynamic->disjoint_from, made.policies[1].key);
    EXPECT_EQ(other.dynamic->disjoint, paths::kept_apart::node);
    EXPECT_EQ(made.policies[1].key.headend, rig.node("r2"));
    EXPECT_TRUE(paths::is_null(made.policies[1].key.endpoint));
    ASSERT_EQ(made.routes.size(), 1U);
    EXPECT_EQ(made.routes[0].next_hop, rig.address("r5"));
    EXPECT_EQ(made.routes[0].colors[1].only, 2U);
    ASSERT_EQ(made.demands.size(), 1U);
    EXPECT_EQ(made.demands[0].rate, 2'500'000'000U);
    EXPECT_EQ(made.demands[0].policy, gold.key);
}

// What was read is what the policies do.
TEST_F(policies_file_test, files_make_policies_that_work) {
    const auto made = read(R"(
[[policies]]
color = 100
endpoint = "r5"
[[policies.paths]]
preference = 200
segments = ["r2", "r2->r3", "r3->r5"]
[[policies.paths]]
preference = 100
dynamic = { exclude_links = ["r1->r2"] }
)");
    for (const resolved_policy& p : made.policies) {
        for (const paths::candidate_path& c : p.candidates) {
            rig.all->set(p.key, c);
        }
    }
    (void)rig.all->update(0);
    const auto key = rig.key("r1", 100, "r5");
    EXPECT_EQ(rig.all->find(key)->active_path()->preference, 200U);
    (void)rig.fail("r3", "r5", 1);
    EXPECT_EQ(rig.way(key), "r1 r5");
}

TEST_F(policies_file_test, names_that_the_map_does_not_know) {
    EXPECT_EQ(error_of_path("segments = [\"r2\", \"r9\"]"),
              R"(p.toml:5:19: there is no node "r9" on the map)");
    EXPECT_EQ(error_of_path("segments = [\"r1->r3\"]"),
              R"(p.toml:5:13: there is no link "r1->r3")");
    EXPECT_EQ(error_of_path("segments = [\"r1->r9\"]"),
              R"(p.toml:5:13: there is no node "r9" on the map)");
    EXPECT_EQ(error_of_path("segments = [\"r1:eth9\"]"),
              R"(p.toml:5:13: node "r1" has no link "eth9")");
    EXPECT_EQ(error_of_path("segments = [\"203.0.113.0/24\"]"),
              "p.toml:5:13: no node of the map has the prefix 203.0.113.0/24");
    EXPECT_EQ(
        error_of_path("dynamic = { exclude = [\"green\"] }"),
        R"(p.toml:5:24: exclude: there is no affinity "green"; [affinities] gives them names)");
    EXPECT_EQ(error_of_path("dynamic = { disjoint_from = \"x\" }"),
              R"(p.toml:5:29: there is no policy "x")");
    EXPECT_EQ(error_of("[[policies]]\ncolor = 1\nendpoint = \"r8\"\n[[policies.paths]]\n"
                       "segments = [\"r2\"]\n"),
              R"(p.toml:3:12: there is no node "r8" on the map)");
}

TEST_F(policies_file_test, what_does_not_go_together) {
    EXPECT_EQ(error_of_path("preference = 1"),
              "p.toml:4:1: a path has one of segments, lists and dynamic");
    EXPECT_EQ(error_of_path("segments = [\"r2\"]\ndynamic = {}"),
              "p.toml:4:1: a path has one of segments, lists and dynamic");
    EXPECT_EQ(error_of_path("weight = 2\ndynamic = {}"), "p.toml:5:10: weight goes with segments");
    EXPECT_EQ(error_of_path("segments = []"),
              "p.toml:5:12: segments has 0 elements; it has 1 to 16");
    EXPECT_EQ(error_of_path("segments = [7]"),
              "p.toml:5:13: a segment 7 is out of range: 16 to 1048575");
    EXPECT_EQ(error_of_path("dynamic = { disjoint = \"node\" }"),
              "p.toml:5:24: disjoint says how far to keep apart; disjoint_from or disjoint_group "
              "has to say from whom");
    EXPECT_EQ(error_of_path("dynamic = { strict = true }"),
              "p.toml:5:22: strict goes with disjoint_group");
    EXPECT_EQ(error_of_path("dynamic = { disjoint_group = \"\" }"),
              "p.toml:5:30: disjoint_group is empty");
    EXPECT_EQ(error_of_path("dynamic = { disjoint_group = \"x\", via = [\"r2\"] }"),
              "p.toml:5:41: via does not go with disjoint_group: pairs of paths have no waypoints");
    EXPECT_EQ(error_of_path("dynamic = { disjoint_group = \"x\", disjoint_from = \"y\" }"),
              "p.toml:5:30: disjoint_group and disjoint_from do not go together");
    EXPECT_EQ(error_of_path("dynamic = { ecmp = true, bandwidth = \"1G\" }"),
              "p.toml:5:38: bandwidth does not go with ecmp");
    EXPECT_EQ(error_of_path("dynamic = { ecmp = true, max_hops = 3 }"),
              "p.toml:5:37: max_hops does not go with ecmp");
    EXPECT_EQ(error_of_path("dynamic = { ecmp = 1 }").substr(0, 12), "p.toml:5:20:");
    EXPECT_EQ(error_of_path("segments = [\"r2\"]\n[[policies.paths]]\nsegments = [\"r3\"]"),
              "p.toml:6:1: two paths of this policy have preference 100: give them different ones, "
              "or a discriminator each");
    EXPECT_EQ(error_of_path("segments = [\"r2\"]\ndiscriminator = 1\n[[policies.paths]]\n"
                            "segments = [\"r3\"]\ndiscriminator = 2"),
              "");
    EXPECT_EQ(error_of_path("segments = [{ to = \"r2\", algorithm = 5 }]"),
              "p.toml:5:38: algorithm 5 is neither 0 nor 128 to 255");
    const std::string policy =
        "[[policies]]\ncolor = 1\nendpoint = \"r5\"\n[[policies.paths]]\nsegments = [\"r5\"]\n";
    EXPECT_EQ(error_of(policy + policy),
              "p.toml:6:1: a policy of this headend, color and endpoint stands here already");
    EXPECT_EQ(error_of(policy, std::nullopt),
              R"(p.toml:1:1: a headend is needed here, as in headend = "r1")");
    EXPECT_EQ(error_of("[[policies]]\ncolour = 1\n"),
              R"(p.toml:2:1: unknown key "colour" in [[policies]]; did you mean "color"?)");
    EXPECT_EQ(error_of("policies = 3\n"),
              "p.toml:1:12: policies must be an array of tables: write [[policies]]");
}

TEST_F(policies_file_test, a_group_is_two_paths_of_different_policies_that_demand_the_same) {
    const auto policy = [](int color, const std::string& more) {
        return "[[policies]]\ncolor = " + std::to_string(color) +
               "\nendpoint = \"r5\"\n[[policies.paths]]\ndynamic = { disjoint_group = \"x\"" +
               more + " }\n";
    };
    EXPECT_EQ(error_of(policy(1, "") + policy(2, "")), "");
    EXPECT_EQ(error_of(policy(1, "") + policy(2, "") + policy(3, "")),
              R"(p.toml:15:30: disjoint_group "x" has two paths already)");
    EXPECT_EQ(error_of(policy(1, "") + policy(2, ", metric = \"te\"")),
              R"(p.toml:10:30: the two paths of disjoint_group "x" have to demand the same)");
    EXPECT_EQ(error_of(policy(1, "") + "[[policies.paths]]\npreference = 7\n"
                                       "dynamic = { disjoint_group = \"x\" }\n"),
              "p.toml:8:30: disjoint_group \"x\" has two paths of one policy, of which one at most "
              "is active");
    const auto made = read(policy(1, ", disjoint = \"srlg\", strict = true") +
                           policy(2, ", disjoint = \"srlg\", strict = true"));
    const paths::dynamic_path& path = *made.policies[1].candidates[0].dynamic;
    EXPECT_EQ(path.group, "x");
    EXPECT_EQ(path.disjoint, paths::kept_apart::srlg);
    EXPECT_TRUE(path.strict);
    EXPECT_EQ(
        read(policy(1, ", disjoint = \"node+srlg\"") + policy(2, ", disjoint = \"node+srlg\""))
            .policies[0]
            .candidates[0]
            .dynamic->disjoint,
        paths::kept_apart::node_and_srlg);
    EXPECT_TRUE(read("[[policies]]\ncolor = 1\nendpoint = \"r5\"\n[[policies.paths]]\n"
                     "dynamic = { ecmp = true }\n")
                    .policies[0]
                    .candidates[0]
                    .dynamic->ecmp);
}

// What takes a policy is one demand, and goes where the policy does: else nobody could say what a
// move of the policy moves.
TEST_F(policies_file_test, a_demand_ends_where_its_policy_does_and_is_its_only_one) {
    const std::string policy =
        "[[policies]]\nname = \"gold\"\ncolor = 1\nendpoint = \"r5\"\n"
        "[[policies.paths]]\ndynamic = {}\n";
    const auto demand = [](const std::string& to, const std::string& name) {
        return "[[demands]]\nfrom = \"r1\"\nto = \"" + to + "\"\nrate = \"1G\"\npolicy = \"" +
               name + "\"\n";
    };
    EXPECT_EQ(error_of(policy + demand("r3", "gold")),
              R"(p.toml:9:6: policy "gold" does not end at "r3")");
    EXPECT_EQ(
        error_of(policy + demand("r5", "gold") + demand("r5", "gold")),
        R"(p.toml:16:10: another demand takes policy "gold" to "r5" already; add up the two)");
    EXPECT_EQ(error_of(policy + demand("r5", "gold")), "");
    // One to the null endpoint may carry traffic to anywhere, one to nobody of the map as well.
    for (const char* const endpoint : {"0.0.0.0", "198.51.100.1"}) {
        std::string any = policy;
        any.replace(any.find("r5"), 2, endpoint);
        EXPECT_EQ(error_of(any + demand("r3", "gold") + demand("r5", "gold")), "");
        EXPECT_NE(error_of(any + demand("r3", "gold") + demand("r3", "gold")), "");
    }
}

TEST_F(policies_file_test, demands_and_routes_are_checked) {
    EXPECT_EQ(error_of("[[demands]]\nfrom = \"r1\"\nto = \"r7\"\nrate = \"1G\"\n"),
              R"(p.toml:3:6: there is no node "r7" on the map)");
    EXPECT_EQ(error_of("[[demands]]\nfrom = \"r1\"\nto = \"r5\"\n"),
              R"(p.toml:1:1: [[demands]] needs a rate, as in rate = "2.5G")");
    EXPECT_EQ(
        error_of("[[routes]]\nprefix = \"203.0.113.1/24\"\nnext_hop = \"r5\"\ncolors = 1\n"),
        "p.toml:2:10: prefix \"203.0.113.1/24\" has bits set beyond its length; the prefix is "
        "\"203.0.113.0/24\"");
    EXPECT_EQ(error_of("[[routes]]\nprefix = \"203.0.113.0/24\"\nnext_hop = \"r5\"\n"
                       "colors = [{ color = 1, only = \"all\" }]\n"),
              R"(p.toml:4:31: unknown only "all"; it is one of "next_hop", "null_endpoint" or )"
              R"("any_endpoint")");
}

}  // namespace
}  // namespace rhumb::config
