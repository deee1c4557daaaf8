#include "tools/rhumb-scion/explain_input.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/packets/pcap_file.hh"

namespace rhumb::scion_tool {

namespace {

using scion::explain::start;

constexpr std::string_view spaces = " \t\r";

int digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// One line of a dump, read from the left.
class dump_line {
public:
    explicit dump_line(std::string_view text) : text_(text) { skip_spaces(); }

    [[nodiscard]] std::size_t column() const { return at_ + 1; }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

    // An offset in front: digits and a colon; or digits that say how many bytes came before, and
    // two spaces.
    bool take_offset(std::size_t so_far) {
        std::size_t end = at_ + (has_prefix(at_) ? 2U : 0U);
        const std::size_t first = end;
        std::size_t value = 0;
        while (end < text_.size() && digit(text_[end]) >= 0 && end - first < 8) {
            value = value * 16 + static_cast<std::size_t>(digit(text_[end++]));
        }
        if (end - first < 4 || end == text_.size()) {
            return false;
        }
        const bool is_offset = text_[end] == ':'
                                   ? value == so_far
                                   : value == so_far && text_.substr(end).starts_with("  ");
        if (!is_offset) {
            return false;
        }
        at_ = end + 1;
        skip_spaces();
        return true;
    }
    // The bytes of a line without an offset. False: something else is there.
    bool take_all(std::vector<byte>& to) {
        while (!at_end()) {
            at_ += has_prefix(at_) ? 2U : 0U;
            if (!take_byte(to)) {
                return false;
            }
            if (!at_end() && (text_[at_] == ':' || text_[at_] == ',')) {
                ++at_;
            }
            skip_spaces();
        }
        return true;
    }
    // Of a line with one: characters stand behind two spaces, which also stand in the middle of a
    // line of sixteen single bytes.
    bool take_dumped(std::vector<byte>& to) {
        const std::size_t most = to.size() + 16;
        const std::size_t before = to.size();
        while (!at_end() && to.size() < most) {
            if (!take_byte(to)) {
                return false;
            }
            const std::size_t gap_at = at_;
            skip_spaces();
            const bool in_the_middle = to.size() == before + 8 && at_ == gap_at + 2 && !at_end() &&
                                       text_[at_] != '|' && at_ + 3 <= text_.size() &&
                                       text_.substr(at_ + 2).starts_with(' ');
            if (at_ - gap_at >= 2 && !in_the_middle) {
                return true;
            }
        }
        return true;
    }

private:
    [[nodiscard]] bool has_prefix(std::size_t at) const {
        return text_.substr(at).starts_with("0x") || text_.substr(at).starts_with("0X");
    }
    void skip_spaces() { at_ = std::min(text_.find_first_not_of(spaces, at_), text_.size()); }
    bool take_byte(std::vector<byte>& to) {
        if (text_.size() - at_ < 2 || digit(text_[at_]) < 0 || digit(text_[at_ + 1]) < 0) {
            return false;
        }
        to.push_back(static_cast<byte>(digit(text_[at_]) * 16 + digit(text_[at_ + 1])));
        at_ += 2;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

constexpr std::size_t pcap_header_bytes = 24;
constexpr std::uint32_t magic_pcapng = 0x0a0d0d0a;

bool is_capture(std::span<const byte> file) {
    if (file.size() < 4) {
        return false;
    }
    const std::uint32_t big = load_be32(file.data());
    const std::uint32_t little = byte_swap(big);
    return std::ranges::any_of(std::array{big, little}, [](std::uint32_t magic) {
        return magic == 0xa1b2c3d4 || magic == 0xa1b23c4d || magic == magic_pcapng;
    });
}

// Of a capture's link type (www.tcpdump.org/linktypes.html). nullopt: none that can be read.
std::optional<start> start_of(std::uint32_t link) {
    constexpr std::uint32_t ethernet = 1;
    constexpr std::uint32_t raw = 101;
    constexpr std::uint32_t ipv4 = 228;
    constexpr std::uint32_t ipv6 = 229;
    constexpr std::uint32_t user_first = 147;
    constexpr std::uint32_t user_last = 162;
    if (link == ethernet) {
        return start::ethernet;
    }
    if (link == raw || link == ipv4 || link == ipv6) {
        return start::ip;
    }
    return link >= user_first && link <= user_last ? std::optional(start::automatic) : std::nullopt;
}

bool is_text(std::span<const byte> file) {
    return std::ranges::all_of(
        file, [](byte c) { return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

result<std::vector<byte>> parse_dump(std::string_view text) {
    std::vector<byte> bytes;
    std::uint32_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        dump_line line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const bool is_good =
            line.take_offset(bytes.size()) ? line.take_dumped(bytes) : line.take_all(bytes);
        if (!is_good) {
            return error{"pairs of hexadecimal digits are wanted here",
                         {"", number, static_cast<std::uint32_t>(line.column())}};
        }
    }
    if (bytes.empty()) {
        return error{"there is no packet in it", {}};
    }
    return bytes;
}

result<std::vector<input_packet>> read_capture(std::span<const byte> file) {
    std::vector<byte> copy(file.begin(), file.end());
    start from = start::ethernet;
    if (file.size() >= pcap_header_bytes && load_be32(file.data()) != magic_pcapng) {
        const bool big = file[0] == 0xa1;
        const std::uint32_t field = load_be32(&copy[20]);
        const std::uint32_t link = (big ? field : byte_swap(field)) & 0x0fffffff;
        const auto known = start_of(link);
        if (!known) {
            return error{
                fmt::format("its link type is {}; Ethernet (1), raw IP (101, 228, 229) and "
                            "private ones (147 to 162) can be read",
                            link),
                {}};
        }
        // The reader of captures takes Ethernet alone, and does not look into frames.
        from = *known;
        store_be32(&copy[20], big ? 1 : byte_swap(std::uint32_t{1}));
    }
    auto read = packets::read_pcap(copy);
    if (!read) {
        return read.why();
    }
    std::vector<input_packet> packets;
    for (packets::captured& one : *read) {
        packets.push_back({std::move(one.data), one.nanoseconds / 1'000'000, one.wire_bytes, from});
    }
    return packets;
}

result<std::vector<input_packet>> read_input(std::span<const byte> file) {
    if (is_capture(file)) {
        return read_capture(file);
    }
    std::vector<input_packet> packets(1);
    if (!is_text(file)) {
        packets[0].bytes.assign(file.begin(), file.end());
        return packets;
    }
    auto bytes = parse_dump(std::string(file.begin(), file.end()));
    if (!bytes) {
        return bytes.why();
    }
    packets[0].bytes = std::move(*bytes);
    return packets;
}

}  // namespace rhumb::scion_tool
