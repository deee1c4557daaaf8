#include "controlplane/routing/network.hh"

#include <gtest/gtest.h>

#include <tuple>

#include "controlplane/publish/forwarding.hh"
#include "controlplane/routing/merge.hh"
#include "controlplane/routing/rows.hh"
#include "tests/support/network_files.hh"
#include "tests/support/network_maps.hh"

namespace rhumb::routing {
namespace {

using nlohmann::json;

publish::port_map ports_of(const config::file& file) {
    publish::port_map ports;
    for (const config::port& port : file.ports) {
        ports[port.name] = {static_cast<std::uint8_t>(ports.size()), {2, 0, 0, 0, 0, 1}};
    }
    return ports;
}

// Tables of a router that starts with this file.
std::unique_ptr<publish::forwarding> started(config::file file, network& known) {
    auto computed = known.compute(0);
    EXPECT_TRUE(computed.ok()) << computed.why().text();
    add_to(file, computed.value());
    known.adopt(std::move(computed).value());
    const publish::port_map ports = ports_of(file);
    auto built = publish::forwarding::build(std::move(file), ports, nullptr);
    EXPECT_TRUE(built.ok()) << built.why().text();
    return std::move(built).value();
}

// All labels and prefixes, as text.
std::string contents(const publish::forwarding& tables) {
    std::string text;
    const auto add = [&](const std::vector<publish::path_text>& paths) {
        for (const publish::path_text& path : paths) {
            text += " " + path.nexthop + ">" + std::to_string(path.out.value_or(0));
        }
    };
    for (auto label = tables.next_label(0); label; label = tables.next_label(*label + 1)) {
        const publish::label_view rule = tables.label(*label);
        text += "\n" + std::to_string(*label) + " " +
                std::to_string(static_cast<int>(rule.entry.op())) + " " +
                std::to_string(rule.entry.op() == label_op::continue_ ? rule.entry.out() : 0);
        add(rule.paths);
    }
    for (const auto& [prefix, id] : tables.prefixes()) {
        text += "\n" + labels::to_text(prefix);
        add(tables.prefix(prefix).paths);
    }
    return text;
}

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
        file.topology->file_where = {7, 8, 0};
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

TEST(network, policies_are_rows_with_their_reasons) {
    const test::temporary_folder folder;
    const auto said = test::make_advertisements(test::ring(5));
    const config::file file = test::write_network(
        folder, said, 0,
        "[[policies]]\nname = \"gold\"\ncolor = 7\nendpoint = \"n2\"\n"
        "[[policies.paths]]\npreference = 300\nsegments = [\"n0->n3\"]\n"
        "[[policies.paths]]\npreference = 200\nsegments = [\"n4\", \"n3\", \"n2\"]\n"
        "[[policies.paths]]\ndynamic = { metric = \"igp\" }\n");
    const auto known = network::open(file);
    if (!known) {
        // A link that does not exist may be refused when the file is read.
        EXPECT_NE(known.why().text().find("n0->n3"), std::string::npos) << known.why().text();
        return;
    }
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
