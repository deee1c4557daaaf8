// A SCION packet in words and numbers, for people and for JSON: every field where it stands, every
// hop field with its MAC's verdict, and what the next router will do
// (draft-dekater-scion-dataplane; EPIC, STUN and the packet authenticator as the reference
// implementation has them). Pure: no clock, no I/O. Threads: any.
//
//   bytes -> Ethernet, VLAN, MPLS -> IPv4, IPv6 -> UDP -> SCION or STUN
//            SCION: common header, address header, path -> options -> UDP, TCP, SCMP, BFD
//            SCMP errors: the packet that they quote, one level deeper
//
// Any bytes can be explained. What is malformed ends the listing with a fault; all before it stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion::explain {

enum class verdict : std::uint8_t { none, right, wrong };

struct field {
    std::size_t offset = 0;  // in the bytes that are explained
    std::size_t bytes = 0;   // 0: said about what stands there, and no field of the packet
    std::string name;        // as the draft calls it
    std::string value;
    std::string meaning;
    std::optional<std::uint64_t> number;  // the value, where it is one
    verdict judged = verdict::none;
    bool is_current = false;  // CurrINF or CurrHF points here
    std::vector<field> inside;
};

// What no SCION packet may look like.
struct fault {
    std::size_t offset = 0;
    std::string message;
};

struct listing {
    std::size_t bytes = 0;
    std::vector<field> layers;  // from the outermost on
    std::vector<fault> faults;

    // Whether a checksum, a MAC or a hop's time is wrong, outside of quotes or in them.
    [[nodiscard]] bool has_wrong() const;
};

// The key of an AS for its hop fields, derived from its master key.
struct as_key {
    isd_as as;
    crypto::cmac_key key;
};

enum class start : std::uint8_t { automatic, ethernet, ip, scion, stun };

// Where the packet was taken, which it does not tell: against construction direction the router
// that it enters an AS by changes SegID before it checks the MAC.
enum class place : std::uint8_t { unknown, outside, inside };

// Every member has its initializer, or g++ warns where only some are named.
// NOLINTBEGIN(readability-redundant-member-init)
struct options {
    std::uint64_t now_ms = 0;  // since 1970
    start from = start::automatic;
    place taken = place::unknown;
    std::span<const as_key> keys = {};
    // Whose the hop fields are: one AS for each, or one for each AS on the way (whose two hop
    // fields at a switch of segments count once). Wildcards are unknown. Empty: the first is the
    // source's, the last the destination's, and of the others a key that fits tells.
    std::vector<isd_as> hops = {};
};
// NOLINTEND(readability-redundant-member-init)

[[nodiscard]] listing read(std::span<const byte> bytes, const options& how);

// The listing as indented lines, each with a line end. `colours`: for a terminal (ECMA-48).
[[nodiscard]] std::string to_text(const listing& of, bool colours);

}  // namespace rhumb::scion::explain
