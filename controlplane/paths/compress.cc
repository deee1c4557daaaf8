#include "controlplane/paths/compress.hh"

#include <algorithm>

#include "controlplane/paths/compress_branches.hh"
#include "controlplane/paths/compress_pieces.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::nobody;
using topology::node_number;
using topology::segment;
using topology::segment_kind;

std::optional<std::string> no_path_from(const path_engine& engine, node_number from,
                                        std::span<const link_number> links) {
    if (!engine.is_current()) {
        return "the map has grown since it was last looked at";
    }
    const topology::graph& g = engine.graph();
    node_number at = from;
    if (at >= g.node_count()) {
        return "the path begins nowhere on the map";
    }
    for (const link_number l : links) {
        if (l >= g.link_count() || g.from[l] != at) {
            return "link number " + std::to_string(l) + " does not begin where the path is";
        }
        if (g.reverse[l] == nobody) {
            return "link number " + std::to_string(l) + " is not usable";
        }
        at = g.to[l];
    }
    return std::nullopt;
}

std::size_t path_pieces::follow(std::size_t plane, std::size_t begin) const {
    const topology::graph& g = engine_.graph();
    std::size_t at = begin;
    while (at < links_.size()) {
        const node_number next = g.to[links_[at]];
        const shortest_tree& tree = engine_.tree(plane, node(begin), std::span(&next, 1));
        if (tree.parents[next] != links_[at] || tree.only[next] == 0) {
            break;
        }
        ++at;
    }
    return at;
}

path_pieces::piece path_pieces::farthest(std::size_t begin) {
    piece best{begin + 1, segment::over_link(engine_.graph(), links_[begin])};
    bool by_node = false;
    for (std::size_t p = 0; p < std::min<std::size_t>(engine_.plane_count(), 64); ++p) {
        if ((options_.planes >> p & 1) == 0) {
            continue;
        }
        const std::size_t end = follow(p, begin);
        if (end > begin && (end > best.end || !by_node)) {
            best = {end, segment::to_node(node(end), engine_.algorithm(p))};
            by_node = true;
        }
    }
    return best;
}

bool path_pieces::fits(const path_engine::binding& offered, std::size_t begin) const {
    if (begin == 0 || offered.nodes.empty() || offered.nodes.size() > links_.size() - begin) {
        return false;  // at the headend itself there is nobody to look the label up
    }
    const topology::graph& g = engine_.graph();
    for (std::size_t i = 0; i < offered.nodes.size(); ++i) {
        const node_number at = node(begin + i);
        const node_number next = node(begin + i + 1);
        if (offered.nodes[i] != next) {
            return false;
        }
        // Nodes say which link it is only where there is one.
        for (link_number l = g.first[at]; l < g.first[at + 1]; ++l) {
            if (g.to[l] == next && g.reverse[l] != nobody && l != links_[begin + i]) {
                return false;
            }
        }
    }
    return true;
}

bool path_pieces::fits(const offered_binding& offer, std::size_t begin) const {
    return begin != 0 && offer.node == node(begin) && !offer.links.empty() &&
           offer.links.size() <= links_.size() - begin &&
           std::equal(offer.links.begin(), offer.links.end(),
                      links_.begin() + static_cast<std::ptrdiff_t>(begin));
}

void path_pieces::add_anycast(std::size_t plane, std::size_t begin,
                              std::vector<std::optional<segment>>& by_end) {
    for (const path_engine::anycast_group& group : engine_.anycast(plane)) {
        // Packets that stay on the path end at its first member.
        std::size_t end = begin;
        const auto is_here = [&](const path_engine::anycast_member& m) {
            return m.node == node(end);
        };
        do {
            ++end;
        } while (end <= links_.size() &&
                 std::none_of(group.members.begin(), group.members.end(), is_here));
        if (end > links_.size() || by_end[end - begin]) {
            continue;
        }
        const auto part = links_.subspan(begin, end - begin);
        std::vector<link_number> links;
        const auto ends = anycast_ends(
            engine_, plane, node(begin), group,
            [&](link_number l) { return std::find(part.begin(), part.end(), l) != part.end(); },
            links);
        if (ends && *ends == std::vector{node(end)} && links.size() == part.size()) {
            by_end[end - begin] =
                segment{segment_kind::anycast, engine_.algorithm(plane), nobody, group.prefix};
        }
    }
}

void path_pieces::all(std::size_t begin, std::vector<piece>& found) {
    found.clear();
    std::vector<std::optional<segment>> by_end(links_.size() - begin + 1);
    for (std::size_t p = 0; p < std::min<std::size_t>(engine_.plane_count(), 64); ++p) {
        if ((options_.planes >> p & 1) == 0) {
            continue;
        }
        const std::size_t farthest = follow(p, begin);
        for (std::size_t end = begin + 1; end <= farthest; ++end) {
            std::optional<segment>& here = by_end[end - begin];
            if (!here && engine_.has_node_sid(p, node(end))) {
                here = segment::to_node(node(end), engine_.algorithm(p));
            }
        }
    }
    for (std::size_t p = 0; options_.use_anycast && p < engine_.plane_count() && p < 64; ++p) {
        if ((options_.planes >> p & 1) != 0) {
            add_anycast(p, begin, by_end);
        }
    }
    const bool is_free = begin == 0 && options_.own_link_is_free;
    if (links_.size() > begin && (!by_end[1] || is_free) &&
        engine_.has_adjacency_sid(links_[begin])) {
        by_end[1] = segment::over_link(engine_.graph(), links_[begin]);
    }
    if (options_.use_bindings) {
        for (const path_engine::binding& offered : engine_.bindings(node(begin))) {
            if (fits(offered, begin) && !by_end[offered.nodes.size()]) {
                by_end[offered.nodes.size()] =
                    segment{segment_kind::binding, 0, node(begin), offered.label};
            }
        }
    }
    for (const offered_binding& offer : options_.offers) {
        if (fits(offer, begin) && !by_end[offer.links.size()]) {
            by_end[offer.links.size()] = segment{segment_kind::binding, 0, offer.node, offer.label};
        }
    }
    for (std::size_t i = 1; i < by_end.size(); ++i) {
        if (by_end[i]) {
            found.push_back({begin + i, *by_end[i]});
        }
    }
}

bool path_pieces::is_uniform() const {
    if (!engine_.has_all_adjacency_sids()) {
        return false;
    }
    for (std::size_t p = 0; p < std::min<std::size_t>(engine_.plane_count(), 64); ++p) {
        if ((options_.planes >> p & 1) != 0 && !engine_.has_all_node_sids(p)) {
            return false;
        }
    }
    if (!options_.offers.empty() || options_.own_link_is_free) {
        return false;
    }
    if (options_.use_bindings) {
        for (std::size_t i = 1; i < links_.size(); ++i) {
            const auto offered = engine_.bindings(node(i));
            if (std::any_of(offered.begin(), offered.end(),
                            [&](const path_engine::binding& b) { return fits(b, i); })) {
                return false;
            }
        }
    }
    return true;
}

namespace {

// The fewest pieces by position, from the front.
result<std::vector<path_pieces::piece>> weigh_all(path_pieces& pieces, const topology::map& m) {
    constexpr std::size_t none = ~std::size_t{0};
    struct reached {
        std::size_t count = none;
        std::size_t begin = 0;
        path_pieces::piece last;
    };
    std::vector<reached> best(pieces.length() + 1);
    best[0].count = 0;
    std::vector<path_pieces::piece> found;
    std::size_t farthest = 0;
    for (std::size_t begin = 0; begin < pieces.length(); ++begin) {
        if (best[begin].count == none) {
            continue;
        }
        pieces.all(begin, found);
        for (const path_pieces::piece& p : found) {
            const std::size_t count = best[begin].count + (pieces.is_free(begin, p) ? 0 : 1);
            if (count < best[p.end].count) {
                best[p.end] = {count, begin, p};
            }
            farthest = std::max(farthest, p.end);
        }
    }
    if (best.back().count == none) {
        return error{"no SID leads on from " + m.name(pieces.node(farthest)) + " along the path",
                     {}};
    }
    std::vector<path_pieces::piece> list;
    for (std::size_t at = pieces.length(); at > 0; at = best[at].begin) {
        list.push_back(best[at].last);
    }
    std::reverse(list.begin(), list.end());
    return list;
}

}  // namespace

result<std::vector<path_pieces::piece>> fewest_pieces(path_pieces& pieces, const topology::map& m) {
    if (!pieces.is_uniform()) {
        return weigh_all(pieces, m);
    }
    std::vector<path_pieces::piece> found;
    for (std::size_t at = 0; at < pieces.length(); at = found.back().end) {
        found.push_back(pieces.farthest(at));
    }
    return found;
}

result<topology::segments> compress(path_engine& engine, node_number from,
                                    std::span<const link_number> links,
                                    const compress_options& options) {
    if (auto wrong = no_path_from(engine, from, links)) {
        return error{*wrong, {}};
    }
    path_pieces pieces(engine, from, links, options);
    auto found = fewest_pieces(pieces, engine.map());
    if (!found) {
        return found.why();
    }
    topology::segments list;
    list.reserve(found->size());
    for (const path_pieces::piece& p : *found) {
        list.push_back(p.segment);
    }
    return list;
}

}  // namespace rhumb::paths
