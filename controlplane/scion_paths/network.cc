#include "controlplane/scion_paths/network.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "controlplane/config/reader.hh"
#include "controlplane/scion/file.hh"
#include "controlplane/scion/keys.hh"

namespace rhumb::scion::paths {

namespace {

using config::diagnostics;
using config::in_quotes;
using config::table_reader;
using config::value;

constexpr std::int64_t least_mtu = 1280;
constexpr std::int64_t most_mtu = 9000;
constexpr std::uint16_t usual_mtu = 1472;
constexpr std::size_t max_network_mib = 4;

constexpr std::array<config::choice<link_kind>, 3> kinds{{{"core", link_kind::core},
                                                          {"parent-child", link_kind::parent_child},
                                                          {"peer", link_kind::peer}}};

// Reads into `made`, the first error going to `errors`.
class network_reader {
public:
    network_reader(network& made, diagnostics& errors) : made_(made), errors_(errors) {}

    void read(value root) {
        constexpr std::array<std::string_view, 4> known{"as", "links", "mtu", "dispatched_ports"};
        const table_reader table(root, "this file", known, errors_);
        table.number("mtu", least_mtu, most_mtu, mtu_);
        read_ports(table, ports_);
        const value ases = table.find("as");
        if (!ases || ases.kind() != config::value_kind::table) {
            errors_.fail(ases ? ases.where(errors_) : errors_.at(1, 1),
                         "a network has ASes: write [as.\"1-ff00:0:110\"] for each");
            return;
        }
        for (const value::member& m : ases.members()) {
            read_as(m.key, errors_.at(m.line, m.column), m.value);
        }
        if (const value links = table.find("links")) {
            for (const value link : config::read_array(links, "links", errors_)) {
                read_link(link);
            }
        }
    }

private:
    void read_ports(const table_reader& table, std::optional<control::port_range>& to) {
        const value from = table.find("dispatched_ports");
        const auto text =
            from ? config::read_text(from, "dispatched_ports", errors_) : std::nullopt;
        if (!text) {
            return;
        }
        to = control::parse_port_range(*text);
        if (!to) {
            errors_.fail(from.where(errors_),
                         fmt::format("dispatched_ports {} is no range of ports, as in "
                                     "\"31000-32767\" or \"all\"",
                                     in_quotes(*text)));
        }
    }

    // An address with a port; none if there is no such key.
    std::optional<control::underlay_endpoint> read_address(value from, std::string_view key) {
        const auto text = from ? config::read_text(from, key, errors_) : std::nullopt;
        if (!text) {
            return std::nullopt;
        }
        auto made = control::parse_endpoint(*text);
        if (!made || made->port == 0 || !made->zone.empty()) {
            errors_.fail(from.where(errors_),
                         fmt::format("{} {} is no address with a port, as in \"10.1.0.1:30042\"",
                                     key, in_quotes(*text)));
            return std::nullopt;
        }
        return made;
    }

    void read_as(std::string_view name, config::position where, value from) {
        constexpr std::array<std::string_view, 7> known{
            "core", "mtu", "master_key", "routers", "host", "control_service", "dispatched_ports"};
        const auto ia = parse_isd_as(name);
        if (!ia || ia->is_wildcard()) {
            errors_.fail(where, fmt::format("{} is not the number of an AS, as in \"1-ff00:0:110\"",
                                            in_quotes(name)));
            return;
        }
        if (made_.find(*ia)) {
            errors_.fail(where, fmt::format("the AS {} is there already", scion::to_string(*ia)));
            return;
        }
        const table_reader table(from, fmt::format("[as.\"{}\"]", name), known, errors_);
        network_as& as = made_.ases.emplace_back();
        as.ia = *ia;
        as.where = where;
        as.mtu = mtu_;
        as.dispatched_ports = ports_;
        table.flag("core", as.core);
        table.number("mtu", least_mtu, most_mtu, as.mtu);
        read_ports(table, as.dispatched_ports);
        read_key(table.find("master_key"), as);
        read_routers(table.find("routers"), as);
        as.host = read_address(table.find("host"), "host").value_or(as.host);
        as.control_service = read_address(table.find("control_service"), "control_service");
    }

    void read_key(value from, network_as& as) {
        const auto text = from ? config::read_text(from, "master_key", errors_) : std::nullopt;
        if (!text) {
            return;
        }
        const auto key = control::decode_key(*text);
        if (!key || key.value().bytes().empty()) {
            errors_.fail(from.where(errors_), "master_key is not base64 text of a key");
            return;
        }
        as.master_key.emplace(key.value().bytes().begin(), key.value().bytes().end());
    }

    // ["br1", "br2"], or {br1 = "10.1.0.1:30042"}.
    void read_routers(value from, network_as& as) {
        if (!from) {
            as.routers.push_back({"br1", {}, as.where});
            return;
        }
        if (from.kind() == config::value_kind::table) {
            for (const value::member& m : from.members()) {
                add_router(as, m.key, errors_.at(m.line, m.column));
                as.routers.back().internal =
                    read_address(m.value, m.key).value_or(control::underlay_endpoint{});
            }
        } else {
            for (const value one : config::read_array(from, "routers", errors_)) {
                const auto name = config::read_text(one, "an element of routers", errors_);
                add_router(as, name.value_or("br1"), one.where(errors_));
            }
        }
        if (as.routers.empty()) {
            errors_.fail(from.where(errors_), "an AS has at least one router");
        }
    }

    void add_router(network_as& as, std::string_view name, config::position where) {
        constexpr std::string_view allowed =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
        constexpr std::size_t most_characters = 32;
        if (name.empty() || name.size() > most_characters || name.starts_with('.') ||
            name.find_first_not_of(allowed) != std::string_view::npos) {
            errors_.fail(where, fmt::format("{} cannot be a router's name: 1 to {} letters, "
                                            "digits, - and _",
                                            in_quotes(name), most_characters));
        }
        for (const network_router& other : as.routers) {
            if (other.name == name) {
                errors_.fail(where, fmt::format("the AS has a router {} already", in_quotes(name)));
            }
        }
        as.routers.push_back({std::string(name), {}, where});
    }

    void read_link(value from) {
        constexpr std::array<std::string_view, 4> known{"kind", "ends", "mtu", "underlay"};
        const table_reader table(from, "[[links]]", known, errors_);
        network_link link;
        link.where = table.where();
        link.mtu = mtu_;
        if (const value kind = table.need("kind", "kind = \"parent-child\"")) {
            table.word("kind", kinds, link.kind);
        }
        table.number("mtu", least_mtu, most_mtu, link.mtu);
        constexpr std::string_view how = R"(ends = ["1-ff00:0:110#1", "1-ff00:0:111#41"])";
        const value ends = table.need("ends", how);
        const auto both = ends ? config::read_array(ends, "ends", errors_) : std::vector<value>{};
        if (both.size() != 2) {
            errors_.fail(ends.where(errors_), fmt::format("a link has two ends: {}", how));
            return;
        }
        if (!read_end(both[0], link.ends[0]) || !read_end(both[1], link.ends[1])) {
            return;
        }
        read_underlay(table.find("underlay"), link);
        check(link, ends.where(errors_));
        made_.links.push_back(std::move(link));
    }

    void read_underlay(value from, network_link& link) {
        if (!from) {
            return;
        }
        const auto both = config::read_array(from, "underlay", errors_);
        if (both.size() != 2) {
            errors_.fail(from.where(errors_), "underlay has two addresses, one for each end");
            return;
        }
        for (std::size_t n = 0; n < 2; ++n) {
            link.ends[n].address =
                read_address(both[n], "underlay").value_or(control::underlay_endpoint{});
        }
        if (link.ends[0].address.address_bytes != link.ends[1].address.address_bytes) {
            errors_.fail(from.where(errors_), "both underlay addresses are of one family");
        }
    }

    // "1-ff00:0:110#41", "1-ff00:0:110#41@br2".
    bool read_end(value from, link_end& to) {
        const auto text = config::read_text(from, "an end", errors_);
        if (!text) {
            return false;
        }
        const auto where = from.where(errors_);
        const std::size_t hash = text->find('#');
        const std::size_t at = text->find('@');
        const auto ia = parse_isd_as(text->substr(0, hash));
        const bool has_id = hash != std::string_view::npos && hash < at;
        const std::uint64_t id =
            has_id ? parse_digits(text->substr(hash + 1, at - hash - 1), 10, 0xffff).value_or(0)
                   : 0;
        if (!ia || id == 0) {
            errors_.fail(where, fmt::format("{} is no end of a link, as in \"1-ff00:0:110#41\" or "
                                            "\"1-ff00:0:110#41@br2\"",
                                            in_quotes(*text)));
            return false;
        }
        const auto as = made_.find(*ia);
        if (!as) {
            errors_.fail(where, fmt::format("there is no AS {}", scion::to_string(*ia)));
            return false;
        }
        to.as = *as;
        to.interface = static_cast<std::uint16_t>(id);
        if (at != std::string_view::npos && !find_router(text->substr(at + 1), to)) {
            errors_.fail(where, fmt::format("the AS {} has no router {}", scion::to_string(*ia),
                                            in_quotes(text->substr(at + 1))));
            return false;
        }
        if (!taken_.insert({to.as, to.interface}).second) {
            errors_.fail(where, fmt::format("{} has a link already", to_string(*ia, to.interface)));
            return false;
        }
        return true;
    }

    bool find_router(std::string_view name, link_end& to) const {
        const auto& routers = made_.ases[to.as].routers;
        const auto found = std::find_if(routers.begin(), routers.end(),
                                        [&](const auto& router) { return router.name == name; });
        to.router = static_cast<std::size_t>(found - routers.begin());
        return found != routers.end();
    }

    // What a SCION control plane would not make of.
    void check(const network_link& link, config::position where) {
        const network_as& a = made_.ases[link.ends[0].as];
        const network_as& b = made_.ases[link.ends[1].as];
        if (link.ends[0].as == link.ends[1].as) {
            errors_.fail(where, "a link is between two ASes");
        } else if (link.kind == link_kind::core && !(a.core && b.core)) {
            errors_.fail(where, fmt::format("a core link is between core ASes, and {} is none",
                                            scion::to_string(a.core ? b.ia : a.ia)));
        } else if (link.kind == link_kind::parent_child && b.core) {
            errors_.fail(
                where, fmt::format("{} is a core AS, which has no parent", scion::to_string(b.ia)));
        } else if (link.kind == link_kind::parent_child && a.ia.isd() != b.ia.isd()) {
            errors_.fail(where, "parent and child are in one ISD");
        }
    }

    network& made_;
    diagnostics& errors_;
    std::uint16_t mtu_ = usual_mtu;
    std::optional<control::port_range> ports_ = control::port_range{31000, 32767};
    std::set<std::pair<std::size_t, std::uint16_t>> taken_;
};

}  // namespace

std::optional<std::size_t> network::find(isd_as ia) const {
    const auto found =
        std::find_if(ases.begin(), ases.end(), [ia](const network_as& as) { return as.ia == ia; });
    return found == ases.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(found - ases.begin()));
}

link_side network::side(std::size_t as, std::uint16_t interface) const {
    for (const network_link& link : links) {
        for (std::size_t n = 0; n < 2; ++n) {
            if (link.ends[n].as == as && link.ends[n].interface == interface) {
                return {&link, &link.ends[n], &link.ends[1 - n]};
            }
        }
    }
    return {};
}

std::vector<link_side> network::sides(std::size_t as) const {
    std::vector<link_side> found;
    for (const network_link& link : links) {
        for (std::size_t n = 0; n < 2; ++n) {
            if (link.ends[n].as == as) {
                found.push_back({&link, &link.ends[n], &link.ends[1 - n]});
            }
        }
    }
    std::sort(found.begin(), found.end(), [](const link_side& a, const link_side& b) {
        return a.near->interface < b.near->interface;
    });
    return found;
}

std::string_view to_string(link_kind kind) { return kinds[static_cast<std::size_t>(kind)].name; }

std::string to_string(isd_as ia, std::uint16_t interface) {
    return fmt::format("{}#{}", scion::to_string(ia), interface);
}

result<network> parse_network(std::string_view text, const std::string& name) {
    network made;
    made.file = name;
    diagnostics errors(name, 0);
    {
        const config::document toml(text, errors);
        if (!errors.failed()) {
            network_reader(made, errors).read(toml.root());
        }
    }
    if (errors.failed()) {
        return errors.why();
    }
    if (auto done = complete_addresses(made); !done) {
        return done.why();
    }
    return made;
}

result<network> load_network(const std::string& path) {
    const auto text = control::read_file(path, max_network_mib);
    if (!text) {
        return error{"cannot read the network: " + text.why().message, {path, 0, 0}};
    }
    return parse_network(text.value(), path);
}

}  // namespace rhumb::scion::paths
