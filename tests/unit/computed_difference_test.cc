// What changes between two tables is no more than what differs, and enough.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "controlplane/config/text.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/simulated_network.hh"

namespace rhumb {
namespace {

using publish::computed_tables;
using publish::forwarding;
using topology::advertisement;

// Everything that stands in tables, in words.
std::string text_of(const forwarding& tables) {
    std::string text;
    const auto add_paths = [&](std::vector<publish::path_text> paths) {
        std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) {
            return std::tie(a.nexthop, a.segments) < std::tie(b.nexthop, b.segments);
        });
        for (const publish::path_text& p : paths) {
            text += " " + p.nexthop + "*" + std::to_string(p.weight) +
                    (p.out ? ">" + std::to_string(*p.out) : "");
            for (const mpls::label l : p.segments) {
                text += "/" + std::to_string(l);
            }
        }
        text += "\n";
    };
    const auto add_segments = [&](const std::vector<mpls::label>& segments) {
        for (const mpls::label l : segments) {
            text += " " + std::to_string(l);
        }
    };
    for (auto label = tables.next_label(0); label; label = tables.next_label(*label + 1ULL)) {
        const publish::label_view rule = tables.label(*label);
        text += std::to_string(*label) + " op " +
                std::to_string(static_cast<unsigned>(rule.entry.op()));
        if (rule.entry.op() == label_op::continue_ &&
            std::none_of(rule.paths.begin(), rule.paths.end(),
                         [](const auto& p) { return p.out; })) {
            text += " out " + std::to_string(rule.entry.out());
        }
        add_segments(rule.segments);
        add_paths(rule.paths);
    }
    for (const auto& [match, id] : tables.prefixes()) {
        const publish::prefix_view rule = tables.prefix(match);
        text += config::to_string(match) + (rule.way.ends_here() ? " ends" : "");
        add_segments(rule.segments);
        add_paths(rule.paths);
    }
    for (const auto& [name, hop] : tables.nexthops()) {
        text += name + " " + hop.port + " " + hop.follows;
        if (hop.backup) {
            text += " backup " + hop.backup->nexthop + (hop.backup->replace ? "=" : "");
            add_segments(hop.backup->push);
        }
        text += "\n";
    }
    return text;
}

std::size_t size_of(const publish::changes& batch) {
    return batch.remove_labels.size() + batch.remove_prefixes.size() +
           batch.remove_nexthops.size() + batch.nexthops.size() + batch.rules.labels.size() +
           batch.rules.prefixes.size();
}

// One node while its network changes at random.
class changing {
public:
    changing(std::uint64_t seed, bool srgbs) : dice_(seed) {
        said_ = test::make_advertisements(test::random_graph(14, 26, 6, seed));
        for (std::size_t n = 0; n < said_.size(); ++n) {
            if (srgbs) {
                said_[n].srgb = {{static_cast<std::uint32_t>(20'000 + 1000 * n), 500}};
            }
            topology::prefix shared;
            shared.address = *config::parse_prefix("10.9.0." + std::to_string(n % 3) + "/32");
            shared.sids.push_back({static_cast<std::uint32_t>(100 + n % 3), 0, n % 3 == 1, false});
            said_[n].prefixes.push_back(shared);
        }
        m_ = test::make_map(said_);
        file_ = std::make_unique<config::file>(test::file_for(m_, own));
        configured_ = std::make_unique<publish::static_rules>(*file_);
    }

    [[nodiscard]] computed_tables compute() {
        const labels::sid_labels labels(m_);
        test::node_inputs inputs = test::inputs_for(m_, own, true);
        inputs.file = nullptr;
        inputs.configured = nullptr;
        inputs.policies = policies_;
        auto made = computer_.compute(
            {m_, labels, own, inputs.algorithms, inputs.policies, inputs.links, *configured_, {}});
        EXPECT_TRUE(made) << made.why().text();
        return made ? std::move(*made) : computed_tables{};
    }
    [[nodiscard]] std::unique_ptr<forwarding> empty_tables() const {
        auto made = forwarding::build(*file_, test::ports_of(*file_, own), nullptr);
        EXPECT_TRUE(made);
        return std::move(*made);
    }

    void change() {
        const std::size_t n = roll(said_.size());
        advertisement& a = said_[n];
        switch (roll(5)) {
            case 0:
                a.links[roll(a.links.size())].metric = static_cast<std::uint32_t>(1 + roll(9));
                break;
            case 1: a.overload = !a.overload; break;
            case 2: a.prefixes.back().metric = static_cast<std::uint32_t>(roll(8)); break;
            case 3:
                a.prefixes.front().sids.front().no_php = !a.prefixes.front().sids.front().no_php;
                break;
            default: change_policies();
        }
        a.version = m_.said(static_cast<topology::node_number>(n))->version + 1;
        EXPECT_TRUE(m_.apply(a));
    }

private:
    static constexpr topology::node_number own = 0;
    [[nodiscard]] std::size_t roll(std::size_t n) { return static_cast<std::size_t>(dice_() % n); }
    void change_policies() {
        policies_.clear();
        for (std::uint32_t color = 1; color <= roll(4); ++color) {
            paths::installed_policy policy;
            policy.color = color;
            const auto end = static_cast<topology::node_number>(1 + roll(m_.node_count() - 1));
            policy.endpoint = m_.said(end)->prefixes.front().address;
            policy.binding_sid = 15'000 + color;
            for (std::size_t list = roll(4); list > 0; --list) {
                policy.lists.push_back(
                    {{topology::segment::to_node(
                          static_cast<topology::node_number>(1 + roll(m_.node_count() - 1))),
                      topology::segment::to_node(end)},
                     static_cast<std::uint32_t>(1 + roll(5))});
            }
            policy.steered = {policy.endpoint};
            policy.drop_upon_invalid = roll(2) == 0;
            policies_.push_back(policy);
        }
    }

    std::mt19937_64 dice_;
    std::vector<advertisement> said_;
    topology::map m_;
    std::vector<paths::installed_policy> policies_;
    std::unique_ptr<config::file> file_;
    std::unique_ptr<publish::static_rules> configured_;
    publish::table_computer computer_;
};

TEST(computed_difference, applied_it_gives_what_building_anew_does) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        changing network(seed, seed % 2 == 0);
        const auto running = network.empty_tables();
        retired_list retired;
        computed_tables in_force;
        for (int step = 0; step < 30; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
            computed_tables now = network.compute();
            const auto done = running->apply(publish::difference(in_force, now));
            ASSERT_TRUE(done) << done.why().text();
            (void)running->snapshot(retired);
            retired.release();
            const auto anew = network.empty_tables();
            ASSERT_TRUE(anew->apply(publish::difference({}, now)));
            ASSERT_EQ(text_of(*running), text_of(*anew));
            EXPECT_EQ(size_of(publish::difference(now, now)), 0U);
            in_force = std::move(now);
            network.change();
        }
        // And back to nothing.
        ASSERT_TRUE(running->apply(publish::difference(in_force, {})));
        EXPECT_EQ(text_of(*running), text_of(*network.empty_tables()));
    }
}

TEST(computed_difference, says_no_more_than_what_differs) {
    auto said = test::make_advertisements(test::ring(6));
    const auto compute = [&](const std::vector<advertisement>& of) {
        const topology::map m = test::make_map(of);
        const labels::sid_labels labels(m);
        const test::node_inputs inputs = test::inputs_for(m, 0, true);
        publish::table_computer computer;
        auto made = computer.compute(inputs.on(m, labels, 0));
        EXPECT_TRUE(made);
        return std::move(*made);
    };
    const computed_tables before = compute(said);
    said[1].prefixes.front().sids.front().no_php = true;  // n1, next to n0
    const computed_tables after = compute(said);
    const publish::changes changed = publish::difference(before, after);
    ASSERT_EQ(changed.rules.labels.size(), 1U);
    EXPECT_EQ(changed.rules.labels.front().label, 16'002U);
    ASSERT_EQ(changed.rules.prefixes.size(), 1U);
    EXPECT_TRUE(changed.remove_labels.empty());
    EXPECT_TRUE(changed.remove_prefixes.empty());
    EXPECT_EQ(changed.rules.path_lists.size(), 1U);
}

}  // namespace
}  // namespace rhumb
