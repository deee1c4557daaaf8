#include "tests/support/network_maps.hh"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "rhumb/bytes.hh"

namespace rhumb::test {

namespace {

using topology::advertisement;

std::string numbered(std::size_t n) { return "n" + std::to_string(n); }

ip_prefix loopback(std::size_t number) {
    ip_prefix p;
    p.length = 32;
    store_be32(p.address.data(), 0x0a000000U + static_cast<std::uint32_t>(number));
    return p;
}

}  // namespace

std::vector<advertisement> make_advertisements(const std::vector<edge>& edges) {
    std::vector<advertisement> said;
    std::map<std::string, std::size_t, std::less<>> numbers;
    const auto number_of = [&](const std::string& name) {
        const auto [at, is_new] = numbers.emplace(name, said.size());
        if (is_new) {
            advertisement a;
            a.origin = name;
            a.srgb = {{16'000, 1'000'000}};
            a.srlb = {{4'000, 12'000}};
            topology::prefix p;
            p.address = loopback(said.size() + 1);
            p.node = true;
            p.sids.push_back({static_cast<std::uint32_t>(said.size() + 1), 0, false, false});
            a.prefixes.push_back(p);
            said.push_back(std::move(a));
        }
        return at->second;
    };
    std::map<std::pair<std::string, std::string>, unsigned> parallel;
    const auto name_for = [&](const std::string& from, const std::string& to) {
        const unsigned nth = ++parallel[{from, to}];
        return "to-" + to + (nth == 1 ? "" : "." + std::to_string(nth));
    };
    for (const edge& e : edges) {
        const std::size_t a = number_of(e.a);
        const std::size_t b = number_of(e.b);
        topology::link there;
        there.name = name_for(e.a, e.b);
        there.remote = e.b;
        there.remote_link = name_for(e.b, e.a);
        there.metric = e.there;
        there.affinities = e.affinities;
        there.srlgs = e.srlgs;
        there.delay = e.delay;
        there.te_metric = e.te_metric;
        topology::link back = there;
        std::swap(back.name, back.remote_link);
        back.remote = e.a;
        back.metric = e.back;
        for (const auto& [node, l] : {std::pair(a, &there), std::pair(b, &back)}) {
            const auto label = static_cast<std::uint32_t>(4'000 + 2 * said[node].links.size());
            l->sids.push_back({label, false, false, false, 1});
            l->sids.push_back({label + 1, true, false, false, 1});
            said[node].links.push_back(*l);
        }
    }
    return said;
}

topology::map make_map(const std::vector<advertisement>& said) {
    topology::map m;
    if (auto done = m.apply(said); !done) {
        std::cerr << done.why().text() << '\n';
        std::abort();
    }
    return m;
}

std::vector<edge> ring(std::size_t nodes) {
    std::vector<edge> edges;
    for (std::size_t n = 0; n < nodes; ++n) {
        edges.push_back({numbered(n), numbered((n + 1) % nodes)});
    }
    return edges;
}

std::vector<edge> grid(std::size_t width, std::size_t height) {
    std::vector<edge> edges;
    for (std::size_t y = 0; y < height; ++y) {
        for (std::size_t x = 0; x < width; ++x) {
            const std::size_t n = y * width + x;
            if (x + 1 < width) {
                edges.push_back({numbered(n), numbered(n + 1)});
            }
            if (y + 1 < height) {
                edges.push_back({numbered(n), numbered(n + width)});
            }
        }
    }
    return edges;
}

std::vector<edge> dear_row() {
    return {
        {"a", "p"}, {"p", "q", 100, 100}, {"q", "r", 100, 100}, {"r", "e", 100, 100}, {"p", "b"},
        {"b", "q"}, {"q", "c"},           {"c", "r"},           {"r", "d"},           {"d", "e"}};
}

std::vector<edge> fat_tree(std::size_t ports) {
    const std::size_t half = ports / 2;
    std::vector<edge> edges;
    const auto name = [](const char* kind, std::size_t a, std::size_t b) {
        return kind + std::to_string(a) + "-" + std::to_string(b);
    };
    for (std::size_t pod = 0; pod < ports; ++pod) {
        for (std::size_t up = 0; up < half; ++up) {
            for (std::size_t other = 0; other < half; ++other) {
                edges.push_back({name("leaf", pod, other), name("spine", pod, up)});
                edges.push_back({name("spine", pod, up), name("core", up, other)});
            }
        }
    }
    return edges;
}

std::vector<edge> random_graph(std::size_t nodes, std::size_t links, topology::cost max_cost,
                               std::uint64_t seed, bool asymmetric) {
    std::mt19937_64 dice(seed);
    const auto below = [&](std::uint64_t n) { return static_cast<std::size_t>(dice() % n); };
    std::vector<edge> edges;
    std::set<std::pair<std::size_t, std::size_t>> taken;
    const auto add = [&](std::size_t a, std::size_t b) {
        const auto there = static_cast<topology::cost>(1 + below(max_cost));
        const auto back = asymmetric ? static_cast<topology::cost>(1 + below(max_cost)) : there;
        edges.push_back({numbered(a), numbered(b), there, back});
        taken.insert(std::minmax(a, b));
    };
    for (std::size_t n = 1; n < nodes; ++n) {
        add(below(n), n);
    }
    while (edges.size() < links && taken.size() < nodes * (nodes - 1) / 2) {
        const std::size_t a = below(nodes);
        const std::size_t b = below(nodes);
        if (a != b && !taken.contains(std::minmax(a, b))) {
            add(a, b);
        }
    }
    return edges;
}

std::vector<edge> provider(std::size_t nodes, std::uint64_t seed) {
    std::mt19937_64 dice(seed);
    const auto below = [&](std::uint64_t n) { return static_cast<std::size_t>(dice() % n); };
    const std::size_t core = std::max<std::size_t>(4, nodes / 20);
    const std::size_t regional = std::max<std::size_t>(4, nodes / 4);
    std::vector<edge> edges;
    const auto add = [&](std::size_t a, std::size_t b, topology::cost least, topology::cost most) {
        const auto c = static_cast<topology::cost>(least + below(most - least + 1));
        edges.push_back({numbered(a), numbered(b), c, c});
    };
    for (std::size_t n = 0; n < core; ++n) {
        add(n, (n + 1) % core, 10, 30);
        if (const std::size_t other = below(core); other != n && core > 4) {
            add(n, other, 10, 40);
        }
    }
    for (std::size_t n = core; n < core + regional && n < nodes; ++n) {
        add(n, n % 4 == 0 || n == core ? below(core) : n - 1, 5, 50);
        if (n % 4 == 3) {
            add(n, below(core), 5, 50);
        }
    }
    for (std::size_t n = core + regional; n < nodes; ++n) {
        const std::size_t up = core + below(regional);
        const std::size_t other = core + below(regional);
        add(n, up, 100, 200);
        if (other != up) {
            add(n, other, 100, 200);
        }
    }
    return edges;
}

}  // namespace rhumb::test
