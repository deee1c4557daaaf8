#include "controlplane/overlay/service/address.hh"

#include <charconv>

#include "controlplane/overlay/wire/base64.hh"

namespace rhumb::overlay {
namespace {

constexpr std::size_t max_host = 253;      // RFC 1035
constexpr std::size_t max_announced = 16;  // addresses in one packet
constexpr std::string_view transport = "net:";
constexpr std::string_view handshake = "~shs:";

}  // namespace

result<host_port> parse_host_port(std::string_view text, bool any_port) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return error{"must be HOST:PORT", {}};
    }
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto read = std::from_chars(digits.begin(), digits.end(), port);
    if (read.ec != std::errc() || read.ptr != digits.end() || (port == 0 && !any_port)) {
        return error{"the port must be a number from 1 to 65535", {}};
    }
    // What a host's name or address is made of; a resolver gets to see nothing else.
    constexpr std::string_view known =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
    if (host.size() > max_host || host.find_first_not_of(known) != std::string_view::npos) {
        return error{"the host is neither a name nor an address", {}};
    }
    return host_port{std::string(host), port};
}

std::string text_of(const host_port& at) {
    const bool is_ipv6 = at.host.find(':') != std::string::npos;
    return (is_ipv6 ? '[' + at.host + ']' : at.host) + ':' + std::to_string(at.port);
}

result<peer_target> parse_address(std::string_view text) {
    const auto fail = [](std::string why) {
        return error{"an address is net:HOST:PORT~shs:KEY; here " + std::move(why), {}};
    };
    if (!text.starts_with(transport)) {
        return fail("net: is missing");
    }
    const std::size_t tilde = text.find(handshake);
    if (tilde == std::string_view::npos) {
        return fail("~shs: and the peer's key are missing");
    }
    const auto at = parse_host_port(text.substr(transport.size(), tilde - transport.size()));
    if (!at) {
        return fail(at.why().message);
    }
    peer_target peer{at.value(), {}};
    if (!decode_base64(text.substr(tilde + handshake.size()), peer.key)) {
        return fail("the key is not the base64 of 32 bytes");
    }
    return peer;
}

std::string address_text(const peer_target& peer) {
    std::string text(transport);
    text += text_of(peer.at);
    text += handshake;
    append_base64(text, peer.key);
    return text;
}

std::vector<peer_target> parse_announcement(std::string_view packet) {
    std::vector<peer_target> found;
    while (!packet.empty() && found.size() < max_announced) {
        const std::size_t end = packet.find(';');
        if (const auto peer = parse_address(packet.substr(0, end))) {
            found.push_back(peer.value());
        }
        packet.remove_prefix(end == std::string_view::npos ? packet.size() : end + 1);
    }
    return found;
}

}  // namespace rhumb::overlay
