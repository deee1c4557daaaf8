// What a SCION border router tells over HTTP.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "controlplane/scion/info_pages.hh"

namespace rhumb::scion::control {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

underlay_endpoint at(std::string_view text) { return parse_endpoint(text).value(); }

// A router with a link of its own and one of a sibling.
router_interfaces example() {
    return {.internal = at("10.1.0.3:50000"),
            .own = {{.id = 1,
                     .local = at("10.1.0.3:50001"),
                     .remote = at("10.1.0.2:50000"),
                     .neighbour = parse_isd_as("1-ff00:0:111").value(),
                     .type = link_type::core,
                     .mtu = 1472,
                     .up = true,
                     .bfd = {.disable = false,
                             .detect_mult = 3,
                             .desired_min_tx_interval = 200ms,
                             .required_min_rx_interval = 300ms}}},
            .siblings = {{.id = 5,
                          .router = at("10.1.0.20:30042"),
                          .neighbour = parse_isd_as("1-ff00:0:112").value(),
                          .type = link_type::parent,
                          .mtu = 1280,
                          .up = false}}};
}

TEST(scion_info_pages, interfaces_as_the_management_api_has_them) {
    const std::string text = interfaces_json(example());
    EXPECT_EQ(json::parse(text), json::parse(R"({
        "interfaces": [{
            "bfd": {"desired_minimum_tx_interval": "200ms", "detection_multiplier": 3,
                    "enabled": true, "required_minimum_receive": "300ms"},
            "interface_id": 1, "internal_interface": "10.1.0.3:50000",
            "local_address": "10.1.0.3:50001",
            "neighbor": {"address": "10.1.0.2:50000", "isd_as": "1-ff00:0:111"},
            "relationship": "core", "scion_mtu": 1472, "state": "up"}],
        "sibling_interfaces": [{
            "interface_id": 5, "internal_interface": "10.1.0.20:30042",
            "neighbor": {"isd_as": "1-ff00:0:112"},
            "relationship": "parent", "scion_mtu": 1280, "state": "down"}]})"));
    EXPECT_TRUE(text.starts_with("{\n    \"interfaces\": [\n        {\n")) << text;
    EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(scion_info_pages, what_differs_between_links_is_told) {
    router_interfaces facts = example();
    facts.own[0].local = at("[2001:db8::1]:50000");
    facts.own[0].remote = at("[2001:db8::2]:50000");
    facts.own[0].bfd.disable = true;
    facts.own[0].bfd.detect_mult = 255;
    facts.own[0].up = false;
    facts.own.push_back(facts.own[0]);
    facts.own[1].id = 65535;
    facts.own[1].type = link_type::peer;
    const json read = json::parse(interfaces_json(facts));
    const json& first = read.at("interfaces").at(0);
    EXPECT_EQ(first.at("local_address"), "[2001:db8::1]:50000");
    EXPECT_EQ(first.at("neighbor").at("address"), "[2001:db8::2]:50000");
    EXPECT_EQ(first.at("bfd").at("enabled"), false);
    EXPECT_EQ(first.at("bfd").at("detection_multiplier"), 255);
    EXPECT_EQ(first.at("state"), "down");
    EXPECT_EQ(read.at("interfaces").at(1).at("interface_id"), 65535);
    EXPECT_EQ(read.at("interfaces").at(1).at("relationship"), "peer");
}

TEST(scion_info_pages, a_router_without_interfaces_has_empty_lists) {
    const json read = json::parse(interfaces_json({}));
    EXPECT_EQ(read, (json{{"interfaces", json::array()}, {"sibling_interfaces", json::array()}}));
}

TEST(scion_info_pages, the_process_in_words) {
    const process_facts facts{
        .version = "0.1.0",
        .id = "br1-ff00_0_110-1",
        .ia = parse_isd_as("1-ff00:0:110").value(),
        .pid = 1234,
        .euid = 0,
        .egid = 7,
        .started = std::chrono::system_clock::time_point(1772366400s),
        .command_line = {"rhumbd", "--config", "a b\"\n", "\xff"},
    };
    EXPECT_EQ(process_text(facts),
              "  version:       0.1.0\n"
              "  id:            br1-ff00_0_110-1\n"
              "  ISD-AS:        1-ff00:0:110\n"
              "  started:       2026-03-01T12:00:00Z\n"
              "  pid:           1234\n"
              "  euid/egid:     0 7\n"
              "  cmd line:      [\"rhumbd\" \"--config\" \"a b\\\"\\n\" \"\xef\xbf\xbd\"]\n");
}

TEST(scion_info_pages, durations_as_go_writes_them) {
    EXPECT_EQ(duration_text(0ns), "0s");
    EXPECT_EQ(duration_text(1ns), "1ns");
    EXPECT_EQ(duration_text(999ns), "999ns");
    EXPECT_EQ(duration_text(1us), "1\u00b5s");
    EXPECT_EQ(duration_text(1500ns), "1.5\u00b5s");
    EXPECT_EQ(duration_text(200ms), "200ms");
    EXPECT_EQ(duration_text(1050us), "1.05ms");
    EXPECT_EQ(duration_text(999999999ns), "999.999999ms");
    EXPECT_EQ(duration_text(1s), "1s");
    EXPECT_EQ(duration_text(1s + 1ns), "1.000000001s");
    EXPECT_EQ(duration_text(59s + 500ms), "59.5s");
    EXPECT_EQ(duration_text(1min), "1m0s");
    EXPECT_EQ(duration_text(90s), "1m30s");
    EXPECT_EQ(duration_text(1h + 500ms), "1h0m0.5s");
    EXPECT_EQ(duration_text(-90s), "-1m30s");
    EXPECT_EQ(duration_text(std::chrono::nanoseconds::min()), "-2562047h47m16.854775808s");
}

}  // namespace
}  // namespace rhumb::scion::control
