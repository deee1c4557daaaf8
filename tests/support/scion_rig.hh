// The SCION stage and the slow path without a router around them: packets in, packets out. Threads:
// one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/scion/reply.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/liveness.hh"
#include "rhumb/table/scion_table.hh"
#include "rhumb/table/table_set.hh"

namespace rhumb::test {

[[nodiscard]] std::vector<byte> from_hex(std::string_view hex);
[[nodiscard]] std::string to_hex(std::span<const byte> bytes);

// "192.168.13.3", 40000.
[[nodiscard]] scion::endpoint endpoint_of(const std::string& address, unsigned port);
// "1-ff00:0:110".
[[nodiscard]] std::uint64_t isd_as_of(const std::string& text);
[[nodiscard]] scion::link_type link_type_of(const std::string& text);

// An IPv4 or IPv6 packet with UDP around `payload`, checksums right.
[[nodiscard]] std::vector<byte> udp_packet(const scion::endpoint& from, const scion::endpoint& to,
                                           std::span<const byte> payload);

struct scion_outcome {
    verdict fate = verdict::again;  // forward: `packet` was made
    drop_reason reason = drop_reason::none;
    slow_request asked;
    std::vector<byte> packet;  // forward and slow: from the IP header on
    friend bool operator==(const scion_outcome&, const scion_outcome&) = default;

    [[nodiscard]] std::span<const byte> payload() const;  // behind UDP
    [[nodiscard]] scion::endpoint source() const { return scion::sender_of(packet); }
    [[nodiscard]] scion::endpoint destination() const;
};

// Whether length and checksum fields of an IP packet with UDP are right.
[[nodiscard]] std::string what_is_wrong_with(std::span<const byte> packet);

// Whether the checksum of what lies behind the SCION header is right; no extension headers.
[[nodiscard]] bool layer4_checksum_holds(std::span<const byte> scion);

// A router's table in the making, and packets through it.
class scion_rig {
public:
    scion_rig(std::uint64_t isd_as, std::span<const byte> key, const scion::endpoint& internal);

    scion::table own;

    std::uint16_t add_external(std::uint16_t interface, scion::link_type type,
                               const scion::endpoint& local, const scion::endpoint& remote,
                               std::uint64_t neighbour);
    // A sibling that is known by its address already is the same link.
    std::uint16_t add_sibling(std::uint16_t interface, scion::link_type type,
                              const scion::endpoint& address, std::uint64_t neighbour);
    void set_former_key(std::span<const byte> key);

    // Every packet goes the stage's short way if it can, and the long one: throws where that makes
    // a difference. The former are counted.
    std::size_t short_ways = 0;
    [[nodiscard]] scion_outcome run(std::span<const byte> packet) {
        return run_all({std::vector<byte>(packet.begin(), packet.end())}).at(0);
    }
    [[nodiscard]] std::vector<scion_outcome> run_all(const std::vector<std::vector<byte>>& packets);
    // What the slow path sends for a packet that was handed to it.
    [[nodiscard]] std::optional<std::vector<byte>> reply(const scion_outcome& handed,
                                                         bool authenticate = false) const;

    // Where every IPv4 address of the underlay is.
    static constexpr nexthop_id nexthop = 5;
    route underlay{via_ref::to_nexthop(nexthop)};

    std::uint64_t now_ms = 0;
    std::size_t headroom = 64;    // before each packet
    trace_log* traced = nullptr;  // if any, what the stage tells goes there
    liveness live;
    worker_counters counters;

private:
    worker_counters long_way_counters_;
    void add_neighbour(std::uint16_t interface, std::uint64_t neighbour);

    crypto::cmac_key key_;
    crypto::cmac_key former_key_;
    scion::endpoint internal_;
    std::map<std::string, std::uint16_t> siblings_;  // by address and port
    std::unique_ptr<trace_log> own_trace_ = std::make_unique<trace_log>();
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
};

}  // namespace rhumb::test
