// Advertisements of a few nodes that contradict each other in every way in which they may: parallel
// links with and without the names of their other ends, links that one side knows of only,
// reordered ones, anycast prefixes. Threads: one each.
#pragma once

#include <algorithm>
#include <string>

#include "controlplane/topology/advertisement.hh"
#include "tests/support/dice.hh"

namespace rhumb::test {

class random_advertisements {
public:
    random_advertisements(std::uint32_t seed, std::uint32_t nodes) : dice_(seed), nodes_(nodes) {}

    std::uint32_t below(std::uint32_t n) { return dice_() % n; }
    bool once_in(std::uint32_t n) { return below(n) == 0; }
    std::string name() { return "n" + std::to_string(below(nodes_)); }

    topology::advertisement make(const std::string& origin, std::uint64_t version) {
        topology::advertisement said;
        said.origin = origin;
        said.version = version;
        said.overload = once_in(8);
        said.msd = static_cast<std::uint8_t>(9 + below(2));
        if (once_in(3)) {
            said.algorithms.push_back(128);
        }
        const std::uint32_t links = below(7);
        for (std::uint32_t n = 0; n < links; ++n) {
            add_link(said);
        }
        const std::uint32_t prefixes = below(3);
        for (std::uint32_t n = 0; n < prefixes; ++n) {
            add_prefix(said);
        }
        return said;
    }

    // A little else than before.
    void vary(topology::advertisement& said) {
        ++said.version;
        switch (below(8)) {
            case 0: said.overload = !said.overload; break;
            case 1:
                if (!said.links.empty()) {
                    said.links.erase(said.links.begin() +
                                     below(static_cast<std::uint32_t>(said.links.size())));
                }
                break;
            case 2: add_link(said); break;
            case 3: add_prefix(said); break;
            case 4: said.prefixes.clear(); break;
            case 5: std::reverse(said.links.begin(), said.links.end()); break;
            default:
                for (topology::link& l : said.links) {
                    if (once_in(3)) {
                        attributes(l);
                    }
                }
        }
    }

private:
    void add_link(topology::advertisement& said) {
        topology::link l;
        l.name = "l" + std::to_string(below(8));
        l.remote = name();
        if (l.remote == said.origin ||
            std::any_of(said.links.begin(), said.links.end(),
                        [&](const topology::link& other) { return other.name == l.name; })) {
            return;
        }
        attributes(l);
        said.links.push_back(l);
    }

    void attributes(topology::link& l) {
        l.remote_link = once_in(2) ? "" : "l" + std::to_string(below(8));
        l.metric = 1 + below(3);
        l.delay = below(3);
        l.te_metric = below(3);
        l.affinities = below(4);
        l.srlgs.assign(below(3), below(4));
        if (once_in(3)) {
            l.srlgs.push_back(below(4));
        }
    }

    void add_prefix(topology::advertisement& said) {
        topology::prefix p;
        p.address.length = 32;
        p.address.address[0] = 10;
        p.address.address[3] = static_cast<byte>(below(12));
        p.metric = below(2);
        if (std::none_of(said.prefixes.begin(), said.prefixes.end(),
                         [&](const auto& other) { return other.address == p.address; })) {
            said.prefixes.push_back(p);
        }
    }

    dice dice_;
    std::uint32_t nodes_;
};

}  // namespace rhumb::test
