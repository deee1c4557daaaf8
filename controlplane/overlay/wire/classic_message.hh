// A message of SSB's classic format (ssb-validate, Scuttlebutt Protocol Guide): a JSON object of
// seven members in this order, of which `sequence` and `author` may be swapped:
//
//     {
//       "previous": null or "%….sha256",      of the author's message before
//       "sequence": 1, 2, 3 …,
//       "author": "@….ed25519",
//       "timestamp": milliseconds,
//       "hash": "sha256",
//       "content": {"type": "…", …} or "….box",
//       "signature": "….sig.ed25519"
//     }
//
// Signed is the pretty text (JSON.stringify(value, null, 2)) without the last member, in UTF-8. The
// id is the SHA-256 of the pretty text with it, in the low bytes of its UTF-16 units.
//
// Threads: reading and making, one at a time for a reader; messages may be verified by any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/overlay/wire/identity.hh"
#include "controlplane/overlay/wire/ids.hh"
#include "controlplane/overlay/wire/json.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

// The key of a private network's signatures (caps.sign). It does not change ids.
using sign_key = key32;

inline constexpr std::size_t max_message_units = 8192;  // of UTF-16, of the pretty text
// Of a message as it is sent: every unit as \uXXXX, and some space between them.
inline constexpr std::size_t max_message_bytes = std::size_t{64} << 10;

struct classic_message {
    key32 author{};
    std::int64_t sequence = 0;
    std::optional<key32> previous;
    double timestamp = 0;
    key32 id{};
    signature64 signature{};
    std::string signed_text;  // what was signed
    std::string wire;         // compact, as it is sent and kept
};

// Where a feed is: its last message.
struct chain_position {
    std::int64_t sequence = 0;  // 0: nothing was written yet
    key32 id{};
};

// Which message a text says it is. To be asked before more is done with it: it costs next to
// nothing.
struct message_claim {
    key32 author{};
    std::int64_t sequence = 0;
};
// From the first three members; none where they are other ones.
[[nodiscard]] std::optional<message_claim> read_claim(std::string_view text);

// Reads messages one after another with the same memory.
class message_reader {
public:
    message_reader() : document_({.bytes = max_message_bytes, .values = max_message_bytes}) {}

    // All rules but the signature and the place in its feed. About 5 microseconds.
    [[nodiscard]] result<void> read(std::string_view text, classic_message& into);

    // The next message of a feed. `content` is JSON: an object with a type, or a string that ends
    // in .box. `timestamp` is in milliseconds since 1970.
    [[nodiscard]] result<classic_message> make(const identity& author, const chain_position& after,
                                               double timestamp, std::string_view content,
                                               const sign_key* key = nullptr);

private:
    [[nodiscard]] result<void> read_members(classic_message& into) const;
    [[nodiscard]] result<void> write_texts(classic_message& into);

    json_document document_;
    std::string latin1_;
};

// About 40 microseconds; for workers.
[[nodiscard]] bool verify(const classic_message& message, const sign_key* key = nullptr) noexcept;

// Whether it is the next one of its feed. Look here before verifying: it costs nothing.
[[nodiscard]] result<void> check_follows(const classic_message& message,
                                         const chain_position& after);

}  // namespace rhumb::overlay
