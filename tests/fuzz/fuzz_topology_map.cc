// Any sequence of advertisements and withdrawals, sensible or not, into a map: it takes what makes
// sense, is at any time what those that said something make of it, says exactly what each update
// has changed, and its shortest paths are such.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "controlplane/topology/flex_algo.hh"
#include "controlplane/topology/map.hh"
#include "controlplane/topology/spf.hh"
#include "tests/support/naive_map.hh"

namespace rhumb::topology {
namespace {

constexpr std::size_t max_nodes = 64;

void require(bool holds, const std::string& what = {}) {
    if (!holds) {
        std::fprintf(stderr, "%s\n", what.c_str());
        std::abort();
    }
}

// Bytes as values that sit at the edges of what is allowed, or are few so that they meet.
class reader {
public:
    explicit reader(std::span<const std::uint8_t> input) : input_(input) {}

    [[nodiscard]] bool is_empty() const { return input_.empty(); }
    std::uint8_t next() {
        const std::uint8_t first = input_.empty() ? std::uint8_t{0} : input_.front();
        input_ = input_.subspan(input_.empty() ? 0 : 1);
        return first;
    }
    std::uint32_t word() {
        std::uint32_t value = 0;
        for (int n = 0; n < 4; ++n) {
            value = value << 8 | next();
        }
        return value;
    }
    std::string name(const char* kind) {
        const std::uint8_t what = next();
        switch (what) {
            case 250: return {};
            case 251: return std::string(255, 'x');
            case 252: return std::string(256, 'x');
            case 253: return "\xff" + std::string(1, '\0');
            default: return kind + std::to_string(what % 8);
        }
    }
    cost metric() {
        const std::uint8_t what = next();
        switch (what) {
            case 250: return 0;
            case 251: return max_cost;
            case 252: return max_cost + 1;
            case 253: return unusable;
            case 254: return word();
            default: return 1 + what % 4;
        }
    }
    std::uint32_t label() {
        const std::uint8_t what = next();
        return what >= 250 ? word() : 4000 + what;
    }

private:
    std::span<const std::uint8_t> input_;
};

link read_link(reader& in) {
    link l;
    l.name = in.name("l");
    l.remote = in.name("n");
    const std::uint8_t flags = in.next();
    if ((flags & 1) != 0) {
        l.remote_link = in.name("l");
    }
    l.metric = in.metric();
    if ((flags & 2) != 0) {
        l.delay = in.metric();
        l.te_metric = in.metric();
    }
    if ((flags & 4) != 0) {
        l.affinities = in.next();
    }
    if ((flags & 8) != 0) {
        l.srlgs.assign(in.next() % 68, in.next() % 4);
        l.srlgs.push_back(in.next() % 4);
    }
    if ((flags & 16) != 0) {
        l.sids.push_back({in.label(), false, false, false, in.next()});
    }
    if ((flags & 32) != 0) {
        l.address = ip_prefix{static_cast<family>(in.next() % 3), in.next(), {in.next()}};
    }
    return l;
}

prefix read_prefix(reader& in) {
    prefix p;
    const std::uint8_t what = in.next();
    p.address.length = what == 255 ? in.next() : 32;
    p.address.af = static_cast<family>(what == 254 ? in.next() % 4 : 0);
    p.address.address[3] = what % 8;
    p.metric = in.metric();
    if (what % 2 == 0) {
        p.sids.push_back({in.label(), in.next(), false, false});
    }
    return p;
}

flex_algo_definition read_definition(reader& in) {
    flex_algo_definition d;
    d.algorithm = in.next() % 4 == 3 ? in.next() : 128;
    d.priority = in.next() % 3;
    d.metric = static_cast<metric_type>(in.next() % 4);
    d.exclude_any = in.next() & 0x81;
    d.include_any = in.next() & 3;
    d.include_all = in.next() & 1;
    d.exclude_srlgs.assign(in.next() % 3, in.next() % 4);
    return d;
}

void read_rest(reader& in, advertisement& said) {
    if (in.next() % 2 == 1) {
        said.algorithms.push_back(128);
    }
    switch (in.next() % 8) {
        case 0: said.definitions.push_back(read_definition(in)); break;
        case 1: said.srgb.push_back({in.word(), in.word()}); break;
        case 2: said.srlb = {{in.label(), in.label()}}; break;
        case 3: said.bindings.push_back({in.label(), {in.name("n")}}); break;
        case 4: said.algorithms.push_back(in.next()); break;
        case 5: said.overload = true; break;
        default: break;
    }
}

class run {
public:
    explicit run(std::span<const std::uint8_t> input) : in_(input) {}

    void go() {
        while (!in_.is_empty() && map_.node_count() < max_nodes) {
            switch (in_.next() % 5) {
                case 0: withdraw(); break;
                case 1: apply_many(); break;
                default: apply_one(); break;
            }
            const auto wrong = naive_.difference(map_);
            require(wrong.empty(), wrong);
        }
    }

private:
    // A new advertisement, or what a node said last with a part replaced.
    advertisement read_one() {
        advertisement said;
        said.origin = in_.name("n");
        const auto node = map_.find(said.origin);
        const std::uint8_t what = in_.next();
        if (what % 2 == 1 && node && map_.said(*node) != nullptr) {
            said = *map_.said(*node);
            ++said.version;
            if (!said.links.empty() && what % 4 == 1) {
                said.links[in_.next() % said.links.size()] = read_link(in_);
                return said;
            }
        } else {
            said.version = in_.next();
        }
        said.links.clear();
        for (int count = in_.next() % 6; count > 0; --count) {
            said.links.push_back(read_link(in_));
        }
        said.prefixes.clear();
        for (int count = in_.next() % 3; count > 0; --count) {
            said.prefixes.push_back(read_prefix(in_));
        }
        read_rest(in_, said);
        return said;
    }

    void apply_one() {
        const advertisement said = read_one();
        const test::map_picture before(map_);
        auto changed = map_.apply(said);
        require(changed.ok() == check(said).ok());
        if (changed.ok()) {
            require(changed->stale == !naive_.apply(said), "stale");
            look_at(before, *changed, true);
        } else {
            look_at(before, {}, true);
        }
    }

    void apply_many() {
        std::vector<advertisement> said;
        for (int count = in_.next() % 4; count > 0; --count) {
            said.push_back(read_one());
        }
        const test::map_picture before(map_);
        auto changed = map_.apply(said);
        if (changed.ok()) {
            for (const advertisement& one : said) {
                naive_.apply(one);
            }
            look_at(before, *changed, false);
        } else {
            look_at(before, {}, true);
        }
    }

    void withdraw() {
        const std::string origin = in_.name("n");
        const std::uint64_t version = in_.next();
        const test::map_picture before(map_);
        const bool is_known = map_.find(origin).has_value();
        const change changed = map_.withdraw(origin, version);
        require(changed.stale == !(is_known && naive_.withdraw(origin, version)), "stale");
        look_at(before, changed, true);
    }

    void look_at(const test::map_picture& before, const change& changed, bool exactly) {
        const auto wrong = before.wrong(map_, changed, exactly);
        require(wrong.empty(), wrong);
        for (std::size_t i = 0; i < 2 && map_.node_count() > 0; ++i) {
            search(algorithms_[i]);
        }
    }

    // What a plane and its shortest paths have to be: no link offers anybody a shorter way, and
    // who is reached is reached by a link that is as short as that.
    void search(std::uint8_t algorithm) {
        const graph& g = map_.graph();
        const plane view = make_plane(map_, algorithm);
        shortest_paths_from(g, view, 0, tree_, memory_);
        hops_.compute(g, view, tree_);
        std::vector<std::uint8_t> has_way(g.node_count(), 0);
        has_way[0] = 1;
        for (link_number l = 0; l < g.link_count(); ++l) {
            const node_number from = g.from[l];
            if (view.costs[l] == unusable || !tree_.reaches(from) ||
                (view.no_transit[from] != 0 && from != 0)) {
                continue;
            }
            require(view.costs[l] <= max_cost && g.reverse[l] != nobody, "plane");
            const distance to = tree_.distances[from] + view.costs[l];
            require(tree_.distances[g.to[l]] <= to, "tree");
            has_way[g.to[l]] |= tree_.distances[g.to[l]] == to ? 1 : 0;
        }
        for (node_number n = 0; n < g.node_count(); ++n) {
            const auto bits = hops_.of(n);
            require(tree_.reaches(n) == (has_way[n] != 0), "way");
            require((n != 0 && tree_.reaches(n)) ==
                        std::any_of(bits.begin(), bits.end(), [](auto word) { return word != 0; }),
                    "first hops");
            require(!tree_.reaches(n) || tree_.distances[n] <= distance{max_cost} * g.node_count(),
                    "distance");
        }
    }

    reader in_;
    map map_;
    test::naive_map naive_;
    const std::array<std::uint8_t, 2> algorithms_{0, 128};
    tree tree_;
    first_hops hops_;
    spf_workspace memory_;
};

}  // namespace
}  // namespace rhumb::topology

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rhumb::topology::run({data, size}).go();
    return 0;
}
