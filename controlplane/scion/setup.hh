// From a border router's files to what workers and the slow path use: one immutable value for each
// configuration. Threads: made by control; read by any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/scion/load.hh"
#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/secret.hh"
#include "rhumb/result.hh"
#include "rhumb/table/prefix.hh"
#include "rhumb/table/scion_table.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::scion {

// What people call a link, and what its BFD session is to do. By the link's number.
struct link_description {
    std::string name;  // "internal", "131", a sibling's "10.0.0.2:30042"
    link_scope scope = link_scope::internal;
    std::uint16_t interface = 0;
    isd_as neighbour;
    link_type type = link_type::none;
    endpoint local;
    endpoint remote;  // none of the internal link
    std::uint16_t mtu = 0;
    std::optional<control::bfd_settings> bfd;  // none: no session

    // Whether a session over that one can go on over this one: same ends, same settings. What else
    // a link is, as its MTU, may change under it.
    [[nodiscard]] bool has_session_of(const link_description& before) const {
        return scope == before.scope && interface == before.interface &&
               neighbour == before.neighbour && local == before.local && remote == before.remote &&
               bfd == before.bfd;
    }
};

struct hop_keys {
    crypto::cmac_key now;
    crypto::cmac_key former;
};

class setup {
public:
    // `previous`, if any, is what runs now: links keep their numbers, and so their counters and
    // sessions. A key that differs from the previous one's makes that one the former key, good
    // until `now_ms` + key_overlap.
    [[nodiscard]] static result<std::shared_ptr<const setup>> make(
        const config::scion_section& wanted, control::border_router_files files,
        const setup* previous, std::uint64_t now_ms);

    config::scion_section section;
    std::uint64_t loaded_ms = 0;  // since 1970
    table own;
    std::vector<link_description> links;  // by number; those without a name are not in use
    std::vector<ip_prefix> addresses;     // of this router's underlay
    control::border_router_files files;
    std::string fingerprint;  // tells the key in use from others, and nothing of it
    std::string former_fingerprint;
    bool keys_are_locked = false;

private:
    setup(control::border_router_files from, crypto::secret<hop_keys> keys);
    [[nodiscard]] result<void> add_links(const setup* previous);
    void add_services();

    crypto::secret<hop_keys> keys_;
};

}  // namespace rhumb::scion
