#include "controlplane/overlay/service/own_key.hh"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "controlplane/overlay/store/store.hh"
#include "controlplane/overlay/wire/private_file.hh"
#include "controlplane/overlay/wire/wiped.hh"

namespace rhumb::overlay {
namespace {

struct passphrase_text {
    std::array<char, 4096> chars{};
    std::size_t size = 0;
};

// The first line of the file; nothing where there is none to be read.
result<wiped<passphrase_text>> passphrase_of(const service_settings& chosen) {
    wiped<passphrase_text> text;
    const std::string& file = chosen.passphrase_file;
    if (file.empty()) {
        return text;
    }
    const auto size = read_private_file(file, {"passphrase", false}, text->chars);
    if (!size) {
        return size.why();
    }
    const std::string_view all(text->chars.data(), size.value());
    text->size = std::min(all.find_first_of("\r\n"), all.size());
    if (text->size == 0) {
        return error{file + ": its first line, the passphrase, is empty", {}};
    }
    if (text->size == text->chars.size()) {
        return error{file + ": its first line, the passphrase, is too long", {}};
    }
    return text;
}

passphrase words_of(const wiped<passphrase_text>& text) { return {text->chars.data(), text->size}; }

bool is_missing(const std::string& file) {
    struct stat status{};
    return ::lstat(file.c_str(), &status) != 0 && errno == ENOENT;
}

}  // namespace

result<opened_key> open_own_key(const service_settings& chosen) {
    const auto words = passphrase_of(chosen);
    return words ? open_key_file(chosen.key_file, words_of(words.value())) : words.why();
}

result<std::vector<std::string>> prepare_own_key(const service_settings& chosen) {
    if (is_missing(chosen.key_file)) {
        // The store first: a key without one would count as one whose messages were lost.
        auto kept = store::open(chosen.store_file);
        const auto done =
            kept ? kept->keep_own_feed(own_feed_state::known) : result<void>(kept.why());
        if (!done) {
            return done.why();
        }
        if (const auto made = open_own_key(chosen); !made) {
            return made.why();
        }
    }
    const auto found = look_at_own_key(chosen);
    if (!found) {
        return found.why();
    }
    const key32 id = found.value().id.value_or(key32{});
    std::vector<std::string> lines{feed_id_text(id)};
    std::vector<host_port> listening = chosen.listen;
    std::erase_if(listening, [](const host_port& at) { return at.port == 0; });  // not known yet
    for (std::string& address : addresses_for_peers(listening, id)) {
        lines.push_back(std::move(address));
    }
    return lines;
}

result<own_key_view> look_at_own_key(const service_settings& chosen) {
    const auto words = passphrase_of(chosen);
    if (!words) {
        return words.why();
    }
    if (is_missing(chosen.key_file)) {
        return own_key_view{};
    }
    const auto found = look_at_key_file(chosen.key_file, words_of(words.value()));
    if (!found) {
        return found.why();
    }
    return own_key_view{found.value().key.id(),
                        !found.value().is_encrypted && words.value()->size != 0};
}

std::vector<std::string> notes_of(const own_key_view& found) {
    if (!found.id) {
        return {"this node has no key yet: its first start makes one"};
    }
    std::vector<std::string> notes{"this node is " + feed_id_text(*found.id)};
    if (found.will_be_encrypted) {
        notes.emplace_back("its key is not encrypted: the next start does that");
    }
    return notes;
}

std::vector<std::string> addresses_for_peers(const std::vector<host_port>& listening,
                                             const key32& own) {
    std::vector<std::string> texts;
    for (const host_port& at : listening) {
        const auto dialled = dialled_address(at);
        const bool is_one = dialled && dialled.value();
        std::string text = address_text({is_one ? at : host_port{"HOST", at.port}, own});
        if (std::ranges::find(texts, text) == texts.end()) {
            texts.push_back(std::move(text));
        }
    }
    return texts;
}

void tell_who(const std::vector<host_port>& listening, const key32& own,
              const tell_function& tell) {
    tell("this node is", feed_id_text(own));
    for (const std::string& address : addresses_for_peers(listening, own)) {
        tell("listening on", address);
    }
}

}  // namespace rhumb::overlay
