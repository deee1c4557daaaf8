// topology.json: what it says, from texts of our own and from the reference's samples.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "controlplane/scion/bfd_settings.hh"
#include "controlplane/scion/topology.hh"
#include "tests/unit/scion_samples.hh"

namespace rhumb::scion::control {
namespace {

using namespace std::chrono_literals;

isd_as ia(const char* text) { return parse_isd_as(text).value(); }
underlay_endpoint endpoint(const char* text) { return parse_local_endpoint(text).value(); }

topology parsed(const std::string& text) {
    const auto made = parse_topology(text, "topology.json");
    EXPECT_TRUE(made) << made.why().text();
    return made ? made.value() : topology{};
}

TEST(scion_topology, the_smallest_one_has_nothing_but_a_number) {
    const topology as = parsed(R"({"isd_as": "1-ff00:0:110"})");
    EXPECT_EQ(as.ia, ia("1-ff00:0:110"));
    EXPECT_FALSE(as.core);
    EXPECT_EQ(as.mtu, 0);
    EXPECT_FALSE(as.dispatched_ports);
    EXPECT_TRUE(as.border_routers.empty());
    EXPECT_TRUE(as.control_services.empty());
    EXPECT_TRUE(as.discovery_services.empty());
}

TEST(scion_topology, every_field_is_read) {
    const topology as = parsed(R"({
        "timestamp": 1, "timestamp_human": "x", "isd_as": "1-559", "mtu": 65535,
        "dispatched_ports": "31000-32767", "attributes": ["voting", "core", null],
        "border_routers": {"br1": {"internal_addr": "10.0.0.1:30042", "ctrl_addr": 7, "interfaces": {
            "65535": {"underlay": {"provider": "udpip", "local": ":50000", "remote": "[fe80::2%e]:50001"},
                "isd_as": "2-ff00:0:2", "link_to": "Peer", "mtu": 1280, "remote_interface_id": 65534,
                "bfd": {"disable": false, "detect_mult": 255, "desired_min_tx_interval": "1s",
                        "required_min_rx_interval": "4294967295us"}}}}},
        "control_service": {"cs1": {"addr": "10.0.0.3:30252"}},
        "discovery_service": {"ds1": {"addr": "[2001:db8::4]:30254"}, "ds2": {"addr": "10.0.0.5:1"}},
        "hidden_segment_lookup_service": {"h": {"addr": "a.example:1"}},
        "hidden_segment_registration_service": {"h": {"addr": "a.example:1"}},
        "sigs": {"sig": {"ctrl_addr": "s.example:1", "data_addr": "s.example:2", "allow_interfaces": [1]}},
        "unknown": {"anything": [1.5]}})");
    EXPECT_EQ(as.ia, isd_as(1, 559));
    EXPECT_TRUE(as.core);
    EXPECT_EQ(as.mtu, 65535);
    EXPECT_EQ(as.dispatched_ports, (port_range{31000, 32767}));
    EXPECT_EQ(as.control_services.at("cs1"), endpoint("10.0.0.3:30252"));
    EXPECT_EQ(as.discovery_services.at("ds1"), endpoint("[2001:db8::4]:30254"));
    EXPECT_EQ(as.discovery_services.size(), 2U);

    const border_router& router = as.border_routers.at("br1");
    EXPECT_EQ(router.name, "br1");
    EXPECT_EQ(router.internal_addr, endpoint("10.0.0.1:30042"));
    EXPECT_EQ(router.where.line, 4U);
    const interface& link = router.interfaces.at(65535);
    EXPECT_EQ(link.id, 65535);
    EXPECT_EQ(link.provider, "udpip");
    EXPECT_EQ(link.local, endpoint(":50000"));
    EXPECT_EQ(link.remote, endpoint("[fe80::2%e]:50001"));
    EXPECT_EQ(link.neighbour, ia("2-ff00:0:2"));
    EXPECT_EQ(link.type, link_type::peer);
    EXPECT_EQ(to_string(link.type), "peer");
    EXPECT_EQ(link.mtu, 1280);
    EXPECT_EQ(link.remote_interface_id, 65534);
    EXPECT_EQ(link.bfd, (bfd_overrides{false, 255, 1s, 4294967295us}));
}

std::string with_link(const std::string& attributes, const std::string& fields) {
    return R"({"isd_as": "1-1", "attributes": [)" + attributes +
           R"(], "border_routers": {"br1": {"internal_addr": "10.0.0.1:1", "interfaces": {"7": )" +
           R"({"isd_as": "1-2", )" + fields + "}}}}}";
}

interface link_of(const std::string& text) {
    return parsed(text).border_routers.at("br1").interfaces.at(7);
}

TEST(scion_topology, a_link_leads_where_its_as_may_have_links) {
    EXPECT_EQ(link_of(with_link(R"("core")", R"("link_to": "CORE")")).type, link_type::core);
    EXPECT_EQ(link_of(with_link(R"("core")", R"("link_to": "cHild")")).type, link_type::child);
    EXPECT_EQ(link_of(with_link(R"("core")", R"("link_to": "peer")")).type, link_type::peer);
    EXPECT_EQ(link_of(with_link("", R"("link_to": "PARENT")")).type, link_type::parent);
    EXPECT_EQ(link_of(with_link("", R"("link_to": "child")")).type, link_type::child);
    EXPECT_EQ(link_of(with_link("", R"("link_to": "PEER")")).type, link_type::peer);
}

TEST(scion_topology, zero_and_null_stand_for_nothing_given) {
    const interface link = link_of(with_link("", R"("link_to": "child", "mtu": null,
        "remote_interface_id": 9, "underlay": null, "bfd": {"disable": null, "detect_mult": 0,
        "desired_min_tx_interval": "0s"})"));
    EXPECT_EQ(link.bfd, bfd_overrides{});
    EXPECT_EQ(link.mtu, 0);
    EXPECT_EQ(link.remote_interface_id, 0) << "it is for peer links only";
    EXPECT_FALSE(link.local);
    EXPECT_FALSE(link.remote);
}

TEST(scion_topology, addresses_of_another_underlay_are_not_ours_to_read) {
    const interface link = link_of(with_link("", R"("link_to": "child",
        "underlay": {"provider": "quic", "local": "what", "remote": "ever"})"));
    EXPECT_EQ(link.provider, "quic");
    EXPECT_FALSE(link.local);
    EXPECT_FALSE(link.remote);
}

TEST(scion_topology, dispatched_ports_have_words_for_none_and_all) {
    const auto ports = [](const std::string& value) {
        return parsed(R"({"isd_as": "1-1", "dispatched_ports": )" + value + "}").dispatched_ports;
    };
    EXPECT_FALSE(ports("\"\""));
    EXPECT_FALSE(ports("\"-\""));
    EXPECT_FALSE(ports("null"));
    EXPECT_EQ(ports("\"all\""), (port_range{1, 65535}));
    EXPECT_EQ(ports("\"ALL\""), (port_range{1, 65535}));
    EXPECT_EQ(ports("\"1-1\""), (port_range{1, 1}));
}

TEST(scion_topology, an_as_may_have_every_interface_there_is) {
    std::string text =
        R"({"isd_as": "1-1", "border_routers": {"br1": {"internal_addr": "10.0.0.1:1",
        "interfaces": {)";
    for (unsigned id = 1; id <= 65535; ++id) {
        text += (id == 1 ? "\"" : ",\"") + std::to_string(id) +
                R"(": {"isd_as": "1-2", "link_to": "child", "mtu": 1472, "underlay": {"local": )" +
                R"("10.0.0.1:50000", "remote": "10.0.0.2:)" + std::to_string(id) + "\"}}";
    }
    const topology as = parsed(text + "}}}}");
    ASSERT_EQ(as.border_routers.at("br1").interfaces.size(), 65535U);
    EXPECT_EQ(as.border_routers.at("br1").interfaces.at(65535).remote, endpoint("10.0.0.2:65535"));
    EXPECT_TRUE(check_own_router(as.border_routers.at("br1"), ""));
}

TEST(scion_topology, link_settings_of_bfd_override_the_routers) {
    const bfd_settings of_router{true, 5, 100ms, 50ms};
    EXPECT_EQ(with_overrides(of_router, {}), of_router);
    EXPECT_EQ(with_overrides(of_router, {false, 9, 1s, 2s}), (bfd_settings{false, 9, 1s, 2s}));
}

class scion_samples : public testing::Test {
    void SetUp() override {
        if (!have_samples()) {
            GTEST_SKIP() << "no test vectors";
        }
    }
};

TEST_F(scion_samples, router_acceptance) {
    const topology as = parsed(sample("acceptance__router_multi__conf__topology.json"));
    EXPECT_EQ(as.ia, ia("1-ff00:0:1"));
    EXPECT_FALSE(as.core);
    EXPECT_EQ(as.mtu, 1472);
    EXPECT_EQ(as.dispatched_ports, (port_range{1024, 65535}));
    ASSERT_EQ(as.border_routers.size(), 4U);
    EXPECT_EQ(as.control_services.at("csA"), endpoint("192.168.0.71:20007"));

    const border_router& a = as.border_routers.at("brA");
    EXPECT_EQ(a.internal_addr, endpoint("192.168.0.11:30001"));
    std::vector<std::string> links;
    for (const auto& [id, link] : a.interfaces) {
        links.push_back(std::to_string(id) + " " + to_string(*link.local) + " " +
                        to_string(*link.remote) + " " + to_string(link.neighbour) + " " +
                        std::string(to_string(link.type)) + " " + std::to_string(link.mtu));
    }
    EXPECT_EQ(links, (std::vector<std::string>{
                         "121 192.168.12.2:50000 192.168.12.3:40000 1-ff00:0:2 peer 1472",
                         "131 192.168.13.2:50000 192.168.13.3:40000 1-ff00:0:3 parent 8000",
                         "141 192.168.14.2:50000 192.168.14.3:40000 1-ff00:0:4 child 8000",
                         "151 192.168.15.2:50000 192.168.15.3:40000 1-ff00:0:5 child 1472"}));
    EXPECT_EQ(as.border_routers.at("brB").interfaces.at(171).neighbour, ia("2-ff00:0:7"));
    EXPECT_EQ(as.border_routers.at("brD").interfaces.at(191).type, link_type::parent);
    EXPECT_TRUE(check_own_router(a, ""));
}

TEST_F(scion_samples, router_benchmark) {
    const topology as = parsed(sample("acceptance__router_benchmark__conf__topology.json"));
    EXPECT_TRUE(as.core);
    EXPECT_EQ(as.mtu, 1400);
    EXPECT_EQ(as.border_routers.at("br1a").interfaces.size(), 2U);
    EXPECT_EQ(as.border_routers.at("br1b").interfaces.at(4).type, link_type::core);
}

TEST_F(scion_samples, zones_ipv6_and_a_port_without_address) {
    const topology as = parsed(sample("private__topology__testdata__basic.json"));
    EXPECT_EQ(as.ia, ia("1-ff00:0:311"));
    const auto& first = as.border_routers.at("br1-ff00:0:311-1");
    EXPECT_EQ(first.internal_addr, endpoint("10.1.0.1:0"));
    EXPECT_EQ(first.interfaces.at(1).bfd, (bfd_overrides{std::nullopt, 10, 10ms, 15ms}));
    EXPECT_EQ(first.interfaces.at(3).local, endpoint("[2001:db8:a0b:12f0::1]:44997"));
    EXPECT_EQ(first.interfaces.at(8).local, endpoint(":44997"));
    EXPECT_EQ(first.interfaces.at(8).type, link_type::peer);
    const auto& second = as.border_routers.at("br1-ff00:0:311-2");
    EXPECT_EQ(second.internal_addr.zone, "some-internal-zone");
    EXPECT_EQ(second.interfaces.at(11).remote->zone, "some-remote-zone");
    EXPECT_EQ(as.control_services.size(), 3U);
    EXPECT_EQ(as.discovery_services.at("ds1-ff00:0:311-2"), endpoint("127.0.0.67:30073"));
}

TEST_F(scion_samples, core_ases) {
    const topology core = parsed(sample("private__topology__testdata__core.json"));
    EXPECT_TRUE(core.core);
    EXPECT_EQ(core.border_routers.at("borderrouter6-ff00:0:362-1").interfaces.at(91).bfd,
              bfd_overrides{});
    const topology json = parsed(sample("private__topology__json__testdata__topology.json"));
    EXPECT_EQ(json.ia, ia("6-ff00:0:362"));
    EXPECT_EQ(json.border_routers.at("borderrouter6-f00:0:362-1").interfaces.at(91).bfd,
              (bfd_overrides{std::nullopt, 3, 25ms, 25ms}));
    EXPECT_EQ(json.border_routers.at("borderrouter6-f00:0:362-9").interfaces.at(32).mtu, 4430);
    const topology control = parsed(sample("router__control__testdata__topology.json"));
    EXPECT_EQ(control.border_routers.size(), 2U);
    EXPECT_EQ(control.control_services.at("cs1-ff00_0_110-2"), endpoint("127.0.0.1:60004"));
}

}  // namespace
}  // namespace rhumb::scion::control
