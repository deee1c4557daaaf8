#include "controlplane/routing/network.hh"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "controlplane/publish/forwarding.hh"
#include "controlplane/routing/merge.hh"
#include "controlplane/routing/rows.hh"
#include "tests/support/dice.hh"
#include "tests/support/network_files.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/table_contents.hh"
#include "tests/unit/network_rig.hh"

namespace rhumb::routing {
namespace {

using nlohmann::json;
using test::contents;

TEST(network, changes_lead_where_a_start_would) {
    const test::temporary_folder folder;
    auto said = test::make_advertisements(test::provider(40, 3));
    const config::file file = test::write_network(folder, said, 0);
    auto known = network::open(file);
    ASSERT_TRUE(known.ok()) << known.why().text();
    const auto tables = started(file, *known.value());
    const auto follow = [&] {
        auto next = known.value()->compute(0);
        ASSERT_TRUE(next.ok()) << next.why().text();
        const auto done = tables->apply(publish::difference(known.value()->tables(), next.value()));
        ASSERT_TRUE(done.ok()) << done.why().text();
        known.value()->adopt(std::move(next).value());
    };
    // A link of its own, then links of others.
    EXPECT_TRUE(known.value()->set_link(said[0].links[0].name, false, 0));
    follow();
    for (const std::size_t n : {5U, 11U, 23U}) {
        said[n].links[0].metric += 100;
        (void)test::write_network(folder, said, 0);
        ASSERT_TRUE(known.value()->reload(file).ok());
        follow();
        auto fresh = network::open(file);
        ASSERT_TRUE(fresh.ok());
        EXPECT_TRUE(fresh.value()->set_link(said[0].links[0].name, false, 0));
        EXPECT_EQ(contents(*tables), contents(*started(file, *fresh.value())));
    }
}

// How many rules and next hops differ.
std::size_t size_of(const publish::changes& changes) {
    return changes.rules.labels.size() + changes.rules.prefixes.size() + changes.nexthops.size() +
           changes.remove_labels.size() + changes.remove_prefixes.size() +
           changes.remove_nexthops.size();
}

// Changes of a network, of all kinds, one after the other.
class random_changes {
public:
    random_changes(std::vector<topology::advertisement> said, std::uint32_t seed)
        : said_(std::move(said)), roll_(seed) {}

    [[nodiscard]] const std::vector<topology::advertisement>& network() const { return said_; }
    // Of links of node 0, those that are down.
    [[nodiscard]] const std::set<std::string>& down() const { return down_; }

    void change() {
        topology::advertisement& node = said_[roll_() % said_.size()];
        topology::link& l = node.links[roll_() % node.links.size()];
        topology::prefix& p = node.prefixes.front();
        switch (roll_() % 8) {
            case 0:
            case 1: l.metric = 1 + roll_() % 30; break;
            case 2: set_both(l, node.origin, 1 + roll_() % 30); break;
            case 3: l.srlgs = {roll_() % 5}; break;
            case 4: node.overload = !node.overload && roll_() % 2 == 0; break;
            case 5: p.sids.front().no_php = !p.sids.front().no_php; break;
            case 6: l.sids.front().is_protected = !l.sids.front().is_protected; break;
            default: {
                const std::string& own = said_[0].links[roll_() % said_[0].links.size()].name;
                if (down_.erase(own) == 0) {
                    down_.insert(own);
                }
            }
        }
    }

private:
    void set_both(topology::link& l, const std::string& origin, topology::cost metric) {
        l.metric = metric;
        for (topology::advertisement& other : said_) {
            for (topology::link& back : other.links) {
                if (other.origin == l.remote && back.remote == origin &&
                    back.name == l.remote_link) {
                    back.metric = metric;
                }
            }
        }
    }

    std::vector<topology::advertisement> said_;
    std::set<std::string> down_;
    test::dice roll_;
};

void set_links(network& known, const random_changes& to) {
    for (const topology::link& l : to.network()[0].links) {
        (void)known.set_link(l.name, !to.down().contains(l.name), 0);
    }
}

// Rules, repairs and notes after each of many changes are those of a router that starts then.
TEST(network, after_any_change_it_is_as_a_start_would_be) {
    const config::protected_resource kinds[] = {
        config::protected_resource::link, config::protected_resource::node,
        config::protected_resource::srlg, config::protected_resource::node_and_srlg};
    const test::temporary_folder folder;
    std::size_t differing = 0;
    for (std::uint32_t seed = 0; seed < 8; ++seed) {
        auto said = test::make_advertisements(seed % 2 == 0 ? test::random_graph(24, 44, 12, seed)
                                                            : test::provider(36, seed));
        for (std::size_t n = 0; n < said.size() && seed % 4 >= 2; ++n) {
            said[n].srgb = {{static_cast<std::uint32_t>(20'000 + 1'000 * n), 1'000}};
        }
        random_changes changes(std::move(said), seed);
        config::topology_section keys;
        keys.protects = kinds[seed % 4];
        const auto file = [&] {
            return test::write_network(folder, changes.network(), 0, "", keys);
        };
        auto known = network::open(file());
        ASSERT_TRUE(known.ok()) << known.why().text();
        const auto tables = started(file(), *known.value());
        for (int step = 0; step < 60; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            for (auto count = 1 + step % 3; count > 0; --count) {
                changes.change();
            }
            ASSERT_TRUE(known.value()->reload(file()).ok());
            set_links(*known.value(), changes);
            auto next = known.value()->compute(0);
            ASSERT_TRUE(next.ok()) << next.why().text();
            const auto batch = publish::difference(known.value()->tables(), next.value());
            differing += size_of(batch);
            const auto applied = tables->apply(batch);
            ASSERT_TRUE(applied.ok()) << applied.why().text();
            known.value()->adopt(std::move(next).value());

            const auto fresh = network::open(file());
            ASSERT_TRUE(fresh.ok());
            set_links(*fresh.value(), changes);
            const auto anew = started(file(), *fresh.value());
            ASSERT_EQ(
                size_of(publish::difference(known.value()->tables(), fresh.value()->tables())), 0U);
            ASSERT_EQ(known.value()->tables().notes, fresh.value()->tables().notes);
            ASSERT_EQ(contents(*tables), contents(*anew));
        }
    }
    EXPECT_GT(differing, 5'000U);
}

// In a ring of six the link n4-n5 becomes expensive: n0 goes to n4 over n1 then, no more over n5.
TEST(network, new_ways_are_pinned_while_others_may_not_know) {
    const test::temporary_folder folder;
    auto said = test::make_advertisements(test::ring(6));
    config::topology_section keys;
    keys.microloop_avoidance = 1000;
    const config::file file = test::write_network(folder, said, 0, "", keys);
    auto known = network::open(file);
    ASSERT_TRUE(known.ok()) << known.why().text();
    const auto tables = started(file, *known.value());
    EXPECT_EQ(known.value()->due(), paths::never);
    for (topology::link& l : said[4].links) {
        l.metric = l.remote == "n5" ? 1000 : l.metric;
    }
    for (topology::link& l : said[5].links) {
        l.metric = l.remote == "n4" ? 1000 : l.metric;
    }
    (void)test::write_network(folder, said, 0, "", keys);
    ASSERT_TRUE(known.value()->reload(file).ok());
    auto pinned = known.value()->compute(5);
    ASSERT_TRUE(pinned.ok()) << pinned.why().text();
    EXPECT_EQ(known.value()->due(), 1'000'005U);
    // n4 is over n1 now. n1 and n2 may still send it back here: to n3 first, or over the links.
    const auto rule_of = [](const publish::computed_tables& of, mpls::label label) {
        const auto at = std::ranges::find(of.rules.labels, label, &config::label_rule::label);
        return at == of.rules.labels.end() ? config::label_rule{} : *at;
    };
    const auto n4 = known.value()->labels().prefix_label(
        *known.value()->labels().node_prefix(*known.value()->map().find("n4"), 0), 0,
        known.value()->own());
    ASSERT_TRUE(n4);
    EXPECT_EQ(rule_of(pinned.value(), *n4).op, config::operation::push);
    const publish::changes changes = publish::difference(known.value()->tables(), pinned.value());
    ASSERT_TRUE(tables->apply(changes).ok());
    known.value()->adopt(std::move(pinned).value());
    auto plain = known.value()->compute(1'000'005);
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(rule_of(plain.value(), *n4).op, config::operation::continue_);
    EXPECT_EQ(known.value()->due(), paths::never);
    ASSERT_TRUE(tables->apply(publish::difference(known.value()->tables(), plain.value())).ok());
    auto fresh = network::open(file);
    EXPECT_EQ(contents(*tables), contents(*started(file, *fresh.value())));
}

// RFC 8333: a failure is left to repairs for a while, until another change comes.
TEST(network, a_failure_is_held_for_the_local_delay) {
    const test::temporary_folder folder;
    auto said = test::make_advertisements(test::ring(6));
    config::topology_section keys;
    keys.local_delay = 100;
    const config::file file = test::write_network(folder, said, 0, "", keys);
    auto opened = network::open(file);
    ASSERT_TRUE(opened.ok()) << opened.why().text();
    network& known = *opened.value();
    (void)started(file, known);
    const auto& [first, second] = std::tie(said[0].links[0].name, said[0].links[1].name);
    const auto links_up = [&] { return topology_rows(known)[0]["links_up"].get<int>(); };
    const auto compute = [&](microseconds now) { return known.compute(now).ok(); };
    EXPECT_EQ(links_up(), 2);
    // It waits, and is told only once.
    EXPECT_FALSE(known.set_link(first, false, 1'000));
    EXPECT_FALSE(known.set_link(first, false, 50'000));
    EXPECT_EQ(known.due(), 101'000U);
    EXPECT_TRUE(compute(100'999));
    EXPECT_EQ(links_up(), 2);
    EXPECT_TRUE(compute(101'000));
    EXPECT_EQ(links_up(), 1);
    EXPECT_EQ(known.due(), paths::never);
    EXPECT_TRUE(known.set_link(first, true, 200'000));
    EXPECT_FALSE(known.set_link(first, true, 200'000));
    EXPECT_TRUE(compute(200'000));
    EXPECT_EQ(links_up(), 2);
    // It comes back in time: nothing has happened.
    EXPECT_FALSE(known.set_link(first, false, 300'000));
    EXPECT_FALSE(known.set_link(first, true, 310'000));
    EXPECT_EQ(known.due(), paths::never);
    EXPECT_TRUE(compute(500'000));
    EXPECT_EQ(links_up(), 2);
    // A second failure ends the wait of both.
    EXPECT_FALSE(known.set_link(first, false, 600'000));
    EXPECT_TRUE(known.set_link(second, false, 610'000));
    EXPECT_TRUE(compute(610'000));
    EXPECT_EQ(links_up(), 0);
    EXPECT_TRUE(known.set_link(first, true, 700'000));
    EXPECT_TRUE(known.set_link(second, true, 700'000));
    // A reload of another map as well; one that changes nothing does not.
    EXPECT_FALSE(known.set_link(first, false, 800'000));
    ASSERT_TRUE(known.reload(file).ok());
    EXPECT_TRUE(compute(810'000));
    EXPECT_EQ(links_up(), 2);
    said[3].links[0].metric = 500;
    (void)test::write_network(folder, said, 0, "", keys);
    ASSERT_TRUE(known.reload(file).ok());
    EXPECT_TRUE(compute(820'000));
    EXPECT_EQ(links_up(), 1);
}

TEST(network, reserved_labels_are_not_for_sids) {
    const test::temporary_folder folder;
    auto said = test::make_advertisements(test::ring(3));
    const std::string policy =
        "[[policies]]\ncolor = 1\nendpoint = \"n2\"\n"
        "[[policies.paths]]\nbinding_sid = 3000\nsegments = [\"n2\"]\n"
        "[[policies]]\nheadend = \"n1\"\ncolor = 1\nendpoint = \"n2\"\n"
        "[[policies.paths]]\nbinding_sid = 2000\nsegments = [\"n2\"]\n";
    const auto refused = [&](const std::string& more, config::label_range reserved) {
        config::file file = test::write_network(folder, said, 0, more);
        file.node.static_labels = {{3000, 3099}};
        file.node.reserved = {{"ldp", reserved, {}}};
        auto opened = network::open(file);
        if (!opened) {
            return opened.why().text();
        }
        (void)started(file, *opened.value());
        EXPECT_EQ(opened.value()->policies()->own_labels().reserved.size(), 1U);
        return std::string("none");
    };
    // 2000 is for the policy of another node.
    EXPECT_EQ(refused(policy, {2000, 2999}), "none");
    const std::string why = refused(policy, {3000, 3010});
    EXPECT_NE(why.find("map.toml:"), std::string::npos) << why;
    EXPECT_NE(why.find("label 3000 of a policy's path is reserved for ldp in [node]"),
              std::string::npos)
        << why;
    said[0].links[1].sids.push_back({});
    said[0].links[1].sids.back().label = 2500;
    const std::string link = refused("", {2000, 2999});
    EXPECT_NE(link.find("label 2500 of link " + said[0].links[1].name + " is reserved for ldp"),
              std::string::npos)
        << link;
    EXPECT_NE(link.find("map.toml:"), std::string::npos) << link;
    said[0].links[1].sids.pop_back();
    said[0].bindings.push_back({2501, {"n1"}});
    EXPECT_NE(refused("", {2501, 2501}).find("label 2501 of a binding is reserved for ldp"),
              std::string::npos);
}

TEST(network, its_map_as_a_file_has_inline_policies_on_top) {
    const test::temporary_folder folder;
    const auto said = test::make_advertisements(test::ring(3));
    const std::string inline_policies =
        "policies = [{ color = 7, endpoint = \"n2\", paths = [{ segments = [\"n2\"] }] }]\n";
    config::file file = test::write_network(folder, said, 0);
    folder.write("map.toml", inline_policies + folder.read("map.toml") +
                                 "[[demands]]\nfrom = \"n0\"\nto = \"n2\"\nrate = 5\n");
    const auto opened = network::open(file);
    ASSERT_TRUE(opened.ok()) << opened.why().text();
    (void)started(file, *opened.value());
    const std::string text = topology_file_text(*opened.value());
    folder.write("map.toml", text);
    const auto again = network::open(file);
    ASSERT_TRUE(again.ok()) << again.why().text();
    (void)started(file, *again.value());
    EXPECT_EQ(policy_rows(*again.value()), policy_rows(*opened.value()));
    EXPECT_EQ(policy_rows(*again.value()).size(), 1U);
    EXPECT_EQ(again.value()->demands().size(), 1U);
    EXPECT_EQ(topology_file_text(*again.value()), text);
}

TEST(network, a_reload_that_is_reverted_leaves_no_trace) {
    const test::temporary_folder folder;
    auto said = test::make_advertisements(test::ring(6));
    const config::file file = test::write_network(folder, said, 0);
    auto known = network::open(file);
    ASSERT_TRUE(known.ok());
    const auto tables = started(file, *known.value());
    const json spf = spf_rows(*known.value(), 0).value();
    said[1].links[0].metric = 500;
    (void)test::write_network(folder, said, 0);
    ASSERT_TRUE(known.value()->reload(file).ok());
    known.value()->revert();
    EXPECT_EQ(spf_rows(*known.value(), 0).value(), spf);
    auto again = known.value()->compute(0);
    ASSERT_TRUE(again.ok());
    const publish::changes changes = publish::difference(known.value()->tables(), again.value());
    EXPECT_TRUE(changes.rules.labels.empty() && changes.remove_labels.empty());
}

TEST(network, what_its_file_cannot_be_is_told_with_its_place) {
    const test::temporary_folder folder;
    const auto said = test::make_advertisements(test::ring(3));
    const auto refused = [&](config::file file) {
        file.topology->map_where = {7, 8, 0};
        file.topology->where = {6, 1, 0};
        const auto opened = network::open(file);
        return opened ? std::string() : opened.why().text();
    };
    config::file file = test::write_network(folder, said, 0);
    const std::string place = file.files.front() + ":";
    file.node.name = "n9";
    EXPECT_NE(refused(file).find(place + "7:8: "), std::string::npos) << refused(file);
    file.node.name = "n0";
    file.node.srgb = {{20'000, 29'999}};
    EXPECT_NE(refused(file).find("SRGB"), std::string::npos) << refused(file);
    file = test::write_network(folder, said, 0);
    file.topology->adjacencies = {{"to-n7", "to-n1", {9, 2, 0}}};
    EXPECT_NE(refused(file).find(place + "9:2: n0 has no link \"to-n7\""), std::string::npos);
    file.topology->adjacencies = {{"to-n1", "nobody", {9, 2, 0}}};
    EXPECT_NE(refused(file).find("there is no next hop \"nobody\""), std::string::npos);
    file = test::write_network(folder, said, 0,
                               "[[policies]]\ncolor = 1\nendpoint = \"n8\"\n"
                               "[[policies.paths]]\nsegments = [\"n1\"]\n");
    EXPECT_NE(refused(file).find("map.toml:"), std::string::npos) << refused(file);
    EXPECT_NE(refused(file).find("n8"), std::string::npos) << refused(file);
}

// In a ring of five packets for n2 go over n1; without that link over n4, whose shortest path to n2
// is over n3 anyway.
TEST(network, a_repair_is_told_with_its_spaces) {
    const test::temporary_folder folder;
    const auto said = test::make_advertisements(test::ring(5));
    const auto known = network::open(test::write_network(folder, said, 0));
    ASSERT_TRUE(known.ok());
    (void)started(test::write_network(folder, said, 0), *known.value());
    const auto rows = protection_rows(*known.value(), "n2");
    ASSERT_TRUE(rows.ok());
    ASSERT_EQ(rows.value().size(), 1U);
    const json& row = rows.value()[0];
    EXPECT_EQ(row["link"], "to-n1");
    EXPECT_EQ(row["outcome"], "repaired");
    EXPECT_EQ(row["p_space"], json::array({"n0", "n3", "n4"}));
    EXPECT_EQ(row["extended_p_space"], json::array({"n0", "n2", "n3", "n4"}));
    EXPECT_EQ(row["q_space"], json::array({"n1", "n2", "n3", "n4"}));
    EXPECT_EQ(row["path"], json::array({"n0", "n4", "n3", "n2"}));
    EXPECT_EQ(row["segments"], json::array());
    EXPECT_EQ(row["end"], "n4");
    // What stands in the tables is what is told.
    for (const json& plain : protection_rows(*known.value())) {
        const auto& to = plain["destinations"];
        if (plain["link"] == "to-n1" && std::ranges::find(to, json("n2")) != to.end()) {
            EXPECT_EQ(plain["out"], row["out"]);
            EXPECT_EQ(plain["segments"], row["segments"]);
            EXPECT_EQ(plain["end"], row["end"]);
        }
    }
    EXPECT_FALSE(protection_rows(*known.value(), "n9").ok());
}

TEST(network, policies_are_rows_with_their_reasons) {
    const test::temporary_folder folder;
    const auto said = test::make_advertisements(test::ring(5));
    const config::file file = test::write_network(
        folder, said, 0,
        "[[policies]]\nname = \"gold\"\ncolor = 7\nendpoint = \"n2\"\n"
        "[[policies.paths]]\npreference = 300\nsegments = [19999]\n"
        "[[policies.paths]]\npreference = 200\nsegments = [\"n4\", \"n3\", \"n2\"]\n"
        "[[policies.paths]]\ndynamic = { metric = \"igp\" }\n");
    const auto known = network::open(file);
    ASSERT_TRUE(known) << known.why().text();
    (void)started(file, *known.value());
    const json rows = policy_rows(*known.value());
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["preference"], 200);
    EXPECT_EQ(rows[0]["lists"][0]["segments"], json::array({"n4", "n3", "n2"}));
    EXPECT_NE(rows[0]["candidates"][0]["state"].get<std::string>().find("invalid"),
              std::string::npos);
}

}  // namespace
}  // namespace rhumb::routing
