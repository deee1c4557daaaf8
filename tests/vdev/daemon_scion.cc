// A SCION border router on captures: west is a parent's link, east a child's.
#include <chrono>
#include <map>

#include "rhumb/crypto/pbkdf2.hh"
#include "rhumb/wire/ethernet.hh"
#include "tests/support/scion_border.hh"
#include "tests/vdev/daemon_fixture.hh"

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view topology = R"({
  "isd_as": "1-ff00:0:111", "mtu": 1472, "dispatched_ports": "1024-65535", "attributes": [],
  "border_routers": {
    "br1": {"internal_addr": "10.0.0.1:30042", "interfaces": {
      "131": {"underlay": {"local": "192.0.2.1:1131", "remote": "192.0.2.2:2131"},
              "isd_as": "1-ff00:0:110", "link_to": "parent", "mtu": 1472},
      "141": {"underlay": {"local": "192.0.2.1:1141", "remote": "192.0.2.3:2141"},
              "isd_as": "1-ff00:0:112", "link_to": "child", "mtu": 1472}}}},
  "control_service": {"cs1": {"addr": "10.0.0.71:30252"}}})";

// Test keys.
constexpr std::string_view first_key = "V9SOOHqV4KdAL6utGnvEtA==\n";
constexpr std::string_view second_key = "mdPcnujoYi4JmWALGeKbSQ==\n";
const std::vector<byte> first_secret = from_hex("57d48e387a95e0a7402fabad1a7bc4b4");

class rhumbd_scion : public rhumbd {
protected:
    void write_files(bool bfd = false) const {
        folder_.write("topology.json", std::string(topology));
        std::filesystem::create_directory(folder_.path() / "keys");
        folder_.write("keys/master0.key", std::string(first_key));
        folder_.write("keys/master1.key", std::string(second_key));
        folder_.write("br.toml", std::string("[general]\nid = \"br1\"\nconfig_dir = \".\"\n"
                                             "[router.bfd]\ndisable = ") +
                                     (bfd ? "false\n" : "true\n"));
    }
    [[nodiscard]] static parts with_scion(parts of, const std::string& keys = "") {
        of.more += "[scion]\nrouter = \"br.toml\"\n" + keys +
                   "[[prefixes]]\nmatch = \"192.0.2.2/32\"\nvia = \"w\"\n"
                   "[[prefixes]]\nmatch = \"192.0.2.3/32\"\nvia = \"e\"\n";
        return of;
    }
    // A frame that comes in on west, through the AS from 131 to 141; `number` in its payload.
    [[nodiscard]] static packet_bytes frame(std::uint32_t flow, std::uint32_t number,
                                            bool good = true) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        packet_spec spec = transit(true, 131, 141);
        spec.segments[0].made = static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::seconds>(now).count());
        spec.flow = flow;
        spec.layer4 = udp(40000, 21000, 8);
        std::vector<byte> scion = make_scion(spec);
        static const auto key = crypto::hop_key(first_secret);
        byte* const info = &scion[info_at(spec, 0)];
        byte* const hop = &scion[hop_at(spec, 1)];
        const crypto::block tag =
            mac_of({key.value()->begin(), key.value()->end()}, scion::segment_id(info), info, hop);
        std::copy_n(tag.bytes.begin(), scion::mac_bytes, hop + 6);
        hop[6] ^= good ? 0 : 1;
        store_be32(&scion[scion.size() - 4], number);
        const auto packet =
            udp_packet(endpoint_of("192.0.2.2", 2131), endpoint_of("192.0.2.1", 1131), scion);
        packet_bytes made(ethernet::header_bytes + packet.size());
        ethernet::write_header(made.data(), {2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 3, 1}, 0,
                               ethernet::type_ipv4);
        std::copy(packet.begin(), packet.end(), made.begin() + ethernet::header_bytes);
        return made;
    }
    static std::span<const byte> scion_of(const packet_bytes& frame) {
        return std::span(frame).subspan(ethernet::header_bytes + 20 + 8);
    }
};

TEST_F(rhumbd_scion, forwards_by_the_reference_routers_files_and_answers_what_is_wrong) {
    write_files();
    folder_.write("west-in.pcap", as_capture({frame(1, 1), frame(2, 2, false), frame(3, 3)}));
    parts of;
    folder_.write("east-in.pcap", as_capture({}));
    of.west = capture(0, "west");
    of.east = capture(1, "east");
    write_config(with_scion(of));
    const run_result done = run_until_sent(1, 2, {"--summary", "--trace", "3"});
    ASSERT_EQ(done.status, 0) << done.output;
    for (const char* const told :
         {"SCION, by interface 131 (1-ff00:0:110, a parent)", "MAC right under the current key",
          "answered by SCMP 4/51: MAC of the hop field is wrong, at byte 60"}) {
        EXPECT_NE(done.output.find(told), std::string::npos) << told << '\n' << done.output;
    }
    const auto east = frames_of(folder_.read("east-out.pcap")).value();
    ASSERT_EQ(east.size(), 2U) << done.output;
    for (const packet_bytes& out : east) {
        const packet_bytes in = frame(out == east[0] ? 1 : 3, out == east[0] ? 1 : 3);
        EXPECT_EQ(what_is_wrong_with(std::span(out).subspan(14)), "");
        // The pointer is one further, and SegID has the hop's MAC in it.
        EXPECT_EQ(scion_of(out).size(), scion_of(in).size());
        EXPECT_EQ(scion_of(out)[36] & 0x3f, 2);
        EXPECT_EQ(endpoint_of("192.0.2.3", 2141), [&] {
            scion_outcome got;
            got.packet.assign(out.begin() + 14, out.end());
            return got.destination();
        }());
    }
    const auto west = frames_of(folder_.read("west-out.pcap")).value();
    ASSERT_EQ(west.size(), 1U) << done.output;
    const auto reply = scion_of(west[0]);
    EXPECT_EQ(reply[4], 202);  // SCMP
    const std::size_t layer4 = scion::header_bytes(reply.data());
    EXPECT_EQ(reply[layer4], 4);
    EXPECT_EQ(reply[layer4 + 1], 51);
    EXPECT_EQ(what_is_wrong_with(std::span(west[0]).subspan(14)), "");
}

// All packets come in on one port by one link, which is one worker's, and leave by another port.
TEST_F(rhumbd_scion, flows_are_spread_over_workers_and_keep_their_order) {
    write_files();
    constexpr std::uint32_t flows = 50;
    constexpr std::uint32_t each = 40;  // no more in all than the rings hold
    std::vector<packet_bytes> in;
    for (std::uint32_t n = 0; n < each; ++n) {
        for (std::uint32_t flow = 1; flow <= flows; ++flow) {
            in.push_back(frame(flow, n));
        }
    }
    folder_.write("west-in.pcap", as_capture(in));
    folder_.write("east-in.pcap", as_capture({}));
    parts of;
    of.west = capture(0, "west");
    of.east = capture(1, "east");
    of.runtime = "workers = 2\n";
    write_config(with_scion(of));
    const run_result done = run_until_sent(0, in.size(), {"--summary"});
    ASSERT_EQ(done.status, 0) << done.output;
    const auto out = frames_of(folder_.read("east-out.pcap")).value();
    ASSERT_EQ(out.size(), in.size()) << done.output;
    std::map<std::uint32_t, std::uint32_t> next;
    for (const packet_bytes& one : out) {
        const auto scion = scion_of(one);
        const std::uint32_t number = load_be32(&scion[scion.size() - 4]);
        EXPECT_EQ(number, next[scion::flow_id(scion.data())]++);
    }
    EXPECT_EQ(next.size(), flows);
    EXPECT_EQ(done.output.find("worker_busy"), std::string::npos) << done.output;
}

TEST_F(rhumbd_scion, a_reload_takes_topology_and_keys_anew) {
    write_files();
    write_config(with_scion({}, "key_overlap = 3600\n"));
    const auto router = start();
    const auto keys = [&] { return router->ask("show", {{"what", "scion_keys"}})["rows"]; };
    ASSERT_EQ(keys().size(), 1U);
    const std::string before = keys()[0]["fingerprint"];
    folder_.write("keys/master0.key", std::string(second_key));
    std::string changed(topology);
    changed.replace(changed.find("\"141\""), 5, "\"142\"");
    folder_.write("topology.json", changed);
    EXPECT_EQ(refusal(router->ask("reload", nlohmann::json::object())), "");
    ASSERT_EQ(keys().size(), 2U);
    EXPECT_NE(keys()[0]["fingerprint"], before);
    EXPECT_EQ(keys()[1]["key"], "former");
    EXPECT_EQ(keys()[1]["fingerprint"], before);
    std::string names;
    const nlohmann::json shown = router->ask("show", {{"what", "scion_interfaces"}});
    for (const auto& row : shown["rows"]) {
        names += row["interface"].get<std::string>() + ' ';
    }
    EXPECT_EQ(names, "internal 131 142 ");
    // What is wrong changes nothing, and says where.
    folder_.write("topology.json", "{\"isd_as\": 7}");
    const nlohmann::json refused = router->ask("reload", nlohmann::json::object());
    EXPECT_EQ(refusal(refused), "isd_as must be a string, not an integer");
    EXPECT_NE(refused.dump().find("topology.json"), std::string::npos) << refused.dump();
    EXPECT_EQ(keys().size(), 2U);
    expect_clean_end(*router);
}

TEST_F(rhumbd_scion, links_are_down_until_bfd_says_so) {
    write_files(true);
    write_config(with_scion({}));
    const auto router = start();
    const nlohmann::json rows = router->ask("show", {{"what", "scion_bfd"}})["rows"];
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["link"], "131");
    EXPECT_EQ(rows[0]["state"], "down");
    const nlohmann::json interfaces = router->ask("show", {{"what", "scion_interfaces"}})["rows"];
    EXPECT_EQ(interfaces[0]["up"], true);
    EXPECT_EQ(interfaces[1]["up"], false);
    // Sessions speak by themselves.
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (router->ask("show", {{"what", "ports"}})["rows"][0]["tx_packets"] == 0) {
        ASSERT_LT(std::chrono::steady_clock::now(), until);
        std::this_thread::sleep_for(20ms);
    }
    expect_clean_end(*router);
}

TEST_F(rhumbd_scion, the_example_of_the_documents_is_good) {
    const std::string example = std::string(RHUMB_ROOT) + "/configs/scion/r.toml";
    const run_result got = run({"--config", example, "--check"});
    EXPECT_EQ(got.status, 0) << got.output;
}

TEST_F(rhumbd_scion, errors_in_its_files_are_told_by_place) {
    write_files();
    folder_.write("br.toml", "[general]\nid = \"br9\"\nconfig_dir = \".\"\n");
    write_config(with_scion({}));
    const run_result got = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(got.status, 1);
    EXPECT_NE(got.output.find("br.toml:2:6"), std::string::npos) << got.output;
    EXPECT_NE(got.output.find("br1"), std::string::npos) << got.output;
}

TEST_F(rhumbd_scion, a_way_to_an_address_of_its_own_is_refused) {
    write_files();
    parts of = with_scion({});
    of.more += "[[prefixes]]\nmatch = \"192.0.2.1/32\"\nvia = \"w\"\n";
    write_config(of);
    const run_result got = run({"--config", "r.toml", "--check"});
    EXPECT_EQ(got.status, 1);
    EXPECT_NE(got.output.find("is an address of this router's own"), std::string::npos)
        << got.output;
    EXPECT_NE(got.output.find("r.toml:"), std::string::npos) << got.output;
}

}  // namespace
}  // namespace rhumb::test
