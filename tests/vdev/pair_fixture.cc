#include "tests/vdev/pair_fixture.hh"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "rhumb/crypto/pbkdf2.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/scion.hh"
#include "tests/support/scion_rig.hh"

namespace rhumb::test {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t scion_at = ethernet::header_bytes + 20 + 8;

// One port with one next hop behind it. MACs: the router's number and the port's.
struct port_plan {
    std::string name;
    std::string device;
    unsigned mac = 0;
    unsigned far_mac = 0;
    std::vector<std::string> remotes;
};

std::string mac_text(unsigned number) {
    return "02:00:00:00:0" + std::to_string(number / 10) + ":0" + std::to_string(number % 10);
}

std::string config_of(const std::string& name, const std::string& runtime,
                      const std::vector<port_plan>& ports) {
    std::string text = "[node]\nname = \"pair-" + name + "-" + std::to_string(::getpid()) +
                       "\"\n[runtime]\nsocket = \"r.sock\"\n" + runtime +
                       "[scion]\nrouter = \"br.toml\"\n"
                       "key_overlap = 3600\n";
    for (const port_plan& port : ports) {
        text += "[ports." + port.name + "]\ndevice = \"" + port.device + "\"\nmac = \"" +
                mac_text(port.mac) +
                // A memif has as many queues as its peer.
                (runtime.empty() ? "\"\n" : "\"\nshared_tx = true\n") + "[nexthops." + port.name +
                "]\nport = \"" + port.name + "\"\nmac = \"" + mac_text(port.far_mac) + "\"\n";
        for (const std::string& remote : port.remotes) {
            text += "[[prefixes]]\nmatch = \"" + remote + "/32\"\nvia = \"" + port.name + "\"\n";
        }
    }
    return text;
}

std::string interface_text(const std::string& id, const std::string& local,
                           const std::string& remote, const std::string& as,
                           const std::string& type, unsigned mtu, bool bfd) {
    return "\"" + id + "\": {\"underlay\": {\"local\": \"" + local + "\", \"remote\": \"" + remote +
           "\"}, \"isd_as\": \"1-ff00:0:" + as + "\", \"link_to\": \"" + type +
           "\", \"mtu\": " + std::to_string(mtu) + (bfd ? "" : ", \"bfd\": {\"disable\": true}") +
           "}";
}

std::string topology_text(const std::string& as, const std::string& routers) {
    return "{\"isd_as\": \"1-ff00:0:" + as +
           "\", \"mtu\": 1472, \"dispatched_ports\": \"1024-65535\", \"attributes\": [],\n"
           "\"border_routers\": {\n" +
           routers + "},\n\"control_service\": {}}\n";
}

std::string topology_of_b() {
    return topology_text(
        "b",
        "\"b1\": {\"internal_addr\": \"10.2.0.1:30042\", \"interfaces\": {\n" +
            interface_text("21", "192.0.2.2:5021", "192.0.2.1:5012", "a", "parent", 1472, true) +
            ",\n" +
            interface_text("22", "192.0.2.2:5022", "192.0.2.22:5122", "d", "child", 1472, false) +
            "}}");
}

void write_router(const temporary_folder& folder, const std::string& id, const std::string& text,
                  const std::string& topology, const char* master, unsigned detect_mult) {
    folder.write("r.toml", text);
    folder.write("topology.json", topology);
    // Sessions that outlast what a busy machine does to them.
    folder.write("br.toml", "[general]\nid = \"" + id +
                                "\"\nconfig_dir = \".\"\n[router.bfd]\ndetect_mult = " +
                                std::to_string(detect_mult) +
                                "\n"
                                "desired_min_tx_interval = \"300ms\"\n"
                                "required_min_rx_interval = \"300ms\"\n");
    std::filesystem::create_directory(folder.path() / "keys");
    folder.write("keys/master0.key", master);
    folder.write("keys/master1.key", master);
}

struct underlay {
    scion::endpoint from, to;
    unsigned mac;
};
underlay underlay_of(journey way) {
    switch (way) {
        case journey::e_to_d:
            return {endpoint_of("192.0.2.41", 5141), endpoint_of("192.0.2.1", 5041), 11};
        case journey::c_to_d:
            return {endpoint_of("192.0.2.31", 5131), endpoint_of("192.0.2.32", 5031), 21};
        default: break;
    }
    return {endpoint_of("192.0.2.22", 5122), endpoint_of("192.0.2.2", 5022), 32};
}

}  // namespace

seen_packet seen_in(const frame_bytes& frame) {
    seen_packet seen;
    if (frame.size() < scion_at + scion::least_bytes) {
        return seen;
    }
    const std::span<const byte> scion = std::span(frame).subspan(scion_at);
    const std::size_t at = scion::header_bytes(scion.data());
    if (scion.size() < at + 12) {
        return seen;
    }
    seen.next_header = scion::next_header(scion.data());
    if (seen.next_header == scion::next_udp) {
        seen.number = load_be32(&scion[scion.size() - 4]);
    } else if (seen.next_header == scion::next_scmp) {
        seen.type = scion[at];
        seen.code = scion[at + 1];
        if ((seen.type == 5 || seen.type == 6) && scion.size() >= at + 28) {
            seen.isd_as = load_be64(&scion[at + 4]);
            seen.interface = load_be64(&scion[at + 12]);
            seen.second_interface = load_be64(&scion[at + 20]);
        }
    }
    return seen;
}

std::vector<byte> hop_key_of(const std::string& master) {
    const auto secret = from_hex(master == first_master ? "57d48e387a95e0a7402fabad1a7bc4b4"
                                                        : "99d3dc9ee8e8622e0999600b19e29b49");
    const auto key = crypto::hop_key(secret);
    return {key.value()->begin(), key.value()->end()};
}

nlohmann::json border_pair::own_router::row(const std::string& what, const std::string& key,
                                            const std::string& name) {
    for (const nlohmann::json& one : rows(what)) {
        if (one.value(key, "") == name) {
            return one;
        }
    }
    return nlohmann::json::object();
}

std::string border_pair::topology_of_a(const variant& of) {
    std::string more;
    if (of.with_link_13) {
        more = ",\n" +
               interface_text("13", "192.0.2.1:5013", "192.0.2.13:5113", "f", "child", 1472, true);
    }
    return topology_text(
        "a",
        "\"a1\": {\"internal_addr\": \"10.1.0.1:30042\", \"interfaces\": {\n" +
            interface_text("12", "192.0.2.1:5012", "192.0.2.2:5021", "b", "child", of.mtu_12,
                           true) +
            ",\n" +
            interface_text("41", "192.0.2.1:5041", "192.0.2.41:5141", "e", "parent", of.mtu_41,
                           false) +
            more + "}},\n\"a2\": {\"internal_addr\": \"10.1.0.2:30042\", \"interfaces\": {\n" +
            interface_text("31", "192.0.2.32:5031", "192.0.2.31:5131", "c", "parent", 1472, false) +
            "}}");
}

void border_pair::start(const devices& wanted) {
    key_of_a_ = hop_key_of(first_master);
    int count = 0;
    const auto memif = [&](const char* role, const char* name) {
        return "net_memif" + std::to_string(count++) + ",role=" + role +
               ",id=0,socket-abstract=no,socket=" + wires_.path(name);
    };
    const auto or_memif = [&](const std::string& given, const char* name) {
        return given.empty() ? memif("server", name) : given;
    };
    std::vector<port_plan> of_a1{
        {"e", or_memif(wanted.e, "e"), 11, 91, {"192.0.2.41"}},
        {"b", memif("server", wanted.relayed ? "ab-a" : "ab"), 12, 31, {"192.0.2.2"}}};
    if (wanted.with_a2) {
        of_a1.push_back({"i", memif("server", "aa"), 13, 22, {"10.1.0.2"}});
    }
    write_router(a1_.folder, "a1", config_of("a1", wanted.runtime, of_a1), topology_of_a(),
                 first_master, wanted.detect_mult);
    a1_.process.emplace(a1_.folder, std::vector<std::string>{"--config", "r.toml"});
    ASSERT_TRUE(a1_.process->connect("r.sock")) << a1_.process->log();
    if (wanted.with_a2) {
        write_router(a2_.folder, "a2",
                     config_of("a2", wanted.runtime,
                               {{"c", memif("server", "c"), 21, 93, {"192.0.2.31"}},
                                {"i", memif("client", "aa"), 22, 13, {"10.1.0.1"}}}),
                     topology_of_a(), first_master, wanted.detect_mult);
        a2_.process.emplace(a2_.folder, std::vector<std::string>{"--config", "r.toml"});
        ASSERT_TRUE(a2_.process->connect("r.sock")) << a2_.process->log();
    }
    write_router(b1_.folder, "b1",
                 config_of("b1", wanted.runtime,
                           {{"b",
                             wanted.relayed ? memif("server", "ab-b") : memif("client", "ab"),
                             31,
                             12,
                             {"192.0.2.1"}},
                            {"d", or_memif(wanted.d, "d"), 32, 92, {"192.0.2.22"}}}),
                 topology_of_b(), second_master, wanted.detect_mult);
    b1_.process.emplace(b1_.folder, std::vector<std::string>{"--config", "r.toml"});
    ASSERT_TRUE(b1_.process->connect("r.sock")) << b1_.process->log();
    if (wanted.relayed) {
        relay_ = std::make_unique<relay>(wires_.path() / "ab-a", wires_.path() / "ab-b");
    }
    const auto end = [&](bool there, const char* name) {
        return there ? std::make_unique<memif_end>(wires_.path() / name) : nullptr;
    };
    e_ = end(wanted.e.empty(), "e");
    c_ = end(wanted.with_a2, "c");
    d_ = end(wanted.d.empty(), "d");
    for (const auto* one : {&e_, &c_, &d_}) {
        ASSERT_TRUE(*one == nullptr || wait_for([&] { return (*one)->is_linked(); }));
        if (*one != nullptr) {
            (void)(*one)->take();  // a memif's client offers room when it first looks for packets
        }
    }
}

void border_pair::expect_sessions_up() {
    EXPECT_TRUE(wait_for([&] { return a1_.is_up("12") && b1_.is_up("21"); }))
        << a1_.rows("scion_bfd").dump(1) << b1_.rows("scion_bfd").dump(1);
    EXPECT_TRUE(!a2_.process || wait_for([&] {
        return a1_.is_up(sibling_2) && a2_.is_up(sibling_1);
    })) << a1_.rows("scion_bfd").dump(1);
}

void border_pair::expect_clean_end() {
    if (HasFailure()) {
        for (own_router* const one : {&a1_, &a2_, &b1_}) {
            for (const char* what : {"scion_bfd", "scion_interfaces", "drops", "ports"}) {
                if (one->process) {
                    std::printf("%s %s\n", what, one->rows(what).dump().c_str());
                }
            }
        }
    }
    relay_.reset();
    e_.reset();
    c_.reset();
    d_.reset();
    for (own_router* const one : {&a1_, &a2_, &b1_}) {
        if (one->process) {
            one->process->signal(SIGTERM);
            EXPECT_EQ(one->process->wait(), 0) << one->process->log();
        }
    }
}

frame_bytes border_pair::frame(journey way, std::uint32_t number, const frame_options& how) const {
    static const std::vector<byte> key_of_b = hop_key_of(second_master);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const bool forth = way == journey::e_to_d || way == journey::c_to_d;
    const bool with_e = way == journey::e_to_d || way == journey::d_to_e;
    const std::uint16_t far = with_e ? 41 : 31;
    hop_spec at_a = forth ? hop_spec{far, 12} : hop_spec{12, far};
    at_a.key = key_of_a_;
    at_a.bad_mac = how.bad_mac_at_a;
    at_a.alert_in = how.alert_at_a;
    hop_spec at_b = forth ? hop_spec{21, 22} : hop_spec{22, 21};
    at_b.key = key_of_b;
    packet_spec spec;
    spec.from = forth ? (with_e ? "1-ff00:0:e" : "1-ff00:0:c") : "1-ff00:0:d";
    spec.to = forth ? "1-ff00:0:d" : (with_e ? "1-ff00:0:e" : "1-ff00:0:c");
    spec.segments = {{forth, {{0, 1}, forth ? at_a : at_b, forth ? at_b : at_a, {2, 0}}}};
    spec.segments[0].made =
        static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
    spec.hop = 1;
    spec.flow = how.flow;
    spec.layer4 = how.alert_at_a ? traceroute(130, 777) : udp(40000, 21000, how.data);
    std::vector<byte> scion = make_scion(spec);
    if (!how.alert_at_a) {
        store_be32(&scion[scion.size() - 4], number);
    }
    const underlay by = underlay_of(way);
    const auto packet = udp_packet(by.from, by.to, scion);
    frame_bytes made(ethernet::header_bytes + packet.size());
    ethernet::write_header(
        made.data(), {2, 0, 0, 0, static_cast<byte>(by.mac / 10), static_cast<byte>(by.mac % 10)},
        {2, 0, 0, 0, 9, 9}, 0, ethernet::type_ipv4);
    std::copy(packet.begin(), packet.end(), made.begin() + ethernet::header_bytes);
    return made;
}

memif_end& border_pair::source(journey way) {
    return way == journey::e_to_d ? *e_ : way == journey::c_to_d ? *c_ : *d_;
}

memif_end& border_pair::target(journey way) {
    return way == journey::d_to_e ? *e_ : way == journey::d_to_c ? *c_ : *d_;
}

std::optional<seen_packet> border_pair::try_until(
    journey way, memif_end& at, const std::function<bool(const seen_packet&)>& fits) {
    const auto until = clock::now() + 20s;
    while (clock::now() < until) {
        if (!source(way).send(frame(way, ++number_))) {
            return std::nullopt;
        }
        const auto next = clock::now() + 20ms;
        while (clock::now() < next) {
            for (const frame_bytes& one : at.take()) {
                if (const seen_packet seen = seen_in(one); fits(seen)) {
                    return seen;
                }
            }
            std::this_thread::sleep_for(1ms);
        }
    }
    return std::nullopt;
}

// What is still on its way from before does not count.
bool border_pair::arrives(journey way) {
    const std::uint32_t from = number_;
    return try_until(way, target(way),
                     [&](const seen_packet& seen) {
                         return seen.next_header == scion::next_udp && seen.number > from;
                     })
        .has_value();
}

bool border_pair::is_answered_down(journey way, const std::string& isd_as, unsigned number) {
    return try_until(way, source(way),
                     [&](const seen_packet& seen) {
                         return seen.type == 5 && seen.code == 0 &&
                                seen.isd_as == isd_as_of(isd_as) && seen.interface == number;
                     })
        .has_value();
}

bool border_pair::wait_for(const std::function<bool()>& holds, std::chrono::milliseconds patience) {
    const auto until = clock::now() + patience;
    while (!holds()) {
        if (clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

}  // namespace rhumb::test
