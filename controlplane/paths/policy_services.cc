#include "controlplane/paths/policy_services.hh"

#include <algorithm>
#include <set>
#include <utility>

#include "controlplane/paths/compress_branches.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

namespace {

bool has_sid(const topology::prefix& p, std::uint8_t algorithm) {
    return std::any_of(p.sids.begin(), p.sids.end(),
                       [&](const topology::prefix_sid& sid) { return sid.algorithm == algorithm; });
}

// The node where branches meet: the only one that no link leads on from.
std::optional<node_number> meeting_of(const topology::graph& g,
                                      std::span<const link_number> links) {
    std::optional<node_number> found;
    for (const link_number l : links) {
        const bool goes_on =
            l >= g.link_count() || std::any_of(links.begin(), links.end(), [&](link_number next) {
                return next < g.link_count() && g.from[next] == g.to[l];
            });
        if (!goes_on && found && *found != g.to[l]) {
            return std::nullopt;
        }
        found = goes_on ? found : std::optional(g.to[l]);
    }
    return found;
}

}  // namespace

policy_services::policy_services(const topology::map& m, reservations* reserved)
    : map_(m), reserved_(reserved), finder_(m), engine_(m) {
    list_sids();
}

void policy_services::update() {
    finder_.update(map_);
    engine_.update();
    list_sids();
    if (reserved_ != nullptr) {
        reserved_->update(map_);
    }
}

// Nodes and links without SIDs cannot be named.
void policy_services::list_sids() {
    const topology::graph& g = map_.graph();
    for (std::size_t plane = 0; plane < engine_.plane_count(); ++plane) {
        const std::uint8_t algorithm = engine_.algorithm(plane);
        std::vector<bool> has(g.node_count());
        for (node_number n = 0; n < g.node_count(); ++n) {
            const topology::advertisement* const said = map_.said(n);
            has[n] = said != nullptr && std::any_of(said->prefixes.begin(), said->prefixes.end(),
                                                    [&](const topology::prefix& p) {
                                                        return p.node && has_sid(p, algorithm);
                                                    });
        }
        const bool all = std::find(has.begin(), has.end(), false) == has.end();
        engine_.set_node_sids(algorithm, all ? std::vector<bool>() : std::move(has));
    }
    std::vector<bool> has(g.link_count());
    for (link_number l = 0; l < g.link_count(); ++l) {
        const topology::link* const said = map_.said_of(l);
        has[l] = said != nullptr && !said->sids.empty();
    }
    const bool all = std::find(has.begin(), has.end(), false) == has.end();
    engine_.set_adjacency_sids(all ? std::vector<bool>() : std::move(has));
}

std::optional<topology::segments> policy_services::encode(node_number headend,
                                                          std::span<const link_number> links,
                                                          const compress_options& options) {
    const topology::graph& g = map_.graph();
    node_number end = headend;
    bool is_path = true;
    for (const link_number l : links) {
        is_path &= l < g.link_count() && g.from[l] == end;
        end = l < g.link_count() ? g.to[l] : topology::nobody;
    }
    const auto end_of_branches = is_path ? std::optional(end) : meeting_of(g, links);
    if (!end_of_branches) {
        return std::nullopt;
    }
    auto made = is_path ? compress(engine_, headend, links, options)
                        : compress_set(engine_, headend, *end_of_branches, links, options);
    return made ? std::optional(std::move(made.value())) : std::nullopt;
}

std::optional<split_segments> policy_services::proposal(node_number headend,
                                                        std::span<const link_number> links,
                                                        std::size_t reserved_labels) {
    auto made = compress_to_msd(engine_, headend, links, {.also = reserved_labels});
    return made ? std::optional(std::move(made.value())) : std::nullopt;
}

std::optional<computed_list> policy_services::compute(node_number headend,
                                                      std::span<const node_number> endpoints,
                                                      const constraints& within, owner_id owner) {
    if (std::find(endpoints.begin(), endpoints.end(), headend) != endpoints.end()) {
        return std::nullopt;
    }
    const path_result found = finder_.find(map_, headend, endpoints, within, reserved_, owner);
    if (!found || found->links.empty()) {
        return std::nullopt;
    }
    return computed_list{encode(headend, found->links).value_or(topology::segments()),
                         found->links};
}

std::string policy_services::why_none(node_number headend, std::span<const node_number> endpoints,
                                      const constraints& within, owner_id owner,
                                      std::span<const std::string> affinities) {
    const path_result found = finder_.find(map_, headend, endpoints, within, reserved_, owner);
    return found ? std::string()
                 : in_full(map_, {headend, {}, {endpoints.begin(), endpoints.end()}}, within,
                           found.why(), affinities);
}

// Paths that begin alike are spelt one after the other: they need the same trees.
void policy_services::compute_many(node_number headend, const constraints& within,
                                   std::span<const node_number> endpoints,
                                   std::span<std::optional<computed_list>> found) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const path_result way = endpoints[i] == headend
                                    ? path_result(no_path{})
                                    : finder_.find(map_, headend, endpoints[i], within, reserved_);
        found[i].reset();
        if (way && !way->links.empty()) {
            found[i] = computed_list{{}, way->links};
            order.push_back(i);
        }
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return found[a]->links < found[b]->links; });
    for (const std::size_t i : order) {
        found[i]->segments = encode(headend, found[i]->links).value_or(topology::segments());
    }
}

// Bounds, waypoints and bandwidth are about one path.
std::optional<computed_list> policy_services::compute_ecmp(node_number headend,
                                                           node_number endpoint,
                                                           const constraints& within) {
    if (headend == endpoint || within.bounded() || within.has_waypoints() ||
        within.bandwidth != 0) {
        return std::nullopt;
    }
    auto links = equal_cost_links(map_, headend, endpoint, within);
    if (links.empty()) {
        return std::nullopt;
    }
    auto segments = encode(headend, links).value_or(topology::segments());
    return computed_list{std::move(segments), std::move(links)};
}

bool policy_services::keeps_to(node_number headend, node_number endpoint,
                               std::span<const link_number> links, const constraints& within,
                               bool ecmp, owner_id owner) const {
    if (!ecmp) {
        return paths::keeps_to(map_, headend, endpoint, links, within, {reserved_, owner});
    }
    // They are all the ways of equal cost where there are no others.
    const std::set<link_number> chosen(links.begin(), links.end());
    constraints alone = within;
    for (link_number l = 0; l < map_.graph().link_count(); ++l) {
        if (!chosen.contains(l)) {
            alone.exclude_links.push_back(l);
        }
    }
    auto found = equal_cost_links(map_, headend, endpoint, alone);
    std::sort(found.begin(), found.end());
    return !chosen.empty() && std::equal(found.begin(), found.end(), chosen.begin(), chosen.end());
}

computed_pair policy_services::compute_pair(const pair_request& asked, const constraints& within) {
    const auto ends = [](const std::array<node_number, 2>& two) {
        return two[0] == two[1] ? std::vector<node_number>{two[0]}
                                : std::vector<node_number>{two[0], two[1]};
    };
    disjoint_options options;
    options.ends_in_order = true;
    switch (asked.kind) {
        case kept_apart::link: options.kind = disjointness::links; break;
        case kept_apart::node: options.kind = disjointness::nodes; break;
        case kept_apart::srlg: options.kind = disjointness::srlgs; break;
        case kept_apart::node_and_srlg: options.kind = disjointness::nodes_and_srlgs; break;
    }
    // What the two hold now is theirs to move.
    std::optional<reservations> free;
    if (reserved_ != nullptr && within.bandwidth != 0) {
        free = *reserved_;
        free->release(asked.policies[0]);
        free->release(asked.policies[1]);
    }
    const auto from = ends(asked.headends);
    const auto to = ends(asked.endpoints);
    const pair_result found =
        disjoint_pair(map_, from, to, within, options, free ? &*free : nullptr);
    computed_pair made;
    if (!found) {
        made.why = found.why().text;
        return made;
    }
    made.found = true;
    made.disjoint = found->disjoint;
    made.proven = found->proven;
    made.shared = found->shared;
    made.paths = {found->first, found->second};
    const topology::graph& g = map_.graph();
    if (from.size() == 1 && to.size() == 2 && g.to[made.paths[0].links.back()] != to[0]) {
        std::swap(made.paths[0], made.paths[1]);
    }
    if (!made.disjoint) {
        made.why = made.proven ? "there is no pair that keeps apart"
                               : "no pair that keeps apart has been found so far";
    }
    return made;
}

// Which of several shortest ways a node SID between two of its nodes would take.
std::vector<link_number> policy_services::spelling_links(std::span<const link_number> links) {
    const topology::graph& g = map_.graph();
    std::vector<node_number> nodes;
    for (const link_number l : links) {
        nodes.push_back(g.from[l]);
        nodes.push_back(g.to[l]);
    }
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    std::vector<link_number> deciding;
    for (std::size_t plane = 0; plane < engine_.plane_count(); ++plane) {
        for (const node_number root : nodes) {
            const shortest_tree& tree = engine_.tree(plane, root);
            std::vector<node_number> ends;
            std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(ends),
                         [&](node_number n) { return n != root && tree.reaches(n); });
            add_branches(g, engine_.view(plane), tree, std::move(ends), deciding);
            std::sort(deciding.begin(), deciding.end());
            deciding.erase(std::unique(deciding.begin(), deciding.end()), deciding.end());
        }
    }
    return deciding;
}

path_services policy_services::services(label_services labels) {
    path_services made;
    made.compute = [this](node_number headend, node_number endpoint, const constraints& within) {
        return compute(headend, endpoint, within);
    };
    made.compute_many = [this](node_number headend, const constraints& within,
                               std::span<const node_number> endpoints,
                               std::span<std::optional<computed_list>> found) {
        compute_many(headend, within, endpoints, found);
    };
    made.compute_any = [this](node_number headend, std::span<const node_number> endpoints,
                              const constraints& within, std::uint32_t policy) {
        return compute(headend, endpoints, within, policy);
    };
    made.compute_sharing = [this](node_number headend, node_number endpoint,
                                  const constraints& within, std::uint32_t policy) {
        return compute(headend, endpoint, within, policy);
    };
    made.compute_ecmp = [this](node_number headend, node_number endpoint,
                               const constraints& within) {
        return compute_ecmp(headend, endpoint, within);
    };
    made.compute_pair = [this](const pair_request& asked, const constraints& within) {
        return compute_pair(asked, within);
    };
    made.keeps_to = [this](node_number headend, node_number endpoint,
                           std::span<const link_number> links, const constraints& within, bool ecmp,
                           std::uint32_t policy) {
        return keeps_to(headend, endpoint, links, within, ecmp, policy);
    };
    made.encode = [this](node_number headend, std::span<const link_number> links) {
        return encode(headend, links);
    };
    made.encode_split = [this](node_number headend, std::span<const link_number> links,
                               std::span<const offered_binding> offers) {
        compress_options options;
        options.offers = offers;
        options.own_link_is_free = true;
        return encode(headend, links, options);
    };
    made.spelling_links = [this](std::span<const link_number> links) {
        return spelling_links(links);
    };
    made.labels = std::move(labels);
    if (reserved_ != nullptr) {
        reservations& reserved = *reserved_;
        made.bandwidth = {[&reserved](std::uint32_t policy, std::span<const link_number> links,
                                      std::uint64_t bandwidth) {
                              return reserved.admit(policy, links, bandwidth).ok();
                          },
                          [&reserved](std::uint32_t policy) { reserved.settle(policy); },
                          [&reserved](std::uint32_t policy) { reserved.abandon(policy); },
                          [&reserved](std::uint32_t policy) { reserved.release(policy); }};
    }
    return made;
}

}  // namespace rhumb::paths
