#include "controlplane/scion/interfaces.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "controlplane/config/form.hh"
#include "controlplane/scion/bfd_settings.hh"
#include "controlplane/scion/text.hh"

namespace rhumb::scion::control {
namespace {

using config::diagnostics;
using config::in_quotes;

constexpr std::string_view example_address = "10.0.0.1:30042";

void fail_endpoint(json_value from, std::string_view key, diagnostics& errors) {
    errors.fail(from.where(errors), fmt::format("{} {} is no address and port, as in \"{}\" or "
                                                "\"[2001:db8::1]:30042\"; names are not looked up",
                                                key, in_quotes(from.text()), example_address));
}

std::uint16_t read_id(json_value from, const std::string& router, interface_ids& ids,
                      diagnostics& errors) {
    const auto id = parse_digits(from.key(), 10, 0xffff);
    if (!id || *id == 0) {
        errors.fail(from.key_where(errors),
                    fmt::format("interface {} is out of range: 1 to 65535", in_quotes(from.key())));
        return 0;
    }
    const auto number = static_cast<std::uint16_t>(*id);
    if (const auto [other, fresh] = ids.emplace(number, router); !fresh) {
        errors.fail(from.key_where(errors),
                    fmt::format("interface {} is one of border router {} already; a number is "
                                "used once in an AS",
                                number, in_quotes(other->second)));
    }
    return number;
}

link_type read_link_type(const json_object& from, bool core, diagnostics& errors) {
    using choice = config::choice<link_type>;
    constexpr std::array<choice, 4> types{{{"core", link_type::core},
                                           {"parent", link_type::parent},
                                           {"child", link_type::child},
                                           {"peer", link_type::peer}}};
    constexpr std::array<std::string_view, 3> of_core{"core", "child", "peer"};
    constexpr std::array<std::string_view, 3> of_others{"parent", "child", "peer"};
    const std::span<const std::string_view> allowed = core ? of_core : of_others;

    const json_value given = from.need_text("link_to", allowed.front());
    if (!given) {
        return {};
    }
    const auto same = [&](std::string_view name) { return same_letters(name, given.text()); };
    if (std::ranges::none_of(allowed, same)) {
        errors.fail(given.where(errors),
                    fmt::format("link_to {} does not fit: a link of a {} AS is to {}",
                                in_quotes(given.text()), core ? "core" : "non-core",
                                config::listed(allowed)));
        return {};
    }
    return std::ranges::find_if(types, same, &choice::name)->value;
}

std::optional<std::chrono::nanoseconds> read_interval(const json_object& from, std::string_view key,
                                                      diagnostics& errors) {
    const json_value given = from.find(key, json_kind::string);
    if (!given) {
        return std::nullopt;
    }
    const auto interval = read_bfd_interval(given.text(), key, given.where(errors), errors);
    return interval && interval->count() != 0 ? interval : std::nullopt;
}

bfd_overrides read_bfd(const json_object& from, diagnostics& errors) {
    bfd_overrides bfd;
    const json_value given = from.find("bfd");
    if (!given) {
        return bfd;
    }
    const json_object object(given, "bfd", errors);
    if (const json_value disable = object.find("disable", json_kind::boolean)) {
        bfd.disable = disable.boolean();
    }
    const auto multiplier = object.number("detect_mult", 0, 0xff);
    if (multiplier && *multiplier != 0) {
        bfd.detect_mult = static_cast<std::uint8_t>(*multiplier);
    }
    bfd.desired_min_tx_interval = read_interval(object, "desired_min_tx_interval", errors);
    bfd.required_min_rx_interval = read_interval(object, "required_min_rx_interval", errors);
    return bfd;
}

// Addresses of a provider that we do not know mean what it likes.
void read_underlay(const json_object& from, interface& link, diagnostics& errors) {
    const json_value given = from.find("underlay");
    if (!given) {
        return;
    }
    const json_object underlay(given, "underlay", errors);
    if (const json_value provider = underlay.find("provider", json_kind::string);
        provider && !provider.text().empty()) {
        link.provider = provider.text();
    }
    const bool empty = !underlay.find("local") && !underlay.find("remote");
    if (empty || link.provider != udpip) {
        return;
    }
    if (const json_value local = underlay.need_text("local", example_address)) {
        link.local = parse_local_endpoint(local.text());
        if (!link.local) {
            fail_endpoint(local, "local", errors);
        }
    }
    link.remote = read_endpoint(underlay, "remote", errors);
    link.remote_where = underlay.find("remote").where(errors);
}

}  // namespace

isd_as read_isd_as(const json_object& from, diagnostics& errors) {
    constexpr std::string_view example = "1-ff00:0:110";
    const json_value given = from.need_text("isd_as", example);
    if (!given) {
        return {};
    }
    const auto ia = parse_isd_as(given.text());
    if (!ia) {
        errors.fail(given.where(errors), fmt::format("isd_as {} is no ISD-AS number, as in \"{}\"",
                                                     in_quotes(given.text()), example));
    }
    return ia.value_or(isd_as());
}

std::optional<underlay_endpoint> read_endpoint(const json_object& from, std::string_view key,
                                               diagnostics& errors) {
    const json_value given = from.need_text(key, example_address);
    if (!given) {
        return std::nullopt;
    }
    const auto endpoint = parse_endpoint(given.text());
    if (!endpoint) {
        fail_endpoint(given, key, errors);
    }
    return endpoint;
}

interface read_interface(json_value from, const std::string& router, bool core, interface_ids& ids,
                         diagnostics& errors) {
    interface link;
    link.id = read_id(from, router, ids, errors);
    link.where = from.key_where(errors);
    const json_object object(from, fmt::format("interface {}", link.id), errors);
    link.neighbour = read_isd_as(object, errors);
    if (link.neighbour.is_wildcard()) {
        errors.fail(object.find("isd_as").where(errors),
                    fmt::format("isd_as {} has a wildcard; a link leads to one AS",
                                to_string(link.neighbour)));
    }
    link.type = read_link_type(object, core, errors);
    link.mtu = static_cast<std::uint16_t>(object.number("mtu", 0, 0xffff).value_or(0));
    const auto remote_id = object.number("remote_interface_id", 0, 0xffff).value_or(0);
    if (link.type == link_type::peer) {
        link.remote_interface_id = static_cast<std::uint16_t>(remote_id);
    }
    link.bfd = read_bfd(object, errors);
    read_underlay(object, link, errors);
    return link;
}

}  // namespace rhumb::scion::control
