#include "controlplane/routing/own_links.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace rhumb::routing {

using adjacency = config::topology_section::adjacency;

result<std::vector<adjacency>> match_links(const config::file& file,
                                           const topology::advertisement& own) {
    const auto refuse = [&](config::position where, std::string why) {
        return error{std::move(why), {file.files[where.file], where.line, where.column}};
    };
    std::set<std::string_view> hops;
    for (const config::nexthop& hop : file.nexthops) {
        hops.insert(hop.name);
    }
    std::map<std::string_view, const adjacency*> named;
    std::set<std::string_view> taken;
    for (const adjacency& one : file.topology->adjacencies) {
        if (std::ranges::find(own.links, one.link, &topology::link::name) == own.links.end()) {
            return refuse(one.where,
                          fmt::format("{} has no link \"{}\" on the map", own.origin, one.link));
        }
        if (!hops.contains(one.nexthop)) {
            return refuse(one.where, fmt::format("there is no next hop \"{}\"", one.nexthop));
        }
        named.emplace(one.link, &one);
        taken.insert(one.nexthop);
    }
    std::map<std::string_view, unsigned> links_to;
    for (const topology::link& l : own.links) {
        ++links_to[l.remote];
    }
    std::vector<adjacency> matched;
    for (const topology::link& l : own.links) {
        if (const auto given = named.find(l.name); given != named.end()) {
            matched.push_back(*given->second);
        } else if (hops.contains(l.name) && taken.insert(l.name).second) {
            matched.push_back({l.name, l.name, file.topology->where});
        } else if (hops.contains(l.remote) && links_to[l.remote] == 1 &&
                   taken.insert(l.remote).second) {
            matched.push_back({l.name, l.remote, file.topology->where});
        }
    }
    return matched;
}

}  // namespace rhumb::routing
