// Any bytes as a small network, with costs, parallel links, risks, overload and missing SIDs: every
// repair of one node, and every pinned path after a change, is followed over all branches.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "controlplane/topology/ti_lfa_spaces.hh"
#include "tests/unit/microloop_walk.hh"

namespace {

using namespace rhumb;
using namespace rhumb::topology;

class byte_source {
public:
    byte_source(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    [[nodiscard]] bool any() const { return at_ < size_; }
    std::uint32_t below(std::uint32_t limit) { return any() ? data_[at_++] % limit : 0; }

private:
    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

std::string name_of(std::uint32_t n) { return "n" + std::to_string(n); }

topology::map read_network(byte_source& in) {
    const std::uint32_t nodes = 2 + in.below(7);
    std::vector<test::edge> edges;
    for (std::uint32_t n = 1; n < nodes; ++n) {
        edges.push_back({name_of(in.below(n)), name_of(n), 1 + in.below(6), 1 + in.below(6)});
    }
    const std::uint32_t more = in.below(10);
    for (std::uint32_t i = 0; i < more; ++i) {
        const std::uint32_t a = in.below(nodes);
        const std::uint32_t b = in.below(nodes);
        if (a != b) {
            edges.push_back({name_of(a), name_of(b), 1 + in.below(6), 1 + in.below(6)});
            for (std::uint32_t s = in.below(3); s != 0; --s) {
                edges.back().srlgs.push_back(in.below(4));
            }
        }
    }
    auto said = test::make_advertisements(edges);
    for (advertisement& a : said) {
        a.overload = in.below(6) == 1;
        for (topology::link& l : a.links) {
            // One direction may cost the most.
            l.metric = in.below(16) == 1 ? max_cost : l.metric;
        }
    }
    return test::make_map(said);
}

void require(bool held) {
    if (!held) {
        std::abort();
    }
}

void check_link(const topology::map& m, const link_repairs& of, test::repair_walk& walk) {
    const graph& g = m.graph();
    const node_number own = g.from[of.link];
    for (const protection what :
         {protection::node_and_srlg, protection::node, protection::srlg, protection::link}) {
        walk.fail(test::break_link(m, of.link, what));
        for (node_number d = 0; d < g.node_count(); ++d) {
            const std::uint32_t number = of.by_node[d];
            require(number == link_repairs::none || walk.is_first_hop(of.link, d));
            require(number == link_repairs::none || of.repairs[number].protects != what ||
                    walk.wrong(of.repairs[number], own, d).empty());
        }
        if (of.adjacency != link_repairs::none && of.repairs[of.adjacency].protects == what) {
            require(walk.wrong(of.repairs[of.adjacency], own, g.to[of.link]).empty());
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    byte_source in(data, size);
    const topology::map m = read_network(in);
    const graph& g = m.graph();
    plane view = make_plane(m, 0);
    ti_lfa_options options;
    options.protects = static_cast<protection>(in.below(4));
    options.fall_back = in.below(2) == 0;
    options.max_segments = in.below(9);
    options.max_srlg_links = in.below(16);
    if (in.below(2) == 1) {
        for (node_number n = 0; n < g.node_count(); ++n) {
            options.has_node_sid.push_back(in.below(3) == 0 ? 0 : 1);
        }
        for (link_number l = 0; l < g.link_count(); ++l) {
            options.has_adjacency_sid.push_back(in.below(3) == 0 ? 0 : 1);
        }
    }
    // A link that an algorithm uses in one direction only.
    view.costs[in.below(static_cast<std::uint32_t>(g.link_count()))] = 1 + in.below(9);
    if (in.below(2) == 1) {
        view.costs[in.below(static_cast<std::uint32_t>(g.link_count()))] = unusable;
    }
    const node_number own = in.below(static_cast<std::uint32_t>(g.node_count()));
    const node_number other = in.below(static_cast<std::uint32_t>(g.node_count()));
    repair_computer computer;
    test::repair_walk walk(m, view);
    for (const link_repairs& of : computer.compute(m, view, 0, own, options)) {
        check_link(m, of, walk);
        const auto told = explain_repair(m, view, 0, of.link, other, options);
        require(
            (told.outcome == repair_outcome::repaired || told.outcome == repair_outcome::weaker) ==
            (of.by_node[other] != link_repairs::none));
    }
    plane after = view;
    for (std::uint32_t changes = in.below(3); changes != 0; --changes) {
        after.costs[in.below(static_cast<std::uint32_t>(g.link_count()))] =
            in.below(3) == 0 ? unusable : 1 + in.below(9);
    }
    test::mixed_walk mixed(g, view, after, true, options);
    const pinned_paths& pinned = mixed.of(own);
    for (node_number d = 0; d < g.node_count(); ++d) {
        if (d == own || !mixed.reaches(own, d)) {
            require(pinned.by_node[d] == pinned_paths::none);
        } else if (std::count(pinned.exposed.begin(), pinned.exposed.end(), d) == 0) {
            require(mixed.arrives(own, d));
        }
    }
    return 0;
}
