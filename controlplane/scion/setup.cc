#include "controlplane/scion/setup.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "rhumb/crypto/equal.hh"
#include "rhumb/crypto/pbkdf2.hh"

namespace rhumb::scion {

namespace {

endpoint to_endpoint(const control::underlay_endpoint& from) {
    return {from.address, from.address_bytes, from.port};
}

link_type to_type(control::link_type type) {
    switch (type) {
        case control::link_type::core: return link_type::core;
        case control::link_type::parent: return link_type::parent;
        case control::link_type::child: return link_type::child;
        case control::link_type::peer: break;
    }
    return link_type::peer;
}

// The tag of a block of zeroes: an attacker who sees it learns as much as from any hop field.
std::string fingerprint_of(const crypto::cmac_key& key) {
    const crypto::block tag = crypto::cmac(key, crypto::block{}.bytes);
    std::string text;
    for (std::size_t n = 0; n < 4; ++n) {
        text += fmt::format("{:02x}", tag.bytes[n]);
    }
    return text;
}

bool same_key(const crypto::cmac_key& a, const crypto::cmac_key& b) {
    return crypto::constant_time_equal(a.aes.round[0].bytes.data(), b.aes.round[0].bytes.data(),
                                       crypto::key_bytes);
}

// Numbers of links: those that a link had, else the lowest that no link has or had.
class numbering {
public:
    explicit numbering(const setup* previous) {
        const std::size_t count = previous == nullptr ? 0 : previous->links.size();
        for (std::size_t n = 0; n < count; ++n) {
            if (!previous->links[n].name.empty()) {
                known_[key_of(previous->links[n])] = static_cast<std::uint16_t>(n);
            }
        }
        for (const auto& [key, number] : known_) {
            taken_.resize(std::max<std::size_t>(taken_.size(), number + std::size_t{1}));
            taken_[number] = true;
        }
    }
    [[nodiscard]] std::optional<std::uint16_t> number_for(const link_description& link) {
        const auto [it, is_new] = known_.try_emplace(key_of(link), std::uint16_t{0});
        if (is_new) {
            const auto free = std::find(taken_.begin(), taken_.end(), false);
            const auto number = static_cast<std::size_t>(free - taken_.begin());
            if (number >= max_links) {
                return std::nullopt;
            }
            taken_.resize(std::max(taken_.size(), number + 1));
            taken_[number] = true;
            it->second = static_cast<std::uint16_t>(number);
        }
        return it->second;
    }

private:
    static std::string key_of(const link_description& link) {
        return link.scope == link_scope::external
                   ? std::to_string(link.interface)
                   : std::string(link.remote.address.begin(), link.remote.address.end()) + ':' +
                         std::to_string(link.remote.port);
    }

    std::map<std::string, std::uint16_t> known_;
    std::vector<bool> taken_{true};  // 0 is the internal link
};

ip_prefix host_prefix(const endpoint& of) {
    ip_prefix prefix;
    prefix.af = of.address_bytes == 4 ? family::ipv4 : family::ipv6;
    prefix.length = static_cast<std::uint8_t>(of.address_bytes * 8);
    prefix.address = of.address;
    return prefix;
}

}  // namespace

setup::setup(control::border_router_files from, crypto::secret<hop_keys> keys)
    : files(std::move(from)), keys_(std::move(keys)) {}

result<std::shared_ptr<const setup>> setup::make(const config::scion_section& wanted,
                                                 control::border_router_files files,
                                                 const setup* previous, std::uint64_t now_ms) {
    const auto derived = crypto::hop_key(files.keys.key0.bytes());
    if (!derived) {
        return derived.why();
    }
    const crypto::cmac_key* former = nullptr;
    std::uint64_t former_until = 0;
    auto keys = crypto::secret<hop_keys>::make([&](hop_keys& to) {
        crypto::expand(to.now, derived.value()->data());
        if (previous != nullptr && !same_key(to.now, previous->keys_->now)) {
            former = &previous->keys_->now;
            former_until = now_ms + std::uint64_t{wanted.key_overlap} * 1000;
        } else if (previous != nullptr && previous->own.former_key != nullptr) {
            former = previous->own.former_key;
            former_until = previous->own.former_key_until;
        }
        if (former != nullptr) {
            to.former = *former;
        }
    });
    if (!keys) {
        return keys.why();
    }
    std::shared_ptr<setup> made(new setup(std::move(files), std::move(keys).value()));
    made->section = wanted;
    made->loaded_ms = now_ms;
    table& own = made->own;
    own.isd_as = made->files.as.ia.value();
    own.key = &made->keys_->now;
    made->fingerprint = fingerprint_of(made->keys_->now);
    made->keys_are_locked = made->keys_.is_locked();
    if (former_until > now_ms) {
        own.former_key = &made->keys_->former;
        own.former_key_until = former_until;
        made->former_fingerprint = fingerprint_of(made->keys_->former);
    }
    own.any_port = wanted.own_ports;
    own.packet_too_big = wanted.packet_too_big;
    const auto ports = made->files.dispatched_ports;
    // None: a range that no port is in.
    own.first_port = ports ? ports->first : std::uint16_t{1};
    own.last_port = ports ? ports->last : std::uint16_t{0};
    if (auto done = made->add_links(previous); !done) {
        return done.why();
    }
    made->add_services();
    own.finish();
    return std::shared_ptr<const setup>(std::move(made));
}

result<void> setup::add_links(const setup* previous) {
    const control::border_router& self = files.own();
    const endpoint inside = to_endpoint(self.internal_addr);
    numbering numbers(previous);
    const auto put = [&](const link_description& what) -> std::optional<std::uint16_t> {
        const bool is_internal = what.scope == link_scope::internal;
        const auto number = is_internal ? std::uint16_t{0} : numbers.number_for(what);
        if (!number) {
            return std::nullopt;
        }
        links.resize(std::max<std::size_t>(links.size(), *number + std::size_t{1}));
        own.links.resize(links.size());
        if (!links[*number].name.empty()) {
            return number;  // a sibling with more than one interface
        }
        links[*number] = what;
        link& to = own.links[*number];
        set_outer(to, what.local, what.remote);
        to.scope = what.scope;
        to.interface = what.interface;
        to.mtu = what.mtu;
        to.has_session = what.bfd.has_value();
        to.neighbour = what.neighbour.value();
        if (!is_internal) {
            own.finder.add(what.local, what.remote, *number);
        }
        return number;
    };
    const auto with_session = [](control::bfd_settings of) {
        return of.disable ? std::nullopt : std::optional(of);
    };

    link_description internal{"internal",  link_scope::internal, 0,
                              files.as.ia, link_type::none,      inside,
                              {},          files.as.mtu,         {}};
    internal.remote.address_bytes = inside.address_bytes;
    (void)put(internal);
    own.finder.set_internal(inside);
    own.interfaces[0] = table::pack(0, link_type::none);
    addresses.push_back(host_prefix(inside));

    for (const auto& [name, router] : files.as.border_routers) {
        for (const auto& [id, interface] : router.interfaces) {
            const bool is_own = name == files.settings.general.id;
            const link_type type = to_type(interface.type);
            link_description what;
            if (is_own) {
                what = {std::to_string(id),
                        link_scope::external,
                        id,
                        interface.neighbour,
                        type,
                        to_endpoint(*interface.local),
                        to_endpoint(*interface.remote),
                        interface.mtu,
                        with_session(files.bfd_of(interface))};
                addresses.push_back(host_prefix(what.local));
            } else {
                what = {control::to_string(router.internal_addr),
                        link_scope::sibling,
                        0,
                        files.as.ia,
                        link_type::none,
                        inside,
                        to_endpoint(router.internal_addr),
                        files.as.mtu,
                        with_session(files.settings.router.bfd)};
            }
            if (what.local.address_bytes == 0 ||
                what.local.address_bytes != what.remote.address_bytes) {
                return error{
                    fmt::format("interface {}: both underlay addresses must be literal and "
                                "of one family",
                                id),
                    {files.topology_path, interface.where.line, interface.where.column}};
            }
            const auto number = put(what);
            if (!number) {
                return error{fmt::format("more than {} links", max_links - 1),
                             {files.topology_path, interface.where.line, interface.where.column}};
            }
            own.interfaces[id] = table::pack(*number, type);
            own.neighbours.push_back({id, interface.neighbour.value()});
        }
    }
    std::sort(own.neighbours.begin(), own.neighbours.end(),
              [](const auto& a, const auto& b) { return a.interface < b.interface; });
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    return {};
}

void setup::add_services() {
    const auto add = [this](std::uint16_t number, const auto& instances) {
        service made{number, {}};
        for (const auto& [name, address] : instances) {
            made.instances.push_back(to_endpoint(address));
        }
        own.services.push_back(std::move(made));
    };
    constexpr std::uint16_t discovery = 1;
    constexpr std::uint16_t control = 2;
    add(discovery, files.as.discovery_services);
    add(control, files.as.control_services);
}

}  // namespace rhumb::scion
