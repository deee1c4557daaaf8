// The frames that the neighbour table sends, ready for the wire. Threads: any.
#pragma once

#include <vector>

#include "controlplane/neighbours/interfaces.hh"

namespace rhumb::neighbours {

using frame = std::vector<byte>;

// Who has `target`? To everybody that it may be, or to the one station that had it last (RFC 1122
// section 2.3.2.1, RFC 4861 section 7.3.3).
[[nodiscard]] frame solicitation(const interface_settings& on, const ip_address& target);
[[nodiscard]] frame probe(const interface_settings& on, const ip_address& target,
                          const ethernet::mac_address& last);

[[nodiscard]] frame reply(const interface_settings& on, const arp::message& asked);
// `from`: the MAC that the question came from, where it does not name one itself.
[[nodiscard]] frame reply(const interface_settings& on, const nd::message& asked,
                          const ethernet::mac_address& from);

// Unasked, to all: an own address is here (RFC 5227 section 2.3, RFC 4861 section 7.2.6).
[[nodiscard]] frame announcement(const interface_settings& on, const ip_address& own);

}  // namespace rhumb::neighbours
