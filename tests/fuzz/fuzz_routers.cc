// Any bytes as a network of whole routers with policies, binding SIDs, anycast, risks and flexible
// algorithms, and as a change of it: tables are computed, loop checks pass, changes lead where a
// start would, and no packet goes round.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/labels/sid_labels.hh"
#include "controlplane/routing/merge.hh"
#include "rhumb/bytes.hh"
#include "tests/fuzz/check.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/simulated_routers.hh"
#include "tests/support/table_contents.hh"

namespace {

using namespace rhumb;
using test::check;
using topology::advertisement;
using topology::node_number;

// The bytes, and behind them numbers that come from all of them.
class source {
public:
    source(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {
        for (std::size_t i = 0; i < size; ++i) {
            state_ = (state_ ^ data[i]) * 0x100000001b3U;
        }
    }
    std::uint32_t below(std::uint32_t limit) {
        if (at_ < size_) {
            return data_[at_++] % limit;
        }
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<std::uint32_t>(state_ >> 33) % limit;
    }
    bool one_in(std::uint32_t n) { return below(n) == 0; }

private:
    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
    std::uint64_t state_ = 0xcbf29ce484222325U;
};

constexpr std::uint32_t plain = 0x0a070000;    // of each node, never steered
constexpr std::uint32_t steered = 0x0a080000;  // of each node
constexpr std::uint32_t anycast = 0x0a090009;  // of some

ip_prefix host(std::uint32_t address) {
    ip_prefix p;
    p.length = 32;
    store_be32(p.address.data(), address);
    return p;
}

void add_prefix(advertisement& to, std::uint32_t address, std::optional<std::uint32_t> index) {
    topology::prefix p;
    p.address = host(address);
    if (index) {
        p.sids.push_back({*index, 0, false, false});
    }
    to.prefixes.push_back(p);
}

std::string name_of(std::uint32_t n) { return "n" + std::to_string(n); }

void vary(advertisement& node, std::uint32_t number, std::uint32_t nodes, source& in) {
    node.msd = static_cast<std::uint8_t>(2 + in.below(9));
    node.overload = in.one_in(12);
    if (in.one_in(3)) {
        node.srgb = {{20'000 + 1'000 * number, 1'000}};
    }
    topology::prefix_sid& sid = node.prefixes.front().sids.front();
    sid.no_php = in.one_in(4);
    sid.explicit_null = sid.no_php && in.one_in(2);
    add_prefix(node, plain + number, std::nullopt);
    add_prefix(node, steered + number, std::nullopt);
    if (in.one_in(3)) {
        add_prefix(node, anycast, 900);
    }
    if (!in.one_in(3)) {
        node.algorithms = {128};
        node.prefixes.front().sids.push_back({500 + number, 128, false, false});
        if (in.one_in(3)) {
            node.definitions.push_back({128,
                                        static_cast<std::uint8_t>(in.below(3)),
                                        topology::metric_type::igp,
                                        1,
                                        0,
                                        0,
                                        {}});
        }
    }
    for (std::uint32_t left = in.below(3); left != 0; --left) {
        topology::binding_sid made{15'100 + in.below(4), {}};
        for (std::uint32_t hops = 1 + in.below(3); hops != 0; --hops) {
            made.nodes.push_back(name_of(in.below(nodes + 1)));
        }
        node.bindings.push_back(made);
    }
}

std::vector<advertisement> read_network(source& in) {
    const std::uint32_t nodes = 3 + in.below(4);
    std::vector<test::edge> edges;
    const auto add = [&](std::uint32_t a, std::uint32_t b) {
        edges.push_back({name_of(a), name_of(b), 1 + in.below(5), 1 + in.below(5)});
        edges.back().affinities = in.below(4);
        for (std::uint32_t s = in.below(3); s != 0; --s) {
            edges.back().srlgs.push_back(in.below(3));
        }
    };
    for (std::uint32_t n = 1; n < nodes; ++n) {
        add(in.below(n), n);
    }
    for (std::uint32_t more = in.below(6); more != 0; --more) {
        const std::uint32_t a = in.below(nodes);
        const std::uint32_t b = in.below(nodes);
        if (a != b) {
            add(a, b);
        }
    }
    auto said = test::make_advertisements(edges);
    for (std::uint32_t n = 0; n < said.size(); ++n) {
        vary(said[n], n, nodes, in);
    }
    return said;
}

std::string hop_text(const std::vector<advertisement>& said, source& in) {
    const std::uint32_t nodes = static_cast<std::uint32_t>(said.size());
    switch (in.below(4)) {
        case 0: return std::to_string(15'100 + in.below(4));
        case 1: return std::to_string(16'001 + in.below(nodes));
        case 2: {
            const advertisement& from = said[in.below(nodes)];
            const topology::link& l =
                from.links[in.below(static_cast<std::uint32_t>(from.links.size()))];
            return "\"" + from.origin + "->" + l.remote + "\"";
        }
        default: return "\"" + said[in.below(nodes)].origin + "\"";
    }
}

std::string path_text(const std::vector<advertisement>& said, bool has_anycast, source& in) {
    const auto node = [&] {
        return "\"" + said[in.below(static_cast<std::uint32_t>(said.size()))].origin + "\"";
    };
    std::string text;
    if (in.one_in(2)) {
        for (std::uint32_t hops = 1 + in.below(3); hops != 0; --hops) {
            text += (text.empty() ? "segments = [" : ", ") + hop_text(said, in);
        }
        return text + "]";
    }
    if (in.one_in(3)) {
        return "dynamic = { ecmp = true }";
    }
    text = "dynamic = { max_hops = " + std::to_string(1 + in.below(9));
    text += in.one_in(3) ? ", exclude_nodes = [" + node() + "]" : "";
    text += in.one_in(3) ? ", exclude_srlgs = [1]" : "";
    if (in.one_in(4)) {
        return text + ", disjoint_group = \"g\", disjoint = \"node\" }";
    }
    if (in.one_in(3)) {
        text += ", via = [" + (has_anycast && in.one_in(2) ? "\"10.9.0.9\"" : node()) + "]";
    }
    return text + " }";
}

std::string read_policies(const std::vector<advertisement>& said, source& in) {
    bool has_anycast = false;
    for (const advertisement& one : said) {
        for (const topology::prefix& p : one.prefixes) {
            has_anycast |= p.address == host(anycast);
        }
    }
    std::string text;
    const auto count = static_cast<std::uint32_t>(said.size());
    for (std::uint32_t color = 1 + in.below(5); color != 0; --color) {
        const std::uint32_t to = in.below(count);
        text += "[[policies]]\ncolor = " + std::to_string(color) + "\nheadend = \"" +
                said[in.below(count)].origin + "\"\nendpoint = \"" +
                (has_anycast && in.one_in(3) ? "10.9.0.9" : said[to].origin) +
                "\"\nsteer = [\"10.8.0." + std::to_string(to) + "/32\"]\n";
        text += in.one_in(3) ? "" : "binding_sid = " + std::to_string(15'100 + in.below(4)) + "\n";
        text += in.one_in(6) ? "drop_upon_invalid = true\n" : "";
        for (std::uint32_t paths = 1 + in.below(2); paths != 0; --paths) {
            text += "[[policies.paths]]\npreference = " + std::to_string(paths) + "\n" +
                    path_text(said, has_anycast, in) + "\n";
        }
    }
    return text;
}

void change(std::vector<advertisement>& said, source& in) {
    for (std::uint32_t left = 1 + in.below(3); left != 0; --left) {
        advertisement& node = said[in.below(static_cast<std::uint32_t>(said.size()))];
        node.version += 1;
        topology::link* const l =
            node.links.empty()
                ? nullptr
                : &node.links[in.below(static_cast<std::uint32_t>(node.links.size()))];
        switch (in.below(5)) {
            case 0: node.overload = !node.overload; break;
            case 1: node.bindings.clear(); break;
            case 2:
                if (l != nullptr) {
                    l->srlgs = {in.below(3)};
                }
                break;
            default:
                if (l != nullptr) {
                    l->metric = 1 + in.below(9);
                }
        }
    }
}

// From everywhere with all labels that mean something, to addresses that nobody steers.
void walk_all(test::simulated_routers& net, const std::vector<advertisement>& said) {
    const auto count = static_cast<node_number>(said.size());
    for (node_number from = 0; from < count; ++from) {
        const topology::map& m = net.router(from).map();
        for (node_number to = 0; to < count; ++to) {
            const auto number = *m.find(said[to].origin);
            std::vector<std::vector<mpls::label>> stacks{{}};
            for (std::uint32_t label = 15'100; label < 15'104; ++label) {
                stacks.push_back({label});
            }
            for (const std::uint8_t algorithm : {std::uint8_t{0}, std::uint8_t{128}}) {
                const labels::sid_labels& known = net.router(from).labels();
                const auto p = known.node_prefix(number, algorithm);
                if (const auto label = p ? known.prefix_label(*p, algorithm, from) : std::nullopt) {
                    stacks.push_back({*label});
                    stacks.push_back({*label, 15'100 + to % 4});
                }
            }
            for (const auto& stack : stacks) {
                const test::walked way = net.send(from, stack, plain + to, 7);
                check(way.why.find("ttl_expired") == std::string::npos && way.why != "loops");
            }
        }
    }
}

// All that is due has come about.
void settle(test::simulated_routers& net, node_number count) {
    for (int round = 0; round < 4; ++round) {
        net.wait(5'000'000);
        for (node_number n = 0; n < count; ++n) {
            if (net.is_due(n)) {
                net.follow(n);
            }
        }
    }
    for (node_number n = 0; n < count; ++n) {
        check(!net.is_due(n));
    }
    check(net.error().empty());
}

// What has come about by changes is what a start with the same tables would make.
void check_tables(const test::simulated_routers& net, const topology::map& cables, node_number n) {
    config::file file = test::file_for(cables, n);
    routing::add_to(file, net.router(n).tables());
    const auto made = publish::forwarding::build(file, test::ports_of(file, n), nullptr);
    check(made.ok());
    check(test::contents(*made.value()) == test::contents(net.tables(n)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    source in(data, size);
    std::vector<advertisement> said = read_network(in);
    const std::string policies = read_policies(said, in);
    topology::map m;
    if (!m.apply(said)) {
        return 0;
    }
    config::topology_section keys;
    keys.protects = static_cast<config::protected_resource>(in.below(5));
    test::simulated_routers net(m, keys, policies);
    if (!net.error().empty()) {
        // What the file says makes no sense; tables that are refused would be a defect.
        check(net.error().find("map.toml:") != std::string::npos);
        return 0;
    }
    const auto count = static_cast<node_number>(said.size());
    settle(net, count);
    walk_all(net, said);
    // One sees a link of its own go down, and the others do not know; then all know another map.
    const node_number first = in.below(count);
    const std::string link = said[first].links.front().name;
    net.tell_link(first, link, false);
    check(net.error().empty());
    net.tell_link(first, link, true);
    change(said, in);
    for (node_number n = 0; n < count; ++n) {
        net.tell(n, said);
    }
    check(net.error().empty());
    settle(net, count);
    walk_all(net, said);
    check_tables(net, m, in.below(count));
    return 0;
}
