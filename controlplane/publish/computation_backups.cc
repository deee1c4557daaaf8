// Next hops with backups (RFC 9855): from repairs in segments to what is pushed while a link is
// down. Where the rule's own label would not mean the same at the repair's end, the right one is
// pushed with the repair, in the stead of the rule's label if it has put one there.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controlplane/publish/computation.hh"

namespace rhumb::publish {

using mpls::implicit_null;

// The next hop for packets that leave by a link with `have` on top, which the rule pushes
// (`imposes`) with `rest` more labels below, or has in the stead of another one: with a backup,
// where there is one for this destination.
std::uint32_t computation::object_for(std::uint32_t position, const destination& to,
                                      mpls::label have, std::size_t rest, bool imposes) {
    if (links_[position].hop->backup) {
        return position;  // the configuration says what to do
    }
    const stack* const repair = stack_for(position, to);
    if (repair == nullptr) {
        return position;
    }
    if (!is_usable(links_[repair->out])) {
        return position;
    }
    const auto needed = repair->usable ? wanted(*repair, to) : std::nullopt;
    if (!needed) {
        say(note_kind::unprotected,
            fmt::format("the repair of {} for {} has a segment without a label",
                        links_[position].hop->name, from_.map.name(to.node)));
        return position;
    }
    const bool replace = have != implicit_null && *needed != have;
    const mpls::label tail = *needed == have ? implicit_null : *needed;
    const std::size_t depth = repair->labels.size() + (tail != implicit_null ? 1 : 0) + rest +
                              (imposes && have != implicit_null && !replace ? 1 : 0);
    if (depth > links_[repair->out].msd) {
        if (!too_deep_[position]) {
            too_deep_[position] = true;
            say(note_kind::msd,
                fmt::format("a repair of {} needs {} labels, as for {}; the MSD towards {} is {}",
                            links_[position].hop->name, depth, from_.map.name(to.node),
                            links_[repair->out].hop->name, links_[repair->out].msd));
        }
        return position;
    }
    return object_with(position, *repair, tail, replace);
}

// Null: the link is not protected for this destination.
const computation::stack* computation::stack_for(std::uint32_t position, const destination& to) {
    repairs_of_link& all = repairs_[to.view][position];
    if (all.given == nullptr || to.node >= all.given->by_node.size()) {
        return nullptr;
    }
    const std::uint32_t number = all.given->by_node[to.node];
    if (number == topology::link_repairs::none) {
        const std::uint32_t detour = detour_for(position, to);
        return detour == 0 ? nullptr : &stacks_[detour - 1];
    }
    std::uint32_t& known = all.stacks[number];
    if (known == 0) {
        stacks_.push_back(resolved(all.given->repairs[number]));
        known = static_cast<std::uint32_t>(stacks_.size());
    }
    return &stacks_[known - 1];
}

// For a link over which the shortest path does not go (an adjacency segment leads there): the
// shortest path. 0: there is none but over it.
std::uint32_t computation::detour_for(std::uint32_t position, const destination& to) {
    const auto bits = views_[to.view].hops.of(to.node);
    if ((bits[position / 64] >> position % 64 & 1) != 0) {
        return 0;
    }
    const auto [at, is_new] = detours_.emplace(std::pair(position, to.node), 0);
    for (std::uint32_t i = 0; is_new && i < links_.size(); ++i) {
        if ((bits[i / 64] >> i % 64 & 1) != 0 && links_[i].hop != nullptr) {
            stacks_.push_back({i, {}, links_[i].to, links_[i].to == to.node, true});
            at->second = static_cast<std::uint32_t>(stacks_.size());
            break;
        }
    }
    return at->second;
}

computation::stack computation::resolved(const topology::repair& r) {
    stack made;
    if (r.out < g_.first[from_.own] || r.out - g_.first[from_.own] >= links_.size()) {
        return made;
    }
    made.out = r.out - g_.first[from_.own];
    made.end = r.end;
    made.at_destination = r.at_destination;
    topology::node_number at = g_.to[r.out];
    for (const topology::segment& s : r.segments) {
        const auto label = at == topology::nobody || !is_on_map(s)
                               ? std::nullopt
                               : from_.labels.label(s, at, false);
        if (!label) {
            return made;
        }
        made.labels.push_back(*label);
        const auto ends = ends_of(s, at);
        at = ends.size() == 1 ? ends.front() : topology::nobody;
    }
    made.usable = true;
    return made;
}

// What a packet must have on top where the repair ends; implicit null: nothing.
std::optional<mpls::label> computation::wanted(const stack& s, const destination& to) const {
    if (s.at_destination || s.end == to.node) {
        return to.last;
    }
    if (to.prefix == topology::nobody) {
        return implicit_null;
    }
    const std::uint8_t algorithm = from_.algorithms[to.view].algorithm;
    if (!to.by_node_sid) {
        return from_.labels.prefix_label(to.prefix, algorithm, s.end);
    }
    const auto node = from_.labels.node_prefix(to.node, algorithm);
    return node ? from_.labels.prefix_label(*node, algorithm, s.end) : std::nullopt;
}

namespace {

// "r2~via-r4~16004/15000", "r2~via-r4=16004" where that replaces the top label; "r2~via-r4=" where
// nothing does.
std::string name_of_object(const std::string& hop, const std::string& out, bool replace,
                           std::span<const mpls::label> push) {
    std::string name;
    name.reserve(hop.size() + 5 + out.size() + 8 * push.size());
    name.append(hop).append("~via-").append(out);
    if (replace || !push.empty()) {
        name += replace ? '=' : '~';
    }
    for (std::size_t n = 0; n < push.size(); ++n) {
        const fmt::format_int digits(push[n]);
        name.append(n == 0 ? "" : "/").append(digits.data(), digits.size());
    }
    return name;
}

}  // namespace

std::uint32_t computation::object_with(std::uint32_t position, const stack& s, mpls::label tail,
                                       bool replace) {
    object made;
    made.position = position;
    made.out = s.out;
    made.replace = replace;
    made.push.reserve(s.labels.size() + 1);
    made.push = s.labels;
    if (tail != implicit_null) {
        made.push.push_back(tail);
    }
    std::size_t hash = (std::size_t{position} << 32 | std::size_t{s.out} << 1) + (replace ? 1 : 0);
    for (const mpls::label label : made.push) {
        hash = (hash ^ label) * 0x100000001b3U;
    }
    const auto [first, last] = object_numbers_.equal_range(hash);
    const auto known = std::find_if(
        first, last, [&](const auto& entry) { return objects_[entry.second] == made; });
    if (known != last) {
        return known->second;
    }
    made.name =
        name_of_object(links_[position].hop->name, links_[s.out].hop->name, replace, made.push);
    const auto number = static_cast<std::uint32_t>(objects_.size());
    object_numbers_.emplace(hash, number);
    objects_.push_back(std::move(made));
    return number;
}

}  // namespace rhumb::publish
