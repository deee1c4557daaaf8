// From configuration values to tables, and from a file that runs to the next.
#include "controlplane/publish/forwarding.hh"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "rhumb/wire/ethernet.hh"
#include "tests/support/forwarding_maker.hh"

namespace rhumb::publish {
namespace {

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
    EXPECT_EQ(ethernet::destination_word(r2.l2.data()), ethernet::mac_word({2, 0, 0, 0, 9, '2'}));
    EXPECT_EQ(r2.l2[11], 2);  // east's own
    EXPECT_TRUE(r2.has_backup);
    EXPECT_EQ(r2.backup, *f->nexthop_number("r3"));
    EXPECT_EQ(r2.backup_labels, 1);
    EXPECT_EQ(r2.backup_push.label(0, 1), 16003U);
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

TEST(forwarding_rebuild, rules_that_come_to_share_paths_keep_the_buckets_that_each_had) {
    retired_list retired;
    const auto file = [](bool together) {
        maker m = two_nexthops();
        m.add_nexthop("r4", "east");
        const std::vector<std::string> all{"r2", "r3", "r4"};
        m.add_label(16002, operation::continue_, together ? all : std::vector{all[0], all[1]});
        m.add_label(16003, operation::continue_, together ? all : std::vector{all[1], all[2]});
        m.add_label(16004, operation::continue_, together ? all : std::vector{all[0], all[1]});
        return m;
    };
    const auto first = build(file(false));
    const table_set before = first->snapshot(retired);
    const auto second = build(file(true), first.get());
    const table_set after = second->snapshot(retired);
    const auto third = build(file(true), second.get());
    const table_set later = third->snapshot(retired);

    const auto group = [](const table_set& tables, mpls::label label) -> const path_group& {
        return tables.groups[tables.labels[label].via().id()];
    };
    for (const mpls::label label : {16002U, 16003U, 16004U}) {
        std::size_t moved = 0;
        for (std::size_t bucket = 0; bucket < path_group::buckets; ++bucket) {
            const path_group& old = group(before, label);
            const path_group& made = group(after, label);
            moved += made.paths[made.bucket[bucket]] != old.paths[old.bucket[bucket]] ? 1U : 0U;
        }
        EXPECT_NEAR(static_cast<double>(moved), path_group::buckets / 3.0, 1) << label;
        EXPECT_EQ(group(later, label).bucket, group(after, label).bucket) << label;
    }
    EXPECT_EQ(after.labels[16002].via(), after.labels[16004].via()) << "the same past, one group";
}

TEST(forwarding_rebuild, rules_share_a_group_where_there_is_no_room_for_the_past_of_each) {
    // As many path lists as there are groups: none is left for a second group of equal paths.
    retired_list retired;
    const auto file = [](bool together) {
        maker m;
        std::vector<std::string> names;
        for (unsigned n = 0; n < 260; ++n) {
            names.push_back("n" + std::to_string(n));
            m.add_nexthop(names.back(), "east");
        }
        m.add_label(16000, operation::continue_,
                    together ? std::vector{names[0], names[1]} : std::vector{names[0], names[2]});
        m.add_label(16001, operation::continue_, {names[0], names[1]});
        std::size_t lists = 1;
        m.file.node.static_labels = {{100000, 200000}};
        for (unsigned a = 0; a < names.size(); ++a) {
            for (unsigned b = a + 1; b < names.size() && lists < max_path_groups - 1; ++b) {
                if (a != 0 || b > 2) {
                    m.add_label(static_cast<mpls::label>(100000 + lists++), operation::continue_,
                                {names[a], names[b]});
                }
            }
        }
        return m;
    };
    const auto first = build(file(false));
    (void)first->snapshot(retired);
    const auto second = build(file(true), first.get());
    ASSERT_NE(second, nullptr);
    const table_set after = second->snapshot(retired);
    EXPECT_EQ(after.labels[16000].via(), after.labels[16001].via());
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

}  // namespace
}  // namespace rhumb::publish
