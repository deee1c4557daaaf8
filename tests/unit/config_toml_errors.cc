// What is refused in a configuration file but for its rules: each text gives exactly this error.
#include <gtest/gtest.h>

#include <string>

#include "controlplane/config/load.hh"
#include "tests/unit/config_refused.hh"

namespace rhumb::config {
namespace {

const bad_text bad_syntax[] = {
    {"a", "1:2: not valid TOML: parsing key-value pair: encountered end-of-file"},
    {"[node", "1:6: not valid TOML: parsing table header: encountered end-of-file"},
    {"x = 1\nx = 2",
     "2:5: not valid TOML: parsing key-value pair: cannot redefine existing integer 'x'"},
    {"[node]\nname = \"a\n",
     "2:10: not valid TOML: parsing string: unescaped control characters other than TAB "
     "(U+0009) are explicitly prohibited"},
    {"[node]\n[node]\n",
     "2:1: not valid TOML: parsing table header: cannot redefine existing table 'node'"},
    {"[node]\nname = \"\xff\"", "2:8: not valid TOML: Encountered invalid utf-8 sequence"},
    {"[ports.a]\ndevice = \"x\"\n[ports.a]\n",
     "3:1: not valid TOML: parsing table header: cannot redefine existing table 'ports.a'"},
    {"x = [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
     "1:21: not valid TOML: parsing value: exceeded maximum nested value depth of 16 "
     "(TOML_MAX_NESTED_VALUES)"},
    {"[node]\nmsd = 99999999999999999999",
     "2:27: not valid TOML: parsing decimal integer: '99999999999999999999' is not "
     "representable in 64 bits"},
    {"[node]\nname = \"a\x01\"",
     "2:10: not valid TOML: parsing string: unescaped control characters other than TAB "
     "(U+0009) are explicitly prohibited"},
    {"[[labels]]\nlabel = 16\nop = \"next\"\nop = \"pop\"",
     "4:6: not valid TOML: parsing key-value pair: cannot redefine existing string 'op'"},
};

TEST(config_toml_errors, syntax) { expect_refused(bad_syntax); }

const bad_text bad_sections[] = {
    {"[nod]\n", "1:2: unknown key \"nod\" in this file; did you mean \"node\"?"},
    {"port = 1", "1:1: unknown key \"port\" in this file; did you mean \"ports\"?"},
    {"[interfaces]",
     "1:2: unknown key \"interfaces\" in this file; it is one of \"node\", \"ports\", "
     "\"nexthops\", \"labels\", \"prefixes\", \"runtime\", \"scion\", "
     "\"topology\", \"controller\" or \"overlay\""},
    {"node = 1", "1:8: [node] must be a table, not an integer"},
    {"[[node]]", "1:1: [node] must be a table, not an array"},
    {"ports = 1", "1:9: ports must be tables: write [ports.NAME]"},
    {"[[ports]]\n", "1:1: ports must be tables: write [ports.NAME]"},
    {"[ports]\nwest = 1", "2:8: [ports.west] must be a table, not an integer"},
    {"labels = 1", "1:10: labels must be an array of tables: write [[labels]]"},
    {"[labels]\n", "1:1: labels must be an array of tables: write [[labels]]"},
    {"labels = [1]", "1:11: [[labels]] must be a table, not an integer"},
    {"prefixes = {}", "1:12: prefixes must be an array of tables: write [[prefixes]]"},
    {"runtime = []", "1:11: [runtime] must be a table, not an array"},
};

TEST(config_toml_errors, sections) { expect_refused(bad_sections); }

const bad_text bad_node[] = {
    {"[node]\nnmae = \"x\"", "2:1: unknown key \"nmae\" in [node]; did you mean \"name\"?"},
    {"[node]\nname = 1", "2:8: name must be a string, not an integer"},
    {"[node]\nname = \"\"", "2:8: name is empty; give 1 to 64 characters"},
    {"[node]\nname = \"a b\"",
     "2:8: name \"a b\" has characters other than printable ASCII without blanks"},
    {"[node]\nname = \"a\\u0000\"", "2:8: name has control characters"},
    {"[node]\nname = \"\u00e9\"",
     "2:8: name \"\\xc3\\xa9\" has characters other than printable ASCII without blanks"},
    {"[node]\nname = \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\"",
     "2:8: name \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg...\" is 65 "
     "bytes long; at most 64 are allowed"},
    {"[node]\nsrgb = 16000", "2:8: srgb must be a string, not an integer"},
    {"[node]\nsrgb = \"16000-\"",
     "2:8: srgb \"16000-\" is no range of labels, as in \"16000-23999\", within 16 to 1048575"},
    {"[node]\nsrgb = [16000]", "2:9: srgb must be a string, not an integer"},
    {"[node]\nsrgb = \"2-100\"",
     "2:8: srgb 2-100 holds special-purpose labels (0 to 15); start at 16 or above"},
    {"[node]\nsrgb = \"16000-1048576\"",
     "2:8: srgb \"16000-1048576\" is no range of labels, as in \"16000-23999\", within 16 to "
     "1048575"},
    {"[node]\nsrgb = \"15500-23999\"",
     "2:8: srgb 15500-23999 overlaps srlb 15000-15999, its default; set srlb as well, [] for "
     "none"},
    {"[node]\nsrgb = \"16000-16999\"\nsrlb = \"16999\"",
     "3:8: srlb 16999 overlaps srgb 16000-16999; a label belongs to one block"},
    {"[node]\nsrlb = \"16999\"\nsrgb = \"16000-16999\"",
     "3:8: srgb 16000-16999 overlaps srlb 16999; a label belongs to one block"},
    {"[node]\nstatic = [\"100-200\",\n\"150\"]",
     "3:1: static 150 overlaps static 100-200; a label belongs to one block"},
    {"[node]\nstatic = \"16000\"",
     "2:10: static 16000 overlaps srgb 16000-23999, its default; set srgb as well, [] for none"},
    {"[node]\nreserved = \"100-200\"",
     "2:12: reserved must be a table: write reserved = { ldp = \"100000-199999\" }"},
    {"[node]\nreserved = { ldp = 1 }", "2:20: reserved.ldp must be a string, not an integer"},
    {"[node]\nreserved = { ldp = \"15-20\" }",
     "2:20: reserved.ldp 15-20 holds special-purpose labels (0 to 15); start at 16 or above"},
    {"[node]\nreserved = { ldp = \"23000-24000\" }",
     "2:20: reserved.ldp 23000-24000 overlaps srgb 16000-23999, its default; set srgb as well, [] "
     "for none"},
    {"[node]\nstatic = \"100-200\"\nreserved = { ldp = \"24000-24999\", rsvp = [\"200\"] }",
     "3:43: reserved.rsvp 200 overlaps static 100-200; a label belongs to one block"},
    {"[node]\nreserved = { ldp = \"100-200\", rsvp = \"150\" }",
     "2:38: reserved.rsvp 150 overlaps reserved.ldp 100-200; a label belongs to one block"},
    {"[node]\nttl = \"unform\"",
     "2:7: unknown ttl \"unform\"; it is one of \"uniform\" or \"pipe\""},
    {"[node]\nttl = 1", "2:7: ttl must be a string, not an integer"},
    {"[node]\nmsd = 0", "2:7: msd 0 is out of range: 1 to 16"},
    {"[node]\nmsd = 17", "2:7: msd 17 is out of range: 1 to 16"},
    {"[node]\nmsd = 1.0", "2:7: msd must be an integer, not a floating-point number"},
    {"[node]\nmsd = true", "2:7: msd must be an integer, not a boolean"},
    {"[node]\nmax_label_lookups = 17", "2:21: max_label_lookups 17 is out of range: 1 to 16"},
    {"[node]\necmp_seed = -1", "2:13: ecmp_seed -1 is out of range: 0 to 9223372036854775807"},
    {"[node]\npunt = \"\"", "2:8: punt is empty; give 1 to 64 characters"},
    {"[node]\ntable = \"\"", "2:9: table is empty; give the name of a CSV file"},
    {"[node]\ntable = [\"a\"]", "2:9: table must be a string, not an array"},
};

TEST(config_toml_errors, node) { expect_refused(bad_node); }

const bad_text bad_ports[] = {
    {"[ports.west]\n",
     "1:1: [ports.west] needs a device, as in device = \"0000:01:00.0\" or device = \"net_tap0\""},
    {"[ports.west]\ndevice = \"\"", "2:10: device is empty; give DPDK device arguments"},
    {"[ports.\"\"]\ndevice = \"x\"", "1:8: name in [ports.NAME] is empty; give 1 to 64 characters"},
    {"[ports.\"a\\nb\"]\ndevice = \"x\"",
     "1:8: name in [ports.NAME] \"a\\x0ab\" has characters other than printable ASCII without "
     "blanks"},
    {"[ports.a]\ndevice = \"a\\u0001\"", "2:10: device has control characters"},
    {"[ports.a]\ndevice = \"x\"\nmac = \"02:00\"",
     "3:7: mac \"02:00\" is not six bytes in hex, as in \"02:00:00:00:01:01\""},
    {"[ports.a]\ndevice = \"x\"\nmac = \"03:00:00:00:00:01\"",
     "3:7: mac \"03:00:00:00:00:01\" is a group (multicast) address; a station's first byte is "
     "even"},
    {"[ports.a]\ndevice = \"x\"\nmac = \"ff:ff:ff:ff:ff:ff\"",
     "3:7: mac \"ff:ff:ff:ff:ff:ff\" is a group (multicast) address; a station's first byte is "
     "even"},
    {"[ports.a]\ndevice = \"x\"\nmtu = 67", "3:7: mtu 67 is out of range: 68 to 9600"},
    {"[ports.a]\ndevice = \"x\"\nmtu = 9601", "3:7: mtu 9601 is out of range: 68 to 9600"},
    {"[ports.a]\ndevice = \"x\"\npromiscuous = 1",
     "3:15: promiscuous must be a boolean, not an integer"},
    {"[ports.a]\ndevice = \"x\"\nrx_queues = 0", "3:13: rx_queues 0 is out of range: 1 to 64"},
    {"[ports.a]\ndevice = \"x\"\nvlans = 1", "3:9: vlans must be an array, not an integer"},
    {"[ports.a]\ndevice = \"x\"\nvlans = [0]", "3:10: VLAN 0 is out of range: 1 to 4094"},
    {"[ports.a]\ndevice = \"x\"\nvlans = [1, 2, 1]", "3:16: VLAN 1 stands here twice"},
    {"[ports.a]\ndevice = \"x\"\nvlans = [\"a\"]",
     "3:10: a VLAN of vlans must be an integer, not a string"},
    {"[ports.a.b]\nc = 1",
     "1:10: unknown key \"b\" in [ports.a]; it is one of \"device\", \"mac\", \"mtu\", "
     "\"promiscuous\", \"rx_queues\", \"shared_tx\", \"msd\", \"vlans\", \"addresses\" or "
     "\"gateways\""},
    {"[ports.a]\ndevice = \"x\"\naddresses = [\"10.0.0.1/24\"]\ngateways = [\"10.0.1.1\"]",
     "4:13: the gateway is no neighbour of this port's: it is in no subnet of `addresses`"},
    {"[ports.a]\ndevice = \"x\"\naddresses = [\"10.0.0.1/24\"]\ngateways = [\"10.0.0.1\"]",
     "4:13: the gateway is no neighbour of this port's: it is in no subnet of `addresses`"},
    {"[ports.a]\ndevice = \"x\"\nmut = 1",
     "3:1: unknown key \"mut\" in [ports.a]; did you mean \"mtu\"?"},
    {"[ports.a]\ndevice = 1979-05-27", "2:10: device must be a string, not a date or time"},
};

TEST(config_toml_errors, ports) { expect_refused(bad_ports); }

const bad_text bad_nexthops[] = {
    {"[nexthops.r2]\nmac = \"02:00:00:00:02:01\"",
     "1:1: [nexthops.r2] needs a port, as in port = \"east\""},
    {"[nexthops.r2]\nport = \"a\"",
     "1:1: [nexthops.r2] needs a mac, as in mac = \"02:00:00:00:02:01\""},
    {"[nexthops.r2]\nport = \"a\"\nmac = 1", "3:7: mac must be a string, not an integer"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"01:00:5e:00:00:01\"",
     "3:7: mac \"01:00:5e:00:00:01\" is a group (multicast) address; a station's first byte is "
     "even"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nvlan = 4095",
     "4:8: vlan 4095 is out of range: 0 to 4094"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nttl = \"pipe\"",
     "4:7: ttl is for the labels that the backup pushes, and there are none; remove it, or give "
     "backup a push"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nttl = \"uniform\"\n"
     "backup = { nexthop = \"r3\", push = [] }",
     "4:7: ttl is for the labels that the backup pushes, and there are none; remove it, or give "
     "backup a push"},
    {"[nexthops.\"r2~via-r3\"]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"",
     "1:1: next hop \"r2~via-r3\" has a \"~\" in its name; such names are those of computed next "
     "hops"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nbackup = \"r3\"",
     "4:10: backup must be a table, not a string"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nbackup = { push = [16] }",
     "4:10: backup needs a nexthop, as in backup = { nexthop = \"r3\", push = [16002] }"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nbackup = { nexthop = \"r3\", "
     "psh = [16] }",
     "4:28: unknown key \"psh\" in backup; did you mean \"push\"?"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nbackup = { nexthop = \"r3\", "
     "push = [0, 16] }",
     "4:36: label 0 (explicit null) stands at the bottom of a stack only; make it the last of "
     "the list or leave it out"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nbackup = { nexthop = \"r3\", "
     "push = 16 }",
     "4:35: push must be an array, not an integer"},
    {"[nexthops.r2]\nport = \"a\"\nmac = \"02:00:00:00:02:01\"\nbackup = { nexthop = \"r3\", "
     "push = [20,20,20,20,20,20,20,20,20,20,20,20,20,20,20,20,20] }",
     "4:35: push has 17 labels; 0 to 16 are allowed"},
};

TEST(config_toml_errors, nexthops) { expect_refused(bad_nexthops); }

const bad_text bad_runtime[] = {
    {"[runtime]\nworkers = 0", "2:11: workers 0 is out of range: 1 to 64"},
    {"[runtime]\nworkers = 65", "2:11: workers 65 is out of range: 1 to 64"},
    {"[runtime]\ncores = \"a\"", "2:9: cores \"a\" is no DPDK core list, as in \"0,2-5\""},
    {"[runtime]\ncores = 1", "2:9: cores must be a string, not an integer"},
    {"[runtime]\nidle = \"lazy\"",
     "2:8: unknown idle \"lazy\"; it is one of \"adaptive\" or \"busy\""},
    {"[runtime]\nburst = 257", "2:9: burst 257 is out of range: 1 to 256"},
    {"[runtime]\nrx_descriptors = 31", "2:18: rx_descriptors 31 is out of range: 32 to 8192"},
    {"[runtime]\ntx_descriptors = 8193", "2:18: tx_descriptors 8193 is out of range: 32 to 8192"},
    {"[runtime]\nbuffers = -1", "2:11: buffers -1 is out of range: 0 to 2147483647"},
    {"[runtime]\nmemory_mib = 2147483648",
     "2:14: memory_mib 2147483648 is out of range: 0 to 2147483647"},
    {"[runtime]\nhugepages = true", "2:13: hugepages must be a string, not a boolean"},
    {"[runtime]\nhugepages = \"yes\"",
     "2:13: unknown hugepages \"yes\"; it is one of \"auto\", \"on\" or \"off\""},
    {"[runtime]\neal = \"-n\"", "2:7: eal must be an array, not a string"},
    {"[runtime]\neal = [1]", "2:8: an argument of eal must be a string, not an integer"},
    {"[runtime]\nsockte = \"x\"",
     "2:1: unknown key \"sockte\" in [runtime]; did you mean \"socket\"?"},
};

TEST(config_toml_errors, runtime) { expect_refused(bad_runtime); }

TEST(config_toml_errors, bytes_that_end_a_c_string) {
    EXPECT_FALSE(parse(std::string("[node]\nname = \"r\0\"\n", 19), "r1.toml", "").ok());
    EXPECT_FALSE(parse(std::string("[node]\0\n", 8), "r1.toml", "").ok());
    EXPECT_FALSE(parse(std::string(1000, '\0'), "r1.toml", "").ok());
}

// Each level is a frame on the stack when the tree is freed.
TEST(config_toml_errors, deep_nesting) {
    std::string keys = "a";
    for (int n = 0; n < 1'000'000; ++n) {
        keys += ".a";
    }
    for (const std::string& text :
         {keys + " = 1", "[" + keys + "]", "[[" + keys + "]]", "x = { " + keys + " = 1 }",
          "# \"\n" + keys + " = 1", "x = { a = \"\"\"\n# \"\"\", " + keys + " = 1 }",
          "x = { a = '''\n# ''''', " + keys + " = 1 }", "x = { a = \"\\\"\", " + keys + " = 1 }",
          "x = { a = '\\', " + keys + " = 1 }", "x = { a = \"\", " + keys + " = 1 }"}) {
        const auto made = parse(text, "r1.toml", "");
        ASSERT_FALSE(made.ok());
        EXPECT_EQ(made.why().message,
                  "this line has more than 200 dots; keys cannot nest that deep");
    }
    EXPECT_EQ(parse(keys, "r1.toml", "").why().where.column, 402U);
    EXPECT_FALSE(parse("x = " + std::string(1'000'000, '['), "r1.toml", "").ok());
}

// toml++ 3.3 does not withstand these on its own.
TEST(config_toml_errors, beyond_ascii) {
    const bad_text texts[] = {
        {"[node]\nn\u0430me = 1",
         "2:2: not valid TOML: parsing key-value pair: expected '=', saw '\?\?'"},
        {"[node]\nname = +\"\u0439",
         "2:8: not valid TOML: parsing value: could not determine value type"},
        {"[~node]",
         "1:2: not valid TOML: parsing key: expected bare key starting character or string "
         "delimiter, saw '~'"},
    };
    expect_refused(texts);
    EXPECT_TRUE(parse("[runtime]\nsocket = '\u0430' # \u0430", "r1.toml", "").ok());
    EXPECT_TRUE(parse("\xef\xbb\xbf[runtime]", "r1.toml", "").ok());
}

}  // namespace
}  // namespace rhumb::config
