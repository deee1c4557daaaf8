#include "controlplane/controller/report.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "controlplane/labels/label_walk.hh"

namespace rhumb::controller::report {

using topology::link_number;

namespace {

constexpr std::array<std::string_view, 3> kinds{"link", "node", "srlg"};  // by failure::kind

// Dotted for IPv4; for IPv6 all eight groups, without leading zeros.
std::string text_of(const ip_prefix& p) {
    std::string text;
    if (p.af == family::ipv4) {
        text = fmt::format("{}.{}.{}.{}", p.address[0], p.address[1], p.address[2], p.address[3]);
    } else {
        for (std::size_t i = 0; i < p.address.size(); i += 2) {
            text += fmt::format("{}{:x}", i == 0 ? "" : ":", p.address[i] << 8 | p.address[i + 1]);
        }
    }
    return p.length == address_bits(p.af) ? text : fmt::format("{}/{}", text, p.length);
}

std::string node_name(const topology::map& m, topology::node_number n) {
    return n < m.node_count() ? m.name(n) : std::string();
}

link link_of(const topology::map& m, link_number l, bits_per_second load) {
    link made;
    made.node = m.name(m.graph().from[l]);
    made.remote = m.name(m.graph().to[l]);
    if (const topology::link* const said = m.said_of(l)) {
        made.name = said->name;
        made.capacity = static_cast<double>(said->bandwidth);
    }
    made.load = load;
    made.utilisation = made.capacity > 0 ? load / made.capacity : 0;
    return made;
}

std::optional<link> worst_of(const topology::map& m, const std::optional<loaded_link>& worst) {
    return worst ? std::optional(link_of(m, worst->link, worst->load)) : std::nullopt;
}

demand demand_of(const topology::map& m, const controller::demand& d) {
    demand made{node_name(m, d.from), node_name(m, d.to), {}, d.rate};
    if (d.policy) {
        made.policy = !d.policy_name.empty() ? d.policy_name
                                             : fmt::format("color {} endpoint {}", d.policy->color,
                                                           text_of(d.policy->endpoint));
    }
    return made;
}

std::vector<demand> demands_of(const topology::map& m, std::span<const controller::demand> all,
                               std::span<const std::uint32_t> which) {
    std::vector<demand> made;
    for (const std::uint32_t d : which) {
        if (d < all.size()) {
            made.push_back(demand_of(m, all[d]));
        }
    }
    return made;
}

}  // namespace

std::string name_of(const topology::map& m, const failure& f) {
    const topology::graph& g = m.graph();
    switch (f.of) {
        case failure::kind::link:
            if (f.number < g.link_count()) {
                const topology::link* const said = m.said_of(f.number);
                return fmt::format("{}:{}", m.name(g.from[f.number]),
                                   said == nullptr ? std::string() : said->name);
            }
            return {};
        case failure::kind::node: return node_name(m, f.number);
        case failure::kind::srlg: return std::to_string(f.number);
    }
    return {};
}

network describe(const traffic& t, std::span<const controller::demand> demands,
                 const what_if_report& found,
                 std::span<const std::optional<bits_per_second>> measured) {
    const topology::map& m = t.network();
    network made;
    for (link_number l = 0; l < t.now().loads.size(); ++l) {
        link one = link_of(m, l, t.now().loads[l]);
        one.measured = l < measured.size() ? measured[l] : std::nullopt;
        if (one.load > 0 || one.measured) {
            made.links.push_back(std::move(one));
        }
    }
    std::sort(made.links.begin(), made.links.end(), [](const link& a, const link& b) {
        return std::tie(b.utilisation, a.node, a.name) < std::tie(a.utilisation, b.node, b.name);
    });
    made.unroutable = demands_of(m, demands, found.unroutable);
    for (const failure_report& f : found.failures) {
        made.failures.push_back(describe(t, demands, f));
    }
    return made;
}

failed describe(const traffic& t, std::span<const controller::demand> demands,
                const failure_report& found) {
    const topology::map& m = t.network();
    failed made;
    made.kind = kinds[static_cast<std::size_t>(found.what.of)];
    made.what = name_of(m, found.what);
    made.worst = worst_of(m, found.loads.worst);
    for (const loaded_link& l : found.loads.overloaded) {
        made.overloaded.push_back(link_of(m, l.link, l.load));
    }
    made.unroutable = demands_of(m, demands, found.unroutable);
    made.unroutable_rate = found.unroutable_rate;
    made.lost_rate = found.lost_rate;
    made.moved = found.moved.size();
    return made;
}

plan describe(const traffic& t, std::span<const controller::demand> demands,
              const reoptimisation& found) {
    const topology::map& m = t.network();
    plan made;
    made.before = found.before;
    made.after = found.after;
    made.worst = worst_of(m, found.worst);
    made.why = to_string(found.why);
    for (const move& one : found.moves) {
        moved& added = made.moves.emplace_back();
        if (one.demand < demands.size()) {
            added.of = demand_of(m, demands[one.demand]);
        }
        added.during = one.during;
        added.after = one.after;
        const segment_lists spelt{{one.to.spelt, 1}};
        const segment_lists& lists = one.to.spelt.empty() ? one.to.lists : spelt;
        for (const paths::weighted_segments& list : lists) {
            std::string text;
            for (const topology::segment& s : list.segments) {
                text += (text.empty() ? "" : ", ") + labels::to_text(m, s);
            }
            added.lists.push_back(
                lists.size() == 1 ? text : fmt::format("{} (weight {})", text, list.weight));
        }
    }
    return made;
}

std::optional<std::vector<failure>> failures_of(const topology::map& m, std::string_view kind) {
    std::vector<failure> wanted;
    if (kind == "none") {
        return wanted;
    }
    const auto* const one = std::ranges::find(kinds, kind);
    if (kind != "all" && one == kinds.end()) {
        return std::nullopt;
    }
    for (const failure& f : single_failures(m)) {
        if (kind == "all" || kinds[static_cast<std::size_t>(f.of)] == kind) {
            wanted.push_back(f);
        }
    }
    return wanted;
}

}  // namespace rhumb::controller::report
