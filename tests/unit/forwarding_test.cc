// From configuration values to tables, and from there on by single changes.
#include "controlplane/publish/forwarding.hh"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/text.hh"
#include "rhumb/wire/ethernet.hh"

namespace rhumb::publish {
namespace {

using config::label_rule;
using config::operation;
using config::prefix_rule;
using config::ttl_model;

const port_map both_ports{{"west", {0, {2, 0, 0, 0, 1, 1}}}, {"east", {1, {2, 0, 0, 0, 1, 2}}}};

// Puts configurations together by hand: the loader has its own tests.
struct maker {
    config::file file;

    maker() {
        file.files = {"r1.toml"};
        add_port("west");
        add_port("east");
    }
    config::port& add_port(const std::string& name) {
        config::port port;
        port.name = name;
        port.where = next();
        file.ports.push_back(port);
        return file.ports.back();
    }
    config::nexthop& add_nexthop(const std::string& name, const std::string& port) {
        file.nexthops.push_back(make_nexthop(name, port));
        file.nexthops.back().where = next();
        return file.nexthops.back();
    }
    static config::nexthop make_nexthop(const std::string& name, const std::string& port) {
        config::nexthop hop;
        hop.name = name;
        hop.port = port;
        hop.mac = {2, 0, 0, 0, 9, static_cast<byte>(name.back())};
        return hop;
    }
    label_rule& add_label(mpls::label label, operation op, const std::vector<std::string>& via = {},
                          const config::segments& segments = {}) {
        file.rules.labels.push_back(make_label(file.rules, label, op, via, segments));
        file.rules.labels.back().where = next();
        return file.rules.labels.back();
    }
    static label_rule make_label(config::rules& rules, mpls::label label, operation op,
                                 const std::vector<std::string>& via = {},
                                 const config::segments& segments = {}) {
        label_rule rule;
        rule.label = label;
        rule.op = op;
        rule.out = op == operation::continue_ ? label : config::none;
        rule.paths = via.empty() ? config::none : rules.intern(paths(via));
        rule.list = segments.empty() ? config::none : rules.intern(segments);
        return rule;
    }
    prefix_rule& add_prefix(std::string_view match, const std::vector<std::string>& via,
                            const config::segments& segments = {}) {
        file.rules.prefixes.push_back(make_prefix(file.rules, match, via, segments));
        file.rules.prefixes.back().where = next();
        return file.rules.prefixes.back();
    }
    static prefix_rule make_prefix(config::rules& rules, std::string_view match,
                                   const std::vector<std::string>& via,
                                   const config::segments& segments = {}) {
        prefix_rule rule;
        rule.match = *config::parse_prefix(match);
        rule.paths = rules.intern(paths(via));
        rule.list = segments.empty() ? config::none : rules.intern(segments);
        return rule;
    }
    static config::path_list paths(const std::vector<std::string>& names) {
        config::path_list list;
        for (const std::string& name : names) {
            list.push_back({name, 1, std::nullopt});
        }
        return list;
    }

private:
    // Each setting stands in a line of its own: 1, 2, ...
    config::position next() { return {++line_, 3, 0}; }
    std::uint32_t line_ = 0;
};

// r2 on east (with r3 as its backup), r3 on west.
maker two_nexthops() {
    maker m;
    m.add_nexthop("r2", "east").backup = config::backup{"r3", {16003}, {}};
    m.file.nexthops.back().backup->where = {50, 9, 0};
    m.add_nexthop("r3", "west");
    return m;
}

std::unique_ptr<forwarding> build(const maker& m, const forwarding* previous = nullptr) {
    auto built = forwarding::build(m.file, both_ports, previous);
    EXPECT_TRUE(built.ok()) << built.why().text();
    return built.ok() ? std::move(built.value()) : nullptr;
}
std::string refused(const maker& m, const forwarding* previous = nullptr) {
    auto built = forwarding::build(m.file, both_ports, previous);
    return built.ok() ? "built" : built.why().text();
}
std::string refused(forwarding& f, const changes& batch) {
    const auto done = f.apply(batch);
    return done.ok() ? "applied" : done.why().text();
}

// --- what is refused ---

TEST(forwarding_refuses, a_port_that_was_not_opened) {
    maker m;
    m.add_port("north");
    EXPECT_EQ(refused(m), "r1.toml:3:3: port \"north\" is not among the ports that were opened at "
                          "start; ports change with a restart");
}

TEST(forwarding_refuses, more_ports_than_there_can_be) {
    maker m;
    port_map ports = both_ports;
    for (int n = 0; n < 63; ++n) {
        m.add_port("p" + std::to_string(n));
    }
    EXPECT_EQ(refused(m), "r1.toml:65:3: 65 ports; at most 64 are possible");
}

TEST(forwarding_refuses, a_punt_port_that_does_not_exist) {
    maker m;
    m.file.node.punt = "tap";
    m.file.node.punt_where = {7, 1, 0};
    EXPECT_EQ(refused(m),
              "r1.toml:7:1: punt names port \"tap\", which does not exist; ports: east, west");
}

TEST(forwarding_refuses, a_next_hop_on_a_port_that_does_not_exist) {
    maker m;
    m.add_nexthop("r2", "north");
    EXPECT_EQ(refused(m), "r1.toml:3:3: next hop \"r2\" names port \"north\", which does not "
                          "exist; ports: east, west");
}

TEST(forwarding_refuses, a_next_hop_on_a_port_that_the_file_no_longer_has) {
    maker m;
    m.file.ports.pop_back();  // east is open, but a reload has left it out
    m.add_nexthop("r2", "east");
    EXPECT_EQ(refused(m), "r1.toml:3:3: next hop \"r2\" names port \"east\", which does not "
                          "exist; ports: west");
}

TEST(forwarding_refuses, a_backup_that_does_not_exist_or_is_the_next_hop_itself) {
    maker m = two_nexthops();
    m.file.nexthops[0].backup->nexthop = "r9";
    EXPECT_EQ(refused(m),
              "r1.toml:50:9: the backup of next hop \"r2\" is \"r9\", which does not exist");
    m.file.nexthops[0].backup->nexthop = "r2";
    EXPECT_EQ(refused(m),
              "r1.toml:50:9: the backup of next hop \"r2\" is \"r2\", which is that next hop itself");
}

TEST(forwarding_refuses, a_backup_that_pushes_more_than_the_msd) {
    maker m = two_nexthops();
    m.file.nexthops[0].backup->push.assign(11, 16003);
    EXPECT_EQ(refused(m), "r1.toml:50:9: the backup of next hop \"r2\" pushes 11 labels; the MSD "
                          "towards \"r3\" is 10");
    m.file.nexthops[0].backup->push.assign(4, 16003);
    m.file.ports[0].msd = 3;
    EXPECT_EQ(refused(m), "r1.toml:50:9: the backup of next hop \"r2\" pushes 4 labels; the MSD "
                          "towards \"r3\" is 3");
}

TEST(forwarding_refuses, an_index_beyond_the_srgb) {
    maker m = two_nexthops();
    m.add_label(8000, operation::next).by_index = true;
    EXPECT_EQ(refused(m), "r1.toml:5:3: index 8000 is beyond the SRGB (16000-23999)");
    m.file.node.srgb = {{100, 199}, {1000, 1099}, {500, 599}};
    m.file.rules.labels[0].label = 300;
    EXPECT_EQ(refused(m),
              "r1.toml:5:3: index 300 is beyond the SRGB (100-199, 1000-1099, 500-599)");
}

TEST(forwarding_refuses, a_label_outside_all_blocks) {
    maker m = two_nexthops();
    m.add_label(500, operation::next);
    EXPECT_EQ(refused(m), "r1.toml:5:3: label 500 is in no block (SRGB 16000-23999, SRLB "
                          "15000-15999, static empty); name its block in node.static if that is "
                          "meant");
    m.file.node.static_labels = {{500, 500}};
    EXPECT_EQ(refused(m), "built");
    m.file.rules.labels[0].label = 24000;
    EXPECT_EQ(refused(m), "r1.toml:5:3: label 24000 is in no block (SRGB 16000-23999, SRLB "
                          "15000-15999, static 500); name its block in node.static if that is "
                          "meant");
}

TEST(forwarding_refuses, two_rules_for_a_label_also_by_index) {
    maker m = two_nexthops();
    m.add_label(16002, operation::next);
    m.add_label(2, operation::next).by_index = true;
    EXPECT_EQ(refused(m), "r1.toml:6:3: label 16002 has a rule already, in line 5");
}

TEST(forwarding_refuses, a_label_via_nobody) {
    maker m = two_nexthops();
    m.add_label(16002, operation::continue_, {"r2", "r9"});
    EXPECT_EQ(refused(m), "r1.toml:5:3: label 16002 goes via \"r9\", which is no next hop");
}

TEST(forwarding_refuses, two_rules_for_a_prefix) {
    maker m = two_nexthops();
    m.add_prefix("10.0.0.0/8", {"r2"});
    m.add_prefix("10.0.0.0/9", {"r2"});
    m.add_prefix("10.0.0.0/8", {"r3"});
    EXPECT_EQ(refused(m), "r1.toml:7:3: prefix 10.0.0.0/8 has a rule already, in line 5");
}

TEST(forwarding_refuses, a_prefix_via_nobody) {
    maker m = two_nexthops();
    m.add_prefix("10.0.0.0/8", {"r9"});
    EXPECT_EQ(refused(m), "r1.toml:5:3: prefix 10.0.0.0/8 goes via \"r9\", which is no next hop");
}

TEST(forwarding_refuses, segment_lists_over_the_msd_less_what_backups_push) {
    const config::segments ten(10, 16003);
    maker m = two_nexthops();
    m.add_label(15100, operation::push, {"r3"}, ten);
    m.add_prefix("10.0.0.0/8", {"r3"}, ten);
    EXPECT_EQ(refused(m), "built");

    m.add_label(15101, operation::push, {"r2", "r3"}, ten);
    EXPECT_EQ(refused(m), "r1.toml:7:3: label 15101 pushes 10 segments; the MSD towards its next "
                          "hops, less what their backups push, is 9");
    m.file.rules.labels.pop_back();
    m.add_prefix("10.2.0.0/16", {"r2"}, ten);
    EXPECT_EQ(refused(m), "r1.toml:8:3: prefix 10.2.0.0/16 pushes 10 segments; the MSD towards its "
                          "next hops, less what their backups push, is 9");
    m.file.rules.prefixes.pop_back();
    m.file.ports[0].msd = 5;
    EXPECT_EQ(refused(m), "r1.toml:5:3: label 15100 pushes 10 segments; the MSD towards its next "
                          "hops, less what their backups push, is 5");
    m.file.ports[0].msd = 16;
    m.file.node.msd = 12;
    m.add_label(15102, operation::push, {"r3"}, config::segments(13, 16003));
    EXPECT_EQ(refused(m), "r1.toml:9:3: label 15102 pushes 13 segments; the MSD towards its next "
                          "hops, less what their backups push, is 12");
}

// --- what becomes of a file ---

TEST(forwarding, the_index_walks_the_ranges_of_the_srgb) {
    maker m = two_nexthops();
    m.file.node.srgb = {{100, 199}, {1000, 1099}, {500, 599}};
    const std::vector<std::pair<mpls::label, mpls::label>> expected{
        {0, 100}, {99, 199}, {100, 1000}, {199, 1099}, {200, 500}, {299, 599}};
    for (const auto& [index, label] : expected) {
        m.add_label(index, operation::next).by_index = true;
    }
    const auto f = build(m);
    EXPECT_EQ(f->label_count(), expected.size());
    for (const auto& [index, label] : expected) {
        EXPECT_EQ(f->label(label).entry.op(), label_op::next) << label;
    }
}

TEST(forwarding, the_special_purpose_labels_have_entries_from_the_start) {
    retired_list retired;
    maker m;
    m.file.node.ttl = ttl_model::pipe;
    const auto f = build(m);
    const table_set tables = f->snapshot(retired);
    EXPECT_EQ(f->label_count(), 0U);
    EXPECT_EQ(f->next_label(0), std::nullopt);
    for (mpls::label label = 0; label < mpls::first_unreserved; ++label) {
        const label_op expected = label == 0   ? label_op::explicit_null_ipv4
                                  : label == 1 ? label_op::router_alert
                                  : label == 2 ? label_op::explicit_null_ipv6
                                  : label == 3 ? label_op::implicit_null
                                  : label == 7 ? label_op::entropy_indicator
                                               : label_op::reserved;
        EXPECT_EQ(tables.labels[label].op(), expected) << label;
        EXPECT_TRUE(tables.labels[label].pipe());
    }
    EXPECT_EQ(tables.labels[16].op(), label_op::none);
    EXPECT_EQ(tables.labels[mpls::label_count - 1].op(), label_op::none);
}

TEST(forwarding, next_hops_are_ready_made) {
    retired_list retired;
    maker m = two_nexthops();
    m.file.ports[1].mtu = 9000;
    m.file.nexthops[1].vlan = 100;
    m.file.nexthops[1].mtu = 1400;
    const auto f = build(m);
    const table_set tables = f->snapshot(retired);
    const nexthop& r2 = tables.nexthops[*f->nexthop_number("r2")];
    const nexthop& r3 = tables.nexthops[*f->nexthop_number("r3")];
    EXPECT_TRUE(r2.in_use);
    EXPECT_EQ(r2.port, 1);
    EXPECT_EQ(r2.mtu, 9000);
    EXPECT_EQ(r2.l2_bytes, 14);
    EXPECT_EQ(ethernet::destination_word(r2.l2.data()),
              ethernet::mac_word({2, 0, 0, 0, 9, '2'}));
    EXPECT_EQ(r2.l2[11], 2);  // east's own
    EXPECT_TRUE(r2.has_backup);
    EXPECT_EQ(r2.backup, *f->nexthop_number("r3"));
    EXPECT_EQ(r2.backup_labels, 1);
    EXPECT_EQ(r2.backup_push[0], 16003U);
    EXPECT_FALSE(r2.backup_pipe);
    EXPECT_EQ(r3.l2_bytes, 18);
    EXPECT_EQ(load_be32(&r3.l2[12]), 0x81000064U);
    EXPECT_EQ(r3.mtu, 1400);
    EXPECT_FALSE(r3.has_backup);
    EXPECT_EQ(f->nexthop_name(*f->nexthop_number("r3")), "r3");
    EXPECT_EQ(f->nexthop_number("r9"), std::nullopt);
}

TEST(forwarding, ports_take_the_vlans_that_they_or_their_next_hops_name) {
    retired_list retired;
    maker m = two_nexthops();
    m.file.ports[0].vlans = {7};
    m.file.ports[0].promiscuous = true;
    m.file.nexthops[1].vlan = 100;
    const auto f = build(m);
    const table_set tables = f->snapshot(retired);
    EXPECT_EQ(tables.filters[0].mac, ethernet::mac_word({2, 0, 0, 0, 1, 1}));
    EXPECT_TRUE(tables.filters[0].promiscuous);
    EXPECT_TRUE(tables.filters[0].vlans[7]);
    EXPECT_TRUE(tables.filters[0].vlans[100]);
    EXPECT_EQ(tables.filters[0].vlans.count(), 2U);
    EXPECT_FALSE(tables.filters[1].promiscuous);
    EXPECT_TRUE(tables.filters[1].vlans.none());
}

TEST(forwarding, rules_inherit_the_nodes_ttl_model_or_have_their_own) {
    for (const ttl_model node : {ttl_model::uniform, ttl_model::pipe}) {
        maker m = two_nexthops();
        m.file.node.ttl = node;
        m.add_label(16001, operation::next);
        m.add_label(16002, operation::next).ttl = ttl_model::uniform;
        m.add_label(16003, operation::next).ttl = ttl_model::pipe;
        m.add_prefix("10.0.0.0/8", {"r3"}, {16003});
        m.add_prefix("11.0.0.0/8", {"r3"}, {16003}).ttl = ttl_model::pipe;
        m.file.rules.prefixes.back().tc = 0;
        const auto f = build(m);
        EXPECT_EQ(f->label(16001).entry.pipe(), node == ttl_model::pipe);
        EXPECT_FALSE(f->label(16002).entry.pipe());
        EXPECT_TRUE(f->label(16003).entry.pipe());
        const auto ten = f->prefix(*config::parse_prefix("10.0.0.0/8"));
        const auto eleven = f->prefix(*config::parse_prefix("11.0.0.0/8"));
        EXPECT_EQ(ten.way.pipe, node == ttl_model::pipe);
        EXPECT_FALSE(ten.way.sets_tc);
        EXPECT_TRUE(eleven.way.pipe);
        EXPECT_TRUE(eleven.way.sets_tc);
        EXPECT_EQ(eleven.way.tc, 0);
        EXPECT_EQ(ten.way.list, eleven.way.list);  // equal lists are one
    }
}

TEST(forwarding, rules_can_be_read_back) {
    maker m = two_nexthops();
    m.add_label(16002, operation::continue_, {"r2"}).tc = 5;
    m.add_label(15001, operation::pop, {"r2", "r3"});
    m.add_label(15100, operation::push, {"r3"}, {16003, 16002});
    m.add_label(16010, operation::continue_);
    m.file.rules.labels.back().paths =
        m.file.rules.intern(config::path_list{{"r2", 3, 20010}, {"r3", 1, 30010}});
    m.add_label(16011, operation::continue_);
    m.file.rules.labels.back().paths = m.file.rules.intern(config::path_list{{"r3", 1, 400}});
    m.add_prefix("2001:db8::/32", {"r2", "r3"}, {16001});
    const auto f = build(m);

    EXPECT_EQ(f->label(16002).entry.op(), label_op::continue_);
    EXPECT_EQ(f->label(16002).entry.out(), 16002U);
    EXPECT_EQ(f->label(16002).entry.tc(0), 5U);
    EXPECT_EQ(f->label(15001).paths.size(), 2U);
    EXPECT_EQ(f->label(15100).segments, (std::vector<mpls::label>{16003, 16002}));
    EXPECT_EQ(f->label(15100).paths.at(0).nexthop, "r3");
    const auto paths = f->label(16010).paths;
    ASSERT_EQ(paths.size(), 2U);
    EXPECT_EQ(paths[0].nexthop, "r2");
    EXPECT_EQ(paths[0].weight, 3);
    EXPECT_EQ(paths[0].out, 20010U);
    EXPECT_EQ(f->label(16011).entry.out(), 400U);
    EXPECT_EQ(f->label(16999).entry.op(), label_op::none);
    const auto prefix = f->prefix(*config::parse_prefix("2001:db8::/32"));
    EXPECT_EQ(prefix.segments, std::vector<mpls::label>{16001});
    EXPECT_EQ(prefix.paths.size(), 2U);
    EXPECT_EQ(*f->prefix_of(prefix.id), prefix.prefix);
    EXPECT_EQ(f->prefix_of(12345), nullptr);

    std::vector<mpls::label> all;
    for (auto label = f->next_label(0); label; label = f->next_label(*label + 1)) {
        all.push_back(*label);
    }
    EXPECT_EQ(all, (std::vector<mpls::label>{15001, 15100, 16002, 16010, 16011}));
}

TEST(forwarding, the_seed_comes_from_the_name_unless_it_is_set) {
    retired_list retired;
    maker m;
    m.file.node.name = "a";
    const auto a = build(m)->snapshot(retired).hash_seed;
    m.file.node.name = "b";
    EXPECT_NE(build(m)->snapshot(retired).hash_seed, a);
    m.file.node.hash_seed = 42;
    EXPECT_EQ(build(m)->snapshot(retired).hash_seed, 42U);
}

TEST(forwarding, a_million_labels) {
    maker m = two_nexthops();
    m.file.node.srgb = {{16, mpls::label_count - 1}};
    m.file.node.srlb = {};
    const std::uint32_t paths[] = {m.file.rules.intern(maker::paths({"r2"})),
                                   m.file.rules.intern(maker::paths({"r3"})),
                                   m.file.rules.intern(maker::paths({"r2", "r3"}))};
    for (mpls::label label = 16; label < mpls::label_count; ++label) {
        label_rule rule;
        rule.label = label;
        rule.op = operation::continue_;
        rule.out = mpls::label_count - 1 - label + 16;
        rule.paths = paths[label % 3];
        m.file.rules.labels.push_back(rule);
    }
    const auto f = build(m);
    retired_list retired;
    const table_set tables = f->snapshot(retired);
    EXPECT_EQ(f->label_count(), mpls::label_count - 16);
    for (mpls::label label = 16; label < mpls::label_count; label += 997) {
        EXPECT_EQ(tables.labels[label].out(), mpls::label_count - 1 - label + 16);
        EXPECT_EQ(tables.labels[label].via().is_group(), label % 3 == 2);
    }
}

// --- a new file in place of the old one ---

TEST(forwarding_rebuild, names_and_prefixes_keep_their_numbers) {
    maker m = two_nexthops();
    m.add_prefix("10.0.0.0/8", {"r2"});
    m.add_prefix("11.0.0.0/8", {"r3"});
    const auto first = build(m);
    EXPECT_EQ(first->take_new_numbers().nexthops.size(), 2U);
    EXPECT_TRUE(first->take_new_numbers().nexthops.empty());

    maker n;
    n.add_nexthop("r4", "west");
    n.add_nexthop("r3", "east");
    n.add_prefix("12.0.0.0/8", {"r3"});
    n.add_prefix("11.0.0.0/8", {"r4"});
    const auto second = build(n, first.get());
    EXPECT_EQ(second->nexthop_number("r3"), first->nexthop_number("r3"));
    EXPECT_EQ(second->nexthop_number("r2"), std::nullopt);
    EXPECT_NE(second->nexthop_number("r4"), first->nexthop_number("r2"));
    const auto id = [](const forwarding& f, std::string_view prefix) {
        return f.prefixes().at(*config::parse_prefix(prefix));
    };
    EXPECT_EQ(id(*second, "11.0.0.0/8"), id(*first, "11.0.0.0/8"));
    EXPECT_NE(id(*second, "12.0.0.0/8"), id(*first, "10.0.0.0/8"));
    EXPECT_EQ(second->prefix_of(id(*first, "10.0.0.0/8")), nullptr);
    const auto fresh = second->take_new_numbers();
    EXPECT_EQ(fresh.nexthops, std::vector<nexthop_id>{*second->nexthop_number("r4")});
    EXPECT_EQ(fresh.prefixes, std::vector<std::uint32_t>{id(*second, "12.0.0.0/8")});
}

TEST(forwarding_rebuild, generations_go_on) {
    retired_list retired;
    const auto first = build(two_nexthops());
    EXPECT_EQ(first->snapshot(retired).generation, 1U);
    EXPECT_EQ(first->snapshot(retired).generation, 2U);
    const auto second = build(two_nexthops(), first.get());
    EXPECT_EQ(second->snapshot(retired).generation, 3U);
}

TEST(forwarding_rebuild, groups_keep_their_buckets) {
    retired_list retired;
    maker m = two_nexthops();
    m.add_nexthop("r4", "east");
    m.add_label(16002, operation::continue_, {"r2", "r3"});
    m.add_prefix("10.0.0.0/8", {"r2", "r3"}, {16009});
    const auto first = build(m);
    const table_set before = first->snapshot(retired);

    maker n = two_nexthops();
    n.add_nexthop("r4", "east");
    n.add_label(16002, operation::continue_, {"r4", "r3", "r2"});
    n.add_prefix("10.0.0.0/8", {"r2", "r3", "r4"}, {16009});
    const auto second = build(n, first.get());
    const table_set after = second->snapshot(retired);

    const auto owner = [](const table_set& tables, via_ref via, std::size_t bucket) {
        const path_group& group = tables.groups[via.id()];
        return group.paths[group.bucket[bucket]].nexthop;
    };
    const via_ref old_via = before.labels[16002].via();
    const via_ref new_via = after.labels[16002].via();
    const via_ref prefix_via =
        after.lists[second->prefix(*config::parse_prefix("10.0.0.0/8")).way.list].via;
    ASSERT_TRUE(old_via.is_group());
    ASSERT_TRUE(new_via.is_group());
    EXPECT_EQ(prefix_via, new_via);
    std::size_t moved = 0;
    for (std::size_t bucket = 0; bucket < path_group::buckets; ++bucket) {
        if (owner(after, new_via, bucket) != owner(before, old_via, bucket)) {
            EXPECT_EQ(owner(after, new_via, bucket), *second->nexthop_number("r4"));
            ++moved;
        }
    }
    EXPECT_NEAR(static_cast<double>(moved), path_group::buckets / 3.0, 1);
}

TEST(forwarding_rebuild, a_file_that_is_refused_leaves_the_old_tables_alone) {
    retired_list retired;
    maker m = two_nexthops();
    m.add_label(16002, operation::continue_, {"r2"});
    const auto first = build(m);
    const table_set before = first->snapshot(retired);
    m.add_label(16003, operation::continue_, {"r9"});
    EXPECT_EQ(refused(m, first.get()),
              "r1.toml:6:3: label 16003 goes via \"r9\", which is no next hop");
    EXPECT_EQ(first->label(16002).entry, before.labels[16002]);
    EXPECT_EQ(first->nexthop_number("r2").has_value(), true);
    EXPECT_EQ(refused(*first, changes{}), "applied");
}

// --- single changes ---

class forwarding_apply : public testing::Test {
protected:
    forwarding_apply() {
        maker m = two_nexthops();
        m.add_nexthop("r4", "east");
        m.add_label(16002, operation::continue_, {"r4"});
        m.add_label(15100, operation::push, {"r4"}, {16003, 16002});
        m.add_prefix("10.0.0.0/8", {"r3"});
        f_ = build(m);
        before_ = f_->snapshot(retired_);
    }
    // Asks for a change that must fail, and sees that nothing has changed.
    std::string refuse(const changes& batch) {
        const std::size_t labels = f_->label_count();
        const auto prefixes = f_->prefixes();
        const std::size_t nexthops = f_->nexthops().size();
        const std::string why = refused(*f_, batch);
        const table_set now = f_->snapshot(retired_);
        EXPECT_EQ(f_->label_count(), labels);
        EXPECT_EQ(f_->prefixes(), prefixes);
        EXPECT_EQ(f_->nexthops().size(), nexthops);
        for (mpls::label label = 15000; label < 24000; ++label) {
            EXPECT_EQ(now.labels[label], before_.labels[label]);
        }
        const std::vector<std::array<byte, 4>> addresses{{10, 1, 2, 3}, {11, 1, 2, 3}};
        for (const auto& address : addresses) {
            EXPECT_EQ(now.ipv4.lookup(address.data()), before_.ipv4.lookup(address.data()));
        }
        return why;
    }
    std::unique_ptr<forwarding> f_;
    retired_list retired_;  // before f_ goes, what is in it must
    table_set before_;
};

TEST_F(forwarding_apply, sets_replaces_and_removes_and_old_versions_stay) {
    changes batch;
    batch.nexthops = {maker::make_nexthop("r5", "west")};
    batch.rules.labels = {maker::make_label(batch.rules, 16002, operation::next),
                          maker::make_label(batch.rules, 16005, operation::continue_, {"r5"})};
    batch.rules.prefixes = {maker::make_prefix(batch.rules, "11.0.0.0/8", {"r5"})};
    batch.remove_labels = {15100};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    ASSERT_EQ(refused(*f_, batch), "applied");
    const table_set now = f_->snapshot(retired_);
    EXPECT_EQ(f_->label_count(), 2U);
    EXPECT_EQ(now.labels[16002].op(), label_op::next);
    EXPECT_EQ(now.labels[16005].op(), label_op::continue_);
    EXPECT_EQ(now.labels[15100].op(), label_op::none);
    const std::array<byte, 4> ten{10, 1, 2, 3};
    const std::array<byte, 4> eleven{11, 1, 2, 3};
    EXPECT_EQ(now.ipv4.lookup(ten.data()), 0U);
    EXPECT_NE(now.ipv4.lookup(eleven.data()), 0U);
    EXPECT_EQ(before_.labels[16002].op(), label_op::continue_);
    EXPECT_EQ(before_.labels[15100].op(), label_op::push);
    EXPECT_NE(before_.ipv4.lookup(ten.data()), 0U);
    EXPECT_EQ(before_.ipv4.lookup(eleven.data()), 0U);
    EXPECT_FALSE(before_.nexthops[*f_->nexthop_number("r5")].in_use);
}

TEST_F(forwarding_apply, the_last_of_several_changes_to_a_label_holds) {
    changes batch;
    batch.rules.labels = {maker::make_label(batch.rules, 16005, operation::next),
                          maker::make_label(batch.rules, 16005, operation::pop, {"r3"})};
    ASSERT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->label(16005).entry.op(), label_op::pop);
    EXPECT_EQ(f_->label_count(), 3U);
}

TEST_F(forwarding_apply, a_prefix_removed_and_set_in_one_batch) {
    changes batch;
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    batch.rules.prefixes = {maker::make_prefix(batch.rules, "10.0.0.0/8", {"r4"})};
    ASSERT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->prefix(*config::parse_prefix("10.0.0.0/8")).paths.at(0).nexthop, "r4");
    const std::array<byte, 4> ten{10, 1, 2, 3};
    EXPECT_EQ(f_->snapshot(retired_).ipv4.lookup(ten.data()),
              f_->prefixes().at(*config::parse_prefix("10.0.0.0/8")));
}

TEST_F(forwarding_apply, one_bad_change_and_none_happens) {
    changes batch;
    batch.nexthops = {maker::make_nexthop("r5", "west")};
    batch.remove_labels = {15100};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/8")};
    batch.rules.labels = {maker::make_label(batch.rules, 16005, operation::next),
                          maker::make_label(batch.rules, 16006, operation::pop, {"r9"})};
    batch.rules.prefixes = {maker::make_prefix(batch.rules, "11.0.0.0/8", {"r5"})};
    EXPECT_EQ(refuse(batch), "label 16006 goes via \"r9\", which is no next hop");
}

TEST_F(forwarding_apply, nothing_is_removed_that_is_not_there) {
    changes batch;
    batch.remove_labels = {16002, 16009};
    EXPECT_EQ(refuse(batch), "label 16009 has no rule");
    batch.remove_labels = {0};
    EXPECT_EQ(refuse(batch), "label 0 has no rule");
    batch.remove_labels = {mpls::label_count};
    EXPECT_EQ(refuse(batch), "label 1048576 has no rule");
    batch.remove_labels = {};
    batch.remove_prefixes = {*config::parse_prefix("10.0.0.0/9")};
    EXPECT_EQ(refuse(batch), "prefix 10.0.0.0/9 is not configured");
    batch.remove_prefixes = {};
    batch.remove_nexthops = {"r9"};
    EXPECT_EQ(refuse(batch), "next hop \"r9\" does not exist");
}

TEST_F(forwarding_apply, nothing_is_removed_twice) {
    changes batch;
    batch.remove_labels = {16002, 16002};
    EXPECT_EQ(refuse(batch), "label 16002 is to be removed twice");
    batch.remove_labels = {};
    batch.remove_prefixes.assign(2, *config::parse_prefix("10.0.0.0/8"));
    EXPECT_EQ(refuse(batch), "prefix 10.0.0.0/8 is to be removed twice");
    batch.remove_prefixes = {};
    batch.remove_nexthops = {"r2", "r2"};
    EXPECT_EQ(refuse(batch), "next hop \"r2\" is to be removed twice");
}

TEST_F(forwarding_apply, a_next_hop_in_use_is_not_removed) {
    changes batch;
    batch.remove_nexthops = {"r3"};
    EXPECT_EQ(refuse(batch),
              "next hop \"r3\" is in use by next hop \"r2\" as its backup; change that first");
    batch.remove_nexthops = {"r4"};
    EXPECT_EQ(refuse(batch), "next hop \"r4\" is in use by label 15100; change that first");
    ASSERT_EQ(refused(*f_, {{15100, 16002}, {}, {}, {}, {}}), "applied");
    EXPECT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->nexthop_number("r4"), std::nullopt);
    batch.remove_nexthops = {"r2"};
    EXPECT_EQ(refused(*f_, batch), "applied");
    batch.remove_nexthops = {"r3"};
    EXPECT_EQ(refused(*f_, batch), "next hop \"r3\" is in use by prefix 10.0.0.0/8; change that "
                                   "first");
}

TEST_F(forwarding_apply, a_next_hop_does_not_become_too_narrow_for_its_lists) {
    changes batch;
    batch.nexthops = {maker::make_nexthop("r4", "east")};
    batch.nexthops[0].backup = config::backup{"r3", config::segments(9, 16001), {}};
    EXPECT_EQ(refuse(batch), "next hop \"r4\" would take at most 1 labels, but a list of 2 "
                             "segments goes there");
    batch.nexthops[0].backup->push.pop_back();
    EXPECT_EQ(refused(*f_, batch), "applied");
}

TEST_F(forwarding_apply, a_next_hop_keeps_its_number_when_it_changes) {
    const auto number = f_->nexthop_number("r4");
    changes batch;
    batch.nexthops = {maker::make_nexthop("r4", "west")};
    ASSERT_EQ(refused(*f_, batch), "applied");
    EXPECT_EQ(f_->nexthop_number("r4"), number);
    EXPECT_EQ(f_->snapshot(retired_).nexthops[*number].port, 0);
    EXPECT_EQ(before_.nexthops[*number].port, 1);
}

TEST_F(forwarding_apply, lists_and_groups_are_given_back_when_nobody_uses_them) {
    // More rounds than there are numbers for groups: they would run out.
    for (std::size_t round = 0; round < max_path_groups + 10; ++round) {
        changes batch;
        batch.rules.labels = {maker::make_label(
            batch.rules, 15200, operation::push,
            round % 2 == 0 ? std::vector<std::string>{"r2", "r3"}
                           : std::vector<std::string>{"r3", "r4"},
            {16001, static_cast<mpls::label>(16002 + round % 1000)})};
        ASSERT_EQ(refused(*f_, batch), "applied") << round;
        retired_list at_once;
        (void)f_->snapshot(at_once);
    }
}

}  // namespace
}  // namespace rhumb::publish
