#include "tests/support/naive_map.hh"

#include <algorithm>
#include <set>

namespace rhumb::test {

using namespace topology;

namespace {

template <class Number, class Value>
std::string wrong_list(const char* what, const std::vector<Number>& listed,
                       const std::vector<Value>& before, const std::vector<Value>& now,
                       bool exactly) {
    if (!std::is_sorted(listed.begin(), listed.end()) ||
        std::adjacent_find(listed.begin(), listed.end()) != listed.end()) {
        return std::string(what) + " are not listed in order, each once";
    }
    for (std::size_t i = 0; i < now.size(); ++i) {
        const bool differs = i >= before.size() ? now[i] != Value{} : before[i] != now[i];
        const bool is_listed =
            std::binary_search(listed.begin(), listed.end(), static_cast<Number>(i));
        if (is_listed ? exactly && !differs : differs) {
            return std::string(what) + " " + std::to_string(i) +
                   (differs ? " differs and is not listed" : " is listed and does not differ");
        }
    }
    return listed.empty() || listed.back() < now.size() ? "" : std::string(what) + " out of range";
}

// As the header of map::pair says it: those that name their other end first.
bool fit(const link& a, const link& b, bool by_name) {
    return (!a.remote_link.empty() || !b.remote_link.empty()) == by_name &&
           (a.remote_link.empty() || a.remote_link == b.name) &&
           (b.remote_link.empty() || b.remote_link == a.name);
}

}  // namespace

bool naive_map::apply(const advertisement& said) {
    if (said.version <= versions_[said.origin]) {
        return false;
    }
    versions_[said.origin] = said.version;
    said_[said.origin] = said;
    return true;
}

bool naive_map::withdraw(const std::string& origin, std::uint64_t version) {
    if (version <= versions_[origin]) {
        return false;
    }
    versions_[origin] = version;
    said_.erase(origin);
    return true;
}

std::map<naive_map::end, naive_map::end> naive_map::pairs() const {
    std::map<end, end> found;
    for (const bool by_name : {true, false}) {
        for (const auto& [a, said] : said_) {
            for (const link& x : said.links) {
                const auto far = said_.find(x.remote);
                if (far == said_.end() || x.remote < a) {
                    continue;
                }
                for (const link& y : far->second.links) {
                    if (y.remote == a && fit(x, y, by_name) && !found.contains({a, x.name}) &&
                        !found.contains({x.remote, y.name})) {
                        found[{a, x.name}] = {x.remote, y.name};
                        found[{x.remote, y.name}] = {a, x.name};
                    }
                }
            }
        }
    }
    return found;
}

std::string naive_map::wrong_link(const topology::map& m, const std::map<end, end>& pairs,
                                  const std::string& node, const link& l) const {
    const graph& g = m.graph();
    const auto number = m.find_link(*m.find(node), l.name);
    const auto remote = m.find(l.remote);
    if (!number || !remote || g.from[*number] != *m.find(node) || g.to[*number] != *remote ||
        m.said_of(*number) == nullptr || *m.said_of(*number) != l) {
        return "is not there, or another one";
    }
    const auto far = pairs.find({node, l.name});
    const link_number reverse =
        far == pairs.end() ? nobody : m.find_link(*remote, far->second.second).value_or(nobody);
    if (g.reverse[*number] != reverse) {
        return "has another reverse";
    }
    const auto cost_is = [&](metric_type metric, cost said) {
        return g.costs(metric)[*number] == (reverse == nobody || said == 0 ? unusable : said);
    };
    if (!cost_is(metric_type::igp, l.metric) || !cost_is(metric_type::delay, l.delay) ||
        !cost_is(metric_type::te, l.te_metric) ||
        g.affinities[*number] != (reverse == nobody ? 0 : l.affinities)) {
        return "has other costs or affinities";
    }
    return {};
}

std::string naive_map::wrong_links(const topology::map& m) const {
    const auto paired = pairs();
    std::size_t count = 0;
    for (const auto& [node, said] : said_) {
        for (const link& l : said.links) {
            ++count;
            if (const auto wrong = wrong_link(m, paired, node, l); !wrong.empty()) {
                return std::string("link ").append(l.name).append(" of ").append(node) + " " +
                       wrong;
            }
        }
    }
    std::size_t there = 0;
    for (link_number l = 0; l < m.graph().link_count(); ++l) {
        there += m.said_of(l) != nullptr ? 1U : 0U;
    }
    return there == count ? "" : "there are links that nobody advertises";
}

std::string naive_map::wrong_prefixes(const topology::map& m) const {
    std::size_t count = 0;
    for (const auto& [node, said] : said_) {
        for (const prefix& p : said.prefixes) {
            ++count;
            const auto number = m.find(p.address);
            const auto is_it = [&, name = &node](const prefix_source& s) {
                return m.name(s.node) == *name && *s.said == p;
            };
            if (!number || m.address(*number) != p.address ||
                std::none_of(m.sources(*number).begin(), m.sources(*number).end(), is_it)) {
                return "a prefix of " + node + " is missing";
            }
        }
    }
    for (prefix_number p = 0; p < m.prefix_count(); ++p) {
        count -= m.sources(p).size();
    }
    return count == 0 ? "" : "there are prefixes that nobody advertises";
}

std::string naive_map::wrong_srlgs(const topology::map& m) const {
    std::map<std::uint32_t, std::set<link_number>> wanted;
    for (link_number l = 0; l < m.graph().link_count(); ++l) {
        if (const link* const said = m.said_of(l)) {
            for (const std::uint32_t srlg : said->srlgs) {
                wanted[srlg].insert(l);
            }
        }
    }
    const auto listed = m.srlgs();
    if (listed.size() != wanted.size()) {
        return "other SRLGs are listed";
    }
    for (const auto& [srlg, links] : wanted) {
        const auto there = m.links_with_srlg(srlg);
        if (!std::equal(there.begin(), there.end(), links.begin(), links.end())) {
            return "SRLG " + std::to_string(srlg) + " has other links";
        }
    }
    return {};
}

std::string naive_map::difference(const topology::map& m) const {
    for (node_number n = 0; n < m.node_count(); ++n) {
        const auto known = said_.find(m.name(n));
        const advertisement* const said = m.said(n);
        if ((said != nullptr) != (known != said_.end()) ||
            (said != nullptr && *said != known->second) || m.find(m.name(n)) != n) {
            return "node " + m.name(n) + " says something else";
        }
        if (m.graph().no_transit[n] != (said == nullptr || said->overload ? 1 : 0)) {
            return "node " + m.name(n) + " has a wrong no_transit";
        }
    }
    for (const auto& [node, said] : said_) {
        if (!m.find(node)) {
            return "node " + node + " is missing";
        }
    }
    for (auto wrong : {wrong_graph(m.graph()), wrong_links(m), wrong_prefixes(m), wrong_srlgs(m)}) {
        if (!wrong.empty()) {
            return wrong;
        }
    }
    return {};
}

map_picture::map_picture(const topology::map& m) : renumberings_(m.renumberings()) {
    const graph& g = m.graph();
    for (node_number n = 0; n < m.node_count(); ++n) {
        names_.push_back(m.name(n));
        nodes_.emplace_back();
        if (m.said(n) != nullptr) {
            nodes_.back() = *m.said(n);
            nodes_.back()->version = 0;
            nodes_.back()->links.clear();
            nodes_.back()->prefixes.clear();
        }
    }
    for (link_number l = 0; l < g.link_count(); ++l) {
        const link* const said = m.said_of(l);
        link_picture now{said != nullptr ? said->name : "",
                         said != nullptr ? std::optional(*said) : std::nullopt,
                         g.from[l],
                         g.to[l],
                         g.reverse[l],
                         {},
                         g.affinities[l]};
        for (std::size_t metric = 0; metric < metric_types; ++metric) {
            now.costs[metric] = g.metrics[metric][l];
        }
        links_.push_back(std::move(now));
    }
    for (prefix_number p = 0; p < m.prefix_count(); ++p) {
        addresses_.push_back(m.address(p));
        sources_.emplace_back();
        for (const prefix_source& s : m.sources(p)) {
            sources_.back().emplace_back(s.node, *s.said);
        }
    }
}

std::string map_picture::wrong_numbers(const map_picture& now) const {
    if (now.names_.size() < names_.size() ||
        !std::equal(names_.begin(), names_.end(), now.names_.begin())) {
        return "nodes have other numbers";
    }
    if (now.addresses_.size() < addresses_.size() ||
        !std::equal(addresses_.begin(), addresses_.end(), now.addresses_.begin())) {
        return "prefixes have other numbers";
    }
    if (now.renumberings_ != renumberings_) {
        return {};
    }
    for (std::size_t l = 0; l < links_.size(); ++l) {
        if (l >= now.links_.size() || links_[l].from != now.links_[l].from ||
            links_[l].to != now.links_[l].to ||
            (links_[l].said && now.links_[l].said && links_[l].name != now.links_[l].name)) {
            return "links have other numbers";
        }
    }
    return links_.size() == now.links_.size() ? "" : "there are more links";
}

std::string map_picture::wrong(const topology::map& m, const change& changed, bool exactly) const {
    const map_picture now(m);
    if (changed.stale && !changed.empty()) {
        return "it is stale and changes something";
    }
    if (changed.renumbered != (now.renumberings_ != renumberings_)) {
        return "renumbered is wrong";
    }
    if (changed.renumbered && !changed.links.empty()) {
        return "all links are new, and some are listed";
    }
    if (auto bad = wrong_numbers(now); !bad.empty()) {
        return bad;
    }
    if (!changed.renumbered) {
        if (auto bad = wrong_list("link", changed.links, links_, now.links_, exactly);
            !bad.empty()) {
            return bad;
        }
    }
    if (auto bad = wrong_list("node", changed.nodes, nodes_, now.nodes_, exactly); !bad.empty()) {
        return bad;
    }
    return wrong_list("prefix", changed.prefixes, sources_, now.sources_, exactly);
}

std::string wrong_graph(const graph& g) {
    const std::size_t links = g.link_count();
    if (g.first.size() != g.node_count() + 1 || g.first.front() != 0 || g.first.back() != links ||
        !std::is_sorted(g.first.begin(), g.first.end()) || g.from.size() != links ||
        g.reverse.size() != links || g.affinities.size() != links ||
        std::any_of(g.metrics.begin(), g.metrics.end(),
                    [&](const auto& metric) { return metric.size() != links; })) {
        return "columns have other lengths";
    }
    for (node_number n = 0; n < g.node_count(); ++n) {
        for (link_number l = g.first[n]; l < g.first[n + 1]; ++l) {
            const link_number back = g.reverse[l];
            if (g.from[l] != n || g.to[l] >= g.node_count() || g.to[l] == n ||
                (back != nobody && (back >= links || g.reverse[back] != l ||
                                    g.from[back] != g.to[l] || g.to[back] != n))) {
                return "link " + std::to_string(l) + " has wrong ends or a wrong reverse";
            }
            for (const auto& metric : g.metrics) {
                if (metric[l] == 0 || (metric[l] > max_cost && metric[l] != unusable) ||
                    (back == nobody && metric[l] != unusable)) {
                    return "link " + std::to_string(l) + " has a wrong cost";
                }
            }
        }
    }
    return {};
}

}  // namespace rhumb::test
