#include "controlplane/topology/flex_algo.hh"

#include <algorithm>
#include <set>

namespace rhumb::topology {

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
        if (!takes_part(m, node, algorithm)) {
            continue;
        }
        for (const flex_algo_definition& offered : m.said(node)->definitions) {
            if (offered.algorithm == algorithm &&
                (best == nullptr || offered.priority > best->priority ||
                 (offered.priority == best->priority && m.name(node) > *origin))) {
                best = &offered;
                origin = &m.name(node);
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
    const flex_algo_definition* const rule = definition_of(m, algorithm);
    if (rule == nullptr) {
        view.costs.assign(g.link_count(), unusable);
        return view;
    }
    view.costs = g.costs(rule->metric);
    std::vector<std::uint8_t> member(g.node_count());
    for (node_number node = 0; node < g.node_count(); ++node) {
        member[node] = takes_part(m, node, algorithm) ? 1 : 0;
    }
    for (link_number l = 0; l < g.link_count(); ++l) {
        const affinity_set has = g.affinities[l];
        if (member[g.from[l]] == 0 || member[g.to[l]] == 0 || (has & rule->exclude_any) != 0 ||
            (rule->include_any != 0 && (has & rule->include_any) == 0) ||
            (has & rule->include_all) != rule->include_all) {
            view.costs[l] = unusable;
        }
    }
    for (const std::uint32_t srlg : rule->exclude_srlgs) {
        for (const link_number l : m.links_with_srlg(srlg)) {
            view.costs[l] = unusable;
        }
    }
    return view;
}

std::vector<std::uint8_t> algorithms(const map& m) {
    std::set<std::uint8_t> found{0};
    for (node_number node = 0; node < m.node_count(); ++node) {
        if (const advertisement* const said = m.said(node)) {
            for (const flex_algo_definition& d : said->definitions) {
                if (takes_part(m, node, d.algorithm)) {
                    found.insert(d.algorithm);
                }
            }
        }
    }
    return {found.begin(), found.end()};
}

}  // namespace rhumb::topology
