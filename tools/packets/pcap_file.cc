#include "tools/packets/pcap_file.hh"

#include <array>
#include <cstdio>

namespace rhumb::packets {

namespace {

constexpr std::size_t file_header_bytes = 24;
constexpr std::size_t packet_header_bytes = 16;
constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t magic_pcapng = 0x0a0d0d0a;  // the same in both byte orders
constexpr std::uint32_t link_ethernet = 1;
constexpr std::uint32_t link_mask = 0x0fffffff;  // above it: the length of a frame check sequence
constexpr std::uint64_t nanoseconds_a_second = 1'000'000'000;

struct encoding {
    bool big_endian = false;
    std::uint64_t unit = 1000;  // nanoseconds in one of the fraction

    [[nodiscard]] std::uint32_t word(const byte* from) const {
        const std::uint32_t big = load_be32(from);
        return big_endian ? big : __builtin_bswap32(big);
    }
};

std::string hexadecimal(std::uint32_t value) {
    std::array<char, 9> digits{};
    (void)std::snprintf(digits.data(), digits.size(), "%08x", value);
    return digits.data();
}

result<encoding> encoding_of(std::span<const byte> file) {
    if (file.size() < sizeof(std::uint32_t)) {
        return error{"it is no pcap file: it has only " + std::to_string(file.size()) + " bytes",
                     {}};
    }
    const std::uint32_t magic = load_be32(file.data());
    if (magic == magic_pcapng) {
        return error{"it is a pcapng file; convert it: editcap -F pcap IN OUT", {}};
    }
    for (const bool big_endian : {true, false}) {
        encoding tried{big_endian, 1000};
        const std::uint32_t seen = tried.word(file.data());
        if (seen == magic_microseconds || seen == magic_nanoseconds) {
            tried.unit = seen == magic_nanoseconds ? 1 : 1000;
            return tried;
        }
    }
    return error{"it is no pcap file: it starts with " + hexadecimal(magic), {}};
}

error damaged(std::size_t number, std::size_t at, const std::string& how) {
    return {"packet " + std::to_string(number) + ", at byte " + std::to_string(at) + ": " + how,
            {}};
}

void put(std::vector<byte>& to, std::uint64_t value, std::size_t bytes) {
    for (; bytes != 0; --bytes, value >>= 8) {
        to.push_back(static_cast<byte>(value));
    }
}

}  // namespace

result<std::vector<captured>> read_pcap(std::span<const byte> file) {
    const auto found = encoding_of(file);
    if (!found) {
        return found.why();
    }
    const encoding& in = found.value();
    if (file.size() < file_header_bytes) {
        return error{"its header is cut off: " + std::to_string(file.size()) + " of " +
                         std::to_string(file_header_bytes) + " bytes",
                     {}};
    }
    const std::uint32_t link = in.word(&file[20]) & link_mask;
    if (link != link_ethernet) {
        return error{"its link type is " + std::to_string(link) + "; only Ethernet (1) is read",
                     {}};
    }
    std::vector<captured> packets;
    for (std::size_t at = file_header_bytes; at < file.size();) {
        const std::size_t number = packets.size() + 1;
        const std::span<const byte> rest = file.subspan(at);
        if (rest.size() < packet_header_bytes) {
            return damaged(number, at,
                           "its header is cut off: " + std::to_string(rest.size()) + " of " +
                               std::to_string(packet_header_bytes) + " bytes");
        }
        const std::uint32_t kept = in.word(&rest[8]);
        const std::uint32_t on_wire = in.word(&rest[12]);
        if (kept > max_frame_bytes || on_wire < kept) {
            return damaged(number, at,
                           "its header says " + std::to_string(kept) + " bytes of " +
                               std::to_string(on_wire) + "; a frame has at most " +
                               std::to_string(max_frame_bytes) + ", and no more kept than sent");
        }
        if (kept > rest.size() - packet_header_bytes) {
            return damaged(number, at,
                           "its header says " + std::to_string(kept) + " bytes, " +
                               std::to_string(rest.size() - packet_header_bytes) + " are left");
        }
        const auto data = rest.subspan(packet_header_bytes, kept);
        packets.push_back(
            {in.word(rest.data()) * nanoseconds_a_second + in.word(&rest[4]) * in.unit,
             on_wire,
             {data.begin(), data.end()}});
        at += packet_header_bytes + kept;
    }
    return packets;
}

std::vector<byte> write_pcap(std::span<const captured> packets) {
    std::vector<byte> file;
    put(file, magic_microseconds, 4);
    put(file, 2, 2);
    put(file, 4, 2);
    put(file, 0, 8);
    put(file, max_frame_bytes, 4);
    put(file, link_ethernet, 4);
    for (const captured& packet : packets) {
        put(file, packet.nanoseconds / nanoseconds_a_second, 4);
        put(file, packet.nanoseconds % nanoseconds_a_second / 1000, 4);
        put(file, packet.data.size(), 4);
        put(file, packet.wire_bytes, 4);
        file.insert(file.end(), packet.data.begin(), packet.data.end());
    }
    return file;
}

}  // namespace rhumb::packets
