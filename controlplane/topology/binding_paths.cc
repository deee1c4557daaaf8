#include "controlplane/topology/binding_paths.hh"

#include <algorithm>
#include <string>

#include "controlplane/topology/flex_algo.hh"

namespace rhumb::topology {

namespace {

error why(std::string text) { return {std::move(text), {}}; }

bool has_sid(const link& l, bool set) {
    return std::any_of(l.sids.begin(), l.sids.end(), [&](const auto& s) { return s.set == set; });
}

// Of several with the label the first.
const binding_sid* find_binding(const advertisement& said, std::uint32_t label) {
    const auto of = std::find_if(said.bindings.begin(), said.bindings.end(),
                                 [&](const binding_sid& b) { return b.label == label; });
    return of == said.bindings.end() ? nullptr : &*of;
}

// A label that means something else at its node (RFC 8660 2.5), whether or not that is in use.
result<void> check_label(const advertisement& said, std::uint32_t label) {
    for (const label_block& block : said.srgb) {
        if (label >= block.first && label - block.first < block.count) {
            return why("its label is one of the SRGB");
        }
    }
    for (const link& l : said.links) {
        if (std::any_of(l.sids.begin(), l.sids.end(),
                        [&](const adjacency_sid& sid) { return sid.label == label; })) {
            return why("link " + l.name + " has its label");
        }
    }
    return {};
}

}  // namespace

const result<binding_path>& binding_paths::of(node_number node, std::uint32_t label) {
    const std::pair key(node, label);
    auto at = known_.find(key);
    if (at == known_.end()) {
        at = known_.emplace(key, make(node, label)).first;
    }
    return at->second;
}

result<binding_path> binding_paths::make(node_number node, std::uint32_t label) {
    const advertisement* const said = node < map_.graph().node_count() ? map_.said(node) : nullptr;
    if (said == nullptr) {
        return why("its node is not on the map");
    }
    const binding_sid* const of = find_binding(*said, label);
    if (of == nullptr) {
        return why("its node does not advertise it");
    }
    if (auto done = check_label(*said, label); !done) {
        return done.why();
    }
    std::vector<node_number> through;
    through.reserve(of->nodes.size());
    for (const std::string& name : of->nodes) {
        const auto next = map_.find(name);
        if (!next || *next >= map_.graph().node_count()) {
            return why("it leads through " + name + ", which is not on the map");
        }
        through.push_back(*next);
    }
    if (view_.costs.empty()) {
        view_ = make_plane(map_, 0);
    }
    binding_path made;
    if (auto done = spell(node, through, made); !done) {
        return done.why();
    }
    // For a link of its own the node needs no label.
    const std::size_t own_link = made.list.front().kind == segment_kind::node ? 0 : 1;
    if (made.list.size() > said->msd + own_link) {
        return why("it needs " + std::to_string(made.list.size() - own_link) + " labels, and " +
                   said->origin + " can impose " + std::to_string(said->msd));
    }
    made.end = through.back();
    return made;
}

// As few segments as can be: a node SID as far as its shortest path leads over these links and no
// others.
result<void> binding_paths::spell(node_number node, const std::vector<node_number>& through,
                                  binding_path& into) {
    const graph& g = map_.graph();
    node_number at = node;
    for (std::size_t i = 0; i < through.size();) {
        shortest_paths_from(g, view_, at, from_, memory_);
        std::size_t end = i;  // behind what one node SID stands for
        node_number before = at;
        for (std::size_t j = i; j < through.size() && is_only_way(before, through[j]); ++j) {
            before = through[j];
            end = has_node_sid(before) ? j + 1 : end;
        }
        const bool by_link = end == i && !links_between(at, through[i]).empty();
        if (end != i) {
            into.list.push_back(segment::to_node(through[end - 1]));
        } else if (by_link) {
            auto over = spell_link(at, through[i], into.list.empty());
            if (!over) {
                return over.why();
            }
            into.list.push_back(*over);
        } else if (through[i] != at && from_.reaches(through[i]) && has_node_sid(through[i])) {
            into.list.push_back(segment::to_node(through[i]));
        } else {
            return why("no SID leads from " + map_.name(at) + " to " + map_.name(through[i]));
        }
        end = std::max(end, i + 1);
        for (; i < end; at = through[i++]) {
            const auto links = links_between(at, through[i]);
            into.links.insert(into.links.end(), links.begin(), links.end());
        }
    }
    return {};
}

// Over any of the links where they are the node's own or share a SID, else over the best that has
// one.
result<segment> binding_paths::spell_link(node_number from, node_number to, bool is_own) const {
    const graph& g = map_.graph();
    const auto links = links_between(from, to);
    segment made = segment::over_link(g, links.front());
    if (links.size() > 1 && (is_own || has_sid(*map_.said_of(links.front()), true))) {
        made.kind = segment_kind::parallel;
        return made;
    }
    link_number best = nobody;
    for (const link_number l : links) {
        if ((is_own || has_sid(*map_.said_of(l), false)) &&
            (best == nobody || view_.costs[l] < view_.costs[best])) {
            best = l;
        }
    }
    if (best == nobody) {
        return why("no SID leads from " + map_.name(from) + " to " + map_.name(to));
    }
    return segment::over_link(g, best);
}

std::vector<link_number> binding_paths::links_between(node_number from, node_number to) const {
    const graph& g = map_.graph();
    std::vector<link_number> links;
    for (link_number l = g.first[from]; l < g.first[from + 1]; ++l) {
        if (g.to[l] == to && view_.costs[l] != unusable && map_.said_of(l) != nullptr) {
            links.push_back(l);
        }
    }
    return links;
}

// Whether all shortest paths to the node come over its links from `before`.
bool binding_paths::is_only_way(node_number before, node_number node) const {
    const graph& g = map_.graph();
    bool found = false;
    for (link_number out = g.first[node]; out < g.first[node + 1]; ++out) {
        const link_number l = g.reverse[out];
        const node_number last = g.to[out];
        const bool is_shortest = l != nobody && view_.costs[l] != unusable && from_.reaches(last) &&
                                 (last == from_.root || view_.no_transit[last] == 0) &&
                                 from_.distances[last] + view_.costs[l] == from_.distances[node];
        if (is_shortest && last != before) {
            return false;
        }
        found |= is_shortest;
    }
    return found;
}

bool binding_paths::has_node_sid(node_number node) const {
    const advertisement* const said = map_.said(node);
    return said != nullptr &&
           std::any_of(said->prefixes.begin(), said->prefixes.end(), [](const prefix& p) {
               return p.node && std::any_of(p.sids.begin(), p.sids.end(),
                                            [](const auto& sid) { return sid.algorithm == 0; });
           });
}

std::optional<node_number> end_of_binding(const map& m, node_number node, std::uint32_t label) {
    const advertisement* const said = node < m.node_count() ? m.said(node) : nullptr;
    const binding_sid* const of = said == nullptr ? nullptr : find_binding(*said, label);
    return of == nullptr || of->nodes.empty() ? std::nullopt : m.find(of->nodes.back());
}

}  // namespace rhumb::topology
