#include "controlplane/labels/sid_labels.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

#include "controlplane/labels/local_conflicts.hh"
#include "controlplane/topology/flex_algo.hh"

namespace rhumb::labels {

namespace {

using topology::nobody;
using topology::node_number;
using topology::prefix_number;
using topology::segment_kind;

fec fec_of(const topology::map& m, const prefix_sid_owner& owner) {
    const ip_prefix& address = m.address(owner.prefix);
    fec made;
    made.type = fec_type::prefix;
    made.af = address.af;
    made.length = address.length;
    made.address = address.address;
    made.algorithm = owner.algorithm;
    return made;
}

// One node's word on the SID of a prefix.
struct offer {
    const topology::prefix_sid* sid = nullptr;
    const topology::prefix_source* by = nullptr;
};

bool better(const topology::map& m, const offer& a, const offer& b) {
    return std::tuple(a.by->said->readvertised, a.sid->index,
                      std::string_view(m.name(a.by->node))) <
           std::tuple(b.by->said->readvertised, b.sid->index, std::string_view(m.name(b.by->node)));
}

}  // namespace

std::optional<mpls::label> label_for(std::span<const topology::label_block> srgb,
                                     std::uint32_t index) {
    for (const topology::label_block& block : srgb) {
        if (index < block.count) {
            return block.first + index;
        }
        index -= block.count;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> index_of(std::span<const topology::label_block> srgb,
                                      mpls::label label) {
    std::uint32_t before = 0;
    for (const topology::label_block& block : srgb) {
        if (label >= block.first && label - block.first < block.count) {
            return before + (label - block.first);
        }
        before += block.count;
    }
    return std::nullopt;
}

sid_labels::sid_labels(const topology::map& m) : map_(m) {
    choose_sids();
    resolve_indexes();
    find_node_sids();
    report_beyond_srgb();
    const prefix_lookup lookup = [this](node_number at,
                                        std::uint32_t index) -> std::optional<prefix_claim> {
        const auto owner = owner_of(index);
        return owner && topology::takes_part(map_, at, owner->algorithm)
                   ? std::optional(prefix_claim{fec_of(map_, *owner), words_for(*owner)})
                   : std::nullopt;
    };
    local_losses lost = find_local_losses(m, lookup);
    lost_adjacencies_ = std::move(lost.adjacencies);
    lost_bindings_ = std::move(lost.bindings);
    conflicts_.insert(conflicts_.end(), std::make_move_iterator(lost.conflicts.begin()),
                      std::make_move_iterator(lost.conflicts.end()));
}

std::string sid_labels::words_for(const prefix_sid_owner& owner) const {
    const std::string address = to_text(map_.address(owner.prefix));
    return owner.algorithm == 0
               ? "prefix " + address
               : fmt::format("prefix {} in algorithm {}", address, owner.algorithm);
}

// Of what nodes say of a prefix, one SID for each algorithm.
void sid_labels::choose_sids() {
    std::vector<offer> best;
    first_of_prefix_.reserve(map_.prefix_count() + 1);
    for (prefix_number p = 0; p < map_.prefix_count(); ++p) {
        first_of_prefix_.push_back(static_cast<std::uint32_t>(sids_.size()));
        best.clear();
        for (const topology::prefix_source& source : map_.sources(p)) {
            for (const topology::prefix_sid& sid : source.said->sids) {
                if (sid.algorithm != 0 && !topology::takes_part(map_, source.node, sid.algorithm)) {
                    continue;
                }
                const offer made{&sid, &source};
                const auto known = std::find_if(best.begin(), best.end(), [&](const offer& o) {
                    return o.sid->algorithm == sid.algorithm;
                });
                if (known == best.end()) {
                    best.push_back(made);
                    continue;
                }
                const bool wins = better(map_, made, *known);
                const offer& winner = wins ? made : *known;
                const offer& loser = wins ? *known : made;
                if (winner.sid->index != loser.sid->index) {
                    const auto words = [&](const offer& o) {
                        return fmt::format("{} with index {} at {}", words_for({p, sid.algorithm}),
                                           o.sid->index, map_.name(o.by->node));
                    };
                    conflicts_.push_back({nobody, loser.sid->index, words(winner), words(loser)});
                }
                if (wins) {
                    *known = made;
                }
            }
        }
        for (const offer& o : best) {
            by_index_.push_back({o.sid->index, {p, o.sid->algorithm}});
            sids_.push_back(o.sid);
        }
    }
    first_of_prefix_.push_back(static_cast<std::uint32_t>(sids_.size()));
}

// Of prefixes with one index one keeps it, at all nodes (RFC 8660 2.5).
void sid_labels::resolve_indexes() {
    std::sort(by_index_.begin(), by_index_.end(),
              [](const indexed& a, const indexed& b) { return a.index < b.index; });
    std::vector<claim> claims;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < by_index_.size();) {
        std::size_t end = i + 1;
        while (end < by_index_.size() && by_index_[end].index == by_index_[i].index) {
            ++end;
        }
        std::size_t best = i;
        if (end - i > 1) {
            claims.clear();
            for (std::size_t k = i; k < end; ++k) {
                claims.push_back({fec_of(map_, by_index_[k].owner)});
            }
            best = i + winner_of(claims);
            for (std::size_t k = i; k < end; ++k) {
                const prefix_sid_owner& loser = by_index_[k].owner;
                if (k == best) {
                    continue;
                }
                conflicts_.push_back({nobody, by_index_[k].index, words_for(by_index_[best].owner),
                                      words_for(loser)});
                for (auto s = first_of_prefix_[loser.prefix];
                     s < first_of_prefix_[loser.prefix + 1]; ++s) {
                    if (sids_[s] != nullptr && sids_[s]->algorithm == loser.algorithm) {
                        sids_[s] = nullptr;
                    }
                }
            }
        }
        by_index_[kept++] = by_index_[best];
        i = end;
    }
    by_index_.resize(kept);
}

void sid_labels::find_node_sids() {
    for (const indexed& one : by_index_) {
        // Several nodes with one address: it is nobody's.
        node_number of = nobody;
        std::size_t count = 0;
        for (const topology::prefix_source& source : map_.sources(one.owner.prefix)) {
            if (!source.said->readvertised) {
                ++count;
                of = source.said->node ? source.node : nobody;
            }
        }
        if (count == 1 && of != nobody) {
            node_sids_.push_back({of, one.owner});
        }
    }
    std::sort(node_sids_.begin(), node_sids_.end(), [&](const node_sid& a, const node_sid& b) {
        if (a.node != b.node || a.owner.algorithm != b.owner.algorithm) {
            return std::pair(a.node, a.owner.algorithm) < std::pair(b.node, b.owner.algorithm);
        }
        return map_.address(a.owner.prefix) < map_.address(b.owner.prefix);
    });
}

// RFC 8660 2.4: such a SID is not installed, and somebody should know. One report a node.
void sid_labels::report_beyond_srgb() {
    std::array<std::vector<const indexed*>, 256> by_algorithm;
    for (const indexed& one : by_index_) {
        by_algorithm[one.owner.algorithm].push_back(&one);
    }
    for (node_number node = 0; node < map_.node_count(); ++node) {
        const topology::advertisement* const said = map_.said(node);
        if (said == nullptr) {
            continue;
        }
        std::uint64_t labels = 0;
        for (const topology::label_block& block : said->srgb) {
            labels += block.count;
        }
        const indexed* lowest = nullptr;
        std::size_t count = 0;
        std::bitset<256> seen;
        const auto look = [&](std::uint8_t algorithm) {
            const auto& all = by_algorithm[algorithm];
            const auto first = std::partition_point(
                all.begin(), all.end(), [&](const indexed* one) { return one->index < labels; });
            if (first == all.end() || seen.test(algorithm)) {
                return;
            }
            seen.set(algorithm);
            count += static_cast<std::size_t>(all.end() - first);
            if (lowest == nullptr || (*first)->index < lowest->index) {
                lowest = *first;
            }
        };
        look(0);
        std::for_each(said->algorithms.begin(), said->algorithms.end(), look);
        if (lowest != nullptr) {
            const std::string others = count > 1 ? fmt::format(", and {} more", count - 1) : "";
            conflicts_.push_back({node, lowest->index, "", words_for(lowest->owner) + others});
        }
    }
}

const topology::prefix_sid* sid_labels::sid(prefix_number p, std::uint8_t algorithm) const {
    for (auto s = first_of_prefix_[p]; s < first_of_prefix_[p + 1]; ++s) {
        if (sids_[s] != nullptr && sids_[s]->algorithm == algorithm) {
            return sids_[s];
        }
    }
    return nullptr;
}

std::optional<prefix_number> sid_labels::node_prefix(node_number node,
                                                     std::uint8_t algorithm) const {
    const auto at =
        std::partition_point(node_sids_.begin(), node_sids_.end(), [&](const node_sid& one) {
            return std::pair(one.node, one.owner.algorithm) < std::pair(node, algorithm);
        });
    return at != node_sids_.end() && at->node == node && at->owner.algorithm == algorithm
               ? std::optional(at->owner.prefix)
               : std::nullopt;
}

std::optional<mpls::label> sid_labels::prefix_label(prefix_number p, std::uint8_t algorithm,
                                                    node_number at) const {
    const topology::prefix_sid* const found = sid(p, algorithm);
    return found != nullptr && topology::takes_part(map_, at, algorithm)
               ? label_for(map_.said(at)->srgb, found->index)
               : std::nullopt;
}

std::optional<prefix_sid_owner> sid_labels::owner_of(std::uint32_t index) const {
    const auto at = std::partition_point(by_index_.begin(), by_index_.end(),
                                         [&](const indexed& one) { return one.index < index; });
    return at != by_index_.end() && at->index == index ? std::optional(at->owner) : std::nullopt;
}

std::optional<prefix_sid_owner> sid_labels::prefix_of(mpls::label label, node_number at) const {
    const topology::advertisement* const said = map_.said(at);
    const auto index = said == nullptr ? std::nullopt : index_of(said->srgb, label);
    const auto owner = index ? owner_of(*index) : std::nullopt;
    return owner && topology::takes_part(map_, at, owner->algorithm) ? owner : std::nullopt;
}

bool sid_labels::in_force(topology::link_number l, const topology::adjacency_sid& sid) const {
    return !std::binary_search(lost_adjacencies_.begin(), lost_adjacencies_.end(),
                               adjacency_key(l, sid));
}

bool sid_labels::in_force(node_number node, std::uint32_t binding) const {
    return !std::binary_search(lost_bindings_.begin(), lost_bindings_.end(),
                               binding_key(node, binding));
}

std::optional<mpls::label> sid_labels::label(const topology::segment& s, node_number at,
                                             bool want_protected) const {
    const auto is_label = [](std::uint32_t n) { return n < mpls::label_count; };
    switch (s.kind) {
        case segment_kind::node: {
            const auto prefix = node_prefix(s.node, s.algorithm);
            return prefix ? prefix_label(*prefix, s.algorithm, at) : std::nullopt;
        }
        case segment_kind::anycast:
            return s.number < map_.prefix_count() ? prefix_label(s.number, s.algorithm, at)
                                                  : std::nullopt;
        case segment_kind::sid: return is_label(s.number) ? std::optional(s.number) : std::nullopt;
        case segment_kind::binding:
            return is_label(s.number) && at == s.node && in_force(s.node, s.number)
                       ? std::optional(s.number)
                       : std::nullopt;
        case segment_kind::adjacency:
        case segment_kind::parallel: break;
    }
    const topology::graph& g = map_.graph();
    const topology::link* const of =
        s.number < g.link_count() && g.from[s.number] == at ? map_.said_of(s.number) : nullptr;
    const topology::adjacency_sid* best = nullptr;
    for (const auto& sid : of == nullptr ? std::span<const topology::adjacency_sid>() : of->sids) {
        if (sid.set == (s.kind == segment_kind::parallel) && in_force(s.number, sid) &&
            (best == nullptr ||
             (best->is_protected != want_protected && sid.is_protected == want_protected))) {
            best = &sid;
        }
    }
    return best == nullptr ? std::nullopt : std::optional(best->label);
}

}  // namespace rhumb::labels
