#include "controlplane/topology/flex_algo.hh"

#include <algorithm>
#include <bitset>

namespace rhumb::topology {

namespace {

// What a definition makes of a link, but for participation and SRLGs.
cost cost_under(const flex_algo_definition& rule, const graph& g, link_number l) {
    const affinity_set has = g.affinities[l];
    const bool excluded = (has & rule.exclude_any) != 0 ||
                          (rule.include_any != 0 && (has & rule.include_any) == 0) ||
                          (has & rule.include_all) != rule.include_all;
    return excluded ? unusable : g.costs(rule.metric)[l];
}

bool shares_risk(const flex_algo_definition& rule, const link* said) {
    return said != nullptr && std::any_of(said->srlgs.begin(), said->srlgs.end(), [&](auto srlg) {
               return std::find(rule.exclude_srlgs.begin(), rule.exclude_srlgs.end(), srlg) !=
                      rule.exclude_srlgs.end();
           });
}

// Of one link, as make_plane has it. `rule`: null in algorithm 0.
cost cost_of(const map& m, std::uint8_t algorithm, const flex_algo_definition* rule,
             link_number l) {
    const graph& g = m.graph();
    if (rule == nullptr) {
        return algorithm == 0 ? g.costs(metric_type::igp)[l] : unusable;
    }
    if (!takes_part(m, g.from[l], algorithm) || !takes_part(m, g.to[l], algorithm) ||
        shares_risk(*rule, m.said_of(l))) {
        return unusable;
    }
    return cost_under(*rule, g, l);
}

template <class Number, class Value>
void list_differences(const std::vector<Value>& before, const std::vector<Value>& now,
                      std::vector<Number>& differing) {
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (before[i] != now[i]) {
            differing.push_back(static_cast<Number>(i));
        }
    }
}

}  // namespace

bool takes_part(const map& m, node_number node, std::uint8_t algorithm) {
    const advertisement* const said = m.said(node);
    return said != nullptr &&
           (algorithm == 0 || std::find(said->algorithms.begin(), said->algorithms.end(),
                                        algorithm) != said->algorithms.end());
}

const flex_algo_definition* definition_of(const map& m, std::uint8_t algorithm) {
    const flex_algo_definition* best = nullptr;
    const std::string* origin = nullptr;
    for (node_number node = 0; node < m.node_count(); ++node) {
        const advertisement* const said = m.said(node);
        if (said == nullptr) {
            continue;
        }
        for (const flex_algo_definition& offered : said->definitions) {
            if (offered.algorithm == algorithm &&
                (best == nullptr || offered.priority > best->priority ||
                 (offered.priority == best->priority && said->origin > *origin))) {
                best = &offered;
                origin = &said->origin;
            }
        }
    }
    return best;
}

plane make_plane(const map& m, std::uint8_t algorithm) {
    const graph& g = m.graph();
    plane view;
    view.no_transit = g.no_transit;
    if (algorithm == 0) {
        view.costs = g.costs(metric_type::igp);
        return view;
    }
    view.costs.assign(g.link_count(), unusable);
    const flex_algo_definition* const rule = definition_of(m, algorithm);
    if (rule == nullptr) {
        return view;
    }
    std::vector<std::uint8_t> member(g.node_count());
    for (node_number node = 0; node < g.node_count(); ++node) {
        member[node] = takes_part(m, node, algorithm) ? 1 : 0;
    }
    for (link_number l = 0; l < g.link_count(); ++l) {
        if (member[g.from[l]] != 0 && member[g.to[l]] != 0) {
            view.costs[l] = cost_under(*rule, g, l);
        }
    }
    for (const std::uint32_t srlg : rule->exclude_srlgs) {
        for (const link_number l : m.links_with_srlg(srlg)) {
            view.costs[l] = unusable;
        }
    }
    return view;
}

plane_change update_plane(const map& m, std::uint8_t algorithm, const change& changed,
                          plane& view) {
    const graph& g = m.graph();
    plane_change differs;
    if (changed.renumbered || view.costs.size() != g.link_count() ||
        view.no_transit.size() != g.node_count()) {
        view = make_plane(m, algorithm);
        differs.complete = true;
        return differs;
    }
    if (algorithm != 0 && !changed.nodes.empty()) {
        // The definition may be another one, or others may take part.
        plane now = make_plane(m, algorithm);
        list_differences(view.costs, now.costs, differs.links);
        list_differences(view.no_transit, now.no_transit, differs.nodes);
        view = std::move(now);
        return differs;
    }
    for (const node_number node : changed.nodes) {
        if (view.no_transit[node] != g.no_transit[node]) {
            view.no_transit[node] = g.no_transit[node];
            differs.nodes.push_back(node);
        }
    }
    if (changed.links.empty()) {
        return differs;
    }
    const flex_algo_definition* const rule = algorithm == 0 ? nullptr : definition_of(m, algorithm);
    for (const link_number l : changed.links) {
        const cost now = cost_of(m, algorithm, rule, l);
        if (now != view.costs[l]) {
            view.costs[l] = now;
            differs.links.push_back(l);
        }
    }
    return differs;
}

std::vector<std::uint8_t> algorithms(const map& m) {
    std::bitset<256> defined;
    defined.set(0);
    for (node_number node = 0; node < m.node_count(); ++node) {
        if (const advertisement* const said = m.said(node)) {
            for (const flex_algo_definition& d : said->definitions) {
                defined.set(d.algorithm);
            }
        }
    }
    std::vector<std::uint8_t> found;
    for (unsigned algorithm = 0; algorithm < defined.size(); ++algorithm) {
        if (defined[algorithm]) {
            found.push_back(static_cast<std::uint8_t>(algorithm));
        }
    }
    return found;
}

}  // namespace rhumb::topology
