// What a reload takes of [ports], and what only a restart changes.
#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

class rhumbd_reload : public rhumbd {
protected:
    // A file whose ports are these sections, in this order.
    void write_ports(const std::string& ports) const {
        folder_.write("r.toml", "[node]\nname = \"" + name_ +
                                    "\"\n[runtime]\nsocket = \"r.sock\"\n" + ports +
                                    "[nexthops.e]\nport = \"east\"\nmac = \"02:00:00:00:02:01\"\n"
                                    "[[labels]]\nlabel = 16001\nop = \"continue\"\nout = 16002\n"
                                    "via = \"e\"\n");
    }
    // Lines of a port: its device stands in the second, and `more` from the fourth on.
    static std::string section(const std::string& port, const std::string& device,
                               const std::string& more = "") {
        return "[ports." + port + "]\ndevice = \"" + device + "\"\nmac = \"02:00:00:00:01:0" +
               (port == "west" ? "1" : "2") + "\"\n" + more;
    }
    static json rows(daemon& router, const char* what) {
        return router.ask("show", {{"what", what}}).value("rows", json::array());
    }
};

TEST_F(rhumbd_reload, ports_may_stand_in_another_order) {
    const std::string west = section("west", capture(0, "west"), "mtu = 1400\n");
    capture_source source(folder_.path() / "west-in.pcap", frames(way::west_to_east, 3, false),
                          capture_source::kind::fifo);
    const std::string east =
        section("east", "net_pcap1,rx_pcap=east-in.pcap,tx_pcap=east-out.pcap", "mtu = 9000\n");
    folder_.write("east-in.pcap", as_capture({}));
    write_ports(west + east);
    const auto router = start();
    const json before = rows(*router, "ports");
    const json hops = rows(*router, "nexthops");
    write_ports(east + "vlans = [7]\n" + west);
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    // The same ports under the same numbers, and what is sent leaves by the right one.
    EXPECT_EQ(rows(*router, "ports"), before);
    EXPECT_EQ(rows(*router, "nexthops"), hops);
    EXPECT_EQ(hops[0]["mtu"], 9000);
    source.send();
    expect_received(*router, "west", 3);
    const json config = rows(*router, "config")[0];
    EXPECT_NE(config["toml"].get<std::string>().find("vlans = [7]"), std::string::npos) << config;
    expect_clean_end(*router);
    EXPECT_EQ(frames_of(folder_.read("east-out.pcap")).value(), frames(way::west_to_east, 3, true));
}

TEST_F(rhumbd_reload, what_changed_of_a_port_is_told_with_its_place) {
    const std::string west = section("west", quiet(0));
    const std::string east = section("east", quiet(1));
    write_ports(west + east);
    const auto router = start();
    const auto error_with = [&](const std::string& ports) {
        write_ports(ports);
        const json answer = router->ask("reload");
        const json error = answer.value("error", json::object());
        return error.value("file", "") + ':' + std::to_string(error.value("line", 0)) + ':' +
               std::to_string(error.value("column", 0)) + ": " + error.value("message", "");
    };
    const std::string only = "; they change only with a restart";
    EXPECT_EQ(error_with(west + section("east", noisy(1))),
              "r.toml:9:10: port \"east\" has other settings than at start: device \"net_null1\" "
              "(was \"net_null1,no-rx=1\")" +
                  only);
    EXPECT_EQ(error_with(east + section("west", quiet(0), "mtu = 9000\nrx_queues = 2\n")),
              "r.toml:8:1: port \"west\" has other settings than at start: mtu 9000 (was 1500), "
              "rx_queues 2 (was 1)" +
                  only);
    EXPECT_EQ(
        error_with("[ports.west]\ndevice = \"" + quiet(0) +
                   "\"\npromiscuous = true\nshared_tx = true\n" + east),
        "r.toml:5:1: port \"west\" has other settings than at start: mac the device's own (was "
        "02:00:00:00:01:01), promiscuous true (was false), shared_tx true (was false)" +
            only);
    EXPECT_EQ(error_with(west + section("north", quiet(2)) + east),
              "r.toml:8:1: port \"north\" is new; ports come and go only with a restart");
    EXPECT_EQ(error_with(east),
              "r.toml:0:0: port \"west\" is missing; ports come and go only with a restart");
    write_ports(west + east);
    EXPECT_TRUE(router->ask("reload").contains("generation"));
    expect_clean_end(*router);
}

}  // namespace
}  // namespace rhumb::test
