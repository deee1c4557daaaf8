#include "controlplane/publish/computation.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controlplane/config/text.hh"

namespace rhumb::publish {

namespace {

constexpr std::uint64_t no_out = 0xffffff;

// A path as a number: next hop, weight, and what it has of its own.
std::uint64_t path_key(const way& w, std::uint64_t out) {
    return std::uint64_t{w.object} << 40 | std::uint64_t{w.weight} << 24 | out;
}

bool all_equal(std::span<const way> ways) {
    return std::all_of(ways.begin(), ways.end(), [&](const way& w) {
        return w.out == ways.front().out && w.rest == ways.front().rest;
    });
}

std::vector<mpls::label> whole_list(const way& w) {
    std::vector<mpls::label> list;
    if (w.out != mpls::implicit_null) {
        list.push_back(w.out);
    }
    list.insert(list.end(), w.rest.begin(), w.rest.end());
    return list;
}

}  // namespace

computation::computation(const computed_inputs& from, std::span<own_view> views)
    : from_(from),
      g_(from.map.graph()),
      lists_(from.map, from.labels,
             [this](topology::node_number node, mpls::label label) {
                 return paths::end_of_offer(from_.offers, node, label);
             }),
      views_(views),
      taken_(mpls::label_count) {}

void search_from_here(const computed_inputs& from, std::span<own_view> views) {
    for (std::size_t v = 0; v < views.size(); ++v) {
        const topology::plane& plane = *from.algorithms[v].view;
        topology::shortest_paths_from(from.map.graph(), plane, from.own, views[v].tree,
                                      views[v].search);
        views[v].hops.compute(from.map.graph(), plane, views[v].tree);
    }
}

computed_tables computation::run() {
    find_links();
    // Of those that claim a label, prefixes come before adjacencies, these before policies
    // (RFC 8660 2.5).
    for (std::size_t v = 0; v < views_.size(); ++v) {
        add_prefix_sids(v);
    }
    add_adjacencies();
    add_policies();
    add_bindings();
    add_ip_prefixes();
    finish();
    return std::move(made_);
}

void computation::find_links() {
    const topology::link_number first = g_.first[from_.own];
    const std::size_t count = g_.first[from_.own + 1] - first;
    links_.resize(count);
    objects_.resize(count);
    too_deep_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        own_link& link = links_[i];
        link.number = first + i;
        link.to = g_.to[link.number];
        link.said = from_.map.said_of(link.number);
        const auto named = std::find_if(
            from_.links.begin(), from_.links.end(),
            [&](const auto& given) { return link.said && given.link == link.said->name; });
        if (named != from_.links.end()) {
            link.hop = from_.configured.nexthop(named->nexthop);
        }
        if (link.hop != nullptr) {
            link.msd = std::min<std::size_t>(from_.configured.msd_of(*link.hop),
                                             from_.map.said(from_.own)->msd);
            objects_[i].name = link.hop->name;
        }
        objects_[i].position = i;
    }
    repairs_.resize(views_.size());
    for (std::size_t v = 0; v < views_.size(); ++v) {
        repairs_[v].resize(count);
        for (const topology::link_repairs& r : from_.algorithms[v].repairs) {
            if (r.link >= first && r.link < first + count) {
                repairs_[v][r.link - first] = {&r, std::vector<std::uint32_t>(r.repairs.size())};
            }
        }
    }
}

bool computation::is_usable(own_link& link) {
    if (link.hop == nullptr && !std::exchange(link.noted, true)) {
        say(note_kind::no_nexthop,
            fmt::format("link {} to {} has no next hop: name one in topology.links",
                        link.said != nullptr ? link.said->name : "", from_.map.name(link.to)));
    }
    return link.hop != nullptr;
}

// Whether a rule for the label is ours to make.
bool computation::is_own_label(mpls::label label, std::string_view whose) {
    if (from_.configured.has(label)) {
        say(note_kind::conflict, fmt::format("label {} of {} has a rule in the configuration, "
                                             "which holds",
                                             label, whose));
        return false;
    }
    if (!from_.configured.in_a_block(label)) {
        say(note_kind::outside_block,
            fmt::format("label {} of {} is in none of this node's blocks", label, whose));
        return false;
    }
    if (taken_[label]) {
        say(note_kind::conflict,
            fmt::format("label {} of {} is that of another segment already", label, whose));
        return false;
    }
    taken_[label] = true;
    return true;
}

void computation::add_next(mpls::label label) {
    config::label_rule rule;
    rule.label = label;
    rule.op = config::operation::next;
    made_.rules.labels.push_back(rule);
}

void computation::add_label(mpls::label label, std::span<const way> ways, bool is_binding) {
    config::label_rule rule;
    rule.label = label;
    const bool pops = std::all_of(ways.begin(), ways.end(), [](const way& w) {
        return w.out == mpls::implicit_null && w.rest.empty();
    });
    if (pops) {
        rule.op = config::operation::pop;
        rule.paths = paths_of(ways, false);
    } else if (is_binding) {
        rule.op = config::operation::push;
        rule.paths = pushing_paths_of(ways, rule.list);
    } else {
        const bool same = all_equal(ways);
        rule.op = config::operation::continue_;
        rule.out = same ? ways.front().out : config::none;
        rule.paths = paths_of(ways, !same);
    }
    made_.rules.labels.push_back(rule);
}

void computation::add_prefix(const ip_prefix& match, std::span<const way> ways) {
    config::prefix_rule rule;
    rule.match = match;
    rule.paths = pushing_paths_of(ways, rule.list);
    made_.rules.prefixes.push_back(rule);
}

config::path computation::path_of(const way& w) {
    object& o = objects_[w.object];
    o.used = true;
    return {o.name, w.weight, std::nullopt, config::none};
}

std::uint32_t computation::paths_of(std::span<const way> ways, bool with_outs) {
    const bool single = ways.size() == 1 && ways.front().weight == 1 && !with_outs;
    if (single) {
        single_paths_.resize(objects_.size());
        if (const std::uint32_t known = single_paths_[ways.front().object]; known != 0) {
            return known - 1;
        }
    }
    std::vector<std::uint64_t> key;
    for (const way& w : ways) {
        key.push_back(path_key(w, with_outs ? w.out : no_out));
    }
    const auto number = static_cast<std::uint32_t>(made_.rules.path_lists.size());
    const auto [at, is_new] = path_numbers_.emplace(std::move(key), number);
    if (is_new) {
        config::path_list& list = made_.rules.path_lists.emplace_back();
        for (const way& w : ways) {
            list.push_back(path_of(w));
            if (with_outs) {
                list.back().out = w.out;
            }
        }
    }
    if (single) {
        single_paths_[ways.front().object] = at->second + 1;
    }
    return at->second;
}

// Paths to push towards; `list` is what they all push, if they do.
std::uint32_t computation::pushing_paths_of(std::span<const way> ways, std::uint32_t& list) {
    if (all_equal(ways)) {
        if (auto labels = whole_list(ways.front()); !labels.empty()) {
            list = made_.rules.intern(std::move(labels));
        }
        return paths_of(ways, false);
    }
    std::vector<std::uint64_t> key{~std::uint64_t{0}};  // lists, not labels
    std::vector<std::uint32_t> lists;
    for (const way& w : ways) {
        auto labels = whole_list(w);
        lists.push_back(labels.empty() ? config::none : made_.rules.intern(std::move(labels)));
        key.push_back(path_key(w, lists.back() & no_out));
    }
    const auto number = static_cast<std::uint32_t>(made_.rules.path_lists.size());
    const auto [at, is_new] = path_numbers_.emplace(std::move(key), number);
    if (is_new) {
        config::path_list& paths = made_.rules.path_lists.emplace_back();
        for (std::size_t n = 0; n < ways.size(); ++n) {
            paths.push_back(path_of(ways[n]));
            paths.back().list = lists[n];
        }
    }
    return at->second;
}

void computation::finish() {
    std::vector<const object*> used;
    for (std::size_t n = links_.size(); n < objects_.size(); ++n) {
        if (objects_[n].used) {
            used.push_back(&objects_[n]);
        }
    }
    std::sort(used.begin(), used.end(),
              [](const object* a, const object* b) { return a->name < b->name; });
    made_.nexthops.reserve(used.size());
    for (const object* const one : used) {
        const object& o = *one;
        config::nexthop hop = *links_[o.position].hop;
        hop.follows = hop.name;
        hop.name = o.name;
        hop.where = {};
        hop.ttl = config::ttl_model::inherit;
        hop.backup = config::backup{links_[o.out].hop->name, o.push, {}, o.replace};
        made_.nexthops.push_back(std::move(hop));
    }
    std::sort(made_.rules.labels.begin(), made_.rules.labels.end(),
              [](const auto& a, const auto& b) { return a.label < b.label; });
    std::sort(made_.rules.prefixes.begin(), made_.rules.prefixes.end(),
              [](const auto& a, const auto& b) { return a.match < b.match; });
}

static_rules::static_rules(const config::file& file) : file_(file), labels_(mpls::label_count) {
    for (const config::label_rule& rule : file.rules.labels) {
        std::uint32_t label = rule.label;
        if (rule.by_index) {
            std::vector<topology::label_block> blocks;
            blocks.reserve(file.node.srgb.size());
            for (const config::label_range& range : file.node.srgb) {
                blocks.push_back({range.first, range.last - range.first + 1});
            }
            label = labels::label_for(blocks, rule.label).value_or(0);
        }
        labels_[label & (mpls::label_count - 1)] = true;
    }
    for (const config::prefix_rule& rule : file.rules.prefixes) {
        prefixes_.insert(rule.match);
    }
    for (const config::port& port : file.ports) {
        for (const config::port_address& address : port.addresses) {
            prefixes_.insert(address.host);
            ip_prefix subnet = address.host;
            prefixes_.insert(subnet.shortened(address.length));
        }
    }
    for (const config::nexthop& hop : file.nexthops) {
        nexthops_.emplace(hop.name, &hop);
    }
}

const config::nexthop* static_rules::nexthop(std::string_view name) const {
    const auto at = nexthops_.find(name);
    return at == nexthops_.end() ? nullptr : at->second;
}

std::size_t static_rules::msd_of(const config::nexthop& hop) const {
    const auto port = std::find_if(file_.ports.begin(), file_.ports.end(),
                                   [&](const config::port& p) { return p.name == hop.port; });
    return std::min(file_.node.msd, port == file_.ports.end() ? file_.node.msd
                                                              : port->msd.value_or(file_.node.msd));
}

bool static_rules::in_a_block(mpls::label label) const {
    const auto holds = [&](const std::vector<config::label_range>& ranges) {
        return std::any_of(ranges.begin(), ranges.end(), [&](const config::label_range& range) {
            return range.first <= label && label <= range.last;
        });
    };
    return holds(file_.node.srgb) || holds(file_.node.srlb) || holds(file_.node.static_labels);
}

class table_computer::memory {
public:
    std::vector<own_view> views;
};

table_computer::table_computer() : memory_(std::make_unique<memory>()) {}
table_computer::~table_computer() = default;

result<computed_tables> table_computer::compute(const computed_inputs& from) {
    if (from.own >= from.map.node_count() || from.map.said(from.own) == nullptr) {
        return error{"this node is not on the map, or has said nothing of itself", {}};
    }
    memory_->views.resize(from.algorithms.size());
    search_from_here(from, memory_->views);
    computed_tables made = computation(from, memory_->views).run();
    if (auto checked = check_loops(from, made, memory_->views); !checked) {
        return checked.why();
    }
    return made;
}

}  // namespace rhumb::publish
