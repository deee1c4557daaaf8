// What the files explain*.cc share: the reader, how fields are listed, and one function for each
// layer. Each of these appends what it reads to `into`, checks every length before it looks, and
// goes on with the layer inside. Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/scion/explain.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::scion::explain {

using fields = std::vector<field>;

struct reader {
    std::span<const byte> bytes;  // to where the innermost length so far says that it ends
    const options* how = nullptr;
    std::vector<fault>* faults = nullptr;
    unsigned quotes = 0;  // how deep in packets that SCMP errors quote; those may be cut short

    // Precondition, here and below: what is read is there.
    [[nodiscard]] const byte* at(std::size_t offset) const { return bytes.data() + offset; }
    [[nodiscard]] std::size_t left(std::size_t offset) const {
        return offset < bytes.size() ? bytes.size() - offset : 0;
    }
    // Whether `count` bytes are there; if not, that is a fault.
    [[nodiscard]] bool has(std::size_t offset, std::size_t count, std::string_view what);
    void bad(std::size_t offset, std::string message) {
        faults->push_back({offset, std::move(message)});
    }
};

field& open(fields& into, std::size_t offset, std::string name);
field& add(field& in, std::size_t offset, std::size_t bytes, std::string name, std::string value,
           std::string meaning = {});
// In decimal, and in hexadecimal with `digits` of them.
field& add_number(field& in, std::size_t offset, std::size_t bytes, std::string name,
                  std::uint64_t number, std::string meaning = {});
field& add_hex(field& in, std::size_t offset, std::size_t bytes, std::string name,
               std::uint64_t number, int digits, std::string meaning = {});
// The bytes themselves, in hexadecimal, the first 32 of them.
field& add_bytes(field& in, const reader& r, std::size_t offset, std::size_t bytes,
                 std::string name, std::string meaning = {});
// No field, but something said about one.
field& say(field& in, std::size_t offset, std::string name, std::string value,
           std::string meaning = {}, verdict judged = verdict::none);

// Words.
[[nodiscard]] std::string to_hex(std::span<const byte> bytes);
[[nodiscard]] std::string ip_text(const byte* address, std::size_t bytes);      // 4 or 16
[[nodiscard]] std::string count_of(std::size_t number, std::string_view what);  // "2 bytes"
[[nodiscard]] std::string date_text(std::uint64_t milliseconds);  // "2026-01-01 00:00:00 UTC"
[[nodiscard]] std::string span_text(std::uint64_t milliseconds);  // "5 min 37.5 s"
[[nodiscard]] std::string protocol_text(unsigned next_header);
[[nodiscard]] std::string host_type_text(unsigned type);
[[nodiscard]] std::string host_text(unsigned type, const byte* host);
[[nodiscard]] std::string scmp_type_text(unsigned type);
[[nodiscard]] std::string scmp_code_text(unsigned type, unsigned code);

// A path, once all of it is known to be there.
struct path_view {
    std::size_t scion = 0;  // where the common header is
    std::size_t meta_at = 0;
    std::size_t infos_at = 0;
    std::size_t hops_at = 0;
    std::uint32_t meta = 0;
    unsigned segments = 0;
    unsigned hops = 0;
    bool is_one_hop = false;

    [[nodiscard]] std::size_t info_at(unsigned n) const { return infos_at + n * info_bytes; }
    [[nodiscard]] std::size_t hop_at(unsigned n) const { return hops_at + n * hop_bytes; }
    [[nodiscard]] unsigned length(unsigned segment) const {
        return is_one_hop ? hops : segment < most_segments ? segment_length(meta, segment) : 0;
    }
    [[nodiscard]] unsigned first(unsigned segment) const;
    [[nodiscard]] unsigned segment_of(unsigned hop) const;
    [[nodiscard]] unsigned current() const { return is_one_hop ? 0 : current_hop(meta); }
    [[nodiscard]] bool is_construction(const reader& r, unsigned segment) const {
        return (*r.at(info_at(segment)) & info_construction) != 0;
    }
    // By its own info field's P.
    [[nodiscard]] bool is_peering(const reader& r, unsigned hop) const;
    // The last hop of a segment that is not the last: the next hop field is the same AS's.
    [[nodiscard]] bool switches_at(const reader& r, unsigned hop) const;
    // In the direction of travel.
    [[nodiscard]] unsigned ingress(const reader& r, unsigned hop) const;
    [[nodiscard]] unsigned egress(const reader& r, unsigned hop) const;
};

// What is known about a hop field's MAC.
struct mac_check {
    std::uint16_t segment_id = 0;  // that it is made with
    std::optional<isd_as> as;
    bool as_by_key = false;  // nobody named it; the key fits
    bool is_checked = false;
    bool is_right = false;
    crypto::block tag{};                // what is right, if checked
    bool is_own_beta = false;           // its own MAC's first bytes are in segment_id
    std::optional<unsigned> misled_by;  // a hop with a wrong MAC, between here and what SegID is of
    place taken = place::unknown;       // of the current one: what SegID was taken for
};

// For each hop field. `source` and `destination`: what the address header says.
[[nodiscard]] std::vector<mac_check> check_macs(const reader& r, const path_view& path,
                                                isd_as source, isd_as destination);

// A SCION packet whose header has been read.
struct header_view {
    std::size_t at = 0;
    std::size_t payload_at = 0;
    unsigned next = 0;
    std::size_t addresses_bytes = 0;
    std::optional<path_view> path;
    std::vector<mac_check> macs;
    bool is_whole = false;  // its payload is, too
    bool is_exact = false;  // and ends where the packet ends
};

void ethernet(reader& r, std::size_t at, fields& into);
void ip(reader& r, std::size_t at, fields& into);
void udp_payload(reader& r, std::size_t at, fields& into);
void scion_packet(reader& r, std::size_t at, fields& into);
void stun_message(reader& r, std::size_t at, fields& into);
// Of a SCION packet. False: there is nothing to go on with.
[[nodiscard]] bool scion_path(reader& r, header_view& header, std::size_t end, fields& into);
void epic_fields(const reader& r, const header_view& header, field& in);
void next_router(const reader& r, const header_view& header, fields& into);
void extensions(reader& r, header_view& header, fields& into);
void layer4(reader& r, const header_view& header, std::size_t at, unsigned protocol, fields& into);
void scmp_message(reader& r, const header_view& header, std::size_t at, fields& into);
void bfd_packet(reader& r, std::size_t at, fields& into);
// Over the address header, the protocol and all bytes from `at` on; the field is at `checksum_at`.
void add_checksum(const reader& r, const header_view& header, std::size_t at, unsigned protocol,
                  std::size_t checksum_at, field& in);
void add_checksum(field& in, std::size_t at, std::uint16_t is, std::uint16_t should);

}  // namespace rhumb::scion::explain
