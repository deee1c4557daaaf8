#include "controlplane/scion_paths/files.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <system_error>

namespace rhumb::scion::paths {

namespace {

using json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::size_t most_socket_bytes = 107;  // of a path, sockaddr_un's without the zero

// As file names: without the colons of an AS number.
std::string file_name_of(isd_as ia) {
    std::string name = scion::to_string(ia);
    std::replace(name.begin(), name.end(), ':', '_');
    return name;
}

std::string_view seen_by(const link_side& side) {
    switch (side.link->kind) {
        case link_kind::core: return "core";
        case link_kind::peer: return "peer";
        case link_kind::parent_child: break;
    }
    return side.near == &side.link->ends[0] ? "child" : "parent";
}

json interface_json(const network& in, const link_side& side) {
    json made{{"underlay",
               {{"local", control::to_string(side.near->address)},
                {"remote", control::to_string(side.far->address)}}},
              {"isd_as", scion::to_string(in.ases[side.far->as].ia)},
              {"link_to", seen_by(side)},
              {"mtu", side.link->mtu}};
    if (side.link->kind == link_kind::peer) {
        made["remote_interface_id"] = side.far->interface;
    }
    return made;
}

// How many bits two addresses of one family have in common at their beginning.
unsigned common_bits(const control::underlay_endpoint& a, const control::underlay_endpoint& b) {
    unsigned bits = 0;
    while (bits < a.address_bytes * 8U &&
           ((a.address[bits / 8] ^ b.address[bits / 8]) >> (7 - bits % 8) & 1) == 0) {
        ++bits;
    }
    return bits;
}

// A subnet for the inside that has all of the AS's addresses, of a length that people expect.
unsigned inside_length(const network_as& as) {
    const auto& first = as.routers.front().internal;
    unsigned length = first.address_bytes == 4 ? 24 : 64;
    for (const network_router& router : as.routers) {
        length = std::min(length, common_bits(first, router.internal));
    }
    length = std::min(length, common_bits(first, as.host));
    if (as.control_service && as.control_service->address_bytes == first.address_bytes) {
        length = std::min(length, common_bits(first, *as.control_service));
    }
    return length / 8 * 8;
}

// An address without its port, and a subnet's length: "10.1.0.1/16".
std::string with_length(control::underlay_endpoint address, unsigned length) {
    address.port = 1;
    std::string text = control::to_string(address);
    text.resize(text.size() - 2);
    if (text.starts_with('[')) {
        text = text.substr(1, text.size() - 2);
    }
    return fmt::format("{}/{}", text, length);
}

// The longest subnet that has all the neighbours of the links with this one's near address.
unsigned subnet_of(const network& in, std::size_t as, const link_side& side) {
    unsigned length = side.near->address.address_bytes == 4 ? 30 : 126;
    for (const link_side& other : in.sides(as)) {
        if (other.near->router == side.near->router &&
            other.near->address.address == side.near->address.address) {
            length = std::min(length, common_bits(other.near->address, other.far->address));
        }
    }
    return length;
}

// Both ends have the socket of the link's place in the network; the first one makes it.
std::string memif_of(const network& in, const link_side& side, const std::string& sockets) {
    return fmt::format("net_memif{},role={},id=0,socket-abstract=no,socket={}/link{}.memif",
                       side.near->interface, side.near == &side.link->ends[0] ? "server" : "client",
                       sockets, side.link - in.links.data() + 1);
}

// Of what memifs and captures cannot do, and what would end a device's argument early.
result<void> memifs_fit(const network& of, const std::string& sockets) {
    const auto is_bad = [](char c) {
        return c == ',' || c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ';
    };
    if (std::any_of(sockets.begin(), sockets.end(), is_bad) ||
        sockets.size() + std::string_view("/link65535.memif").size() > most_socket_bytes) {
        return error{
            "no memif takes a socket there: the path is too long, or has a comma, a quote "
            "or a backslash",
            {sockets, 0, 0}};
    }
    for (const network_as& as : of.ases) {
        if (as.routers.size() != 1) {
            return error{fmt::format("{} has {} routers, and captures do not join them: use taps",
                                     scion::to_string(as.ia), as.routers.size()),
                         {}};
        }
    }
    return {};
}

// A capture answers no ARP: the host's address stands here.
std::string host_toml(const network_as& own) {
    return fmt::format(
        "mac = \"{}\"\n"
        "\n"
        "[nexthops.host]\n"
        "port = \"inside\"\n"
        "mac = \"{}\"\n"
        "\n"
        "[[prefixes]]\n"
        "match = \"{}\"\n"
        "via = \"host\"\n",
        inside_mac, host_mac, with_length(own.host, own.host.address_bytes * 8U));
}

error failed(const fs::path& path, const char* what, int why) {
    return {fmt::format("cannot {}: {}", what, std::generic_category().message(why)),
            {path.string(), 0, 0}};
}

result<void> write_file(const fs::path& path, std::string_view text, mode_t mode) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (file < 0) {
        return failed(path, "write", errno);
    }
    // A file that was there keeps its mode otherwise.
    bool good = fchmod(file, mode) == 0;
    while (good && !text.empty()) {
        const ssize_t count = write(file, text.data(), text.size());
        good = count >= 0 || errno == EINTR;
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    const int why = errno;
    if ((close(file) != 0) || !good) {
        return failed(path, "write", good ? errno : why);
    }
    return {};
}

result<void> write_router(const network& of, const as_keys& keys, std::size_t as,
                          std::size_t router, const std::string& sockets, const fs::path& folder) {
    constexpr mode_t for_all = 0644;
    constexpr mode_t for_owner = 0600;
    std::error_code why;
    fs::create_directories(folder / "keys", why);
    if (why) {
        return failed(folder / "keys", "make the folder", why.value());
    }
    struct file {
        const char* name;
        std::string text;
        mode_t mode;
    };
    const file files[] = {{"topology.json", topology_json(of, as), for_all},
                          {"br.toml", br_toml(of, as, router), for_all},
                          {"rhumbd.toml", rhumbd_toml(of, as, router, sockets), for_all},
                          {"keys/master0.key", to_base64(keys.master0) + '\n', for_owner},
                          {"keys/master1.key", to_base64(keys.master1) + '\n', for_owner}};
    for (const file& f : files) {
        if (auto done = write_file(folder / f.name, f.text, f.mode); !done) {
            return done;
        }
    }
    return {};
}

}  // namespace

std::string folder_of(const network& in, std::size_t as, std::size_t router) {
    return file_name_of(in.ases[as].ia) + '/' + in.ases[as].routers[router].name;
}

std::string topology_json(const network& in, std::size_t as) {
    const network_as& own = in.ases[as];
    json made{{"isd_as", scion::to_string(own.ia)}, {"mtu", own.mtu}};
    made["dispatched_ports"] =
        own.dispatched_ports
            ? fmt::format("{}-{}", own.dispatched_ports->first, own.dispatched_ports->last)
            : "-";
    made["attributes"] = own.core ? json::array({"core"}) : json::array();
    json& routers = made["border_routers"] = json::object();
    for (const network_router& router : own.routers) {
        routers[router.name] = {{"internal_addr", control::to_string(router.internal)},
                                {"interfaces", json::object()}};
    }
    for (const link_side& side : in.sides(as)) {
        json& router = routers[own.routers[side.near->router].name];
        router["interfaces"][std::to_string(side.near->interface)] = interface_json(in, side);
    }
    if (own.control_service) {
        const json service{{"addr", control::to_string(*own.control_service)}};
        made["control_service"] = {{"cs1", service}};
        made["discovery_service"] = {{"ds1", service}};
    }
    return made.dump(2) + '\n';
}

std::string br_toml(const network& in, std::size_t as, std::size_t router) {
    return fmt::format(
        "# Border router {0} of {1}, as the reference implementation reads it.\n"
        "[general]\n"
        "id = \"{0}\"\n"
        "config_dir = \".\"\n",
        in.ases[as].routers[router].name, scion::to_string(in.ases[as].ia));
}

std::string rhumbd_toml(const network& in, std::size_t as, std::size_t router,
                        const std::string& sockets) {
    const network_as& own = in.ases[as];
    const network_router& self = own.routers[router];
    const bool taps = sockets.empty();
    std::string text = fmt::format(
        "# Border router {0} of {1} as Rhumb's: {3}\n"
        "# On a NIC, give its device instead (docs/running-on-nics.md).\n"
        "[node]\n"
        "name = \"{2}-{0}\"\n"
        "\n"
        "[scion]\n"
        "router = \"br.toml\"\n",
        self.name, scion::to_string(own.ia), file_name_of(own.ia),
        taps ? "the inside and each link on a TAP of the kernel's."
             : "each link on a memif, the inside on captures.\n"
               "# Start it in this folder.");
    unsigned tap = 0;
    const auto add_port = [&](const std::string& name, const std::string& about,
                              const std::string& device, const control::underlay_endpoint& address,
                              unsigned length) {
        text += fmt::format(
            "\n"
            "# {}\n"
            "[ports.{}]\n"
            "device = \"{}\"\n"
            "addresses = [\"{}\"]\n",
            about, name, taps ? fmt::format("net_tap{},iface={}", tap++, name) : device,
            with_length(address, length));
    };
    add_port("inside",
             taps ? "hosts, services and sibling routers"
                  : "the host: frames come from a capture on standard input, as from a file",
             "net_pcap0,rx_pcap=-,tx_pcap=inside-out.pcap", self.internal, inside_length(own));
    if (!taps) {
        text += host_toml(own);
    }
    // Interfaces that share an address share a port.
    std::set<control::underlay_endpoint> seen;
    for (const link_side& side : in.sides(as)) {
        control::underlay_endpoint address = side.near->address;
        address.port = 0;
        if (side.near->router != router || address.address == self.internal.address ||
            !seen.insert(address).second) {
            continue;
        }
        add_port(fmt::format("if{}", side.near->interface),
                 fmt::format("{} {}", seen_by(side), scion::to_string(in.ases[side.far->as].ia)),
                 memif_of(in, side, sockets), address, subnet_of(in, as, side));
    }
    return text;
}

result<std::size_t> write_files(const network& of, const key_ring& keys, const std::string& folder,
                                const std::string& sockets) {
    std::size_t count = 0;
    if (auto good = sockets.empty() ? result<void>() : memifs_fit(of, sockets); !good) {
        return good.why();
    }
    for (std::size_t as = 0; as < of.ases.size(); ++as) {
        for (std::size_t router = 0; router < of.ases[as].routers.size(); ++router, ++count) {
            const fs::path path = fs::path(folder) / folder_of(of, as, router);
            if (auto done = write_router(of, keys[as], as, router, sockets, path); !done) {
                return done.why();
            }
        }
    }
    return count;
}

}  // namespace rhumb::scion::paths
