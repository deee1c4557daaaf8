#include "controlplane/paths/policy_reasons.hh"

#include "controlplane/labels/label_walk.hh"

namespace rhumb::paths {

namespace {

void add(std::string& list, const std::string& what) { list += (list.empty() ? "" : ", ") + what; }

std::string shared_text(const topology::map& m, const shared_risks& shared) {
    const topology::graph& g = m.graph();
    std::string text;
    for (const topology::node_number n : shared.nodes) {
        add(text, "node " + m.name(n));
    }
    for (const topology::link_number l : shared.links) {
        const topology::link* const said = m.said_of(l);
        add(text, "link " + m.name(g.from[l]) + (said != nullptr ? ":" + said->name : ""));
    }
    for (const std::uint32_t srlg : shared.srlgs) {
        add(text, "SRLG " + std::to_string(srlg));
    }
    return text;
}

}  // namespace

std::string pair_text(const topology::map& m, const candidate_state& state) {
    std::string with;
    if (state.with) {
        with = " " + m.name(state.with->headend) + ", color " + std::to_string(state.with->color);
    }
    switch (state.pair) {
        case pairing::none: return state.why;
        case pairing::single: return "nobody else names its group";
        case pairing::disjoint: return "a pair with" + with + ": they share nothing";
        case pairing::sharing:
            return "a pair with" + with + ": they share " + shared_text(m, state.shared);
        case pairing::separate: break;
    }
    return "no pair with" + with + ": " + state.why;
}

std::string split_text(const topology::map& m, const std::optional<split_segments>& proposal) {
    std::string text;
    for (const proposed_binding& binding :
         proposal ? proposal->bindings : std::vector<proposed_binding>()) {
        std::string over;
        for (const topology::segment& s : binding.segments) {
            add(over, labels::to_text(m, s));
        }
        text += (text.empty() ? "" : " and ") + ("of " + m.name(binding.node)) + " over " + over;
    }
    return text.empty() ? "" : "a policy with a binding_sid would help: " + text;
}

}  // namespace rhumb::paths
