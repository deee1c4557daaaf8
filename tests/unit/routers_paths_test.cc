// What `rhumb-path path` tells is what routers do: in random networks with policies the labels of
// each packet, over each link, are those of a branch that the tool tells, and it arrives where the
// tool says that it does.
#include <nlohmann/json.hpp>

#include "controlplane/config/text.hh"
#include "controlplane/config/topology_file.hh"
#include "tests/support/dice.hh"
#include "tests/unit/routers_rig.hh"
#include "tools/rhumb-path/network.hh"

namespace rhumb {
namespace {

using nlohmann::json;
using test::routers_rig;
using test::walked;
using topology::advertisement;

constexpr std::uint32_t colors = 24;

// Nodes with blocks of their own that want PHP, explicit null or neither; parallel links, sets of
// links, a prefix of several nodes, a flexible algorithm, binding SIDs.
class random_network {
public:
    explicit random_network(std::uint32_t seed) : dice_(seed), said(make(seed)) {
        for (std::uint32_t n = 0; n < colors; ++n) {
            add_policy(100 + n);
        }
    }

private:
    test::dice dice_;
    std::uint32_t below(std::size_t n) { return dice_() % static_cast<std::uint32_t>(n); }

    std::vector<advertisement> make(std::uint32_t seed) {
        std::vector<test::edge> edges = test::small_graph(seed, 4);
        edges.push_back(edges[below(edges.size())]);  // parallel
        edges.back().there = edges.back().back = 2;
        auto made = test::make_advertisements(edges);
        for (std::size_t n = 0; n < made.size(); ++n) {
            vary(made[n], static_cast<std::uint32_t>(n), made);
        }
        return made;
    }
    void vary(advertisement& node, std::uint32_t n, const std::vector<advertisement>& all) {
        if (below(2) == 0) {
            node.srgb = {{20'000 + 2'000 * n, 100}, {19'000, 500}};
        }
        topology::prefix_sid& sid = node.prefixes[0].sids[0];
        sid.no_php = below(3) != 0;
        sid.explicit_null = sid.no_php && below(2) == 0;
        if (below(4) != 0) {
            node.algorithms = {128};
            node.prefixes[0].sids.push_back({200 + n, 128, sid.no_php, sid.explicit_null});
        }
        if (n == 0) {
            node.definitions.push_back({128, 1, topology::metric_type::igp, 0, 0, 0, {}});
        }
        if (n % 3 == 1) {
            topology::prefix shared;
            shared.address = *config::parse_prefix("10.9.0.9/32");
            shared.sids.push_back({99, 0, false, false});
            node.prefixes.push_back(shared);
        }
        if (below(2) == 0) {
            node.bindings = {{15'900, {all[below(all.size())].origin, all[0].origin}}};
        }
    }
    std::string node() { return said[below(said.size())].origin; }
    const advertisement& of(const std::string& name) const {
        return *std::find_if(said.begin(), said.end(),
                             [&](const advertisement& one) { return one.origin == name; });
    }
    // The next segment from `at` on, which then is where it ends.
    std::string hop(std::string& at) {
        const advertisement& here = of(at);
        const topology::link& link = here.links[below(here.links.size())];
        switch (below(8)) {
            case 0: at = link.remote; return '"' + here.origin + ':' + link.name + '"';
            case 1: at = link.remote; return '"' + here.origin + "->" + link.remote + '"';
            case 2: return std::to_string(15'000 + below(3));  // of a policy, where there is one
            case 3: return "15900";
            case 4: return "\"10.9.0.9/32\"";
            case 5: at = node(); return "{ to = \"" + at + "\", algorithm = 128 }";
            case 6: {
                at = link.remote;
                return std::to_string(below(2) == 0 ? link.sids[0].label
                                                    : here.srgb[0].first + 1 + below(said.size()));
            }
            default: at = node(); return '"' + at + '"';
        }
    }
    std::string list() {
        std::string at = headend_;
        std::string text;
        for (std::uint32_t left = 1 + below(3); left != 0; --left) {
            text += hop(at) + ", ";
        }
        return "{ segments = [" + text + '"' + endpoint_ +
               "\"], weight = " + std::to_string(1 + below(3)) + " }";
    }
    void add_policy(std::uint32_t color) {
        headend_ = node();
        do {
            endpoint_ = node();
        } while (endpoint_ == headend_);
        policies += "[[policies]]\nname = \"p" + std::to_string(color) + "\"\nheadend = \"" +
                    headend_ + "\"\ncolor = " + std::to_string(color) + "\nendpoint = \"" +
                    endpoint_ + "\"\nbinding_sid = " + std::to_string(15'000 + color % 50) +
                    "\npaths = [{ lists = [" + list() + (below(3) == 0 ? ", " + list() : "") +
                    "] }]\n";
        ends.push_back({headend_, endpoint_});
    }

    std::string headend_;
    std::string endpoint_;

public:
    std::vector<advertisement> said;
    std::string policies;
    std::vector<std::pair<std::string, std::string>> ends;  // of policies, from color 100 on
};

// The tool's answer.
json told(const random_network& of, const std::string& line) {
    path_tool::words words;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    config::topology_file text;
    text.nodes = of.said;
    ::testing::internal::CaptureStdout();
    path_tool::path(words, [&](const std::string& file) {
        return path_tool::read(config::topology_text(text) + of.policies, file);
    });
    return json::parse(::testing::internal::GetCapturedStdout());
}

// Empty where the packet has gone along branches of the walk; else where it has left them.
std::string other_than(const routers_rig& rig, const walked& went, const json& walk) {
    std::size_t visit = 0;
    for (std::size_t n = 0; n < went.links.size(); ++n) {
        const json& here = walk["visits"][visit];
        const auto branch =
            std::find_if(here["branches"].begin(), here["branches"].end(), [&](const json& one) {
                return one["link"] == rig.m.said_of(went.links[n])->name &&
                       one["labels"] == json(went.stacks[n]);
            });
        if (here["node"] != rig.m.name(went.nodes[n]) || branch == here["branches"].end()) {
            return "over " + rig.m.said_of(went.links[n])->name + " go " +
                   json(went.stacks[n]).dump() + ", told is " + here.dump(1);
        }
        visit = (*branch)["visit"];
    }
    return walk["visits"][visit]["outcome"] == (went.delivered ? "arrived" : "lost")
               ? ""
               : rig.text(went) + walk["visits"][visit].dump(1);
}

TEST(routers_paths, labels_of_plain_paths_are_those_that_are_sent) {
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        const random_network of(seed);
        routers_rig rig(of.said, {});
        for (const auto& [from, to] : of.ends) {
            SCOPED_TRACE(std::to_string(seed) + ": " + from + " to " + to);
            const json way = told(of, "--json f " + from + " " + to);
            for (std::uint16_t flow = 0; flow < 8; ++flow) {
                EXPECT_EQ(other_than(rig, rig.send(*rig.m.find(from), *rig.m.find(to), false, flow),
                                     way["walk"]),
                          "");
            }
            ASSERT_FALSE(::testing::Test::HasFailure());
        }
    }
}

TEST(routers_paths, labels_of_policies_are_those_that_are_sent) {
    std::size_t valid = 0;
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        const random_network of(seed);
        routers_rig rig(of.said, {}, 0, of.policies);
        for (std::uint32_t n = 0; n < colors; ++n) {
            const auto& [from, to] = of.ends[n];
            SCOPED_TRACE(std::to_string(seed) + ", color " + std::to_string(100 + n) + ": " + from +
                         " to " + to);
            json policy =
                told(of, "--json f " + from + " " + to + " --color " + std::to_string(100 + n));
            if (policy["lists"].empty() || policy["binding_sid"].is_null()) {
                continue;
            }
            const json all = policy;
            // A list that its headend cannot spell is told as lost there, and is not installed.
            std::erase_if(policy["lists"].get_ref<json::array_t&>(), [](const json& list) {
                return list["walk"]["visits"][0]["outcome"] == "lost";
            });
            const auto& installed = rig.net.router(*rig.m.find(from)).tables().rules.labels;
            const bool is_installed =
                std::any_of(installed.begin(), installed.end(),
                            [&](const auto& rule) { return rule.label == policy["binding_sid"]; });
            EXPECT_EQ(is_installed, !policy["lists"].empty());
            if (policy["lists"].empty()) {
                continue;
            }
            ++valid;
            for (std::uint16_t flow = 0; flow < 8; ++flow) {
                const walked went = rig.net.send(*rig.m.find(from), {policy["binding_sid"]},
                                                 rig.address(*rig.m.find(to)), flow);
                std::string others;
                bool found = false;
                for (const json& list : policy["lists"]) {
                    const std::string other = other_than(rig, went, list["walk"]);
                    found = found || other.empty();
                    others += other;
                }
                EXPECT_TRUE(found) << others;
            }
            ASSERT_FALSE(::testing::Test::HasFailure()) << all.dump(1);
        }
    }
    EXPECT_GT(valid, 100U);
}

}  // namespace
}  // namespace rhumb
