#include "controlplane/overlay/wire/notes.hh"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rhumb::overlay {
namespace {

// "@…": and a number with its comma.
constexpr std::size_t entry_bytes = feed_id_chars + 2 + 1 + 20 + 1;

std::int64_t integer_of(double number) noexcept {
    constexpr double exact = 9007199254740992;  // 2^53
    return std::fabs(number) <= exact && std::trunc(number) == number
               ? static_cast<std::int64_t>(number)
               : -1;
}

}  // namespace

bool begins_message(std::string_view text) {
    json_scanner scanner(text);
    return scanner.next() == json_token::begin_object && scanner.next() == json_token::key &&
           scanner.text() == "previous";
}

notes_reader::notes_reader(notes_limits most) : limits_(most) {
    static_assert(crypto_shorthash_KEYBYTES == sizeof hash_key_);
    randombytes_buf(hash_key_.data(), hash_key_.size());
}

result<void> notes_reader::malformed(const char* what) { return error{what, {}}; }

result<void> notes_reader::read(std::string_view text, std::vector<note_entry>& into) {
    into.clear();
    std::fill(slots_.begin(), slots_.end(), 0);
    foreign_ = 0;
    has_clock_ = false;
    if (text.size() > limits_.bytes) {
        return error{fmt::format("notes of more than {} bytes", limits_.bytes), {}};
    }
    scanner_.restart(text);
    const json_token first = scanner_.next();
    if (first != json_token::begin_object) {
        return first == json_token::bad ? result<void>(scanner_.why())
                                        : malformed("notes are an object");
    }
    if (auto done = read_entries(into, true); !done) {
        return done;
    }
    return scanner_.next() == json_token::end ? result<void>() : scanner_.why();
}

result<void> notes_reader::read_entries(std::vector<note_entry>& into, bool is_outer) {
    for (;;) {
        const json_token token = scanner_.next();
        if (token == json_token::end_object) {
            return {};
        }
        if (token == json_token::bad) {
            return scanner_.why();
        }
        if (auto done = read_entry(into, is_outer); !done) {
            return done;
        }
    }
}

// The scanner has read its key.
result<void> notes_reader::read_entry(std::vector<note_entry>& into, bool is_outer) {
    const auto feed = parse_feed_id(scanner_.text());
    const bool is_clock = is_outer && scanner_.text() == "clock";
    const json_token token = scanner_.next();
    if (is_clock && token == json_token::begin_object) {
        has_clock_ = true;  // and nothing beside it counts
        into.clear();
        std::fill(slots_.begin(), slots_.end(), 0);
        return read_entries(into, false);
    }
    const std::int64_t value = token == json_token::number ? integer_of(scanner_.number()) : -1;
    if (auto done = skip(token); !done || (is_outer && has_clock_)) {
        return done;
    }
    if (!feed) {
        return ++foreign_ <= limits_.foreign ? result<void>()
                                             : malformed("notes about what is no feed");
    }
    put(into, {*feed, value});
    return into.size() <= limits_.entries ? result<void>() : malformed("too many notes");
}

// To the end of the value that begins with `token`.
result<void> notes_reader::skip(json_token token) {
    const bool opens = token == json_token::begin_object || token == json_token::begin_array;
    const std::size_t around = scanner_.depth() - (opens ? 1 : 0);
    while (token != json_token::bad && scanner_.depth() > around) {
        token = scanner_.next();
    }
    return token == json_token::bad ? result<void>(scanner_.why()) : result<void>();
}

std::size_t notes_reader::slot_of(const std::vector<note_entry>& in, const key32& feed) const {
    std::uint64_t hash = 0;
    crypto_shorthash(reinterpret_cast<byte*>(&hash), feed.data(), feed.size(), hash_key_.data());
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    while (slots_[slot] != 0 && in[slots_[slot] - 1].feed != feed) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void notes_reader::put(std::vector<note_entry>& into, const note_entry& entry) {
    if (slots_.size() < 2 * (into.size() + 1)) {
        slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), 0);
        for (std::size_t n = 0; n != into.size(); ++n) {
            slots_[slot_of(into, into[n].feed)] = static_cast<std::uint32_t>(n + 1);
        }
    }
    const std::size_t slot = slot_of(into, entry.feed);
    if (slots_[slot] != 0) {
        into[slots_[slot] - 1].value = entry.value;
        return;
    }
    into.push_back(entry);
    slots_[slot] = static_cast<std::uint32_t>(into.size());
}

std::size_t append_notes(std::string& to, std::span<const note_entry> entries, std::size_t most) {
    const std::size_t fit = std::max<std::size_t>(1, most / entry_bytes);
    const std::size_t count = std::min(entries.size(), fit);
    to.reserve(to.size() + 2 + count * entry_bytes);
    to += '{';
    for (std::size_t n = 0; n != count; ++n) {
        to += n == 0 ? "\"" : ",\"";
        append_feed_id(to, entries[n].feed);
        std::array<char, 24> digits{};
        const char* const end =
            std::to_chars(digits.data(), digits.data() + digits.size(), entries[n].value).ptr;
        to += "\":";
        to.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
    }
    to += '}';
    return count;
}

}  // namespace rhumb::overlay
