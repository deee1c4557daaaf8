// br.toml: every key, its default and its limits.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "controlplane/scion/br_toml.hh"
#include "tests/unit/scion_samples.hh"

namespace rhumb::scion::control {
namespace {

using namespace std::chrono_literals;

const std::string smallest = "[general]\nid = \"br1\"\nconfig_dir = \"etc\"\n";

TEST(scion_br_toml, defaults_are_those_of_the_reference) {
    const auto made = parse_br_toml(smallest, "br.toml");
    ASSERT_TRUE(made) << made.why().text();
    const br_toml& br = made.value();
    EXPECT_EQ(br.general.id, "br1");
    EXPECT_EQ(br.general.config_dir, "etc");
    EXPECT_EQ(br.general.id_where.line, 2U);
    EXPECT_FALSE(br.features.experimental_scmp_authentication);
    EXPECT_FALSE(br.features.appropriate_digest_algorithm);
    EXPECT_EQ(br.console.level, "info");
    EXPECT_EQ(br.console.format, "human");
    EXPECT_EQ(br.console.stacktrace_level, "none");
    EXPECT_FALSE(br.console.disable_caller);
    EXPECT_EQ(br.prometheus, "");
    EXPECT_EQ(br.api, "");
    EXPECT_EQ(br.router.receive_buffer_size, 0);
    EXPECT_EQ(br.router.send_buffer_size, 0);
    EXPECT_EQ(br.router.num_processors, 0);
    EXPECT_EQ(br.router.num_slow_processors, 1);
    EXPECT_EQ(br.router.batch_size, 256);
    EXPECT_EQ(br.router.bfd, (bfd_settings{false, 3, 200ms, 200ms}));
    EXPECT_FALSE(br.router.dispatched_ports);
}

TEST(scion_br_toml, every_key_is_read) {
    const auto made = parse_br_toml(smallest + R"(
[features]
experimental_scmp_authentication = true
appropriate_digest_algorithm = true
[log.console]
level = "Error"
format = "JSON"
stacktrace_level = "debug"
disable_caller = true
[metrics]
prometheus = "10.0.0.1:30442"
[api]
addr = "10.0.0.1:31142"
[router]
receive_buffer_size = 1
send_buffer_size = 2
num_processors = 3
num_slow_processors = 4
batch_size = 5
dispatched_port_start = 1024
dispatched_port_end = 65535
[router.bfd]
disable = true
detect_mult = 255
desired_min_tx_interval = "1s"
required_min_rx_interval = "50ms"
)",
                                    "br.toml");
    ASSERT_TRUE(made) << made.why().text();
    const br_toml& br = made.value();
    EXPECT_TRUE(br.features.experimental_scmp_authentication);
    EXPECT_TRUE(br.features.appropriate_digest_algorithm);
    EXPECT_EQ(br.console.level, "error");
    EXPECT_EQ(br.console.format, "json");
    EXPECT_EQ(br.console.stacktrace_level, "debug");
    EXPECT_TRUE(br.console.disable_caller);
    EXPECT_EQ(br.prometheus, "10.0.0.1:30442");
    EXPECT_EQ(br.api, "10.0.0.1:31142");
    EXPECT_EQ(br.router.receive_buffer_size, 1);
    EXPECT_EQ(br.router.send_buffer_size, 2);
    EXPECT_EQ(br.router.num_processors, 3);
    EXPECT_EQ(br.router.num_slow_processors, 4);
    EXPECT_EQ(br.router.batch_size, 5);
    EXPECT_EQ(br.router.dispatched_ports, (port_range{1024, 65535}));
    EXPECT_EQ(br.router.bfd, (bfd_settings{true, 255, 1s, 50ms}));
}

TEST(scion_br_toml, zero_and_empty_stand_for_the_default) {
    const auto made = parse_br_toml(smallest + R"(
[log.console]
level = ""
format = "anything"
[router]
num_slow_processors = 0
batch_size = 0
bfd = { detect_mult = 0, desired_min_tx_interval = "0s", required_min_rx_interval = "0ns" }
)",
                                    "br.toml");
    ASSERT_TRUE(made) << made.why().text();
    EXPECT_EQ(made.value().console.level, "info");
    EXPECT_EQ(made.value().console.format, "human");
    EXPECT_EQ(made.value().router.num_slow_processors, 1);
    EXPECT_EQ(made.value().router.batch_size, 256);
    EXPECT_EQ(made.value().router.bfd, bfd_settings{});
}

struct bad_toml {
    const char* text;
    const char* why;
};

TEST(scion_br_toml, errors_say_what_is_wrong_and_where) {
    for (const auto& [text, why] : {
             bad_toml{"", "1:1: this file needs a general, as in [general]"},
             {"[general]\nconfig_dir = \"x\"\n",
              "1:1: [general] needs a id, as in id = \"br1-ff00_0_110-1\""},
             {"[general]\nid = \"x\"\n",
              "1:1: [general] needs a config_dir, as in config_dir = \"/etc/scion\""},
             {"[general]\nid = \"\"\nconfig_dir = \"x\"\n",
              "2:6: id is empty; give the router's name in the topology"},
             {"[general]\nid = \"x\"\nconfig_dir = \"\"\n",
              "3:14: config_dir is empty; give the folder of topology.json"},
             {"[general]\nid = 1\nconfig_dir = \"x\"\n",
              "2:6: id must be a string, not an integer"},
             {"[general]\nid = \"x\"\nconfig_dir = \"x\"\nidd = 1\n",
              "4:1: unknown key \"idd\" in [general]; did you mean \"id\"?"},
             {"x = 1",
              "1:1: unknown key \"x\" in this file; it is one of \"general\", \"features\", "
              "\"log\", \"metrics\", \"api\" or \"router\""},
         }) {
        const auto made = parse_br_toml(text, "br.toml");
        ASSERT_FALSE(made) << text;
        EXPECT_EQ(made.why().text(), std::string("br.toml:") + why) << text;
    }
}

TEST(scion_br_toml, values_out_of_range_are_refused) {
    for (const auto& [text, why] : {
             bad_toml{"[features]\nfast = true",
                      "5:1: unknown key \"fast\" in [features]; it is one "
                      "of \"experimental_scmp_authentication\" or "
                      "\"appropriate_digest_algorithm\""},
             {"[log]\nconsol = 1",
              "5:1: unknown key \"consol\" in [log]; did you mean \"console\"?"},
             {"[log.console]\nlevel = \"none\"",
              "5:9: unknown level \"none\"; it is one of \"debug\", \"info\", \"warn\", \"error\", "
              "\"dpanic\", \"panic\" or \"fatal\""},
             {"[log.console]\nstacktrace_level = \"x\"",
              "5:20: unknown stacktrace_level \"x\"; it is one of \"debug\", \"info\", \"warn\", "
              "\"error\", \"dpanic\", \"panic\", \"fatal\" or \"none\""},
             {"[metrics]\naddr = \"x\"",
              "5:1: unknown key \"addr\" in [metrics]; it is one of \"prometheus\""},
             {"[api]\naddr = 1", "5:8: addr must be a string, not an integer"},
             {"[router]\nbatch_size = -1", "5:14: batch_size -1 is out of range: 0 to 2147483647"},
             {"[router]\nnum_processors = 2147483648",
              "5:18: num_processors 2147483648 is out of range: 0 to 2147483647"},
             {"[router]\nbfd = true", "5:7: [router.bfd] must be a table, not a boolean"},
             {"[router.bfd]\ndetect_mult = 256", "5:15: detect_mult 256 is out of range: 0 to 255"},
             {"[router.bfd]\ndesired_min_tx_interval = 200",
              "5:27: desired_min_tx_interval must be a string, not an integer"},
             {"[router.bfd]\ndesired_min_tx_interval = \"200\"",
              "5:27: desired_min_tx_interval \"200\" is no duration: one number and one unit of y, "
              "w, d, h, m, s, ms, us or ns, as in \"200ms\""},
             {"[router.bfd]\nrequired_min_rx_interval = \"72m\"",
              "5:28: required_min_rx_interval \"72m\" is out of range: 1us to 4294967295us"},
             {"[router.bfd]\nrequired_min_rx_interval = \"999ns\"",
              "5:28: required_min_rx_interval \"999ns\" is out of range: 1us to 4294967295us"},
             {"[router]\ndispatched_port_start = 1",
              "5:25: dispatched_port_start needs dispatched_port_end as well"},
             {"[router]\ndispatched_port_end = 1",
              "5:23: dispatched_port_end needs dispatched_port_start as well"},
             {"[router]\ndispatched_port_end = 1\ndispatched_port_start = 2",
              "6:25: dispatched_port_start 2 is larger than dispatched_port_end 1"},
             {"[router]\ndispatched_port_start = 1\ndispatched_port_end = 65536",
              "6:23: dispatched_port_end 65536 is out of range: 0 to 65535"},
         }) {
        const auto made = parse_br_toml(smallest + text, "br.toml");
        ASSERT_FALSE(made) << text;
        EXPECT_EQ(made.why().text(), std::string("br.toml:") + why) << text;
    }
}

TEST(scion_br_toml, samples_of_the_reference) {
    if (!have_samples()) {
        GTEST_SKIP() << "no test vectors";
    }
    const auto multi = parse_br_toml(sample("acceptance__router_multi__conf__router.toml"), "");
    ASSERT_TRUE(multi) << multi.why().text();
    EXPECT_EQ(multi.value().general.id, "brA");
    EXPECT_EQ(multi.value().general.config_dir, "/etc/scion");
    EXPECT_TRUE(multi.value().features.experimental_scmp_authentication);
    EXPECT_EQ(multi.value().console.level, "debug");
    EXPECT_FALSE(multi.value().router.bfd.disable);

    const auto no_bfd =
        parse_br_toml(sample("acceptance__router_multi__conf__router_nobfd.toml"), "");
    ASSERT_TRUE(no_bfd) << no_bfd.why().text();
    EXPECT_TRUE(no_bfd.value().router.bfd.disable);

    const auto bench = parse_br_toml(sample("acceptance__router_benchmark__conf__router.toml"), "");
    ASSERT_TRUE(bench) << bench.why().text();
    EXPECT_EQ(bench.value().general.id, "br1a");
    EXPECT_EQ(bench.value().prometheus, "10.123.10.1:30442");
    EXPECT_EQ(bench.value().api, "10.123.10.1:31142");
    EXPECT_EQ(bench.value().console.level, "error");
}

}  // namespace
}  // namespace rhumb::scion::control
