#include "controlplane/publish/checker.hh"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "controlplane/config/text.hh"

namespace rhumb::publish {

namespace {

std::string ranges_text(const std::vector<config::label_range>& ranges) {
    std::string text;
    for (const config::label_range& range : ranges) {
        text += (text.empty() ? "" : ", ") + config::to_string(range);
    }
    return text.empty() ? "empty" : text;
}

bool contains(const std::vector<config::label_range>& ranges, mpls::label label) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const config::label_range& range) {
        return range.first <= label && label <= range.last;
    });
}

template <class Names>
std::string names_text(const Names& names) {
    std::string text;
    for (const auto& [name, value] : names) {
        if (text.size() > 200) {
            return text + ", ...";
        }
        text += (text.empty() ? "" : ", ") + std::string(name);
    }
    return text.empty() ? "none" : text;
}

}  // namespace

checker::checker(const forwarding& now, const changes& batch, const std::vector<std::string>& files)
    : now_(now), batch_(batch), files_(files) {
    for (const config::nexthop& hop : batch.nexthops) {
        coming_[hop.name] = &hop;
        replaces_ |= now.nexthops_.contains(hop.name);
    }
    going_.insert(batch.remove_nexthops.begin(), batch.remove_nexthops.end());
}

result<void> checker::check_ports(const config::file& file, const port_map& ports) {
    const auto fail = [&](config::position where, std::string message) {
        return error{std::move(message),
                     {where.line != 0 ? file.files[where.file] : "", where.line, where.column}};
    };
    if (file.ports.size() > max_ports) {
        return fail(file.ports[max_ports].where,
                    fmt::format("{} ports; at most {} are possible", file.ports.size(), max_ports));
    }
    std::map<std::string_view, std::string_view> devices;  // port by device
    for (const config::port& port : file.ports) {
        const std::string_view device =
            std::string_view(port.device).substr(0, port.device.find(','));
        if (const auto [it, is_new] = devices.emplace(device, port.name); !is_new) {
            return fail(
                port.device_where,
                fmt::format("device \"{}\" is port \"{}\" already; each port has one of its "
                            "own, virtual ones are numbered",
                            device, it->second));
        }
        if (!ports.contains(port.name)) {
            return fail(port.where, fmt::format("port \"{}\" is not among the ports that were "
                                                "opened at start; ports change with a restart",
                                                port.name));
        }
    }
    const std::string& punt = file.node.punt;
    if (!punt.empty() && !ports.contains(punt)) {
        return fail(file.node.punt_where,
                    fmt::format("punt names port \"{}\", which does not exist; ports: {}", punt,
                                names_text(ports)));
    }
    return {};
}

result<void> checker::check() {
    if (auto r = check_removals(); !r) return r;
    if (auto r = check_nexthops(); !r) return r;
    if (auto r = check_path_lists(); !r) return r;
    if (auto r = check_labels(); !r) return r;
    if (auto r = check_prefixes(); !r) return r;
    if (auto r = check_lists_in_use(); !r) return r;
    return check_room();
}

error checker::error_at(config::position where, std::string message) const {
    if (where.line == 0 || where.file >= files_.size()) {
        return {std::move(message), {}};
    }
    return {std::move(message), {files_[where.file], where.line, where.column}};
}

error checker::second_rule(const std::string& of, config::position first,
                           config::position where) const {
    const std::string file = first.file == where.file ? "line " : files_[first.file] + ':';
    return error_at(where, fmt::format("{} has a rule already, in {}{}", of, file, first.line));
}

const config::nexthop* checker::nexthop_named(std::string_view name) const {
    if (const auto it = coming_.find(name); it != coming_.end()) {
        return it->second;
    }
    const auto it = now_.nexthops().find(name);
    return it == now_.nexthops().end() || going_.contains(name) ? nullptr : &it->second;
}

std::size_t checker::msd_of(const config::nexthop& hop) const {
    const config::node& node = now_.node();
    return std::min(node.msd, now_.port_named(hop.port).msd.value_or(node.msd));
}

std::size_t checker::depth_limit(const config::nexthop& hop) const {
    std::size_t limit = msd_of(hop);
    if (hop.backup) {
        // check_nexthops has seen that the backup exists and that its push fits.
        const std::size_t backup = msd_of(*nexthop_named(hop.backup->nexthop));
        limit = std::min(limit, backup - hop.backup->push.size() + (hop.backup->replace ? 1U : 0U));
    }
    return limit;
}

result<void> checker::check_nexthops() const {
    if (batch_.nexthops.empty() && batch_.remove_nexthops.empty()) {
        return {};
    }
    // The ports of the file: others may be open, but have no settings any more.
    std::map<std::string_view, const config::port*> ports;
    for (const config::port& port : now_.ports()) {
        ports.emplace(port.name, &port);
    }
    for (const config::nexthop& hop : batch_.nexthops) {
        if (!ports.contains(hop.port)) {
            return error_at(hop.where,
                            fmt::format("next hop \"{}\" names port \"{}\", which does not exist; "
                                        "ports: {}",
                                        hop.name, hop.port, names_text(ports)));
        }
    }
    for (const config::nexthop& hop : batch_.nexthops) {
        if (auto r = check_relations(hop); !r) return r;
    }
    if (!replaces_) {
        return {};
    }
    // What those that stay as they are rely on may have changed, too.
    for (const auto& [name, hop] : now_.nexthops()) {
        const bool affected = (hop.backup && coming_.contains(hop.backup->nexthop)) ||
                              (!hop.follows.empty() && coming_.contains(hop.follows));
        if (affected && nexthop_named(name) == &hop) {
            if (auto r = check_relations(hop); !r) return r;
        }
    }
    return {};
}

// That there is what a next hop relies on, and that its repair list fits.
result<void> checker::check_relations(const config::nexthop& hop) const {
    if (auto r = check_follows(hop); !r) return r;
    if (!hop.backup) {
        return {};
    }
    const config::backup& backup = *hop.backup;
    const config::nexthop* const other = nexthop_named(backup.nexthop);
    if (other == nullptr || backup.nexthop == hop.name) {
        return error_at(
            backup.where,
            fmt::format(
                "the backup of next hop \"{}\" is \"{}\", {}", hop.name, backup.nexthop,
                other == nullptr ? "which does not exist" : "which is that next hop itself"));
    }
    if (backup.push.size() > msd_of(*other)) {
        return error_at(backup.where,
                        fmt::format("the backup of next hop \"{}\" pushes {} labels; the MSD "
                                    "towards \"{}\" is {}",
                                    hop.name, backup.push.size(), backup.nexthop, msd_of(*other)));
    }
    return {};
}

result<void> checker::check_follows(const config::nexthop& hop) const {
    if (hop.follows.empty()) {
        return {};
    }
    const config::nexthop* const other = nexthop_named(hop.follows);
    if (other != nullptr && other->follows.empty() && hop.follows != hop.name) {
        return {};
    }
    return error_at(hop.where,
                    fmt::format("next hop \"{}\" follows \"{}\", {}", hop.name, hop.follows,
                                other == nullptr          ? "which does not exist"
                                : hop.follows == hop.name ? "which is that next hop itself"
                                                          : "which follows another"));
}

result<void> checker::check_path_lists() {
    paths_.resize(batch_.rules.path_lists.size());
    for (std::size_t n = 0; n < paths_.size(); ++n) {
        for (const config::path& path : batch_.rules.path_lists[n]) {
            const config::nexthop* const hop = nexthop_named(path.nexthop);
            if (hop == nullptr) {
                paths_[n].unknown = &path;
                break;
            }
            const std::size_t limit = depth_limit(*hop);
            paths_[n].limit = std::min(paths_[n].limit, limit);
            if (path.list != config::none && batch_.rules.segment_lists[path.list].size() > limit) {
                return error{
                    fmt::format("a path via \"{}\" pushes {} segments; the MSD towards it, "
                                "less what its backup pushes, is {}",
                                path.nexthop, batch_.rules.segment_lists[path.list].size(), limit),
                    {}};
            }
        }
    }
    return {};
}

std::string checker::blocks_text() const {
    const config::node& node = now_.node();
    return fmt::format("SRGB {}, SRLB {}, static {}", ranges_text(node.srgb),
                       ranges_text(node.srlb), ranges_text(node.static_labels));
}

bool checker::in_a_block(mpls::label label) const {
    const config::node& node = now_.node();
    return contains(node.srgb, label) || contains(node.srlb, label) ||
           contains(node.static_labels, label);
}

result<void> checker::check_labels() const {
    // In a file a second rule for a label is a mistake; among single changes the last one holds.
    std::vector<bool> seen(files_.empty() ? 0 : mpls::label_count);
    for (const config::label_rule& rule : batch_.rules.labels) {
        const auto label = now_.label_of(rule);
        if (!label) {
            return error_at(rule.where, fmt::format("index {} is beyond the SRGB ({})", rule.label,
                                                    ranges_text(now_.node().srgb)));
        }
        if (!in_a_block(*label)) {
            return error_at(rule.where,
                            fmt::format("label {} is in no block ({}); name its block in "
                                        "node.static if that is meant",
                                        *label, blocks_text()));
        }
        if (!seen.empty() && seen[*label]) {
            const auto first = std::find_if(
                batch_.rules.labels.begin(), batch_.rules.labels.end(),
                [&](const config::label_rule& other) { return now_.label_of(other) == label; });
            return second_rule(fmt::format("label {}", *label), first->where, rule.where);
        }
        if (!seen.empty()) {
            seen[*label] = true;
        }
        if (rule.paths == config::none) {
            continue;
        }
        const checked_paths& paths = paths_[rule.paths];
        if (paths.unknown != nullptr) {
            return error_at(rule.where, fmt::format("label {} goes via \"{}\", which is no next "
                                                    "hop",
                                                    *label, paths.unknown->nexthop));
        }
        if (rule.list != config::none &&
            batch_.rules.segment_lists[rule.list].size() > paths.limit) {
            return error_at(
                rule.where,
                fmt::format("label {} pushes {} segments; the MSD towards its next "
                            "hops, less what their backups push, is {}",
                            *label, batch_.rules.segment_lists[rule.list].size(), paths.limit));
        }
    }
    return {};
}

result<void> checker::check_prefixes() const {
    std::unordered_map<ip_prefix, config::position, ip_prefix_hash> seen;
    for (const config::prefix_rule& rule : batch_.rules.prefixes) {
        const auto name = [&] { return config::to_string(rule.match); };
        if (!files_.empty()) {
            if (const auto [it, is_new] = seen.emplace(rule.match, rule.where); !is_new) {
                return second_rule("prefix " + name(), it->second, rule.where);
            }
        }
        if (rule.is_own()) {
            continue;
        }
        if (files_.empty() && now_.is_own(rule.match)) {
            return error_at(rule.where, fmt::format("{} is an address or a subnet of this "
                                                    "router's own",
                                                    name()));
        }
        if (rule.discard) {
            continue;
        }
        const checked_paths& paths = paths_[rule.paths];
        if (paths.unknown != nullptr) {
            return error_at(rule.where, fmt::format("prefix {} goes via \"{}\", which is no next "
                                                    "hop",
                                                    name(), paths.unknown->nexthop));
        }
        if (rule.list != config::none &&
            batch_.rules.segment_lists[rule.list].size() > paths.limit) {
            return error_at(
                rule.where,
                fmt::format("prefix {} pushes {} segments; the MSD towards its next "
                            "hops, less what their backups push, is {}",
                            name(), batch_.rules.segment_lists[rule.list].size(), paths.limit));
        }
    }
    return {};
}

result<void> checker::check_room() const {
    const auto need = [](std::string_view what, std::size_t wanted,
                         std::size_t free) -> result<void> {
        if (wanted > free) {
            return error{fmt::format("no room for {} more {}: {} left", wanted, what, free), {}};
        }
        return {};
    };
    const std::size_t lists = forwarding::most_new_lists(batch_.rules);
    if (auto r = need("segment lists", lists, now_.known_lists_.available()); !r) return r;
    // A single path needs no group, and who has a number keeps it.
    const auto& all_paths = batch_.rules.path_lists;
    const auto groups =
        std::count_if(all_paths.begin(), all_paths.end(),
                      [](const config::path_list& list) { return list.size() > 1; });
    if (auto r =
            need("path groups", static_cast<std::size_t>(groups), now_.known_groups_.available());
        !r) {
        return r;
    }
    const auto hops = std::count_if(
        batch_.nexthops.begin(), batch_.nexthops.end(),
        [&](const config::nexthop& hop) { return !now_.nexthop_numbers_.contains(hop.name); });
    if (auto r = need("next hops", static_cast<std::size_t>(hops), now_.free_nexthops_.available());
        !r) {
        return r;
    }
    const auto& known = now_.previous_ != nullptr ? now_.previous_->prefixes_ : now_.prefixes_;
    const auto& prefixes = batch_.rules.prefixes;
    const auto fresh =
        std::count_if(prefixes.begin(), prefixes.end(),
                      [&](const config::prefix_rule& rule) { return !known.contains(rule.match); });
    return need("prefixes", static_cast<std::size_t>(fresh), now_.free_prefixes_.available());
}

}  // namespace rhumb::publish
