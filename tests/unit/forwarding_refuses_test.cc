// What a file must not say, and in which words it is told so.
#include <gtest/gtest.h>

#include "controlplane/publish/forwarding.hh"
#include "tests/support/forwarding_maker.hh"

namespace rhumb::publish {
namespace {

TEST(forwarding_refuses, a_port_that_was_not_opened) {
    maker m;
    m.add_port("north");
    EXPECT_EQ(refused(m),
              "r1.toml:3:3: port \"north\" is not among the ports that were opened at "
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

TEST(forwarding_refuses, a_device_that_two_ports_share) {
    maker m;
    m.file.ports[0].device = "net_pcap0,rx_pcap=a.pcap";
    m.file.ports[1].device = "net_pcap0,rx_pcap=b.pcap";
    m.file.ports[1].device_where = {2, 10, 0};
    EXPECT_EQ(refused(m),
              "r1.toml:2:10: device \"net_pcap0\" is port \"west\" already; each port has one of "
              "its own, virtual ones are numbered");
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
    EXPECT_EQ(refused(m),
              "r1.toml:3:3: next hop \"r2\" names port \"north\", which does not "
              "exist; ports: east, west");
}

TEST(forwarding_refuses, a_next_hop_on_a_port_that_the_file_no_longer_has) {
    maker m;
    m.file.ports.pop_back();  // east is open, but a reload has left it out
    m.add_nexthop("r2", "east");
    EXPECT_EQ(refused(m),
              "r1.toml:3:3: next hop \"r2\" names port \"east\", which does not "
              "exist; ports: west");
}

TEST(forwarding_refuses, a_backup_that_does_not_exist_or_is_the_next_hop_itself) {
    maker m = two_nexthops();
    m.file.nexthops[0].backup->nexthop = "r9";
    EXPECT_EQ(refused(m),
              "r1.toml:50:9: the backup of next hop \"r2\" is \"r9\", which does not exist");
    m.file.nexthops[0].backup->nexthop = "r2";
    EXPECT_EQ(
        refused(m),
        "r1.toml:50:9: the backup of next hop \"r2\" is \"r2\", which is that next hop itself");
}

TEST(forwarding_refuses, a_backup_that_pushes_more_than_the_msd) {
    maker m = two_nexthops();
    m.file.nexthops[0].backup->push.assign(11, 16003);
    EXPECT_EQ(refused(m),
              "r1.toml:50:9: the backup of next hop \"r2\" pushes 11 labels; the MSD "
              "towards \"r3\" is 10");
    m.file.nexthops[0].backup->push.assign(4, 16003);
    m.file.ports[0].msd = 3;
    EXPECT_EQ(refused(m),
              "r1.toml:50:9: the backup of next hop \"r2\" pushes 4 labels; the MSD "
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
    EXPECT_EQ(refused(m),
              "r1.toml:5:3: label 500 is in no block (SRGB 16000-23999, SRLB "
              "15000-15999, static empty); name its block in node.static if that is "
              "meant");
    m.file.node.static_labels = {{500, 500}};
    EXPECT_EQ(refused(m), "built");
    m.file.rules.labels[0].label = 24000;
    EXPECT_EQ(refused(m),
              "r1.toml:5:3: label 24000 is in no block (SRGB 16000-23999, SRLB "
              "15000-15999, static 500); name its block in node.static if that is "
              "meant");
}

TEST(forwarding_refuses, two_rules_for_a_label_also_by_index) {
    maker m = two_nexthops();
    m.add_label(16002, operation::next);
    m.add_label(2, operation::next).by_index = true;
    EXPECT_EQ(refused(m), "r1.toml:6:3: label 16002 has a rule already, in line 5");
    // One rule in the file, one in its label table: whichever comes later names the other's file.
    m.file.files.emplace_back("labels.csv");
    m.file.rules.labels[1].where = {12, 1, 1};
    EXPECT_EQ(refused(m), "labels.csv:12:1: label 16002 has a rule already, in r1.toml:5");
    std::swap(m.file.rules.labels[0], m.file.rules.labels[1]);
    EXPECT_EQ(refused(m), "r1.toml:5:3: label 16002 has a rule already, in labels.csv:12");
    m.file.rules.labels[1].where = {13, 1, 1};
    EXPECT_EQ(refused(m), "labels.csv:13:1: label 16002 has a rule already, in line 12");
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
    EXPECT_EQ(refused(m),
              "r1.toml:7:3: label 15101 pushes 10 segments; the MSD towards its next "
              "hops, less what their backups push, is 9");
    m.file.rules.labels.pop_back();
    m.add_prefix("10.2.0.0/16", {"r2"}, ten);
    EXPECT_EQ(refused(m),
              "r1.toml:8:3: prefix 10.2.0.0/16 pushes 10 segments; the MSD towards its "
              "next hops, less what their backups push, is 9");
    m.file.rules.prefixes.pop_back();
    m.file.ports[0].msd = 5;
    EXPECT_EQ(refused(m),
              "r1.toml:5:3: label 15100 pushes 10 segments; the MSD towards its next "
              "hops, less what their backups push, is 5");
    m.file.ports[0].msd = 16;
    m.file.node.msd = 12;
    m.add_label(15102, operation::push, {"r3"}, config::segments(13, 16003));
    EXPECT_EQ(refused(m),
              "r1.toml:9:3: label 15102 pushes 13 segments; the MSD towards its next "
              "hops, less what their backups push, is 12");
}

}  // namespace
}  // namespace rhumb::publish
