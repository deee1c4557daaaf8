#include "controlplane/overlay/wire/key_text.hh"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "controlplane/overlay/wire/base64.hh"
#include "controlplane/overlay/wire/ids.hh"

namespace rhumb::overlay {
namespace {

constexpr std::string_view title = "rhumb overlay key 1";

using box_key = std::array<byte, crypto_secretbox_KEYBYTES>;

// libsodium's base64 for what is secret: it looks nothing up in tables.
void put_secret(key_file_text& to, std::span<const byte> bytes) {
    char* const out = to.chars.data() + to.size;
    sodium_bin2base64(out, to.chars.size() - to.size, bytes.data(), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    to.size += base64_size(bytes.size());
}

bool get_secret(std::string_view text, std::span<byte> into) noexcept {
    std::size_t size = 0;
    return text.size() == base64_size(into.size()) &&
           sodium_base642bin(into.data(), into.size(), text.data(), text.size(), nullptr, &size,
                             nullptr, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           size == into.size();
}

void put(key_file_text& to, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) {
        std::copy(part.begin(), part.end(),
                  to.chars.begin() + static_cast<std::ptrdiff_t>(to.size));
        to.size += part.size();
    }
}

result<void> box_key_of(box_key& key, passphrase words, const boxed_seed& with) {
    if (crypto_pwhash(key.data(), key.size(), words.data(), words.size(), with.salt.data(),
                      with.cost.operations, with.cost.memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return error{"there is no memory for the passphrase's cost", {}};
    }
    return {};
}

result<void> put_box(key_file_text& to, const identity& key, passphrase words,
                     passphrase_cost cost) {
    boxed_seed made;
    made.cost = cost;
    randombytes_buf(made.salt.data(), made.salt.size());
    randombytes_buf(made.nonce.data(), made.nonce.size());
    wiped<box_key> under;
    if (auto done = box_key_of(*under, words, made); !done) {
        return done;
    }
    crypto_secretbox_easy(made.box.data(), key.seed().data(), seed_bytes, made.nonce.data(),
                          under->data());
    const auto text = [](std::span<const byte> bytes) {
        std::string out;
        append_base64(out, bytes);
        return out;
    };
    put(to, {"argon2id ", std::to_string(cost.operations), " ", std::to_string(cost.memory), " ",
             text(made.salt), "\nsecretbox ", text(made.nonce), " ", text(made.box), "\n"});
    return {};
}

std::string_view next_word(std::string_view& line) noexcept {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

template <class Number>
bool read_number(std::string_view text, Number& into) noexcept {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
    return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// What was seen of a file's lines.
class key_lines {
public:
    // What is wrong with the line, or null.
    const char* take(std::string_view line) {
        const std::string_view what = next_word(line);
        if (what == "id") {
            const auto id = parse_feed_id(line);
            key_.id = id.value_or(key32{});
            return std::exchange(has_id_, true) || !id ? "id: no feed id, or a second one"
                                                       : nullptr;
        }
        if (what == "seed") {
            if (key_.seed) {
                return "seed: a second one";
            }
            return get_secret(line, *key_.seed.emplace()) ? nullptr : "seed: no base64 of 32 bytes";
        }
        if (what == "argon2id") {
            return std::exchange(has_cost_, true) ? "argon2id: a second one" : take_cost(line);
        }
        if (what == "secretbox") {
            const std::string_view nonce = next_word(line);
            return std::exchange(has_box_, true) || !decode_base64(nonce, boxed_.nonce) ||
                           !decode_base64(line, boxed_.box)
                       ? "secretbox: no base64 of 24 and of 48 bytes, or a second one"
                       : nullptr;
        }
        return "a line that begins with none of id, seed, argon2id and secretbox";
    }

    result<parsed_key> all() {
        if (!has_id_ || has_cost_ != has_box_ || key_.seed.has_value() == has_box_) {
            return error{"there should be an id, and a seed or an argon2id with a secretbox", {}};
        }
        if (has_box_) {
            key_.boxed = boxed_;
        }
        return key_;
    }

private:
    const char* take_cost(std::string_view line) {
        passphrase_cost& cost = boxed_.cost;
        if (!read_number(next_word(line), cost.operations) ||
            !read_number(next_word(line), cost.memory) || !decode_base64(line, boxed_.salt)) {
            return "argon2id: no two numbers and base64 of 16 bytes";
        }
        return cost.operations < crypto_pwhash_OPSLIMIT_MIN ||
                       cost.operations > most_cost.operations ||
                       cost.memory < crypto_pwhash_MEMLIMIT_MIN || cost.memory > most_cost.memory
                   ? "argon2id: at most 64 operations and 1 GiB, at least 1 and 8 KiB"
                   : nullptr;
    }

    parsed_key key_;
    boxed_seed boxed_;
    bool has_id_ = false;
    bool has_cost_ = false;
    bool has_box_ = false;
};

}  // namespace

result<wiped<key_file_text>> key_text(const identity& key, passphrase words, passphrase_cost cost) {
    wiped<key_file_text> text;
    put(*text, {title, "\n# Whoever has this may publish and connect under this name.\nid ",
                feed_id_text(key.id()), "\n"});
    if (words.empty()) {
        put(*text, {"seed "});
        put_secret(*text, key.seed());
        put(*text, {"\n"});
    } else if (auto done = put_box(*text, key, words, cost); !done) {
        return done.why();
    }
    return text;
}

result<parsed_key> parse_key_text(std::string_view text) {
    key_lines lines;
    for (std::uint32_t number = 1; !text.empty() || number == 1; ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const char* wrong = nullptr;
        if (number == 1) {
            wrong = line == title ? nullptr
                                  : "it is no key file: these begin with \"rhumb overlay key 1\"";
        } else if (!line.empty() && line[0] != '#') {
            wrong = lines.take(line);
        }
        if (wrong != nullptr) {
            return error{wrong, {.file = {}, .line = number, .column = 0}};
        }
    }
    return lines.all();
}

result<identity> unlock(const parsed_key& key, passphrase words) {
    wiped<std::array<byte, seed_bytes>> seed;
    if (key.seed) {
        seed = *key.seed;
    } else {
        if (words.empty()) {
            return error{"the key is encrypted: a passphrase is needed", {}};
        }
        wiped<box_key> under;
        if (auto done = box_key_of(*under, words, *key.boxed); !done) {
            return done.why();
        }
        if (crypto_secretbox_open_easy(seed->data(), key.boxed->box.data(), key.boxed->box.size(),
                                       key.boxed->nonce.data(), under->data()) != 0) {
            return error{"another passphrase, or a damaged file", {}};
        }
    }
    auto made = identity::from_seed(*seed);
    if (made && made.value().id() != key.id) {
        return error{"the seed is not the one of the id", {}};
    }
    return made;
}

}  // namespace rhumb::overlay
