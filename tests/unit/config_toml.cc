// What well-made configuration says: the example of the manual, defaults, every key once.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/config/load.hh"
#include "controlplane/config/text.hh"

namespace rhumb::config {
namespace {

constexpr const char* example = R"toml([node]
name = "r1"
srgb = "16000-23999"
srlb = "15000-15999"
ttl = "uniform"                       # or "pipe"

[ports.west]
device = "net_pcap0,rx_pcap=west-in.pcap,tx_pcap=west-out.pcap"
mac = "02:00:00:00:01:01"
[ports.east]
device = "net_pcap1,rx_pcap=east-in.pcap,tx_pcap=east-out.pcap"
mac = "02:00:00:00:01:02"

[nexthops.r2]
port = "east"
mac = "02:00:00:00:02:01"
backup = { nexthop = "r3", push = [16002] }
[nexthops.r3]
port = "west"
mac = "02:00:00:00:03:01"

[[labels]]
index = 2                             # 16002
op = "continue"
out = 16002
via = ["r2"]
[[labels]]
index = 1                             # our own node SID
op = "next"
[[labels]]
label = 15001                         # adjacency SID
op = "pop"
via = ["r3"]
[[labels]]
label = 15100                         # binding SID
op = "push"
segments = [16003, 16002]
via = ["r3"]

[[prefixes]]
match = "10.2.0.0/16"
segments = [16002, 15001]             # top first
via = ["r2"]
[[prefixes]]
match = "10.3.0.0/16"
via = ["r3"]                          # plain IP forwarding
)toml";

file parsed(std::string_view text) {
    const auto made = parse(text, "r1.toml", "");
    EXPECT_TRUE(made.ok()) << made.why().text();
    return made.ok() ? made.value() : file{};
}

void expect_position(const position& where, unsigned line, unsigned column, unsigned in_file = 0) {
    EXPECT_EQ(where.line, line);
    EXPECT_EQ(where.column, column);
    EXPECT_EQ(where.file, in_file);
}

TEST(config_toml, example_node_and_ports) {
    const file f = parsed(example);
    EXPECT_EQ(f.files, std::vector<std::string>{"r1.toml"});
    EXPECT_EQ(f.node.name, "r1");
    EXPECT_EQ(f.node.srgb, (std::vector<label_range>{{16000, 23999}}));
    EXPECT_EQ(f.node.srlb, (std::vector<label_range>{{15000, 15999}}));
    EXPECT_TRUE(f.node.static_labels.empty());
    EXPECT_EQ(f.node.ttl, ttl_model::uniform);
    expect_position(f.node.where, 1, 1);

    ASSERT_EQ(f.ports.size(), 2U);
    EXPECT_EQ(f.ports[0].name, "west");  // the file's order, not the alphabet's
    EXPECT_EQ(f.ports[0].device, "net_pcap0,rx_pcap=west-in.pcap,tx_pcap=west-out.pcap");
    EXPECT_EQ(f.ports[0].mac, (ethernet::mac_address{2, 0, 0, 0, 1, 1}));
    EXPECT_EQ(f.ports[0].mtu, 1500);
    EXPECT_EQ(f.ports[0].rx_queues, 1);
    EXPECT_FALSE(f.ports[0].promiscuous);
    EXPECT_FALSE(f.ports[0].msd);
    EXPECT_TRUE(f.ports[0].vlans.empty());
    expect_position(f.ports[0].where, 7, 1);
    expect_position(f.ports[0].device_where, 8, 10);
    EXPECT_EQ(f.ports[1].name, "east");
    EXPECT_EQ(f.ports[1].mac, (ethernet::mac_address{2, 0, 0, 0, 1, 2}));
}

TEST(config_toml, example_nexthops) {
    const file f = parsed(example);
    ASSERT_EQ(f.nexthops.size(), 2U);
    const nexthop& r2 = f.nexthops[0];
    EXPECT_EQ(r2.name, "r2");
    EXPECT_EQ(r2.port, "east");
    EXPECT_EQ(r2.mac, (ethernet::mac_address{2, 0, 0, 0, 2, 1}));
    EXPECT_EQ(r2.vlan, 0);
    EXPECT_FALSE(r2.mtu);
    EXPECT_EQ(r2.ttl, ttl_model::inherit);
    expect_position(r2.where, 14, 1);
    ASSERT_TRUE(r2.backup);
    EXPECT_EQ(r2.backup->nexthop, "r3");
    EXPECT_EQ(r2.backup->push, (segments{16002}));
    expect_position(r2.backup->where, 17, 10);
    EXPECT_EQ(f.nexthops[1].name, "r3");
    EXPECT_FALSE(f.nexthops[1].backup);
}

TEST(config_toml, example_labels) {
    const file f = parsed(example);
    const rules& r = f.rules;
    ASSERT_EQ(r.labels.size(), 4U);
    EXPECT_TRUE(r.labels[0].by_index);
    EXPECT_EQ(r.labels[0].label, 2U);
    EXPECT_EQ(r.labels[0].op, operation::continue_);
    EXPECT_EQ(r.labels[0].out, 16002U);
    EXPECT_EQ(r.path_lists.at(r.labels[0].paths), (path_list{{"r2", 1, {}}}));
    EXPECT_EQ(r.labels[0].list, none);
    EXPECT_EQ(r.labels[0].ttl, ttl_model::inherit);
    EXPECT_EQ(r.labels[0].tc, -1);
    expect_position(r.labels[0].where, 23, 9);

    EXPECT_TRUE(r.labels[1].by_index);
    EXPECT_EQ(r.labels[1].label, 1U);
    EXPECT_EQ(r.labels[1].op, operation::next);
    EXPECT_EQ(r.labels[1].out, none);
    EXPECT_EQ(r.labels[1].paths, none);

    EXPECT_FALSE(r.labels[2].by_index);
    EXPECT_EQ(r.labels[2].label, 15001U);
    EXPECT_EQ(r.labels[2].op, operation::pop);
    EXPECT_EQ(r.path_lists.at(r.labels[2].paths), (path_list{{"r3", 1, {}}}));

    EXPECT_EQ(r.labels[3].label, 15100U);
    EXPECT_EQ(r.labels[3].op, operation::push);
    EXPECT_EQ(r.segment_lists.at(r.labels[3].list), (segments{16003, 16002}));
    EXPECT_EQ(r.labels[3].paths, r.labels[2].paths);  // shared
    expect_position(r.labels[3].where, 35, 9);
}

TEST(config_toml, paths_and_backups_of_their_own) {
    const file f = parsed(R"(
[nexthops.r2]
port = "east"
mac = "02:00:00:00:02:01"
backup = { nexthop = "r3", push = [16002], replace = true }
[nexthops.r2-b]
port = "east"
mac = "02:00:00:00:02:01"
follows = "r2"
[[labels]]
label = 15100
op = "push"
via = ["r2", { nexthop = "r3", segments = [16003] }]
[[labels]]
index = 2
op = "continue"
via = [{ nexthop = "r2", out = 3 }, { nexthop = "r3", out = 17002 }]
[[prefixes]]
match = "10.0.0.0/8"
via = { nexthop = "r3", segments = [16003] }
ttl = "pipe"
[[prefixes]]
match = "10.1.0.0/16"
discard = true
)");
    const rules& r = f.rules;
    EXPECT_TRUE(f.nexthops[0].backup->replace);
    EXPECT_TRUE(f.nexthops[0].follows.empty());
    EXPECT_EQ(f.nexthops[1].follows, "r2");
    const path_list& pushing = r.path_lists.at(r.labels[0].paths);
    EXPECT_EQ(pushing[0].list, none);
    EXPECT_EQ(r.segment_lists.at(pushing[1].list), segments{16003});
    EXPECT_EQ(r.labels[0].list, none);
    EXPECT_EQ(r.path_lists.at(r.labels[1].paths)[0].out, 3U);
    EXPECT_EQ(r.path_lists.at(r.prefixes[0].paths)[0].list, pushing[1].list);
    EXPECT_FALSE(r.prefixes[0].discard);
    EXPECT_TRUE(r.prefixes[1].discard);
    EXPECT_EQ(r.prefixes[1].paths, none);
}

TEST(config_toml, example_prefixes) {
    const file f = parsed(example);
    const rules& r = f.rules;
    ASSERT_EQ(r.prefixes.size(), 2U);
    EXPECT_EQ(to_string(r.prefixes[0].match), "10.2.0.0/16");
    EXPECT_EQ(r.segment_lists.at(r.prefixes[0].list), (segments{16002, 15001}));
    EXPECT_EQ(r.path_lists.at(r.prefixes[0].paths), (path_list{{"r2", 1, {}}}));
    expect_position(r.prefixes[0].where, 41, 9);
    EXPECT_EQ(to_string(r.prefixes[1].match), "10.3.0.0/16");
    EXPECT_EQ(r.prefixes[1].list, none);
    EXPECT_EQ(r.path_lists.size(), 2U);
    EXPECT_EQ(r.segment_lists.size(), 2U);
}

TEST(config_toml, an_empty_file_is_all_defaults) {
    const file f = parsed("");
    EXPECT_EQ(f.node.name, "rhumb");
    EXPECT_EQ(f.node.srgb, (std::vector<label_range>{{16000, 23999}}));
    EXPECT_EQ(f.node.msd, 10);
    EXPECT_EQ(f.node.max_label_lookups, 8);
    EXPECT_FALSE(f.node.hash_seed);
    EXPECT_EQ(f.runtime.workers, 1);
    EXPECT_EQ(f.runtime.idle, idle_policy::adaptive);
    EXPECT_EQ(f.runtime.hugepages, "auto");
    EXPECT_TRUE(f.ports.empty());
    EXPECT_TRUE(f.rules.labels.empty());
}

TEST(config_toml, every_key_of_node_and_runtime) {
    const file f = parsed(R"toml(
[node]
name = "r9"
srgb = ["16000-16999", "30000-30999"]
srlb = []
static = ["100", "1000-1999"]
ttl = "pipe"
msd = 16
max_label_lookups = 1
ecmp_seed = 9223372036854775807
punt = "tap"
[runtime]
workers = 64
cores = "0,2-5"
idle = "busy"
burst = 256
rx_descriptors = 32
tx_descriptors = 8192
buffers = 100000
memory_mib = 512
hugepages = "off"
eal = ["--log-level", "lib.eal:debug"]
socket = "/run/rhumb/r9.sock"
)toml");
    EXPECT_EQ(f.node.srgb, (std::vector<label_range>{{16000, 16999}, {30000, 30999}}));
    EXPECT_TRUE(f.node.srlb.empty());
    EXPECT_EQ(f.node.static_labels, (std::vector<label_range>{{100, 100}, {1000, 1999}}));
    EXPECT_EQ(f.node.ttl, ttl_model::pipe);
    EXPECT_EQ(f.node.msd, 16);
    EXPECT_EQ(f.node.max_label_lookups, 1);
    EXPECT_EQ(f.node.hash_seed, 9223372036854775807U);
    EXPECT_EQ(f.node.punt, "tap");
    expect_position(f.node.punt_where, 11, 8);
    EXPECT_EQ(f.runtime.workers, 64);
    EXPECT_EQ(f.runtime.cores, "0,2-5");
    EXPECT_EQ(f.runtime.idle, idle_policy::busy);
    EXPECT_EQ(f.runtime.burst, 256);
    EXPECT_EQ(f.runtime.rx_descriptors, 32);
    EXPECT_EQ(f.runtime.tx_descriptors, 8192);
    EXPECT_EQ(f.runtime.buffers, 100000U);
    EXPECT_EQ(f.runtime.memory_mib, 512U);
    EXPECT_EQ(f.runtime.hugepages, "off");
    EXPECT_EQ(f.runtime.eal, (std::vector<std::string>{"--log-level", "lib.eal:debug"}));
    EXPECT_EQ(f.runtime.socket, "/run/rhumb/r9.sock");
    expect_position(f.runtime.where, 12, 1);
}

TEST(config_toml, every_key_of_ports_nexthops_and_rules) {
    const file f = parsed(R"toml(
[ports."x/1"]
device = "net_null0"
mtu = 9600
promiscuous = true
rx_queues = 64
msd = 3
vlans = [1, 4094]
[nexthops.a]
port = "x/1"
mac = "02:00:00:00:00:0a"
vlan = 4094
mtu = 68
ttl = "pipe"
backup = { nexthop = "b", push = [16] }
[nexthops.b]
port = "x/1"
mac = "02:00:00:00:00:0b"
backup = { nexthop = "a" }
[[labels]]
label = 0xfffff
op = "continue"
tc = 7
via = ["a", { nexthop = "b", weight = 256, out = 2 }, { nexthop = "a", out = 17002 }]
out = 0
[[labels]]
label = 16
op = "continue"
via = { nexthop = "b", out = 17 }
[[labels]]
index = 1048575
op = "pop"
via = "a"
ttl = "pipe"
[[prefixes]]
match = "2001:db8::/32"
segments = [1048575, 16, 2]
ttl = "uniform"
tc = 5
via = "a"
)toml");
    const port& x = f.ports.at(0);
    EXPECT_EQ(x.name, "x/1");
    EXPECT_EQ(x.mtu, 9600);
    EXPECT_TRUE(x.promiscuous);
    EXPECT_EQ(x.rx_queues, 64);
    EXPECT_EQ(x.msd, 3);
    EXPECT_EQ(x.vlans, (std::vector<std::uint16_t>{1, 4094}));
    const nexthop& a = f.nexthops.at(0);
    EXPECT_EQ(a.vlan, 4094);
    EXPECT_EQ(a.mtu, 68);
    EXPECT_EQ(a.ttl, ttl_model::pipe);
    EXPECT_EQ(a.backup->nexthop, "b");
    EXPECT_EQ(a.backup->push, segments{16});
    EXPECT_TRUE(f.nexthops.at(1).backup->push.empty());
    const rules& r = f.rules;
    ASSERT_EQ(r.labels.size(), 3U);
    EXPECT_EQ(r.labels[0].label, 1048575U);
    EXPECT_EQ(r.labels[0].ttl, ttl_model::inherit);
    EXPECT_EQ(r.labels[0].tc, 7);
    EXPECT_EQ(r.labels[0].out, 0U);
    EXPECT_EQ(r.path_lists.at(r.labels[0].paths),
              (path_list{{"a", 1, {}}, {"b", 256, 2}, {"a", 1, 17002}}));
    EXPECT_EQ(r.labels[1].out, none);
    EXPECT_EQ(r.path_lists.at(r.labels[1].paths), (path_list{{"b", 1, 17}}));
    EXPECT_EQ(r.labels[2].label, 1048575U);
    EXPECT_EQ(r.labels[2].ttl, ttl_model::pipe);
    EXPECT_EQ(r.labels[2].tc, -1);
    EXPECT_EQ(r.segment_lists.at(r.prefixes[0].list), (segments{1048575, 16, 2}));
    EXPECT_EQ(r.prefixes[0].ttl, ttl_model::uniform);
    EXPECT_EQ(r.prefixes[0].tc, 5);
}

TEST(config_toml, longest_lists) {
    std::string text = "[[prefixes]]\nmatch = \"::/0\"\nvia = [\"r0\"";
    for (int n = 1; n < 64; ++n) {
        text += ", \"r" + std::to_string(n) + "\"";
    }
    text += "]\nsegments = [16";
    for (int n = 17; n < 32; ++n) {
        text += ", " + std::to_string(n);
    }
    const file f = parsed(text + "]\n");
    EXPECT_EQ(f.rules.path_lists.at(0).size(), 64U);
    EXPECT_EQ(f.rules.segment_lists.at(0).size(), 16U);
}

TEST(config_toml, comments_and_strings_may_have_dots) {
    const std::string dots(1000, '.');
    const file f = parsed("# it's " + dots + "\n[runtime]\neal = ['" + dots + "', \"\\\"" + dots +
                          "\", '''" + dots + "'''', \"\"\"" + dots + "\"\"\"]\n");
    EXPECT_EQ(f.runtime.eal, (std::vector<std::string>{dots, '"' + dots, dots + "'", dots}));
}

TEST(config_toml, a_fragment) {
    auto made = parse_fragment(R"toml(
[remove]
labels = [16002, 16003]
prefixes = ["10.2.0.0/16", "2001:db8::/32"]
nexthops = ["r9"]
[nexthops.r2]
port = "east"
mac = "02:00:00:00:02:01"
[[labels]]
label = 16004
op = "pop"
via = "r2"
[[prefixes]]
match = "10.3.0.0/16"
via = "r2"
)toml");
    ASSERT_TRUE(made.ok()) << made.why().text();
    EXPECT_EQ(made->remove_labels, (std::vector<mpls::label>{16002, 16003}));
    ASSERT_EQ(made->remove_prefixes.size(), 2U);
    EXPECT_EQ(to_string(made->remove_prefixes[1]), "2001:db8::/32");
    EXPECT_EQ(made->remove_nexthops, std::vector<std::string>{"r9"});
    ASSERT_EQ(made->nexthops.size(), 1U);
    EXPECT_EQ(made->nexthops[0].name, "r2");
    ASSERT_EQ(made->rules.labels.size(), 1U);
    expect_position(made->rules.labels[0].where, 10, 9);
    EXPECT_EQ(made->rules.prefixes.size(), 1U);
    EXPECT_TRUE(parse_fragment("").ok());
}

}  // namespace
}  // namespace rhumb::config
