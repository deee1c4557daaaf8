#include "controlplane/scion/topology.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/form.hh"
#include "controlplane/scion/interfaces.hh"
#include "controlplane/scion/json_document.hh"
#include "controlplane/scion/json_object.hh"

namespace rhumb::scion::control {
namespace {

using config::diagnostics;
using config::in_quotes;

isd_as read_own_isd_as(const json_object& from, diagnostics& errors) {
    const isd_as ia = read_isd_as(from, errors);
    if (ia.is_wildcard() && !errors.failed()) {
        errors.fail(from.find("isd_as").where(errors),
                    fmt::format("isd_as {} has a wildcard; this AS has one number", to_string(ia)));
    }
    return ia;
}

// Whether the AS is core. Other attributes are from earlier versions and mean nothing any more.
bool read_attributes(const json_object& from, diagnostics& errors) {
    constexpr std::array<std::string_view, 4> known{"core", "authoritative", "issuing", "voting"};
    bool core = false;
    for (const json_value element : from.children("attributes", json_kind::array)) {
        if (element.kind() == json_kind::null ||
            !expect(element, json_kind::string, "an attribute", errors)) {
            continue;
        }
        const std::string_view attribute = element.text();
        if (std::ranges::find(known, attribute) == known.end()) {
            errors.fail(element.where(errors),
                        fmt::format("unknown attribute {}; {}", in_quotes(attribute),
                                    config::advice(attribute, known)));
        }
        core = core || attribute == "core";
    }
    return core;
}

std::optional<port_range> read_dispatched_ports(const json_object& from, diagnostics& errors) {
    const json_value given = from.find("dispatched_ports", json_kind::string);
    if (!given || given.text().empty() || given.text() == "-") {
        return std::nullopt;
    }
    const auto range = parse_port_range(given.text());
    if (!range) {
        errors.fail(given.where(errors),
                    fmt::format("dispatched_ports {} is no range of ports, as in "
                                "\"1024-65535\", \"all\" or \"-\" for none",
                                in_quotes(given.text())));
    }
    return range;
}

border_router read_router(json_value from, bool core, interface_ids& ids, diagnostics& errors) {
    border_router router;
    router.name = from.key();
    router.where = from.key_where(errors);
    const json_object object(from, fmt::format("border router {}", in_quotes(router.name)), errors);
    if (const auto internal = read_endpoint(object, "internal_addr", errors)) {
        router.internal_addr = *internal;
    }
    for (const json_value member : object.children("interfaces", json_kind::object)) {
        if (errors.failed()) {
            break;
        }
        interface read = read_interface(member, router.name, core, ids, errors);
        router.interfaces.emplace(read.id, std::move(read));
    }
    return router;
}

// The services of one kind: each has an address.
std::map<std::string, underlay_endpoint> read_services(const json_object& from,
                                                       std::string_view key, diagnostics& errors) {
    std::map<std::string, underlay_endpoint> services;
    for (const json_value member : from.children(key, json_kind::object)) {
        if (errors.failed()) {
            break;
        }
        const json_object service(member, fmt::format("{} {}", key, in_quotes(member.key())),
                                  errors);
        if (const auto address = read_endpoint(service, "addr", errors)) {
            services.emplace(member.key(), *address);
        }
    }
    return services;
}

// What a router has no use for, and may be host names: only that it is text. Whoever uses it
// checks the rest.
void check_unused_services(const json_object& from, std::string_view key,
                           std::span<const std::string_view> addresses, diagnostics& errors) {
    for (const json_value member : from.children(key, json_kind::object)) {
        if (errors.failed()) {
            break;
        }
        const json_object service(member, fmt::format("{} {}", key, in_quotes(member.key())),
                                  errors);
        for (const std::string_view address : addresses) {
            (void)service.find(address, json_kind::string);
        }
    }
}

void check_unused(const json_object& from, diagnostics& errors) {
    constexpr std::array<std::string_view, 1> addr{"addr"};
    constexpr std::array<std::string_view, 3> sig{"ctrl_addr", "data_addr", "probe_addr"};
    (void)from.find("timestamp", json_kind::integer);
    (void)from.find("timestamp_human", json_kind::string);
    check_unused_services(from, "hidden_segment_lookup_service", addr, errors);
    check_unused_services(from, "hidden_segment_registration_service", addr, errors);
    check_unused_services(from, "sigs", sig, errors);
}

topology read_topology(json_value root, diagnostics& errors) {
    const json_object object(root, "the topology", errors);
    topology made;
    made.ia = read_own_isd_as(object, errors);
    made.core = read_attributes(object, errors);
    made.mtu = static_cast<std::uint16_t>(object.number("mtu", 0, 0xffff).value_or(0));
    made.dispatched_ports = read_dispatched_ports(object, errors);
    interface_ids ids;
    for (const json_value member : object.children("border_routers", json_kind::object)) {
        if (errors.failed()) {
            break;
        }
        made.border_routers.emplace(member.key(), read_router(member, made.core, ids, errors));
    }
    made.control_services = read_services(object, "control_service", errors);
    made.discovery_services = read_services(object, "discovery_service", errors);
    check_unused(object, errors);
    return made;
}

}  // namespace

std::string_view to_string(link_type type) {
    switch (type) {
        case link_type::core: return "core";
        case link_type::parent: return "parent";
        case link_type::child: return "child";
        case link_type::peer: return "peer";
    }
    return "";
}

result<topology> parse_topology(std::string_view text, const std::string& name) {
    diagnostics errors(name, 0);
    const json_document json(text, errors);
    if (errors.failed()) {
        return errors.why();
    }
    topology made = read_topology(json.root(), errors);
    if (errors.failed()) {
        return errors.why();
    }
    return made;
}

result<void> check_own_router(const border_router& router, const std::string& name) {
    diagnostics errors(name, 0);
    std::map<underlay_endpoint, std::uint16_t> remotes;
    for (const auto& [id, link] : router.interfaces) {
        if (link.provider != udpip) {
            errors.fail(link.where, fmt::format("interface {} has the underlay provider {}; this "
                                                "router has {} only",
                                                id, in_quotes(link.provider), in_quotes(udpip)));
        } else if (!link.local || !link.remote) {
            errors.fail(link.where,
                        fmt::format("interface {} has no underlay; this router needs the local and "
                                    "the remote address of its own links",
                                    id));
        } else if (const auto [other, fresh] = remotes.emplace(*link.remote, id); !fresh) {
            errors.fail(link.remote_where,
                        fmt::format("interfaces {} and {} have the same remote address, {}; a "
                                    "packet's link is found by it",
                                    other->second, id, to_string(*link.remote)));
        }
    }
    return errors.failed() ? result<void>(errors.why()) : result<void>();
}

}  // namespace rhumb::scion::control
