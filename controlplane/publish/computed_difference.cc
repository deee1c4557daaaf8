// From the tables in force to those to be: what differs.
#include <algorithm>
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

// Whether lists of two sets of rules are equal. Rules by the thousand share lists, so what has been
// found equal once is known.
class equal_lists {
public:
    equal_lists(const config::rules& old, const config::rules& now)
        : old_(old),
          now_(now),
          paths_(old.path_lists.size(), config::none),
          segments_(old.segment_lists.size(), config::none) {}

    [[nodiscard]] bool paths(std::uint32_t a, std::uint32_t b) {
        if (a == config::none || b == config::none) {
            return a == b;
        }
        if (paths_[a] == b) {
            return true;
        }
        const bool same = std::ranges::equal(
            old_.path_lists[a], now_.path_lists[b], [&](const auto& x, const auto& y) {
                return x.weight == y.weight && x.out == y.out && x.nexthop == y.nexthop &&
                       segments(x.list, y.list);
            });
        paths_[a] = same ? b : paths_[a];
        return same;
    }
    [[nodiscard]] bool segments(std::uint32_t a, std::uint32_t b) {
        if (a == config::none || b == config::none) {
            return a == b;
        }
        if (segments_[a] == b) {
            return true;
        }
        const bool same = old_.segment_lists[a] == now_.segment_lists[b];
        segments_[a] = same ? b : segments_[a];
        return same;
    }

private:
    const config::rules& old_;
    const config::rules& now_;
    // By number of the old ones: an equal new one.
    std::vector<std::uint32_t> paths_;
    std::vector<std::uint32_t> segments_;
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
    equal_lists lists(old.rules, now.rules);
    taker take(now.rules, made.rules);
    const auto same_rule = [&](const auto& a, const auto& b) {
        return a.ttl == b.ttl && a.tc == b.tc && lists.paths(a.paths, b.paths) &&
               lists.segments(a.list, b.list);
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
