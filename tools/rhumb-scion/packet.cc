// rhumb-scion packet: one packet for a path, as hexadecimal digits or as a capture.
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "controlplane/config/text.hh"
#include "controlplane/scion/reply.hh"
#include "controlplane/scion_paths/files.hh"
#include "controlplane/scion_paths/hex.hh"
#include "rhumb/wire/ethernet.hh"
#include "tools/rhumb-scion/packet_options.hh"

namespace rhumb::scion::tool {

namespace {

// What stands in front: nothing, IP and UDP, or Ethernet as well.
enum class layer : std::uint8_t { scion, ip, ethernet };

layer layer_of(const std::string& word) {
    if (word == "scion" || word == "ip" || word == "ethernet") {
        return word == "scion" ? layer::scion : word == "ip" ? layer::ip : layer::ethernet;
    }
    throw failure(exit_status::usage, "--layer is scion, ip or ethernet");
}

endpoint to_endpoint(const control::underlay_endpoint& from) {
    return {from.address, from.address_bytes, from.port};
}

// As the host of the first AS sends it to the router that has the path's first interface.
std::vector<byte> with_headers(const lab& in, std::size_t from, const paths::path& by,
                               std::vector<byte> scion, layer until,
                               const std::array<ethernet::mac_address, 2>& macs) {
    if (until == layer::scion) {
        return scion;
    }
    const paths::network_as& as = in.of.ases[from];
    const paths::link_side side = in.of.side(from, by.interfaces.front().id);
    link outer;
    set_outer(outer, to_endpoint(as.host), to_endpoint(as.routers[side.near->router].internal));
    std::vector<byte> ip = underlay_packet(outer, nullptr, scion);
    if (until == layer::ip) {
        return ip;
    }
    std::vector<byte> frame(ethernet::header_bytes + ip.size());
    std::copy(macs[1].begin(), macs[1].end(), frame.begin());
    std::copy(macs[0].begin(), macs[0].end(), frame.begin() + 6);
    const bool v4 = ip[0] >> 4 == 4;
    store_be16(&frame[ethernet::type_offset], v4 ? 0x0800 : 0x86dd);
    std::copy(ip.begin(), ip.end(), frame.begin() + ethernet::header_bytes);
    frame.resize(std::max(frame.size(), ethernet::min_frame_bytes));
    return frame;
}

void put_le(std::vector<byte>& to, std::uint32_t value, unsigned bytes) {
    for (unsigned n = 0; n < bytes; ++n) {
        to.push_back(static_cast<byte>(value >> 8 * n));
    }
}

// A capture of one packet (draft-ietf-opsawg-pcap): little-endian, microseconds. Packets without
// headers of a known link type have the first one for private use.
std::vector<byte> capture_of(const std::vector<byte>& packet, layer what, std::uint64_t now_ms) {
    constexpr std::array<std::uint32_t, 3> link_types{147, 101, 1};
    const auto length = static_cast<std::uint32_t>(packet.size());
    std::vector<byte> file;
    put_le(file, 0xa1b2c3d4, 4);
    put_le(file, 2, 2);
    put_le(file, 4, 2);
    put_le(file, 0, 4);
    put_le(file, 0, 4);
    put_le(file, 262144, 4);
    put_le(file, link_types[static_cast<std::size_t>(what)], 4);
    put_le(file, static_cast<std::uint32_t>(now_ms / 1000), 4);
    put_le(file, static_cast<std::uint32_t>(now_ms % 1000 * 1000), 4);
    put_le(file, length, 4);
    put_le(file, length, 4);
    file.resize(file.size() + packet.size());
    std::copy(packet.begin(), packet.end(), file.end() - static_cast<std::ptrdiff_t>(length));
    return file;
}

struct closer {
    void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
};

void write_file(const std::string& path, const std::vector<byte>& bytes) {
    const std::unique_ptr<std::FILE, closer> file(std::fopen(path.c_str(), "wbe"));
    if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() ||
        std::fflush(file.get()) != 0) {
        throw failure(exit_status::file, fmt::format("{}: cannot write: {}", path,
                                                     std::generic_category().message(errno)));
    }
}

ethernet::mac_address mac_of(const std::string& text) {
    const auto made = config::parse_mac(text);
    if (!made) {
        throw failure(exit_status::usage,
                      fmt::format("{} is no MAC address, as in 02:00:00:00:00:01", text));
    }
    return *made;
}

// Whether routers that run elsewhere can know these keys.
bool keys_are_known(const lab& in, const lab_options& how) {
    bool all_given = true;
    for (const paths::network_as& as : in.of.ases) {
        all_given = all_given && as.master_key.has_value();
    }
    return all_given || how.seed || !how.keys.empty();
}

}  // namespace

exit_status packet(const words& line) {
    command_line given(
        "usage: rhumb-scion packet [OPTION...] NETWORK.toml FROM TO\n"
        "\n"
        "A packet from the host of AS FROM to the one of AS TO: its bytes as hexadecimal digits "
        "on\n"
        "standard output, or a capture. For routers that run, give their keys: --keys FOLDER that\n"
        "make wrote, or the same --seed.\n");
    lab_options how;
    packet_options what;
    std::uint64_t number = 1;
    std::string pcap;
    std::string until;
    std::string macs[2] = {paths::host_mac, paths::inside_mac};
    // clang-format off
    given.options.add_options()
        ("path", po::value(&number)->value_name("N"), "by this one of `paths` (1)")
        ("layer", po::value(&until)->value_name("LAYER"),
         "begin with scion, ip or ethernet (scion; in a capture, ethernet)")
        ("from-mac", po::value(&macs[0])->value_name("MAC"), "of the Ethernet header")
        ("to-mac", po::value(&macs[1])->value_name("MAC"), "of the Ethernet header")
        ("pcap", po::value(&pcap)->value_name("FILE"), "write a capture instead");
    // clang-format on
    what.add_to(given.options);
    how.add_to(given.options, true);
    if (!given.parse(line, 3)) {
        return exit_status::done;
    }
    const auto in = make_lab(given.given()[0], how);
    const std::size_t from = in->as_of(given.given()[1]);
    const std::size_t to = in->as_of(given.given()[2]);
    const auto all = in->paths_between(from, to);
    const paths::path& by = choose_path(all, number);
    if (until.empty()) {
        until = pcap.empty() ? "scion" : "ethernet";
    }
    auto made = what.packet(*in, from, to, by);
    const layer first = layer_of(until);
    const auto bytes = with_headers(*in, from, by, std::move(made.scion), first,
                                    {mac_of(macs[0]), mac_of(macs[1])});
    if (!keys_are_known(*in, how)) {
        std::cerr
            << "rhumb-scion: these keys are random and nobody else's; see --keys and --seed\n";
    }
    if (!pcap.empty()) {
        write_file(pcap, capture_of(bytes, first, in->now_ms));
    } else if (how.as_json) {
        const nlohmann::json row{{"path", chain_of(by.interfaces)},
                                 {"layer", until},
                                 {"bytes", bytes.size()},
                                 {"flipped", made.flipped},
                                 {"hex", paths::to_hex(bytes)}};
        std::cout << row.dump(-1, ' ', true) << '\n';
    } else {
        std::cout << paths::to_hex(bytes) << '\n';
    }
    return exit_status::done;
}

}  // namespace rhumb::scion::tool
