#include "controlplane/overlay/wire/classic_message.hh"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <cmath>
#include <span>

#include "controlplane/overlay/wire/base64.hh"
#include "controlplane/overlay/wire/json_number.hh"
#include "controlplane/overlay/wire/json_writer.hh"
#include "controlplane/overlay/wire/utf.hh"

namespace rhumb::overlay {
namespace {

constexpr std::size_t members = 7;
constexpr double max_sequence = 9007199254740991;  // 2^53 - 1: JavaScript counts no further
constexpr std::size_t max_text_bytes = 3 * max_message_units;

std::span<const byte> bytes_of(std::string_view text) noexcept {
    return {reinterpret_cast<const byte*>(text.data()), text.size()};
}

// What was signed: the text itself, or its code under the network's key.
template <class Use>
auto with_signed_bytes(std::string_view text, const sign_key* key, Use&& use) {
    if (key == nullptr) {
        return use(bytes_of(text));
    }
    std::array<byte, crypto_auth_BYTES> code{};
    crypto_auth(code.data(), bytes_of(text).data(), text.size(), key->data());
    return use(std::span<const byte>(code));
}

// What the pretty text has after what was signed, less that one's closing brace.
std::string pretty_ending(const signature64& signature) {
    return ",\n  \"signature\": \"" + signature_text(signature) + "\"\n}";
}

std::string_view without_brace(std::string_view signed_text) noexcept {
    return signed_text.substr(0, signed_text.size() - 2);  // and the newline before it
}

// Encrypted: canonical base64, then .box and anything but line ends, for kinds of boxes to come.
// That is JavaScript's /^base64\.box.*$/.
bool is_box(std::string_view text) noexcept {
    const std::size_t dot = text.find(".box");
    if (dot == std::string_view::npos || (dot != 0 && !is_canonical_base64(text.substr(0, dot)))) {
        return false;
    }
    const std::string_view kind = text.substr(dot);
    return kind.find_first_of("\r\n") == std::string_view::npos &&
           kind.find("\xe2\x80\xa8") == std::string_view::npos &&
           kind.find("\xe2\x80\xa9") == std::string_view::npos;
}

const char* wrong_content(const json_value& content) {
    constexpr std::size_t shortest_type = 3;
    constexpr std::size_t longest_type = 52;
    if (content.is(json_kind::string)) {
        return is_box(content.text()) ? nullptr : "content: the text is no encrypted message";
    }
    if (!content.is(json_kind::object)) {
        return "content: neither an object nor an encrypted message";
    }
    const auto type = content.find_text("type");
    if (!type) {
        return "content: it has no type";
    }
    const std::size_t units = utf16_units(*type);
    return units >= shortest_type && units <= longest_type
               ? nullptr
               : "content: its type is not of 3 to 52 characters";
}

const char* wrong_names(const json_value& message) {
    constexpr std::array<std::string_view, members> names{
        "previous", "sequence", "author", "timestamp", "hash", "content", "signature"};
    if (message.size() != members) {
        return "a message has seven members";
    }
    const bool swapped = message[1].key() == names[2];
    for (std::size_t n = 0; n != members; ++n) {
        const std::size_t expected = swapped && (n == 1 || n == 2) ? 3 - n : n;
        if (message[n].key() != names[expected]) {
            return "its members are other ones, or in another order";
        }
    }
    return nullptr;
}

bool is_sequence(double number) {
    return number >= 1 && number <= max_sequence && std::trunc(number) == number;
}

const char* wrong_sequence(const json_value& sequence, classic_message& into) {
    if (!sequence.is(json_kind::number)) {
        return "sequence: no number";
    }
    if (!is_sequence(sequence.number())) {
        return "sequence: not 1, 2, 3 and so on";
    }
    into.sequence = static_cast<std::int64_t>(sequence.number());
    return nullptr;
}

const char* wrong_previous(const json_value& previous, classic_message& into) {
    into.previous.reset();
    if (previous.is(json_kind::null)) {
        return into.sequence == 1 ? nullptr : "previous: only the first message has none";
    }
    if (previous.is(json_kind::string)) {
        into.previous = parse_message_id(previous.text());
    }
    if (!into.previous) {
        return "previous: no message id";
    }
    return into.sequence != 1 ? nullptr : "previous: the first message has none";
}

}  // namespace

std::optional<message_claim> read_claim(std::string_view text) {
    json_scanner scanner(text);
    if (scanner.next() != json_token::begin_object || scanner.next() != json_token::key ||
        scanner.text() != "previous") {
        return {};
    }
    if (const json_token previous = scanner.next();
        previous != json_token::null && previous != json_token::string) {
        return {};
    }
    message_claim made;
    bool has_author = false;
    for (int n = 0; n != 2; ++n) {
        if (scanner.next() != json_token::key) {
            return {};
        }
        if (scanner.text() == "author" && scanner.next() == json_token::string) {
            const auto author = parse_feed_id(scanner.text());
            if (!author) {
                return {};
            }
            made.author = *author;
            has_author = true;
        } else if (scanner.text() == "sequence" && scanner.next() == json_token::number &&
                   is_sequence(scanner.number())) {
            made.sequence = static_cast<std::int64_t>(scanner.number());
        } else {
            return {};
        }
    }
    return has_author && made.sequence != 0 ? std::optional(made) : std::nullopt;
}

result<void> message_reader::read_members(classic_message& into) const {
    const json_value message = document_.root();
    const auto find = [&](std::string_view name) { return *message.find(name); };
    const auto text = [&](std::string_view name) {
        return message.find_text(name).value_or(std::string_view());
    };
    const char* wrong =
        message.is(json_kind::object) ? wrong_names(message) : "a message is an object";
    if (wrong == nullptr) {
        wrong = wrong_sequence(find("sequence"), into);
    }
    if (wrong == nullptr) {
        wrong = wrong_previous(find("previous"), into);
    }
    if (wrong != nullptr) {
        return error{wrong, {}};
    }
    const auto author = parse_feed_id(text("author"));
    const auto signature = parse_signature(text("signature"));
    const json_value timestamp = find("timestamp");
    // An infinite one would be sent on as null.
    if (!timestamp.is(json_kind::number) || !std::isfinite(timestamp.number())) {
        return error{"timestamp: no number", {}};
    }
    if (!author || !signature || text("hash") != "sha256") {
        return error{!author      ? "author: no feed id"
                     : !signature ? "signature: no Ed25519 signature"
                                  : "hash: not sha256",
                     {}};
    }
    if (const char* const what = wrong_content(find("content"))) {
        return error{what, {}};
    }
    into.author = *author;
    into.signature = *signature;
    into.timestamp = timestamp.number();
    return {};
}

result<void> message_reader::write_texts(classic_message& into) {
    into.signed_text.clear();
    into.wire.clear();
    const std::string ending = pretty_ending(into.signature);
    const bool fits = write_json(document_.root(), json_style::pretty, into.signed_text,
                                 max_text_bytes, "signature");
    const std::string_view text = without_brace(into.signed_text);
    if (!fits || utf16_units(text) + ending.size() > max_message_units) {
        return error{"a message of more than 8192 characters", {}};
    }
    // Never longer than the pretty one.
    static_cast<void>(write_json(document_.root(), json_style::compact, into.wire, max_text_bytes));
    latin1_.clear();
    append_latin1(latin1_, text);
    latin1_ += ending;
    crypto_hash_sha256(into.id.data(), bytes_of(latin1_).data(), latin1_.size());
    return {};
}

result<void> message_reader::read(std::string_view text, classic_message& into) {
    if (auto done = document_.read(text); !done) {
        return done;
    }
    if (auto done = read_members(into); !done) {
        return done;
    }
    return write_texts(into);
}

result<classic_message> message_reader::make(const identity& author, const chain_position& after,
                                             double timestamp, std::string_view content,
                                             const sign_key* key) {
    // The signature of nothing first, as it has the right length; then the one of its text.
    std::string text = R"({"previous":)";
    text += after.sequence == 0 ? "null" : '"' + message_id_text(after.id) + '"';
    text += fmt::format(R"(,"sequence":{},"author":"{}","timestamp":)", after.sequence + 1,
                        feed_id_text(author.id()));
    append_json_number(text, timestamp);
    text += R"(,"hash":"sha256","content":)";
    // By itself first: it must not end the object around it.
    if (auto done = document_.read(content); !done) {
        return error{"content: " + done.why().message, {}};
    }
    text += content;
    text += R"(,"signature":")" + signature_text({}) + "\"}";
    classic_message made;
    if (auto done = read(text, made); !done) {
        return done.why();
    }
    made.signature =
        with_signed_bytes(made.signed_text, key, [&](auto bytes) { return author.sign(bytes); });
    text.resize(text.size() - signature_chars - 2);
    text += signature_text(made.signature) + "\"}";
    if (auto done = read(text, made); !done) {
        return done.why();
    }
    return made;
}

bool verify(const classic_message& message, const sign_key* key) noexcept {
    return with_signed_bytes(message.signed_text, key, [&](auto bytes) {
        return verify_signature(message.author, bytes, message.signature);
    });
}

result<void> check_follows(const classic_message& message, const chain_position& after) {
    if (message.sequence != after.sequence + 1) {
        return error{fmt::format("sequence: {} where {} should follow", message.sequence,
                                 after.sequence + 1),
                     {}};
    }
    if (after.sequence != 0 && message.previous != after.id) {
        return error{"previous: it does not name the message before", {}};
    }
    return {};
}

}  // namespace rhumb::overlay
