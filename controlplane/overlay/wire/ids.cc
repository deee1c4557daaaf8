#include "controlplane/overlay/wire/ids.hh"

#include "controlplane/overlay/wire/base64.hh"

namespace rhumb::overlay {
namespace {

constexpr std::string_view feed_ending = ".ed25519";
constexpr std::string_view message_ending = ".sha256";
constexpr std::string_view signature_ending = ".sig.ed25519";

// What stands between a sigil (none where it is 0) and the ending.
template <class Bytes>
std::optional<Bytes> parse(char sigil, std::string_view text, std::string_view ending) noexcept {
    if (!text.ends_with(ending) || (sigil != 0 && !text.starts_with(sigil))) {
        return std::nullopt;
    }
    text.remove_suffix(ending.size());
    text.remove_prefix(sigil != 0 ? 1 : 0);
    Bytes bytes{};
    return decode_base64(text, bytes) ? std::optional(bytes) : std::nullopt;
}

}  // namespace

void append_feed_id(std::string& to, const key32& feed) {
    to += '@';
    append_base64(to, feed);
    to += feed_ending;
}

std::string feed_id_text(const key32& feed) {
    std::string text;
    text.reserve(feed_id_chars);
    append_feed_id(text, feed);
    return text;
}

std::optional<key32> parse_feed_id(std::string_view text) noexcept {
    return parse<key32>('@', text, feed_ending);
}

std::string message_id_text(const key32& message) {
    std::string text = "%";
    append_base64(text, message);
    return text += message_ending;
}

std::optional<key32> parse_message_id(std::string_view text) noexcept {
    return parse<key32>('%', text, message_ending);
}

std::string signature_text(const signature64& signature) {
    std::string text;
    append_base64(text, signature);
    return text += signature_ending;
}

std::optional<signature64> parse_signature(std::string_view text) noexcept {
    return parse<signature64>(0, text, signature_ending);
}

}  // namespace rhumb::overlay
