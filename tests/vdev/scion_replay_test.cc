// The reference router's acceptance cases as frames through the daemon: five ports on captures, at
// the time of day at which the frames were made. What leaves is what the cases want, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <thread>

#include "rhumb/crypto/pbkdf2.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/scion.hh"
#include "tests/support/scion_border.hh"
#include "tests/support/vectors.hh"
#include "tests/vdev/playback.hh"

namespace rhumb::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using clock = std::chrono::steady_clock;
using frames_by_port = std::map<std::string, std::vector<packet_bytes>>;

constexpr std::size_t ip_at = ethernet::header_bytes;
constexpr std::size_t udp_at = ip_at + 20;
constexpr std::size_t scion_at = udp_at + 8;

// The acceptance test's router brA: keys, links and siblings.
constexpr std::string_view master_key = "V9SOOHqV4KdAL6utGnvEtA==\n";
constexpr std::string_view master_secret = "57d48e387a95e0a7402fabad1a7bc4b4";
struct external {
    std::string id, type, as;
};
const std::vector<external> externals{
    {"121", "peer", "2"}, {"131", "parent", "3"}, {"141", "child", "4"}, {"151", "child", "5"}};
struct sibling {
    std::string name, address, id, type, as;
};
const std::vector<sibling> siblings{{"brB", "192.168.0.12:30002", "171", "peer", "2-ff00:0:7"},
                                    {"brC", "192.168.0.13:30003", "181", "child", "1-ff00:0:8"},
                                    {"brD", "192.168.0.14:30004", "191", "parent", "1-ff00:0:9"}};

// 121 -> "12".
std::string subnet(const std::string& id) { return id.substr(0, 2); }

std::string topology() {
    const auto link = [](const std::string& id, const std::string& local, const std::string& remote,
                         const std::string& as, const std::string& type) {
        return "\"" + id + "\": {\"underlay\": {\"local\": \"" + local + "\", \"remote\": \"" +
               remote + "\"}, \"isd_as\": \"" + as + "\", \"link_to\": \"" + type +
               "\", \"mtu\": 8900}";
    };
    std::string own;
    for (const external& one : externals) {
        const std::string net = "192.168." + subnet(one.id);
        own += (own.empty() ? "" : ",\n") +
               link(one.id, net + ".2:50000", net + ".3:40000", "1-ff00:0:" + one.as, one.type);
    }
    std::string text =
        "{\"isd_as\": \"1-ff00:0:1\", \"mtu\": 8900, \"dispatched_ports\": "
        "\"1024-65535\", \"attributes\": [],\n\"border_routers\": {\n\"brA\": "
        "{\"internal_addr\": \"192.168.0.11:30001\", \"interfaces\": {\n" +
        own + "}}";
    for (const sibling& one : siblings) {
        text += ",\n\"" + one.name + "\": {\"internal_addr\": \"" + one.address +
                "\", \"interfaces\": {" +
                link(one.id, "192.168." + subnet(one.id) + ".2:50000",
                     "192.168." + subnet(one.id) + ".3:40000", one.as, one.type) +
                "}}";
    }
    return text + "},\n\"control_service\": {\"cs\": {\"addr\": \"192.168.0.71:20007\"}}}\n";
}

const std::vector<std::string> ports{"in", "121", "131", "141", "151"};

std::string config() {
    std::string text = "[node]\nname = \"scion-replay-" + std::to_string(::getpid()) +
                       "\"\n[runtime]\nsocket = \"r.sock\"\n[scion]\nrouter = \"br.toml\"\n"
                       "slow_path_rate = 1000000\nslow_path_link_rate = 1000000\n";
    for (std::size_t n = 0; n < ports.size(); ++n) {
        const std::string& name = ports[n];
        const bool inside = name == "in";
        text +=
            "[ports.p" + name + "]\ndevice = \"net_pcap" + std::to_string(n) + ",rx_pcap=" + name +
            "-in.pcap,tx_pcap=" + name +
            "-out.pcap\"\nmtu = 9000\nmac = \"f0:0d:ca:fe:00:" + (inside ? "01" : subnet(name)) +
            "\"\n[nexthops.p" + name + "]\nport = \"p" + name +
            "\"\nmac = \"f0:0d:ca:fe:be:ef\"\n[[prefixes]]\nmatch = \"192.168." +
            (inside ? "0.0/24" : subnet(name) + ".3/32") + "\"\nvia = \"p" + name + "\"\n";
    }
    return text;
}

class scion_replay : public testing::Test {
protected:
    void write_files(bool bfd, bool authentication) const {
        folder_.write("r.toml", config());
        folder_.write("topology.json", topology());
        folder_.write("br.toml",
                      "[general]\nid = \"brA\"\nconfig_dir = \".\"\n[features]\n"
                      "experimental_scmp_authentication = " +
                          std::string(authentication ? "true" : "false") +
                          "\n[router.bfd]\ndisable = " + (bfd ? "false\n" : "true\n"));
        std::filesystem::create_directories(folder_.path() / "keys");
        folder_.write("keys/master0.key", std::string(master_key));
        folder_.write("keys/master1.key", std::string(master_key));
    }
    // What leaves by each port. The router starts at `time`, and ends when all has come in and
    // `done` holds, or does not for a long time: captures are complete at the end only.
    [[nodiscard]] frames_by_port run(const frames_by_port& in, std::uint64_t time,
                                     const std::function<bool(daemon&)>& done) const {
        std::uint64_t frames = 0;
        for (const std::string& port : ports) {
            const auto it = in.find(port);
            const auto list = it == in.end() ? std::vector<packet_bytes>() : it->second;
            frames += list.size();
            folder_.write(port + "-in.pcap", as_capture(list));
        }
        daemon_options options;
        options.environment = {{"LD_PRELOAD", RHUMB_FIXED_CLOCK},
                               {"RHUMB_TEST_TIME", std::to_string(time)}};
        if (const char* const asan = std::getenv("ASAN_OPTIONS")) {
            options.environment.emplace_back("ASAN_OPTIONS",
                                             std::string(asan) + ":verify_asan_link_order=0");
        }
        daemon router(folder_, {"--config", "r.toml"}, options);
        EXPECT_TRUE(router.connect("r.sock")) << router.log();
        const auto until = clock::now() + 30s;
        while ((sum_of(router, "rx_packets") < frames || !done(router)) && clock::now() < until) {
            std::this_thread::sleep_for(5ms);
        }
        EXPECT_EQ(sum_of(router, "rx_packets"), frames);
        EXPECT_TRUE(done(router)) << router.ask("show", {{"what", "drops"}}).dump(1);
        drops_ = drops_of(router);
        router.signal(SIGTERM);
        EXPECT_EQ(router.wait(), 0) << router.log();
        frames_by_port out;
        for (const std::string& port : ports) {
            auto left = frames_of(folder_.read(port + "-out.pcap"));
            EXPECT_TRUE(left.ok()) << port;
            out[port] = left ? std::move(*left) : std::vector<packet_bytes>();
        }
        return out;
    }
    static std::uint64_t sum_of(daemon& router, const char* what) {
        std::uint64_t sum = 0;
        const json shown = router.ask("show", {{"what", "ports"}});
        for (const json& row : shown.value("rows", json::array())) {
            sum += row[what].get<std::uint64_t>();
        }
        return sum;
    }
    [[nodiscard]] static std::function<bool(daemon&)> has_sent(std::uint64_t frames) {
        return [frames](daemon& router) { return sum_of(router, "tx_packets") >= frames; };
    }
    // How many packets each reason settled, over all ports.
    static std::map<std::string, std::uint64_t> drops_of(daemon& router) {
        std::map<std::string, std::uint64_t> sums;
        const json shown = router.ask("show", {{"what", "drops"}});
        for (const json& row : shown.value("rows", json::array())) {
            sums[row["reason"]] +=
                row["dropped"].get<std::uint64_t>() + row["punted"].get<std::uint64_t>();
        }
        return sums;
    }

    const temporary_folder folder_;
    mutable std::map<std::string, std::uint64_t> drops_;
};

std::string port_of(const json& interface) {
    return interface == 0 ? "in" : std::to_string(interface.get<unsigned>());
}

// What the reference does not compare: of an SCMP error the outer identification and checksums, and
// of its authenticator time and tag.
std::string comparable(packet_bytes frame, bool authenticated) {
    if (frame.size() < scion_at + scion::least_bytes ||
        scion::next_header(&frame[scion_at]) == scion::next_udp) {
        return to_hex(frame);
    }
    std::fill_n(frame.begin() + ip_at + 4, 2, byte{0});
    std::fill_n(frame.begin() + ip_at + 10, 2, byte{0});
    std::fill_n(frame.begin() + udp_at + 6, 2, byte{0});
    const std::size_t option = scion_at + scion::header_bytes(&frame[scion_at]) + 2;
    if (authenticated && scion::next_header(&frame[scion_at]) == 201 &&
        frame.size() >= option + 30) {
        std::fill_n(frame.begin() + static_cast<long>(option + 8), 22, byte{0});
    }
    return to_hex(frame);
}

using texts = std::vector<std::string>;
texts sorted(texts list) {
    std::sort(list.begin(), list.end());
    return list;
}

TEST_F(scion_replay, the_references_cases_as_frames_on_five_ports) {
    LOAD_OR_SKIP(file, "braccept.json");
    write_files(false, true);
    frames_by_port in;
    std::map<std::string, texts> wanted;
    std::uint64_t count = 0;
    std::uint64_t drops = 0;
    std::uint64_t time = 0;
    for (const json& one : file.at("cases")) {
        const json& vector = one.at("vector");
        if (one.at("group") != "nobfd") {
            continue;
        }
        time = vector.at("now_unix");
        in[port_of(one.at("ingress").at("interface_id"))].push_back(
            from_hex(vector.at("input_frame_hex").get<std::string>()));
        if (one.at("expected").at("outcome") == "drop") {
            ++drops;
            continue;
        }
        ++count;
        wanted[port_of(one.at("expected").at("egress").at("if_id"))].push_back(
            comparable(from_hex(vector.at("want_frame_hex").get<std::string>()), true));
    }
    ASSERT_EQ(count + drops, 40U);
    const frames_by_port out = run(in, time, has_sent(count));
    for (const std::string& port : ports) {
        texts got;
        for (const packet_bytes& frame : out.at(port)) {
            got.push_back(comparable(frame, true));
            EXPECT_EQ(what_is_wrong_with(std::span(frame).subspan(ip_at)), "");
        }
        EXPECT_EQ(sorted(got), sorted(wanted[port])) << "leaving " << port;
    }
}

// A neighbour's BFD packet that says Down is answered with Init.
TEST_F(scion_replay, the_references_bfd_case_on_five_ports) {
    LOAD_OR_SKIP(file, "braccept.json");
    const auto& cases = file.at("cases");
    const auto bfd = std::find_if(cases.begin(), cases.end(),
                                  [](const json& one) { return one.at("group") == "bfd"; });
    ASSERT_NE(bfd, cases.end());
    write_files(true, true);
    const auto frame = from_hex(bfd->at("vector").at("input_frame_hex").get<std::string>());
    const frames_by_port out =
        run({{"131", {frame}}}, bfd->at("vector").at("now_unix"), [](daemon& router) {
            const json shown = router.ask("show", {{"what", "scion_bfd"}});
            for (const json& row : shown.value("rows", json::array())) {
                if (row["link"] == "131") {
                    return row["state"] == "init" && row["sent"] >= 2 &&
                           sum_of(router, "tx_packets") >= 8;  // of seven sessions
                }
            }
            return false;
        });
    const json& want = bfd->at("expected").at("bfd");
    bool answered = false;
    for (const packet_bytes& one : out.at("131")) {
        const std::span<const byte> scion = std::span(one).subspan(scion_at);
        ASSERT_EQ(scion::next_header(scion.data()), scion::next_bfd);
        const byte* const message = &scion[scion::header_bytes(scion.data())];
        if (load_be32(message + 8) == want.at("your_discriminator")) {
            answered = true;
            EXPECT_EQ(message[0] >> 5, want.at("version"));
            EXPECT_EQ(message[1] >> 6, 2);  // Init
            EXPECT_EQ(message[2], want.at("detect_mult"));
            EXPECT_NE(load_be32(message + 4), 0U);
            EXPECT_EQ(load_be32(message + 12), want.at("desired_min_tx_us"));
            EXPECT_EQ(load_be32(message + 16), want.at("required_min_rx_us"));
        }
    }
    EXPECT_TRUE(answered);
}

// Packets of other senders in the reference's own hand: the daemon does with each what the stage
// does by itself.
TEST_F(scion_replay, the_references_golden_packets_have_the_stages_verdicts) {
    LOAD_OR_SKIP(file, "golden-packets/golden-packets.json");
    write_files(false, false);
    scion_rig rig(isd_as_of("1-ff00:0:1"), as_key(own_as), endpoint_of("192.168.0.11", 30001));
    for (const external& one : externals) {
        rig.add_external(static_cast<std::uint16_t>(std::stoul(one.id)), link_type_of(one.type),
                         endpoint_of("192.168." + subnet(one.id) + ".2", 50000),
                         endpoint_of("192.168." + subnet(one.id) + ".3", 40000),
                         isd_as_of("1-ff00:0:" + one.as));
    }
    rig.own.first_port = 1024;
    rig.own.last_port = 65535;
    constexpr std::uint64_t time = 1'767'225'600;
    rig.now_ms = time * 1000;
    frames_by_port in;
    std::map<std::string, std::uint64_t> wanted;
    std::uint64_t leaving = 0;
    std::size_t packets = 0;
    const std::filesystem::path folder =
        std::filesystem::path(std::getenv("RHUMB_VECTORS") != nullptr ? std::getenv("RHUMB_VECTORS")
                                                                      : RHUMB_VECTORS_DEFAULT) /
        "scion" / "golden-packets";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".bin") {
            continue;
        }
        std::ifstream source(entry.path(), std::ios::binary);
        const std::vector<byte> scion{std::istreambuf_iterator<char>(source), {}};
        for (const bool inside : {false, true}) {
            const auto packet = inside ? udp_packet(endpoint_of("192.168.0.51", 40001),
                                                    endpoint_of("192.168.0.11", 30001), scion)
                                       : udp_packet(endpoint_of("192.168.13.3", 40000),
                                                    endpoint_of("192.168.13.2", 50000), scion);
            const scion_outcome alone = rig.run(packet);
            ++packets;
            ++wanted[std::string(text_of(alone.reason).name)];
            leaving += alone.fate == verdict::slow && rig.reply(alone) ? 1U : 0U;
            packet_bytes frame(ip_at + packet.size());
            ethernet::write_header(frame.data(),
                                   {0xf0, 0x0d, 0xca, 0xfe, 0, byte(inside ? 0x01 : 0x13)},
                                   {0xf0, 0x0d, 0xca, 0xfe, 0xbe, 0xef}, 0, ethernet::type_ipv4);
            std::copy(packet.begin(), packet.end(), frame.begin() + ip_at);
            in[inside ? "in" : "131"].push_back(frame);
        }
    }
    EXPECT_EQ(packets, 14U);
    const frames_by_port out = run(in, time, has_sent(leaving));
    std::map<std::string, std::uint64_t> got;
    for (const auto& [reason, number] : drops_) {
        if (number != 0) {
            got[reason] = number;
        }
    }
    EXPECT_EQ(got, wanted);
    std::uint64_t left = 0;
    for (const auto& [port, frames] : out) {
        left += frames.size();
    }
    EXPECT_EQ(left, leaving);
}

// Without anybody's vectors: the same packet is good, and six minutes later it is not.
TEST_F(scion_replay, the_time_of_day_is_what_the_test_says) {
    const auto key = crypto::hop_key(from_hex(master_secret));
    ASSERT_TRUE(key.ok());
    packet_spec spec = transit(true, 131, 141);
    spec.segments[0].hops[1].key = {key.value()->begin(), key.value()->end()};
    spec.segments[0].hops[1].exp_time = 0;
    const auto packet = udp_packet(endpoint_of("192.168.13.3", 40000),
                                   endpoint_of("192.168.13.2", 50000), make_scion(spec));
    packet_bytes frame(ip_at + packet.size());
    ethernet::write_header(frame.data(), {0xf0, 0x0d, 0xca, 0xfe, 0, 0x13},
                           {0xf0, 0x0d, 0xca, 0xfe, 0xbe, 0xef}, 0, ethernet::type_ipv4);
    std::copy(packet.begin(), packet.end(), frame.begin() + ip_at);
    const std::uint64_t made = spec.segments[0].made;
    write_files(false, false);
    const frames_by_port good = run({{"131", {frame}}}, made, has_sent(1));
    EXPECT_EQ(good.at("141").size(), 1U);
    const frames_by_port late = run({{"131", {frame}}}, made + 360, has_sent(1));
    EXPECT_EQ(late.at("141").size(), 0U);
    ASSERT_EQ(late.at("131").size(), 1U);
    const std::span<const byte> scion = std::span(late.at("131")[0]).subspan(scion_at);
    const byte* const message = &scion[scion::header_bytes(scion.data())];
    EXPECT_EQ(message[0], 4);
    EXPECT_EQ(message[1], 52);
}

}  // namespace
}  // namespace rhumb::test
