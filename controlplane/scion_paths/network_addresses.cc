#include <fmt/format.h>

#include <set>

#include "controlplane/scion_paths/network.hh"

namespace rhumb::scion::paths {

namespace {

constexpr std::uint16_t internal_port = 30042;
constexpr std::uint16_t link_port = 50000;
constexpr std::uint16_t host_port = 31000;
constexpr std::uint16_t control_port = 30252;
constexpr std::size_t most_numbered_ases = 255;
constexpr std::size_t most_numbered_links = std::size_t{1} << 18;
constexpr std::size_t most_routers = 200;

control::underlay_endpoint ipv4(std::uint32_t address, std::uint16_t port) {
    control::underlay_endpoint made;
    made.address_bytes = 4;
    store_be32(made.address.data(), address);
    made.port = port;
    return made;
}

std::uint32_t inside(std::size_t as) {
    return 10U << 24 | static_cast<std::uint32_t>(as + 1) << 16;
}

error at(const network& in, config::position where, std::string message) {
    return error{std::move(message), {in.file, where.line, where.column}};
}

result<void> complete(network& in, std::size_t number) {
    network_as& as = in.ases[number];
    if (number >= most_numbered_ases) {
        return at(in, as.where, fmt::format("more than {} ASes", most_numbered_ases));
    }
    if (as.routers.size() > most_routers) {
        return at(in, as.where, fmt::format("more than {} routers in an AS", most_routers));
    }
    const bool v4 = as.routers.front().internal.address_bytes != 16;
    for (std::size_t n = 0; n < as.routers.size(); ++n) {
        if (as.routers[n].internal.address_bytes == 0) {
            as.routers[n].internal =
                ipv4(inside(number) + static_cast<std::uint32_t>(n) + 1, internal_port);
        }
        if ((as.routers[n].internal.address_bytes == 4) != v4) {
            return at(in, as.routers[n].where, "routers of an AS have addresses of one family");
        }
    }
    if (as.host.address_bytes == 0) {
        if (!v4) {
            return at(in, as.where,
                      "an AS with IPv6 inside needs a host, as in "
                      "host = \"[2001:db8::100]:31000\"");
        }
        as.host = ipv4(inside(number) + 256 + 100, host_port);
    }
    if ((as.host.address_bytes == 4) != v4) {
        return at(in, as.where, "the host and the routers have addresses of one family");
    }
    if (!as.control_service && v4) {
        as.control_service = ipv4(inside(number) + 256 + 1, control_port);
    }
    return {};
}

// No two things of the network may have the same address and port: packets would not find them.
result<void> check_unique(const network& in) {
    std::set<control::underlay_endpoint> taken;
    for (const network_as& as : in.ases) {
        for (const network_router& router : as.routers) {
            if (!taken.insert(router.internal).second) {
                return at(in, router.where,
                          fmt::format("{} is somebody else's address",
                                      control::to_string(router.internal)));
            }
        }
        if (!taken.insert(as.host).second) {
            return at(in, as.where,
                      fmt::format("{} is somebody else's address", control::to_string(as.host)));
        }
    }
    for (const network_link& link : in.links) {
        for (const link_end& end : link.ends) {
            if (!taken.insert(end.address).second) {
                return at(
                    in, link.where,
                    fmt::format("{} is somebody else's address", control::to_string(end.address)));
            }
        }
    }
    return {};
}

}  // namespace

result<void> complete_addresses(network& of) {
    for (std::size_t n = 0; n < of.ases.size(); ++n) {
        if (auto done = complete(of, n); !done) {
            return done;
        }
    }
    if (of.links.size() > most_numbered_links) {
        return error{fmt::format("more than {} links", most_numbered_links), {of.file, 0, 0}};
    }
    constexpr std::uint32_t first = 172U << 24 | 16U << 16;
    std::uint32_t next = first;
    for (network_link& link : of.links) {
        if (link.ends[0].address.address_bytes == 0) {
            link.ends[0].address = ipv4(next + 1, link_port);
            link.ends[1].address = ipv4(next + 2, link_port);
        }
        next += 4;
    }
    return check_unique(of);
}

}  // namespace rhumb::scion::paths
