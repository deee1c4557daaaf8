// What a batch may remove: nothing that is not there, and no next hop that somebody still uses when
// the batch is done. Threads: control.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "controlplane/config/text.hh"
#include "controlplane/publish/checker.hh"

namespace rhumb::publish {

// The labels and prefixes whose present rules go with a batch, removed or replaced, and what they
// let go of: released as forwarding would, but on paper.
class leaving_users {
public:
    leaving_users(const forwarding& now, const changes& batch) : now_(now) {
        for (const mpls::label label : batch.remove_labels) {
            add(label);
        }
        for (const config::label_rule& rule : batch.rules.labels) {
            if (const auto label = now.label_of(rule)) {
                add(*label);
            }
        }
        for (const ip_prefix& prefix : batch.remove_prefixes) {
            add(prefix);
        }
        for (const config::prefix_rule& rule : batch.rules.prefixes) {
            add(rule.match);
        }
    }

    [[nodiscard]] bool contains(mpls::label label) const { return labels_.contains(label); }
    [[nodiscard]] bool contains(const ip_prefix& prefix) const {
        return prefixes_.contains(prefix);
    }
    // Whether the next hop has users besides these.
    [[nodiscard]] bool leave_in_use(nexthop_id id) const {
        const auto left = nexthops_.find(id);
        return now_.nexthop_users_[id] != (left == nexthops_.end() ? 0 : left->second);
    }

private:
    void add(mpls::label label) {
        if (!labels_.insert(label).second) {
            return;
        }
        const label_entry entry = now_.labels_[label];
        if (entry.op() == label_op::push && !entry.pushes_by_path()) {
            leave_list(entry.list());
        } else if (entry.op() == label_op::continue_ || entry.op() == label_op::pop ||
                   entry.op() == label_op::push) {
            leave(entry.via());
        }
    }
    void add(const ip_prefix& prefix) {
        const auto known = now_.prefixes_.find(prefix);
        if (known == now_.prefixes_.end() || !prefixes_.insert(prefix).second) {
            return;
        }
        const route& way = now_.routes_[known->second];
        if (way.ends_here()) {
            return;
        }
        if (way.pushes()) {
            leave_list(way.list);
        } else {
            leave(way.via);
        }
    }
    void leave_list(std::uint32_t list) {
        if (++lists_[list] == now_.known_lists_.users(list)) {
            leave(now_.lists_[list].via);
        }
    }
    void leave(via_ref via) {
        if (!via.is_group()) {
            ++nexthops_[via.id()];
        } else if (++groups_[via.id()] == now_.known_groups_.users(via.id())) {
            for (const auto& path : now_.known_groups_.value(via.id()).paths) {
                ++nexthops_[path.hop];
            }
        }
    }

    const forwarding& now_;
    std::unordered_set<mpls::label> labels_;
    std::unordered_set<ip_prefix, ip_prefix_hash> prefixes_;
    // By number: how many users leave.
    std::unordered_map<std::uint32_t, std::size_t> lists_;
    std::unordered_map<std::uint32_t, std::size_t> groups_;
    std::unordered_map<nexthop_id, std::size_t> nexthops_;
};

result<void> checker::check_removals() const {
    const auto twice = [](std::string_view what) {
        return error{fmt::format("{} is to be removed twice", what), {}};
    };
    std::unordered_set<mpls::label> labels;
    for (const mpls::label label : batch_.remove_labels) {
        if (label < mpls::first_unreserved || label >= mpls::label_count ||
            now_.labels_[label].op() == label_op::none) {
            return error{fmt::format("label {} has no rule", label), {}};
        }
        if (!labels.insert(label).second) {
            return twice(fmt::format("label {}", label));
        }
    }
    std::set<ip_prefix> prefixes;
    for (const ip_prefix& prefix : batch_.remove_prefixes) {
        if (!now_.prefixes().contains(prefix)) {
            return error{fmt::format("prefix {} is not configured", config::to_string(prefix)), {}};
        }
        if (now_.is_own(prefix)) {
            return error{fmt::format("{} is an address or a subnet of this router's own",
                                     config::to_string(prefix)),
                         {}};
        }
        if (!prefixes.insert(prefix).second) {
            return twice("prefix " + config::to_string(prefix));
        }
    }
    std::unordered_set<std::string_view> nexthops;
    for (const std::string& name : batch_.remove_nexthops) {
        if (!now_.nexthops().contains(name)) {
            return error{fmt::format("next hop \"{}\" does not exist", name), {}};
        }
        if (!nexthops.insert(name).second) {
            return twice(fmt::format("next hop \"{}\"", name));
        }
    }
    return check_nobody_uses_going();
}

result<void> checker::check_nobody_uses_going() const {
    if (going_.empty()) {
        return {};
    }
    const auto in_use = [](std::string_view name, const std::string& user) {
        return error{fmt::format("next hop \"{}\" is in use by {}; change that first", name, user),
                     {}};
    };
    for (const auto& [other, hop] : now_.nexthops()) {
        const bool relies = (hop.backup && going_.contains(hop.backup->nexthop)) ||
                            (!hop.follows.empty() && going_.contains(hop.follows));
        if (!relies && !replaces_) {
            continue;
        }
        const config::nexthop* const stays = nexthop_named(other);
        if (stays != nullptr && stays->backup && going_.contains(stays->backup->nexthop)) {
            return in_use(stays->backup->nexthop,
                          fmt::format("next hop \"{}\" as its backup", other));
        }
        if (stays != nullptr && going_.contains(stays->follows)) {
            return in_use(stays->follows, fmt::format("next hop \"{}\", which follows it", other));
        }
    }
    const leaving_users leaving(now_, batch_);
    for (const std::string& name : batch_.remove_nexthops) {
        if (leaving.leave_in_use(now_.nexthop_numbers_.find(name)->second)) {
            return in_use(name, user_of(name, leaving));
        }
    }
    return {};
}

// The first that forwards to this next hop and stays, in words; only for an error: it looks at
// everything.
std::string checker::user_of(std::string_view name, const leaving_users& leaving) const {
    const auto goes_there = [&](const std::vector<path_text>& paths) {
        return std::any_of(paths.begin(), paths.end(),
                           [&](const path_text& path) { return path.nexthop == name; });
    };
    for (auto label = now_.next_label(0); label; label = now_.next_label(*label + 1)) {
        if (!leaving.contains(*label) && goes_there(now_.label(*label).paths)) {
            return fmt::format("label {}", *label);
        }
    }
    for (const auto& [prefix, id] : now_.prefixes()) {
        if (!leaving.contains(prefix) && goes_there(now_.prefix(prefix).paths)) {
            return "prefix " + config::to_string(prefix);
        }
    }
    return "a rule";
}

}  // namespace rhumb::publish
