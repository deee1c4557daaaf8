#include "controlplane/paths/policy_services.hh"

#include <algorithm>
#include <utility>

#include "controlplane/paths/compress.hh"

namespace rhumb::paths {

using topology::link_number;
using topology::node_number;

namespace {

bool has_sid(const topology::prefix& p, std::uint8_t algorithm) {
    return std::any_of(p.sids.begin(), p.sids.end(),
                       [&](const topology::prefix_sid& sid) { return sid.algorithm == algorithm; });
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
                                                          std::span<const link_number> links) {
    auto made = compress(engine_, headend, links);
    return made ? std::optional(std::move(made.value())) : std::nullopt;
}

std::optional<computed_list> policy_services::compute(node_number headend, node_number endpoint,
                                                      const constraints& within, owner_id owner) {
    if (headend == endpoint) {
        return std::nullopt;
    }
    const path_result found = finder_.find(map_, headend, endpoint, within, reserved_, owner);
    auto segments = found ? encode(headend, found->links) : std::nullopt;
    if (!segments || segments->empty()) {
        return std::nullopt;
    }
    return computed_list{*std::move(segments), found->links};
}

path_services policy_services::services(label_services labels) {
    path_services made;
    made.compute = [this](node_number headend, node_number endpoint, const constraints& within) {
        return compute(headend, endpoint, within);
    };
    made.compute_sharing = [this](node_number headend, node_number endpoint,
                                  const constraints& within, std::uint32_t policy) {
        return compute(headend, endpoint, within, policy);
    };
    made.encode = [this](node_number headend, std::span<const link_number> links) {
        return encode(headend, links);
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
