// What a router does about neighbours: finds them, and makes next hops of those that it has found.
#include <algorithm>
#include <utility>

#include "controlplane/api/router.hh"
#include "controlplane/config/text.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace {

neighbours::ip_address host_of(const ip_prefix& host) { return {host.af, host.address}; }

}  // namespace

// Addresses of ports, and what is to be found behind them.
result<void> router::use_neighbours(const config::file& file) {
    neighbours::settings settings;
    for (const config::port& port : file.ports) {
        if (port.addresses.empty()) {
            continue;
        }
        neighbours::interface_settings& on = settings.interfaces.emplace_back();
        on.port = *engine_->port_number(port.name);
        on.mac = engine_->ports()[on.port]->mac();
        for (const config::port_address& address : port.addresses) {
            on.addresses.push_back({host_of(address.host), address.length});
        }
        for (const ip_prefix& gateway : port.gateways) {
            (gateway.af == family::ipv4 ? on.gateway_ipv4 : on.gateway_ipv6) = host_of(gateway);
        }
    }
    std::vector<neighbours::ip_address> wanted;
    if (scion_ != nullptr) {
        const auto add = [&](const scion::endpoint& to) {
            wanted.push_back({to.address_bytes == 4 ? family::ipv4 : family::ipv6, to.address});
        };
        for (const scion::link_description& link : scion_->links) {
            if (!link.name.empty() && link.scope != scion::link_scope::internal) {
                add(link.remote);
            }
        }
        for (const scion::service& service : scion_->own.services) {
            std::for_each(service.instances.begin(), service.instances.end(), add);
        }
    }
    return slow_->use(std::move(settings), wanted);
}

void router::take_neighbour_news() {
    for (const neighbour_news& news : slow_->take_news()) {
        news.mac ? learn(news) : forget(news.address);
    }
}

void router::housekeeping() {
    take_neighbour_news();
    follow_links();
    measure();
    reoptimise_in_time();
    publish_pending();
    engine_->reclaim();
}

namespace {

std::string nexthop_of(const neighbours::ip_address& address) {
    const ip_prefix host{address.af, static_cast<std::uint8_t>(address_bits(address.af)),
                         address.bytes};
    const std::string text = config::to_string(host);
    return "neighbour-" + text.substr(0, text.find('/'));
}

}  // namespace

// A next hop, and a prefix of the address alone that leads there; through a gateway all that has no
// better prefix. What the configuration says of these prefixes stands.
void router::learn(const neighbour_news& news) {
    const std::string name = nexthop_of(news.address);
    publish::changes batch;
    config::nexthop hop;
    hop.name = name;
    hop.port = engine_->ports()[news.port]->name();
    hop.mac = *news.mac;
    batch.nexthops.push_back(hop);
    const std::uint32_t paths = batch.rules.intern(config::path_list{{name, 1, {}}});
    std::vector<ip_prefix>& leading = learnt_[name];
    const auto lead = [&](ip_prefix match) {
        const bool is_ours = std::ranges::find(leading, match) != leading.end();
        if (!is_ours && tables_->prefixes().contains(match)) {
            return;
        }
        if (!is_ours) {
            leading.push_back(match);
        }
        config::prefix_rule rule;
        rule.match = match;
        rule.paths = paths;
        batch.rules.prefixes.push_back(rule);
    };
    lead({news.address.af, static_cast<std::uint8_t>(address_bits(news.address.af)),
          news.address.bytes});
    if (news.is_gateway) {
        lead({news.address.af, 0, {}});
    }
    if (const auto done = apply(batch); !done) {
        io::log(io::log_level::warning, "a neighbour cannot be used",
                {{"neighbour", name}, {"why", done.why().text()}});
    }
}

void router::forget(const neighbours::ip_address& address) {
    const auto known = learnt_.find(nexthop_of(address));
    if (known == learnt_.end()) {
        return;
    }
    publish::changes batch;
    batch.remove_prefixes = known->second;
    batch.remove_nexthops = {known->first};
    if (const auto done = apply(batch); !done) {
        io::log(io::log_level::warning, "a neighbour that is gone is still in use",
                {{"neighbour", known->first}, {"why", done.why().text()}});
    }
    learnt_.erase(known);
}

}  // namespace rhumb::api
