#include "controlplane/labels/local_conflicts.hh"

#include <fmt/format.h>

#include <algorithm>

namespace rhumb::labels {

namespace {

using topology::link_number;
using topology::node_number;

class node_labels {
public:
    node_labels(const topology::map& m, const prefix_lookup& prefixes)
        : map_(m), prefixes_(prefixes) {}

    void look_at(node_number node) {
        const topology::advertisement* const said = map_.said(node);
        if (said == nullptr) {
            return;
        }
        collect(node, *said);
        std::sort(uses_.begin(), uses_.end());
        for (std::size_t i = 0; i < uses_.size();) {
            std::size_t end = i + 1;
            while (end < uses_.size() && uses_[end].label == uses_[i].label) {
                ++end;
            }
            const auto index = index_of(said->srgb, uses_[i].label);
            if (end - i > 1 || index) {
                resolve(node, *said, {uses_.data() + i, end - i}, index);
            }
            i = end;
        }
    }

    local_losses take() {
        for (auto* keys : {&lost_.adjacencies, &lost_.bindings}) {
            std::sort(keys->begin(), keys->end());
        }
        return std::move(lost_);
    }

private:
    static constexpr std::uint32_t binding = 0xffffffff;
    // Of a label: adjacency SID number `sid` of a link, or the node's binding SID number `sid`.
    struct use {
        std::uint32_t label;
        link_number link;
        std::uint32_t sid;
        friend auto operator<=>(const use&, const use&) = default;
    };

    void collect(node_number node, const topology::advertisement& said) {
        uses_.clear();
        const topology::graph& g = map_.graph();
        for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
            if (const topology::link* const of = map_.said_of(l)) {
                for (std::uint32_t s = 0; s < of->sids.size(); ++s) {
                    uses_.push_back({of->sids[s].label, l, s});
                }
            }
        }
        for (std::uint32_t b = 0; b < said.bindings.size(); ++b) {
            uses_.push_back({said.bindings[b].label, binding, b});
        }
    }

    [[nodiscard]] const topology::adjacency_sid& sid_of(const use& u) const {
        return map_.said_of(u.link)->sids[u.sid];
    }

    [[nodiscard]] claim claim_of(const topology::advertisement& said, const use& u) const {
        claim made;
        if (u.link == binding) {
            made.what.type = fec_type::policy;
            made.what.color = u.sid;
        } else if (sid_of(u).set) {
            made.what.type = fec_type::parallel;
        } else {
            made.what.type = fec_type::adjacency;
            // The next hop is the other end, as far as it says its address; the link's place among
            // those of the node stands for an interface's number.
            const link_number reverse = map_.graph().reverse[u.link];
            const topology::link* const other =
                reverse == topology::nobody ? nullptr : map_.said_of(reverse);
            if (other != nullptr && other->address) {
                made.what.af = other->address->af;
                made.what.address = other->address->address;
            }
            made.what.interface =
                static_cast<std::uint32_t>(map_.said_of(u.link) - said.links.data());
        }
        return made;
    }

    [[nodiscard]] std::string words_for(const topology::advertisement& said, const use& u) const {
        if (u.link == binding) {
            return fmt::format("the binding SID through {}",
                               fmt::join(said.bindings[u.sid].nodes, ", "));
        }
        const topology::link& of = *map_.said_of(u.link);
        return fmt::format("{} of link {} to {}",
                           sid_of(u).set ? "the adjacency set" : "the adjacency SID", of.name,
                           of.remote);
    }

    void resolve(node_number node, const topology::advertisement& said, std::span<const use> uses,
                 std::optional<std::uint32_t> index) {
        claims_.clear();
        for (const use& u : uses) {
            claims_.push_back(claim_of(said, u));
        }
        const auto prefix = index ? prefixes_(node, *index) : std::nullopt;
        if (prefix) {
            claims_.push_back({prefix->what});
        }
        const std::size_t best = winner_of(claims_);
        for (std::size_t i = 0; i < uses.size(); ++i) {
            const use& u = uses[i];
            if (claims_[i].what == claims_[best].what) {
                continue;
            }
            // Of two binding SIDs with one label the label is still in force.
            if (u.link != binding) {
                lost_.adjacencies.push_back(adjacency_key(u.link, sid_of(u)));
            } else if (claims_[best].what.type != fec_type::policy) {
                lost_.bindings.push_back(binding_key(node, u.label));
            }
            lost_.conflicts.push_back(
                {node, u.label, best < uses.size() ? words_for(said, uses[best]) : prefix->words,
                 words_for(said, u)});
        }
    }

    const topology::map& map_;
    const prefix_lookup& prefixes_;
    std::vector<use> uses_;
    std::vector<claim> claims_;
    local_losses lost_;
};

}  // namespace

local_losses find_local_losses(const topology::map& m, const prefix_lookup& prefixes) {
    node_labels labels(m, prefixes);
    for (node_number node = 0; node < m.node_count(); ++node) {
        labels.look_at(node);
    }
    return labels.take();
}

}  // namespace rhumb::labels
