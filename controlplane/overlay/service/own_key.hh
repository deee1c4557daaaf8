// The key that a service runs under, by its settings: opened, made, encrypted, or just looked at.
// Threads: control.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/overlay/service/settings.hh"
#include "controlplane/overlay/wire/identity.hh"
#include "controlplane/overlay/wire/key_file.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

// Opens the key file, or makes one; encrypts it where there is a passphrase from now on.
[[nodiscard]] result<opened_key> open_own_key(const service_settings& chosen);

// What others are to be told of before the first start: the id, then how it is dialled, a line
// each. Makes the key if there is none, and the store with it, so that it counts as a feed without
// messages and not as one whose messages were lost. A key that is there stays as it is.
[[nodiscard]] result<std::vector<std::string>> prepare_own_key(const service_settings& chosen);

// What a start would find, without changing anything: no id where it would make a key. An error is
// what would keep it from starting.
struct own_key_view {
    std::optional<key32> id;
    bool will_be_encrypted = false;
};
[[nodiscard]] result<own_key_view> look_at_own_key(const service_settings& chosen);
// The same in words, a line each.
[[nodiscard]] std::vector<std::string> notes_of(const own_key_view& found);

// How peers dial this node, one for each address that it listens on: "net:HOST:PORT~shs:KEY".
// HOST stands there as a word where it listens on all addresses: the peers know which one.
[[nodiscard]] std::vector<std::string> addresses_for_peers(const std::vector<host_port>& listening,
                                                           const key32& own);

// Lines for people: who this is, and how it is dialled.
using tell_function = std::function<void(const std::string& what, const std::string& about)>;
void tell_who(const std::vector<host_port>& listening, const key32& own, const tell_function& tell);

}  // namespace rhumb::overlay
