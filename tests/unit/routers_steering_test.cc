// Prefixes that several headends steer: packets that each of them sends into a policy of its own do
// not go round.
#include <random>
#include <set>
#include <string>

#include "tests/unit/routers_rig.hh"

namespace rhumb {
namespace {

using test::routers_rig;
using test::walked;

std::string policy_to(const std::string& headend, const std::string& endpoint, int color,
                      const std::string& steer, const std::string& path = "dynamic = {}",
                      int binding_sid = 0) {
    return "[[policies]]\nheadend = \"" + headend + "\"\ncolor = " + std::to_string(color) +
           "\nendpoint = \"" + endpoint + "\"\nsteer = [" + steer + "]\n" +
           (binding_sid != 0 ? "binding_sid = " + std::to_string(binding_sid) + "\n" : "") +
           "paths = [{ " + path + " }]\n";
}

std::string route_at(const std::string& headend, const std::string& prefix,
                     const std::string& next_hop, int color, const std::string& only) {
    return "[[routes]]\nheadend = \"" + headend + "\"\nprefix = \"" + prefix + "\"\nnext_hop = \"" +
           next_hop + "\"\ncolors = [{ color = " + std::to_string(color) + ", only = \"" + only +
           "\" }]\n";
}

class routers_steering : public ::testing::Test {
protected:
    static constexpr std::uint32_t outside = 0xcb007105;  // 203.0.113.5

    [[nodiscard]] static std::string notes(const routers_rig& rig, const std::string& at) {
        std::string text;
        for (const publish::note& n : rig.net.router(*rig.m.find(at)).tables().notes) {
            text += n.text + "\n";
        }
        return text;
    }
    [[nodiscard]] static std::string why(routers_rig& rig, const std::string& from,
                                         std::uint32_t address) {
        const walked went = rig.net.send(*rig.m.find(from), {}, address, 7);
        return went.nodes.size() > 60 ? "loops" : went.why;
    }
    const std::vector<topology::advertisement> row =
        test::make_advertisements(std::vector<test::edge>{{"a", "b"}, {"b", "c"}, {"c", "d"}});
};

TEST_F(routers_steering, two_headends_do_not_send_a_prefix_to_each_other) {
    const std::string prefix = "\"203.0.113.0/24\"";
    routers_rig rig(row, {}, 0, policy_to("a", "d", 1, prefix) + policy_to("d", "a", 1, prefix));
    EXPECT_NE(why(rig, "a", outside), "loops");
    const std::string text =
        "203.0.113.0/24 is not steered: by what other headends do with it, it may come back\n";
    EXPECT_EQ(notes(rig, "a"), text);
    EXPECT_EQ(notes(rig, "d"), text);
}

TEST_F(routers_steering, one_headend_may_hand_a_prefix_on_to_another) {
    const std::string prefix = "\"203.0.113.0/24\"";
    routers_rig rig(row, {}, 0, policy_to("a", "c", 1, prefix) + policy_to("c", "d", 1, prefix));
    EXPECT_EQ(notes(rig, "a") + notes(rig, "c"), "");
    const walked went = rig.net.send(*rig.m.find("a"), {}, outside, 7);
    EXPECT_EQ(rig.m.name(went.nodes.back()), "d") << rig.text(went);
}

TEST_F(routers_steering, a_part_of_a_prefix_may_come_back_as_well) {
    routers_rig rig(row, {}, 0,
                    policy_to("a", "d", 1, "\"203.0.113.0/24\"") +
                        policy_to("d", "a", 1, "\"203.0.113.0/28\""));
    EXPECT_NE(why(rig, "a", outside), "loops");
    EXPECT_NE(notes(rig, "a"), "");
}

// c's way to a is plain IP, and b, which it passes, has a policy to c.
TEST_F(routers_steering, what_lies_between_counts) {
    routers_rig rig(row, {}, 0,
                    policy_to("d", "c", 1, "\"10.0.0.0/24\", \"10.0.0.1/32\"") +
                        policy_to("b", "d", 1, "\"10.0.0.0/24\", \"10.0.0.1/32\""));
    for (const std::string from : {"a", "b", "c", "d"}) {
        EXPECT_NE(why(rig, from, 0x0a000001), "loops");
        EXPECT_NE(why(rig, from, 0x0a000009), "loops");
    }
    EXPECT_EQ(why(rig, "c", 0x0a000001), "");
}

TEST_F(routers_steering, colors_without_an_endpoint_lead_back_too) {
    for (const std::string only : {"null_endpoint", "any_endpoint"}) {
        routers_rig rig(row, {}, 0,
                        policy_to("a", "0.0.0.0", 5, "", "segments = [\"d\"]") +
                            route_at("a", "203.0.113.0/24", "b", 5, only) +
                            policy_to("d", "0.0.0.0", 5, "", "segments = [\"a\"]") +
                            route_at("d", "203.0.113.0/24", "b", 5, only));
        EXPECT_NE(why(rig, "a", outside), "loops") << only;
        EXPECT_NE(notes(rig, "a"), "");
    }
}

// a's list leads to b, and from there by b's policy to d.
TEST_F(routers_steering, binding_sids_of_others_lead_on) {
    routers_rig rig(row, {}, 0,
                    policy_to("a", "0.0.0.0", 5, "", "segments = [\"b\", 15100]") +
                        route_at("a", "203.0.113.0/24", "b", 5, "null_endpoint") +
                        policy_to("b", "0.0.0.0", 5, "", "segments = [\"d\"]", 15'100) +
                        policy_to("d", "a", 1, "\"203.0.113.0/24\""));
    EXPECT_NE(why(rig, "a", outside), "loops");
    EXPECT_NE(notes(rig, "a"), "");
}

// All that random headends may be told, on random networks; then without a link, which all know.
class random_steering {
public:
    random_steering(const test::routers_rig& plain, std::uint64_t seed) : m_(plain.m), dice_(seed) {
        for (std::size_t n = 0; n < 6; ++n) {
            text_ += policy(static_cast<int>(n));
        }
        for (std::size_t n = 0; n < 3; ++n) {
            const char* const only =
                std::array{"next_hop", "null_endpoint", "any_endpoint"}[dice_() % 3];
            const std::string headend = node();
            const std::string prefix = prefixes_[dice_() % prefixes_.size()];
            if (routes_.emplace(headend, prefix).second) {
                text_ += route_at(headend, prefix, node(), static_cast<int>(dice_() % 6), only);
            }
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] static std::vector<std::uint32_t> addresses(std::size_t nodes) {
        std::vector<std::uint32_t> found{0xcb007105, 0xcb007185};
        for (std::uint32_t n = 1; n <= nodes + 1; ++n) {
            found.push_back(0x0a000000 + n);
        }
        return found;
    }

private:
    [[nodiscard]] std::string node() {
        return m_.name(static_cast<topology::node_number>(dice_() % m_.node_count()));
    }
    [[nodiscard]] std::string policy(int color) {
        const std::string headend = node();
        std::string end = node();
        while (end == headend) {
            end = node();
        }
        std::string steer = "\"" + prefixes_[dice_() % prefixes_.size()] + "\"";
        std::string path = "dynamic = {}";
        if (dice_() % 3 == 0) {
            path = "segments = [\"" + end + "\"]";
            end = dice_() % 2 == 0 ? "0.0.0.0" : end;
        }
        return policy_to(headend, end, color, steer, path);
    }

    const topology::map& m_;
    std::mt19937_64 dice_;
    const std::vector<std::string> prefixes_{"203.0.113.0/24", "203.0.113.0/25", "0.0.0.0/0",
                                             "10.0.0.0/29",    "10.0.0.1/32",    "10.0.0.2/32",
                                             "10.0.0.9/32"};
    std::set<std::pair<std::string, std::string>> routes_;
    std::string text_;
};

TEST_F(routers_steering, nothing_goes_round_whatever_headends_are_told) {
    std::size_t refused = 0;
    std::size_t steered = 0;
    for (std::uint32_t seed = 0; seed < 150; ++seed) {
        auto said = test::make_advertisements(test::small_graph(seed));
        const routers_rig plain(said, {});
        const random_steering told(plain, seed);
        routers_rig rig(said, {}, 0, told.text());
        const auto walk_all = [&] {
            ASSERT_EQ(rig.net.error(), "") << told.text();
            for (topology::node_number from = 0; from < rig.m.node_count(); ++from) {
                for (const std::uint32_t to : random_steering::addresses(rig.m.node_count())) {
                    const walked went = rig.net.send(from, {}, to, 3);
                    ASSERT_EQ(went.why.find("ttl"), std::string::npos) << rig.text(went);
                    ASSERT_LT(went.nodes.size(), 60U)
                        << "seed " << seed << " " << rig.text(went) << "\n"
                        << told.text();
                }
                refused += notes(rig, rig.m.name(from)).find("other headends") != std::string::npos
                               ? 1U
                               : 0U;
                steered += rig.net.router(from).policies()->installed().size();
            }
        };
        walk_all();
        if (HasFatalFailure()) {
            return;
        }
        // A link goes.
        auto& node = said[seed % said.size()];
        if (node.links.size() > 1) {
            const std::string other = node.links.front().remote;
            for (auto& one : said) {
                std::erase_if(one.links, [&](const topology::link& l) {
                    return (one.origin == node.origin && l.remote == other) ||
                           (one.origin == other && l.remote == node.origin);
                });
                ++one.version;
            }
            for (topology::node_number n = 0; n < said.size(); ++n) {
                rig.net.tell(n, said);
            }
            walk_all();
            if (HasFatalFailure()) {
                return;
            }
        }
    }
    EXPECT_GT(refused, 50U);
    EXPECT_GT(steered, 500U);
}

}  // namespace
}  // namespace rhumb
