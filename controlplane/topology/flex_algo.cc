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
