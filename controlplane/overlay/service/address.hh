// Where a peer is, as multiserver addresses say it: net:HOST:PORT~shs:KEY, KEY being the base64 of
// its public key. An IPv6 address may stand in brackets. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/ids.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

struct host_port {
    std::string host;
    std::uint16_t port = 0;
    friend bool operator==(const host_port&, const host_port&) = default;
};

struct peer_target {
    host_port at;
    key32 key{};
    friend bool operator==(const peer_target&, const peer_target&) = default;
};

// HOST:PORT; port 0 only where `any_port`.
[[nodiscard]] result<host_port> parse_host_port(std::string_view text, bool any_port = false);
[[nodiscard]] std::string text_of(const host_port& at);

[[nodiscard]] result<peer_target> parse_address(std::string_view text);
[[nodiscard]] std::string address_text(const peer_target& peer);

// What ssb-local sends by UDP: addresses, with semicolons between them. Those that are not
// understood are passed over; of a long list the first ones count.
[[nodiscard]] std::vector<peer_target> parse_announcement(std::string_view packet);

}  // namespace rhumb::overlay
