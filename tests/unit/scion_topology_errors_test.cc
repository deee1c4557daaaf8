// topology.json: what is refused, in which words and where.
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "controlplane/scion/topology.hh"

namespace rhumb::scion::control {
namespace {

struct bad_topology {
    std::string text;
    const char* why;
};

void expect_refused(std::span<const bad_topology> texts) {
    for (const auto& [text, why] : texts) {
        const auto made = parse_topology(text, "topology.json");
        ASSERT_FALSE(made) << text;
        EXPECT_EQ(made.why().text(), std::string("topology.json:") + why) << text;
    }
}

TEST(scion_topology_errors, the_as_itself) {
    const bad_topology texts[] = {
        {"[]", "1:1: the topology must be an object, not an array"},
        {"null", "1:1: the topology must be an object, not null"},
        {"{}", "1:1: the topology needs isd_as, as in \"1-ff00:0:110\""},
        {"\n{\"isd_as\": null}", "2:1: the topology needs isd_as, as in \"1-ff00:0:110\""},
        {"{\"isd_as\": 1}", "1:12: isd_as must be a string, not an integer"},
        {"{\"isd_as\": \"\"}", "1:12: isd_as is empty; write \"1-ff00:0:110\""},
        {"{\"isd_as\": \"1-ff00\"}",
         "1:12: isd_as \"1-ff00\" is no ISD-AS number, as in \"1-ff00:0:110\""},
        {"{\"isd_as\": \"0-1\"}", "1:12: isd_as 0-1 has a wildcard; this AS has one number"},
        {"{\"isd_as\": \"1-0\"}", "1:12: isd_as 1-0 has a wildcard; this AS has one number"},
    };
    expect_refused(texts);
}

// Fields beside a well-made isd_as, from the second line on.
std::string beside(const std::string& fields) { return "{\"isd_as\": \"1-1\",\n" + fields + "}"; }

TEST(scion_topology_errors, what_holds_for_the_as) {
    const bad_topology texts[] = {
        {beside("\"mtu\": 65536"), "2:8: mtu 65536 is out of range: 0 to 65535"},
        {beside("\"mtu\": -1"), "2:8: mtu -1 is out of range: 0 to 65535"},
        {beside("\"mtu\": 1.0"),
         "2:8: mtu must be an integer, not a number with a fraction or more than 64 bits"},
        {beside("\"mtu\": \"1472\""), "2:8: mtu must be an integer, not a string"},
        {beside("\"mtu\": 1,\n\"MTU\": 2"),
         "3:1: key \"MTU\" stands in the topology twice, first as \"mtu\""},
        {beside("\"attributes\": \"core\""), "2:15: attributes must be an array, not a string"},
        {beside("\"attributes\": [1]"), "2:16: an attribute must be a string, not an integer"},
        {beside("\"attributes\": [\"core\", \"Core\"]"),
         "2:24: unknown attribute \"Core\"; did you mean \"core\"?"},
        {beside("\"timestamp\": \"now\""), "2:14: timestamp must be an integer, not a string"},
        {beside("\"isd_as\": \"1-2\""),
         "2:1: key \"isd_as\" stands in this object twice, first in line 1"},
    };
    expect_refused(texts);
}

TEST(scion_topology_errors, dispatched_ports) {
    for (const char* const bad : {"All", "0-1", "2-1", "1", "1-65536", "1-2-3"}) {
        const auto made = parse_topology(
            beside("\"dispatched_ports\": \"" + std::string(bad) + "\""), "topology.json");
        ASSERT_FALSE(made) << bad;
        EXPECT_EQ(made.why().text(), "topology.json:2:21: dispatched_ports \"" + std::string(bad) +
                                         "\" is no range of ports, as in \"1024-65535\", \"all\" "
                                         "or \"-\" for none");
    }
}

TEST(scion_topology_errors, routers_and_services) {
    constexpr const char* no_address =
        " is no address and port, as in \"10.0.0.1:30042\" or \"[2001:db8::1]:30042\"; names are "
        "not looked up";
    const std::string addr = "2:33: addr \"cs.example:1\"" + std::string(no_address);
    const std::string internal = "2:43: internal_addr \":1\"" + std::string(no_address);
    const bad_topology texts[] = {
        {beside("\"border_routers\": []"), "2:19: border_routers must be an object, not an array"},
        {beside("\"border_routers\": {\"br1\": null}"),
         "2:27: border router \"br1\" must be an object, not null"},
        {beside("\"border_routers\": {\"br1\": {}}"),
         "2:27: border router \"br1\" needs internal_addr, as in \"10.0.0.1:30042\""},
        {beside("\"border_routers\": {\"br1\": {\"internal_addr\": \"\"}}"),
         "2:45: internal_addr is empty; write \"10.0.0.1:30042\""},
        {beside("\"border_routers\": {\"b\": {\"internal_addr\": \":1\"}}"), internal.c_str()},
        {beside("\"control_service\": {\"cs\": 1}"),
         "2:27: control_service \"cs\" must be an object, not an integer"},
        {beside("\"control_service\": {\"cs\": {}}"),
         "2:27: control_service \"cs\" needs addr, as in \"10.0.0.1:30042\""},
        {beside("\"control_service\":{\"cs\":{\"addr\":\"cs.example:1\"}}"), addr.c_str()},
        {beside("\"discovery_service\": {\"ds\": {\"addr\": 1}}"),
         "2:38: addr must be a string, not an integer"},
        {beside("\"sigs\": {\"s\": {\"data_addr\": 1}}"),
         "2:29: data_addr must be a string, not an integer"},
        {beside("\"hidden_segment_lookup_service\": {\"h\": 1}"),
         "2:40: hidden_segment_lookup_service \"h\" must be an object, not an integer"},
    };
    expect_refused(texts);
}

// Interfaces of router br1, from the third line on.
std::string links(const std::string& interfaces, const std::string& attributes = "") {
    return beside("\"attributes\": [" + attributes + "], \"border_routers\": {\"br1\": " +
                  "{\"internal_addr\": \"10.0.0.1:1\", \"interfaces\": {\n" + interfaces + "}}}");
}

TEST(scion_topology_errors, interface_numbers) {
    const std::string fine = "{\"isd_as\": \"1-2\", \"link_to\": \"child\"}";
    for (const char* const bad : {"0", "65536", "-1", "1x", "", "+1", " 1", "0x1"}) {
        const auto made = parse_topology(links("\"" + std::string(bad) + "\": " + fine), "t");
        ASSERT_FALSE(made) << bad;
        EXPECT_EQ(made.why().text(),
                  "t:3:1: interface \"" + std::string(bad) + "\" is out of range: 1 to 65535");
    }
    const std::string second =
        "}}, \"br2\": {\"internal_addr\": \"10.0.0.2:1\", \"interfaces\": {\n\"7\": " + fine;
    const bad_topology texts[] = {
        {links("\"7\": " + fine + second),
         "4:1: interface 7 is one of border router \"br1\" already; a number is used once in an "
         "AS"},
        {links("\"7\": " + fine + ",\n\"07\": " + fine),
         "4:1: interface 7 is one of border router \"br1\" already; a number is used once in an "
         "AS"},
        {links("\"7\": " + fine + ",\n\"7\": " + fine),
         "4:1: key \"7\" stands in this object twice, first in line 3"},
        {links("\"7\": null"), "3:6: interface 7 must be an object, not null"},
    };
    expect_refused(texts);
}

TEST(scion_topology_errors, neighbours_and_kinds_of_links) {
    const bad_topology texts[] = {
        {links("\"7\": {\"link_to\": \"child\"}"),
         "3:6: interface 7 needs isd_as, as in \"1-ff00:0:110\""},
        {links("\"7\": {\"isd_as\": \"1-0\"}"),
         "3:17: isd_as 1-0 has a wildcard; a link leads to one AS"},
        {links("\"7\": {\"isd_as\": \"1-2\"}"), "3:6: interface 7 needs link_to, as in \"parent\""},
        {links("\"7\": {\"isd_as\": \"1-2\", \"link_to\": \"CORE\"}"),
         "3:35: link_to \"CORE\" does not fit: a link of a non-core AS is to \"parent\", "
         "\"child\" or \"peer\""},
        {links("\"7\": {\"isd_as\": \"1-2\", \"link_to\": \"parent\"}", "\"core\""),
         "3:35: link_to \"parent\" does not fit: a link of a core AS is to \"core\", \"child\" or "
         "\"peer\""},
        {links("\"7\": {\"isd_as\": \"1-2\", \"link_to\": \"childish\"}"),
         "3:35: link_to \"childish\" does not fit: a link of a non-core AS is to \"parent\", "
         "\"child\" or \"peer\""},
    };
    expect_refused(texts);
}

// Interface 7 of router br1, its fields from the fourth line on.
std::string link(const std::string& fields) {
    return links("\"7\": {\"isd_as\": \"1-2\", \"link_to\": \"child\",\n" + fields + "}");
}

TEST(scion_topology_errors, fields_of_a_link) {
    const bad_topology texts[] = {
        {link("\"mtu\": 65536"), "4:8: mtu 65536 is out of range: 0 to 65535"},
        {link("\"remote_interface_id\": 65536"),
         "4:24: remote_interface_id 65536 is out of range: 0 to 65535"},
        {link("\"underlay\": 1"), "4:13: underlay must be an object, not an integer"},
        {link("\"underlay\": {\"provider\": 1}"),
         "4:26: provider must be a string, not an integer"},
        {link("\"underlay\": {\"local\": \"10.0.0.1:1\"}"),
         "4:13: underlay needs remote, as in \"10.0.0.1:30042\""},
        {link("\"underlay\": {\"remote\": \"10.0.0.1:1\"}"),
         "4:13: underlay needs local, as in \"10.0.0.1:30042\""},
        {link("\"underlay\": {\"local\": \"host:1\"}"),
         "4:23: local \"host:1\" is no address and port, as in \"10.0.0.1:30042\" or "
         "\"[2001:db8::1]:30042\"; names are not looked up"},
        {link("\"underlay\": {\"local\": \":1\", \"remote\": \":1\"}"),
         "4:39: remote \":1\" is no address and port, as in \"10.0.0.1:30042\" or "
         "\"[2001:db8::1]:30042\"; names are not looked up"},
        {link("\"bfd\": []"), "4:8: bfd must be an object, not an array"},
        {link("\"bfd\": {\"disable\": 1}"), "4:20: disable must be a boolean, not an integer"},
        {link("\"bfd\": {\"detect_mult\": 256}"),
         "4:24: detect_mult 256 is out of range: 0 to 255"},
        {link("\"bfd\": {\"desired_min_tx_interval\": 200}"),
         "4:36: desired_min_tx_interval must be a string, not an integer"},
        {link("\"bfd\": {\"desired_min_tx_interval\": \"-1s\"}"),
         "4:36: desired_min_tx_interval \"-1s\" is no duration: one number and one unit of y, w, "
         "d, h, m, s, ms, us or ns, as in \"200ms\""},
        {link("\"bfd\": {\"required_min_rx_interval\": \"2h\"}"),
         "4:37: required_min_rx_interval \"2h\" is out of range: 1us to 4294967295us"},
    };
    expect_refused(texts);
}

TEST(scion_topology_errors, a_router_of_our_own_can_run) {
    const std::string parts = "{\"isd_as\": \"1-2\", \"link_to\": \"child\"";
    const auto check = [&](const std::string& seven, const std::string& eight) {
        const auto made = parse_topology(
            links("\"8\": " + parts + eight + "},\n\"7\": " + parts + seven + "}"), "");
        EXPECT_TRUE(made) << made.why().text();
        const auto done = check_own_router(made.value().border_routers.at("br1"), "t.json");
        return done ? std::string("fine") : done.why().text();
    };
    const auto underlay = [](const std::string& local, const std::string& remote) {
        return ", \"underlay\": {\"local\": \"" + local + "\", \"remote\": \"" + remote + "\"}";
    };
    EXPECT_EQ(check(underlay("10.0.0.1:1", "10.0.0.2:1"), underlay("10.0.0.1:1", "10.0.0.2:2")),
              "fine");
    EXPECT_EQ(
        check(underlay("10.0.0.1:1", "10.0.0.2:1"), underlay("10.0.0.1:2", "[::ffff:10.0.0.2]:1")),
        "t.json:3:90: interfaces 7 and 8 have the same remote address, 10.0.0.2:1; a "
        "packet's link is found by it");
    EXPECT_EQ(check("", underlay("10.0.0.1:1", "10.0.0.2:2")),
              "t.json:4:1: interface 7 has no underlay; this router needs the local and the remote "
              "address of its own links");
    EXPECT_EQ(check(underlay("10.0.0.1:1", "10.0.0.2:1"), ", \"underlay\": {\"provider\": \"q\"}"),
              "t.json:3:1: interface 8 has the underlay provider \"q\"; this router has \"udpip\" "
              "only");
}

}  // namespace
}  // namespace rhumb::scion::control
