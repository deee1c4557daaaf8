#include "controlplane/overlay/service/settings.hh"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <filesystem>

#include "controlplane/overlay/wire/base64.hh"

namespace rhumb::overlay {

namespace {

constexpr const char* feed_form = "a feed is named @KEY.ed25519, KEY being the base64 of 32 bytes";

error at_item(const std::string& file, const config::overlay_section::item& at,
              const std::string& why) {
    return error{'"' + at.text + "\": " + why, {file, at.where.line, at.where.column}};
}

broadcast::spreading way_of(config::overlay_broadcast given) {
    switch (given) {
        case config::overlay_broadcast::flooding: return broadcast::spreading::flooding;
        case config::overlay_broadcast::gossip: return broadcast::spreading::gossip;
        default: return broadcast::spreading::plumtree;
    }
}

result<void> add_broadcast(const config::overlay_section& given, const std::string& file,
                           service_settings& to) {
    if (given.broadcast == config::overlay_broadcast::off) {
        return {};
    }
    broadcast_settings& made = to.broadcast.emplace();
    made.way = way_of(given.broadcast);
    made.in_order = given.broadcast_order;
    made.retransmit = given.broadcast_retransmit;
    made.fanout = given.broadcast_fanout;
    made.lifetime = given.broadcast_lifetime;
    made.neighbour_timeout = given.handshake_timeout;
    const auto& item = given.broadcast_address;
    if (item.text.empty()) {
        return {};
    }
    const auto at = parse_host_port(item.text);
    if (!at) {
        return at_item(file, item, at.why().message);
    }
    auto address = dialled_address(at.value());
    if (!address) {
        return at_item(file, item, address.why().message);
    }
    made.address = std::move(address).value();
    return made.address ? result<void>() : at_item(file, item, "nobody can dial it");
}

result<void> add_link_state(const config::overlay_section& given, const std::string& file,
                            service_settings& to) {
    if (!given.link_state) {
        return given.nodes.empty()
                   ? result<void>()
                   : at_item(file, given.nodes.front().feed, "nodes needs link_state = true");
    }
    link_state_settings& made = to.link_state.emplace();
    for (const auto& [node, item] : given.nodes) {
        const auto feed = parse_feed_id(item.text);
        if (!feed) {
            return at_item(file, item, feed_form);
        }
        if (std::ranges::find(made.nodes, *feed, &node_speaker::feed) != made.nodes.end()) {
            return at_item(file, item, "this feed speaks for another node already");
        }
        made.nodes.push_back({node, *feed});
        to.follow.push_back(*feed);
    }
    return {};
}

}  // namespace

result<std::optional<host_port>> dialled_address(const host_port& at) {
    boost::system::error_code failed;
    const auto address = boost::asio::ip::make_address(at.host, failed);
    if (failed) {
        return error{"it must be an address, not a name", {}};
    }
    return address.is_unspecified() ? std::optional<host_port>() : std::optional(at);
}

result<service_settings> settings_of(const config::overlay_section& given,
                                     const std::string& file) {
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    const auto fail = [&](const config::overlay_section::item& at, const std::string& why) {
        return at_item(file, at, why);
    };
    service_settings made;
    made.key_file = folder / given.key_file;
    made.store_file = folder / given.store_file;
    if (!given.passphrase_file.empty()) {
        made.passphrase_file = folder / given.passphrase_file;
    }
    if (!given.network.text.empty() && !decode_base64(given.network.text, made.network)) {
        return fail(given.network, "network must be the base64 of 32 bytes");
    }
    for (const auto& item : given.listen) {
        auto at = parse_host_port(item.text, true);
        if (!at) {
            return fail(item, at.why().message);
        }
        made.listen.push_back(std::move(at).value());
    }
    for (const auto& item : given.peers) {
        auto peer = parse_address(item.text);
        if (!peer) {
            return fail(item, peer.why().message);
        }
        made.peers.push_back(std::move(peer).value());
    }
    for (const auto& item : given.follow) {
        const auto feed = parse_feed_id(item.text);
        if (!feed) {
            return fail(item, feed_form);
        }
        made.follow.push_back(*feed);
    }
    if (auto done = add_broadcast(given, file, made); !done) {
        return done.why();
    }
    if (auto done = add_link_state(given, file, made); !done) {
        return done.why();
    }
    made.admits_anyone = given.admits == config::overlay_admission::anyone;
    made.discovery = given.discovery;
    made.max_peers = given.max_peers;
    made.switch_timeout = given.switch_timeout;
    made.handshake_timeout = given.handshake_timeout;
    made.messages_per_second = given.messages_per_second;
    made.verifies_per_second = given.verifies_per_second;
    made.bytes_per_second = std::uint64_t{given.kilobytes_per_second} << 10;
    return made;
}

}  // namespace rhumb::overlay
