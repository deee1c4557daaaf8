// The parts of forwarding's tables: groups and lists with their users, and questions about what
// stands in the tables.
#include <algorithm>

#include "controlplane/publish/buckets.hh"
#include "controlplane/publish/forwarding.hh"

namespace rhumb::publish {

namespace {

std::vector<mpls::label> labels_of(const segment_list& list) {
    std::vector<mpls::label> labels(list.count);
    for (std::size_t n = 0; n < list.count; ++n) {
        labels[n] = list.labels.label(n, list.count);
    }
    return labels;
}

}  // namespace

std::uint32_t forwarding::acquire_group(const members& paths, bool pushes,
                                        const path_group* previous) {
    path_group made;
    made.pushes = pushes;
    made.count = static_cast<std::uint8_t>(paths.size());
    for (std::size_t n = 0; n < paths.size(); ++n) {
        made.paths[n] = {paths[n].hop, paths[n].out};
        made.weights[n] = paths[n].weight;
    }
    fill_buckets(made, previous);
    const auto [number, is_new] = known_groups_.acquire({paths, pushes, made.bucket});
    if (is_new) {
        groups_.edit(number) = made;
        for (const member& path : paths) {
            ++nexthop_users_[path.hop];
            if (pushes && path.out != rhumb::path::no_label) {
                known_lists_.add_user(path.out);
            }
        }
    }
    return number;
}

std::uint32_t forwarding::acquire_path_list(const config::segments& labels) {
    const auto [number, is_new] = known_lists_.acquire({labels, path_names_it.bits()});
    if (is_new) {
        segment_list made;
        made.labels = imposed_labels(labels);
        made.count = static_cast<std::uint8_t>(labels.size());
        made.via = path_names_it;
        lists_.edit(number) = made;
    }
    return number;
}

std::uint32_t forwarding::acquire_list(const config::segments& labels, via_ref via) {
    const auto [number, is_new] = known_lists_.acquire({labels, via.bits()});
    if (is_new) {
        segment_list made;
        made.labels = imposed_labels(labels);
        made.count = static_cast<std::uint8_t>(labels.size());
        made.via = via;
        lists_.edit(number) = made;
    } else {
        release_via(via);  // the list holds its group once, however many share the list
    }
    return number;
}

void forwarding::add_user(via_ref via) {
    if (via.is_group()) {
        known_groups_.add_user(via.id());
    } else {
        ++nexthop_users_[via.id()];
    }
}

void forwarding::release_via(via_ref via) {
    if (!via.is_group()) {
        --nexthop_users_[via.id()];
    } else if (known_groups_.release(via.id())) {
        const path_group& group = groups_[via.id()];
        for (std::size_t n = 0; n < group.count; ++n) {
            --nexthop_users_[group.paths[n].nexthop];
            if (group.pushes && group.paths[n].out != rhumb::path::no_label) {
                release_list(group.paths[n].out);
            }
        }
    }
}

std::size_t forwarding::most_new_lists(const config::rules& rules) {
    const auto has_list = [](const auto& rule) { return rule.list != config::none; };
    const auto count = std::count_if(rules.labels.begin(), rules.labels.end(), has_list) +
                       std::count_if(rules.prefixes.begin(), rules.prefixes.end(), has_list);
    const bool by_path =
        std::any_of(rules.path_lists.begin(), rules.path_lists.end(), [](const auto& paths) {
            return std::any_of(paths.begin(), paths.end(),
                               [](const auto& path) { return path.list != config::none; });
        });
    return std::min(
               static_cast<std::size_t>(count),
               rules.segment_lists.size() * std::max<std::size_t>(rules.path_lists.size(), 1)) +
           (by_path ? rules.segment_lists.size() : 0);
}

void forwarding::release_list(std::uint32_t list) {
    const via_ref via = lists_[list].via;
    if (known_lists_.release(list) && via != path_names_it) {
        release_via(via);
    }
}

void forwarding::release_entry(label_entry entry) {
    if (entry.op() == label_op::push && !entry.pushes_by_path()) {
        release_list(entry.list());
    } else if (entry.op() == label_op::continue_ || entry.op() == label_op::pop ||
               entry.op() == label_op::push) {
        release_via(entry.via());
    }
}

void forwarding::release_route(const route& way) {
    if (!way.in_use || way.ends_here()) {
        return;
    }
    if (way.pushes()) {
        release_list(way.list);
    } else {
        release_via(way.via);
    }
}

std::optional<std::uint32_t> forwarding::group_behind(via_ref via) {
    return via.is_group() ? std::optional(via.id()) : std::nullopt;
}

std::optional<std::uint32_t> forwarding::group_behind(label_entry entry) const {
    switch (entry.op()) {
        case label_op::continue_:
        case label_op::pop: return group_behind(entry.via());
        case label_op::push:
            return group_behind(entry.pushes_by_path() ? entry.via() : lists_[entry.list()].via);
        default: return std::nullopt;
    }
}

std::optional<std::uint32_t> forwarding::group_behind(const route& way) const {
    return group_behind(way.pushes() ? lists_[way.list].via : way.via);
}

std::optional<mpls::label> forwarding::label_of(const config::label_rule& rule) const {
    if (!rule.by_index) {
        return rule.label;
    }
    // RFC 8660 section 2.4: the index walks the ranges in their order.
    mpls::label index = rule.label;
    for (const config::label_range& range : node_.srgb) {
        const mpls::label size = range.last - range.first + 1;
        if (index < size) {
            return range.first + index;
        }
        index -= size;
    }
    return std::nullopt;
}

bool forwarding::is_pipe(config::ttl_model model) const {
    return (model == config::ttl_model::inherit ? node_.ttl : model) == config::ttl_model::pipe;
}

const config::port& forwarding::port_named(std::string_view name) const {
    return *std::find_if(ports_.begin(), ports_.end(),
                         [&](const config::port& port) { return port.name == name; });
}

std::optional<nexthop_id> forwarding::nexthop_number(std::string_view name) const {
    // While tables are built, those of the tables before have numbers, too.
    const auto known = nexthop_numbers_.find(name);
    if (known == nexthop_numbers_.end() || (building_ && !nexthops_.contains(name))) {
        return std::nullopt;
    }
    return known->second;
}

std::string_view forwarding::nexthop_name(nexthop_id id) const {
    return id < nexthop_names_.size() ? std::string_view(nexthop_names_[id]) : std::string_view();
}

std::vector<path_text> forwarding::path_texts(via_ref via) const {
    if (!via.is_group()) {
        return {{std::string(nexthop_name(via.id())), 1, std::nullopt, {}}};
    }
    std::vector<path_text> texts;
    const path_group& group = groups_[via.id()];
    for (std::size_t n = 0; n < group.count; ++n) {
        const auto out = group.paths[n].out;
        path_text& text = texts.emplace_back();
        text.nexthop = nexthop_name(group.paths[n].nexthop);
        text.weight = group.weights[n];
        if (out != rhumb::path::no_label && group.pushes) {
            text.segments = labels_of(lists_[out]);
        } else if (out != rhumb::path::no_label) {
            text.out = out;
        }
    }
    return texts;
}

label_view forwarding::label(mpls::label label) const {
    label_view view{label, labels_[label], {}, {}};
    if (view.entry.op() == label_op::push && !view.entry.pushes_by_path()) {
        const segment_list& list = lists_[view.entry.list()];
        view.segments = labels_of(list);
        view.paths = path_texts(list.via);
    } else if (view.entry.op() == label_op::continue_ || view.entry.op() == label_op::pop ||
               view.entry.op() == label_op::push) {
        view.paths = path_texts(view.entry.via());
    }
    return view;
}

std::optional<mpls::label> forwarding::next_label(std::uint64_t from) const {
    for (from = std::max<std::uint64_t>(from, mpls::first_unreserved); from < mpls::label_count;
         ++from) {
        if (!labels_.page_in_use(from)) {
            from |= label_table::page_slots - 1;
        } else if (labels_[from].op() != label_op::none) {
            return static_cast<mpls::label>(from);
        }
    }
    return std::nullopt;
}

bool forwarding::is_own(const ip_prefix& prefix) const {
    const auto known = prefixes_.find(prefix);
    return known != prefixes_.end() && routes_[known->second].is_own();
}

prefix_view forwarding::prefix(const ip_prefix& prefix) const {
    prefix_view view;
    view.prefix = prefix;
    view.id = prefixes_.at(prefix);
    view.way = routes_[view.id];
    if (view.way.ends_here()) {
        return view;
    }
    if (view.way.pushes()) {
        const segment_list& list = lists_[view.way.list];
        view.segments = labels_of(list);
        view.paths = path_texts(list.via);
    } else {
        view.paths = path_texts(view.way.via);
    }
    return view;
}

const ip_prefix* forwarding::prefix_of(std::uint32_t id) const {
    if (id >= prefix_by_id_.size()) {
        return nullptr;
    }
    const auto it = prefixes_.find(prefix_by_id_[id]);
    return it != prefixes_.end() && it->second == id ? &it->first : nullptr;
}

forwarding::new_numbers forwarding::take_new_numbers() { return std::exchange(new_numbers_, {}); }

}  // namespace rhumb::publish
