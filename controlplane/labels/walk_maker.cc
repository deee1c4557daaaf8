#include "controlplane/labels/walk_maker.hh"

#include <fmt/format.h>

#include <algorithm>

namespace rhumb::labels {

using topology::link_number;
using topology::node_number;
using topology::prefix_number;

bool is_usable(const topology::map& m, link_number l) {
    return m.graph().costs(topology::metric_type::igp)[l] != topology::unusable;
}

const topology::prefix* said_by(const topology::map& m, prefix_number p, node_number node) {
    for (const topology::prefix_source& source : m.sources(p)) {
        if (source.node == node) {
            return source.said;
        }
    }
    return nullptr;
}

walk_maker::walk_maker(label_walker& by, const walk_options& options,
                       std::optional<prefix_number> destination)
    : by_(by), map_(by.map_), options_(options), destination_(destination) {}

label_walk walk_maker::make(node_number ingress, const topology::segments& list) {
    made_.visits.push_back({});
    visit at;
    at.node = ingress;
    impose(at, list, {});
    return make_from(std::move(at));
}

label_walk walk_maker::make(node_number ingress, prefix_sid_owner to) {
    made_.visits.push_back({});
    visit at;
    at.node = ingress;
    if (said_by(map_, to.prefix, ingress) == nullptr) {
        follow_prefix(at, to, {}, walk_operation::push);
    } else {
        end_of_stack(at);
    }
    return make_from(std::move(at));
}

label_walk walk_maker::make_from(visit ingress) {
    made_.visits[0] = std::move(ingress);
    for (std::uint32_t n = 1; n < made_.visits.size(); ++n) {
        look_at(n);
    }
    return std::move(made_);
}

void walk_maker::look_at(std::uint32_t number) {
    // Visits move when others are added.
    visit at = std::move(made_.visits[number]);
    imposing_ = false;
    operations_ = 0;
    run(at, at.before);
    made_.visits[number] = std::move(at);
}

bool walk_maker::count_operation(visit& at) {
    constexpr std::size_t most = 64;
    if (++operations_ >= most) {
        lose(at, fmt::format("more than {} operations at one node", most));
        return false;
    }
    return true;
}

void walk_maker::run(visit& at, label_stack stack) {
    while (step(at, stack)) {
        if (!count_operation(at)) {
            return;
        }
    }
}

bool walk_maker::step(visit& at, label_stack& stack) {
    if (stack.empty()) {
        end_of_stack(at);
        return false;
    }
    const mpls::label top = stack.front();
    if (top == mpls::ipv4_explicit_null || top == mpls::ipv6_explicit_null) {
        at.why.push_back(fmt::format("explicit null {} is taken away", top));
        stack.erase(stack.begin());
        return true;
    }
    if (top < mpls::first_unreserved) {
        lose(at, fmt::format("label {} is special-purpose", top));
        return false;
    }
    return step_label(at, stack, top);
}

bool walk_maker::step_label(visit& at, label_stack& stack, mpls::label top) {
    const label_stack rest(stack.begin() + 1, stack.end());
    if (const auto owner = by_.labels_.prefix_of(top, at.node)) {
        if (said_by(map_, owner->prefix, at.node) != nullptr) {
            at.why.push_back(fmt::format("{} is its own {} (NEXT)", top, words_for(*owner)));
            stack = rest;
            return true;
        }
        follow_prefix(at, *owner, rest,
                      imposing_ ? walk_operation::push : walk_operation::continue_);
        return false;
    }
    const topology::graph& g = map_.graph();
    std::vector<link_number> links;
    bool is_protected = false;
    for (link_number l = g.first[at.node]; l < g.first[at.node + 1]; ++l) {
        const topology::link* const of = map_.said_of(l);
        for (const auto& sid :
             of == nullptr ? std::span<const topology::adjacency_sid>() : of->sids) {
            if (sid.label == top && by_.labels_.in_force(l, sid)) {
                links.push_back(l);
                is_protected = sid.is_protected;
            }
        }
    }
    links.erase(std::unique(links.begin(), links.end()), links.end());
    if (!links.empty()) {
        follow_adjacency(at, links, rest, is_protected);
        return false;
    }
    if (!enter_binding(at, rest, top)) {
        lose(at, fmt::format("{} has no entry for label {}", map_.name(at.node), top));
    }
    return false;
}

void walk_maker::end_of_stack(visit& at) {
    if (!destination_) {
        at.outcome = walk_outcome::arrived;
        at.why.emplace_back("the segment list ends here");
    } else if (said_by(map_, *destination_, at.node) != nullptr) {
        at.outcome = walk_outcome::arrived;
        at.why.push_back(fmt::format("{} is here", labels::to_text(map_.address(*destination_))));
    } else {
        follow_ip(at);
    }
}

std::string walk_maker::words_for(const prefix_sid_owner& owner) const {
    const auto& sources = map_.sources(owner.prefix);
    std::string words = labels::to_text(map_.address(owner.prefix));
    if (sources.size() == 1) {
        words = fmt::format("{} of {}", words, map_.name(sources[0].node));
    } else if (sources.size() > 1) {
        words += " (anycast)";
    }
    return owner.algorithm == 0 ? words : fmt::format("{} in algorithm {}", words, owner.algorithm);
}

std::string walk_maker::branches_words(std::span<const link_number> links) const {
    if (links.size() == 1) {
        return fmt::format("over {}", map_.said_of(links[0])->name);
    }
    std::string words = fmt::format("{} equal-cost branches: ", links.size());
    constexpr std::size_t most = 8;
    for (std::size_t n = 0; n < std::min(most, links.size()); ++n) {
        const bool last = n + 1 == links.size();
        words += fmt::format("{}{}",
                             n == 0 ? ""
                             : last ? " and "
                                    : ", ",
                             map_.said_of(links[n])->name);
    }
    return links.size() > most ? words + fmt::format(" and {} more", links.size() - most) : words;
}

bool walk_maker::is_down(link_number l) const {
    return std::find(options_.down.begin(), options_.down.end(), l) != options_.down.end();
}

std::vector<link_number> walk_maker::next_links(node_number node, prefix_number p,
                                                std::uint8_t algorithm) {
    const topology::graph& g = map_.graph();
    const topology::plane& view = by_.plane_of(algorithm);
    const auto& distances = by_.distances_to(p, algorithm);
    std::vector<link_number> links;
    if (distances[node] == topology::unreachable) {
        return links;
    }
    for (link_number l = g.first[node]; l < g.first[node + 1]; ++l) {
        const node_number next = g.to[l];
        if (view.costs[l] != topology::unusable && distances[next] != topology::unreachable &&
            view.costs[l] + distances[next] == distances[node] &&
            (view.no_transit[next] == 0 || said_by(map_, p, next) != nullptr)) {
            links.push_back(l);
        }
    }
    return links;
}

std::optional<label_stack> walk_maker::stack_towards(const prefix_sid_owner& owner,
                                                     node_number next, const label_stack& rest,
                                                     walk_operation& op, std::string& why) {
    label_stack stack = rest;
    const topology::prefix* const last = said_by(map_, owner.prefix, next);
    const topology::prefix_sid* flags = by_.labels_.sid(owner.prefix, owner.algorithm);
    if (last != nullptr) {
        for (const topology::prefix_sid& own : last->sids) {
            flags = own.algorithm == owner.algorithm ? &own : flags;
        }
        if (!last->readvertised && flags != nullptr && !flags->no_php) {
            why = fmt::format("{} is next and wants no label (PHP)", map_.name(next));
            op = op == walk_operation::continue_ ? walk_operation::next : op;
            return stack;
        }
        if (!last->readvertised && flags != nullptr && flags->explicit_null) {
            if (imposing_) {
                why = fmt::format("{} is next and needs no label: explicit null is for one family",
                                  map_.name(next));
                return stack;
            }
            why = fmt::format("{} is next and wants an explicit null", map_.name(next));
            const bool v4 = map_.address(owner.prefix).af == family::ipv4;
            stack.insert(stack.begin(), v4 ? mpls::ipv4_explicit_null : mpls::ipv6_explicit_null);
            return stack;
        }
        why = fmt::format("{} is next and wants its label (no PHP)", map_.name(next));
    }
    const auto label = by_.labels_.prefix_label(owner.prefix, owner.algorithm, next);
    if (!label) {
        why = fmt::format("{} has no label for {}", map_.name(next), words_for(owner));
        return std::nullopt;
    }
    stack.insert(stack.begin(), *label);
    return stack;
}

void walk_maker::follow_prefix(visit& at, const prefix_sid_owner& owner, const label_stack& rest,
                               walk_operation op) {
    const auto links = next_links(at.node, owner.prefix, owner.algorithm);
    if (links.empty()) {
        lose(at, fmt::format("there is no path to {}", words_for(owner)));
        return;
    }
    at.why.push_back(fmt::format("shortest path to {}, cost {}, {}", words_for(owner),
                                 by_.distances_to(owner.prefix, owner.algorithm)[at.node],
                                 branches_words(links)));
    for (const link_number l : links) {
        walk_operation used = op;
        std::string why;
        auto stack = stack_towards(owner, map_.graph().to[l], rest, used, why);
        if (!why.empty() && (at.why.empty() || at.why.back() != why)) {
            at.why.push_back(why);
        }
        if (!stack) {
            at.outcome = walk_outcome::lost;
        } else if (is_down(l)) {
            lose(at, fmt::format("link {} is down", map_.said_of(l)->name));
        } else {
            leave(at, l, used, std::move(*stack));
        }
        if (!options_.all_branches) {
            break;
        }
    }
}

void walk_maker::follow_ip(visit& at) {
    const auto links = next_links(at.node, *destination_, 0);
    const std::string address = labels::to_text(map_.address(*destination_));
    if (links.empty()) {
        lose(at, fmt::format("there is no path to {}", address));
        return;
    }
    at.why.push_back(fmt::format("plain IP: shortest path to {}, cost {}, {}", address,
                                 by_.distances_to(*destination_, 0)[at.node],
                                 branches_words(links)));
    for (const link_number l : links) {
        if (is_down(l)) {
            lose(at, fmt::format("link {} is down", map_.said_of(l)->name));
        } else {
            leave(at, l, walk_operation::forward, {});
        }
        if (!options_.all_branches) {
            break;
        }
    }
}

void walk_maker::follow_adjacency(visit& at, std::span<const link_number> links,
                                  const label_stack& rest, bool is_protected) {
    std::size_t used = 0;
    for (const link_number l : links) {
        const std::string& name = map_.said_of(l)->name;
        if (!is_usable(map_, l) || is_down(l)) {
            at.why.push_back(fmt::format(
                "link {} is down{}", name,
                is_protected ? "; its SID is protected, but repairs are not followed here" : ""));
            continue;
        }
        at.why.push_back(fmt::format("adjacency over {}", name));
        leave(at, l, imposing_ ? walk_operation::push : walk_operation::next, rest);
        ++used;
        if (!options_.all_branches) {
            break;
        }
    }
    if (used == 0) {
        at.outcome = walk_outcome::lost;
    }
}

void walk_maker::leave(visit& at, link_number l, walk_operation op, label_stack stack) {
    const node_number next = map_.graph().to[l];
    const auto [known, is_new] =
        known_.emplace(state{next, stack}, static_cast<std::uint32_t>(made_.visits.size()));
    if (is_new && made_.visits.size() >= options_.max_visits) {
        known_.erase(known);
        made_.complete = false;
        return;
    }
    if (op == walk_operation::push && stack.empty()) {  // nothing is left to put on
        op = at.before.empty() ? walk_operation::forward : walk_operation::next;
    }
    at.branches.push_back({op, l, stack, known->second});
    if (is_new) {
        visit there;
        there.node = next;
        there.before = std::move(stack);
        made_.visits.push_back(std::move(there));
    }
}

void walk_maker::lose(visit& at, std::string why) {
    at.outcome = walk_outcome::lost;
    at.why.push_back(std::move(why));
}

}  // namespace rhumb::labels
