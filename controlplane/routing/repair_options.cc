#include "controlplane/routing/repair_options.hh"

namespace rhumb::routing {

topology::ti_lfa_options repair_options(const topology::map& m, const labels::sid_labels& labels,
                                        std::uint8_t algorithm) {
    topology::ti_lfa_options options;
    const topology::graph& g = m.graph();
    options.has_node_sid.resize(g.node_count());
    for (topology::node_number n = 0; n < g.node_count(); ++n) {
        options.has_node_sid[n] = labels.node_prefix(n, algorithm) ? 1 : 0;
    }
    options.has_adjacency_sid.resize(g.link_count());
    for (topology::link_number l = 0; l < g.link_count(); ++l) {
        const topology::link* const said = m.said_of(l);
        options.has_adjacency_sid[l] = said != nullptr && !said->sids.empty() ? 1 : 0;
    }
    return options;
}

}  // namespace rhumb::routing
