// From the tables in force to those to be: what differs.
#include <utility>
#include <vector>

#include "controlplane/publish/computed.hh"

namespace rhumb::publish {

namespace {

bool same(const config::nexthop& a, const config::nexthop& b) {
    return a.port == b.port && a.mac == b.mac && a.vlan == b.vlan && a.mtu == b.mtu &&
           a.ttl == b.ttl && a.follows == b.follows &&
           a.backup.has_value() == b.backup.has_value() &&
           (!a.backup || a.backup->same_as(*b.backup));
}

// Numbers for the lists of two sets of rules: equal ones have the same.
class common_lists {
public:
    struct numbers {
        std::vector<std::uint32_t> paths;
        std::vector<std::uint32_t> segments;

        [[nodiscard]] std::uint32_t of_paths(std::uint32_t n) const {
            return n == config::none ? n : paths[n];
        }
        [[nodiscard]] std::uint32_t of_segments(std::uint32_t n) const {
            return n == config::none ? n : segments[n];
        }
    };

    [[nodiscard]] numbers of(const config::rules& rules) {
        numbers made;
        for (const config::segments& list : rules.segment_lists) {
            made.segments.push_back(all_.intern(list));
        }
        for (const config::path_list& list : rules.path_lists) {
            config::path_list renamed = list;
            for (config::path& path : renamed) {
                path.list = made.of_segments(path.list);
            }
            made.paths.push_back(all_.intern(std::move(renamed)));
        }
        return made;
    }

private:
    config::rules all_;
};

// Rules that are taken over into a batch, with the lists that they need.
class taker {
public:
    taker(const config::rules& from, config::rules& into)
        : from_(from),
          into_(into),
          paths_(from.path_lists.size(), config::none),
          segments_(from.segment_lists.size(), config::none) {}

    template <class Rule>
    [[nodiscard]] Rule operator()(Rule rule) {
        rule.paths = paths(rule.paths);
        rule.list = segments(rule.list);
        return rule;
    }

private:
    std::uint32_t segments(std::uint32_t n) {
        if (n == config::none) {
            return n;
        }
        if (segments_[n] == config::none) {
            segments_[n] = into_.intern(from_.segment_lists[n]);
        }
        return segments_[n];
    }
    std::uint32_t paths(std::uint32_t n) {
        if (n == config::none) {
            return n;
        }
        if (paths_[n] == config::none) {
            config::path_list list = from_.path_lists[n];
            for (config::path& path : list) {
                path.list = segments(path.list);
            }
            paths_[n] = into_.intern(std::move(list));
        }
        return paths_[n];
    }

    const config::rules& from_;
    config::rules& into_;
    std::vector<std::uint32_t> paths_;
    std::vector<std::uint32_t> segments_;
};

// Walks two sorted lists: `gone` for what only the old one has, `differs` for what is new or not
// equal.
template <class Item, class Key, class Same, class Gone, class Differs>
void compare(const std::vector<Item>& old, const std::vector<Item>& now, Key key, Same is_same,
             Gone gone, Differs differs) {
    std::size_t o = 0;
    for (const Item& item : now) {
        while (o < old.size() && key(old[o]) < key(item)) {
            gone(old[o++]);
        }
        if (o < old.size() && !(key(item) < key(old[o]))) {
            if (!is_same(old[o], item)) {
                differs(item);
            }
            ++o;
        } else {
            differs(item);
        }
    }
    while (o < old.size()) {
        gone(old[o++]);
    }
}

}  // namespace

changes difference(const computed_tables& old, const computed_tables& now) {
    changes made;
    common_lists lists;
    const auto before = lists.of(old.rules);
    const auto after = lists.of(now.rules);
    taker take(now.rules, made.rules);
    const auto same_rule = [&](const auto& a, const auto& b) {
        return before.of_paths(a.paths) == after.of_paths(b.paths) &&
               before.of_segments(a.list) == after.of_segments(b.list) && a.ttl == b.ttl &&
               a.tc == b.tc;
    };
    compare(
        old.rules.labels, now.rules.labels, [](const config::label_rule& r) { return r.label; },
        [&](const config::label_rule& a, const config::label_rule& b) {
            return a.op == b.op && a.out == b.out && same_rule(a, b);
        },
        [&](const config::label_rule& r) { made.remove_labels.push_back(r.label); },
        [&](const config::label_rule& r) { made.rules.labels.push_back(take(r)); });
    compare(
        old.rules.prefixes, now.rules.prefixes,
        [](const config::prefix_rule& r) -> const ip_prefix& { return r.match; },
        [&](const config::prefix_rule& a, const config::prefix_rule& b) {
            return a.discard == b.discard && same_rule(a, b);
        },
        [&](const config::prefix_rule& r) { made.remove_prefixes.push_back(r.match); },
        [&](const config::prefix_rule& r) { made.rules.prefixes.push_back(take(r)); });
    compare(
        old.nexthops, now.nexthops,
        [](const config::nexthop& hop) -> const std::string& { return hop.name; }, same,
        [&](const config::nexthop& hop) { made.remove_nexthops.push_back(hop.name); },
        [&](const config::nexthop& hop) { made.nexthops.push_back(hop); });
    return made;
}

}  // namespace rhumb::publish
