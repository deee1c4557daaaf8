#include "controlplane/overlay/service/envelope.hh"

#include "controlplane/overlay/wire/utf.hh"

namespace rhumb::overlay {
namespace {

constexpr byte envelope_version = 1;
constexpr std::size_t longest_link_name = 255;           // as the map has them
constexpr std::int64_t latest_ms = 253'402'300'799'999;  // of the year 9999

bool is_utf8(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t length = utf8_length(at, end);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

void append_be64(std::vector<byte>& to, std::uint64_t value) {
    const std::size_t at = to.size();
    to.resize(at + 8);
    store_be64(to.data() + at, value);
}

}  // namespace

std::optional<envelope> read_envelope(std::span<const byte> payload) {
    if (payload.size() < envelope_head || payload[0] != envelope_version || payload[1] == 0) {
        return std::nullopt;
    }
    const std::uint64_t sent = load_be64(payload.data() + 2);
    if (sent > static_cast<std::uint64_t>(latest_ms)) {
        return std::nullopt;
    }
    const envelope read{payload[1], static_cast<std::int64_t>(sent),
                        payload.subspan(envelope_head)};
    const bool is_sound = read.is(broadcast_kind::text) ? is_utf8(read.text())
                          : read.is(broadcast_kind::link_down)
                              ? read_link_down(read.content).has_value()
                              : true;
    return is_sound ? std::optional(read) : std::nullopt;
}

void append_envelope(std::vector<byte>& to, const envelope& what) {
    to.push_back(envelope_version);
    to.push_back(what.kind);
    append_be64(to, static_cast<std::uint64_t>(what.sent_ms));
    to.insert(to.end(), what.content.begin(), what.content.end());
}

bool is_fresh(std::int64_t sent_ms, std::int64_t now_ms, std::int64_t lifetime_ms) noexcept {
    return sent_ms >= now_ms - lifetime_ms && sent_ms <= now_ms + lifetime_ms;
}

std::optional<link_down> read_link_down(std::span<const byte> content) {
    constexpr std::size_t head = 8;
    if (content.size() <= head || content.size() > head + longest_link_name) {
        return std::nullopt;
    }
    const auto name = content.subspan(head);
    for (const byte c : name) {
        if (c <= ' ' || c >= 0x7f) {
            return std::nullopt;
        }
    }
    return link_down{load_be64(content.data()),
                     {reinterpret_cast<const char*>(name.data()), name.size()}};
}

void append_link_down(std::vector<byte>& to, const link_down& what) {
    append_be64(to, what.version);
    to.insert(to.end(), what.link.begin(), what.link.end());
}

}  // namespace rhumb::overlay
