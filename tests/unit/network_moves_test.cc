// A node that computes for the network: moves of policies.
#include "tests/unit/controlled_network.hh"

namespace rhumb::routing {
namespace {

TEST_F(controlled_network, a_plan_is_for_all_and_moves_own_policies_one_by_one) {
    const auto known = open(config::controller_section{});
    const auto before = ways(*known);
    // What would help may be another's move.
    auto idea = known->reoptimise({0.8, 0.001, 100}, false);
    ASSERT_TRUE(idea.ok()) << idea.why().text();
    EXPECT_NEAR(idea->before, 1.4, 1e-9);
    EXPECT_LE(idea->after, 0.8 + 1e-9);
    EXPECT_EQ(known->moves_waiting(), 0U);
    EXPECT_EQ(ways(*known), before);

    auto plan = known->reoptimise({0, 0.001, 100}, true);
    ASSERT_TRUE(plan.ok());
    ASSERT_GE(plan->moves.size(), 1U);
    double least = plan->before;
    for (const auto& move : plan->moves) {
        EXPECT_EQ(move.of.from, "n0");
        EXPECT_LE(move.during, least + 1e-9);
        EXPECT_LE(move.after, least + 1e-9);
        least = move.after;
    }
    EXPECT_EQ(known->moves_waiting(), plan->moves.size());
    EXPECT_FALSE(known->reoptimise({}, true).ok());  // one after the other
    // Each starts once the one before has settled.
    microseconds now = second;
    for (std::size_t left = plan->moves.size(); left > 0; --left) {
        ASSERT_TRUE(known->compute(now).ok());
        EXPECT_EQ(known->moves_waiting(), left - 1);
        ASSERT_TRUE(known->compute(now + 1).ok());
        EXPECT_EQ(known->moves_waiting(), left - 1);
        ASSERT_NE(known->due(), paths::never);
        now = known->due();
    }
    ASSERT_TRUE(known->compute(now).ok());
    EXPECT_EQ(known->due(), paths::never);
    const auto after = ways(*known);
    std::size_t differ = 0;
    for (const auto& [name, way] : after) {
        differ += way != before.at(name) ? 1U : 0U;
    }
    EXPECT_EQ(differ, plan->moves.size());
    EXPECT_EQ(after.at("other"), before.at("other"));
    const auto moment = known->moment();
    ASSERT_TRUE(known->compute(now + second).ok());
    EXPECT_FALSE(moment.expired());
    // The policies carry it now, so that nothing more helps.
    auto more = known->reoptimise({0, 0.001, 100}, true);
    ASSERT_TRUE(more.ok());
    EXPECT_NEAR(more->before, plan->after, 1e-9);
    EXPECT_TRUE(more->moves.empty());
    // And back.
    EXPECT_EQ(known->revert_moves(), plan->moves.size());
    ASSERT_TRUE(known->compute(now + second).ok());
    EXPECT_EQ(ways(*known), before);
    EXPECT_TRUE(moment.expired());
    EXPECT_EQ(known->revert_moves(), 0U);
}

// n0 to n3 over n1 (cost 20) and n2 (40); a sends 60 of 100, b 50, both over n1 at first.
class constrained_moves : public controlled_network {
protected:
    static std::string with(const std::string& name, int color, const std::string& dynamic,
                            const std::string& keys = "") {
        std::string text = policy(name, "n0", color);
        text.replace(text.find("dynamic = {}"), 12, "dynamic = { " + dynamic + " }");
        text.insert(text.find("endpoint"), keys);
        return text;
    }
    // Policies that a plan moves, by color; each then is where the plan has it.
    std::vector<std::string> moved(const std::string& more) {
        more_ = more + demand("n0", "a", 60) + demand("n0", "b", 50);
        known_ = open(config::controller_section{});
        auto plan = known_->reoptimise({0, 0.001, 100}, true);
        EXPECT_TRUE(plan.ok());
        std::vector<std::string> found;
        lists_.clear();
        for (const auto& move : plan->moves) {
            found.push_back(move.of.policy.substr(0, 7));
            lists_.insert(lists_.end(), move.lists.begin(), move.lists.end());
        }
        const auto before = ways(*known_);
        microseconds now = second;
        for (std::size_t i = 0; i < 2 * plan->moves.size(); ++i, now += second) {
            EXPECT_TRUE(known_->compute(now).ok());
        }
        EXPECT_EQ(known_->moves_waiting(), 0U);
        std::size_t differ = 0;
        for (const auto& [name, way] : ways(*known_)) {
            differ += way != before.at(name) ? 1U : 0U;
        }
        EXPECT_EQ(differ, plan->moves.size()) << more;
        const auto again = known_->reoptimise({0, 0.001, 100}, false);
        EXPECT_TRUE(again.ok());
        EXPECT_NEAR(again.value().before, plan->after, 1e-9) << more;
        return found;
    }
    using names = std::vector<std::string>;
    std::unique_ptr<network> known_;
    std::vector<std::string> lists_;  // of the moves
};

TEST_F(constrained_moves, a_policy_moves_within_its_constraints) {
    for (topology::advertisement& one : said_) {
        for (topology::link& l : one.links) {
            const bool far = one.origin == "n2" || l.remote == "n2";
            l.delay = far ? 5000 : 1000;
            if (far) {
                l.srlgs = {7};
            }
        }
    }
    const std::string b = policy("b", "n0", 2);
    // The largest one would go, but for these.
    EXPECT_EQ(moved(policy("a", "n0", 1) + b), names{"a"});
    for (const char* const dynamic :
         {"max_metric = 39", R"(max_delay = "9ms")", R"(exclude_nodes = ["n2"])", R"(via = ["n1"])",
          "exclude_srlgs = [7]", R"(exclude_links = ["n2->n3"])"}) {
        EXPECT_EQ(moved(with("a", 1, dynamic) + b), names{"b"}) << dynamic;
    }
    EXPECT_EQ(moved(with("a", 1, R"(max_metric = 40, max_delay = "10ms", max_hops = 2)") + b),
              names{"a"});
    EXPECT_TRUE(
        moved(with("a", 1, "max_metric = 39") + with("b", 2, "exclude_srlgs = [7]")).empty());
    // What the move has to keep to it keeps to afterwards: n2 is too far for it then.
    EXPECT_EQ(moved(with("a", 1, "max_metric = 40") + with("b", 2, "max_hops = 1, ecmp = false") +
                    "[[policies.paths]]\npreference = 50\ndynamic = {}\n"),
              names{"a"});
    const auto there = ways(*known_);
    ASSERT_EQ(said_[3].origin, "n2");
    for (topology::link& l : said_[3].links) {
        l.metric += l.remote == "n3" ? 1U : 0U;
    }
    config::file file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known_->reload(file).ok());
    ASSERT_TRUE(known_->compute(60 * second).ok());
    EXPECT_NE(ways(*known_).at("a"), there.at("a"));
}

TEST_F(constrained_moves, a_policy_takes_its_reservation_along) {
    const std::string held = with("held", 9, R"(bandwidth = "50M", via = ["n2"])");
    // There is room for what b sends, but not for what a has to have reserved.
    EXPECT_EQ(moved(with("a", 1, R"(bandwidth = "55M")") + policy("b", "n0", 2) + held),
              names{"b"});
    EXPECT_EQ(moved(with("a", 1, R"(bandwidth = "50M")") + policy("b", "n0", 2) + held),
              names{"a"});
    // Where it is now nobody else finds room.
    more_ += with("late", 10, R"(bandwidth = "1M", exclude_nodes = ["n1"])");
    config::file file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known_->reload(file).ok());
    ASSERT_TRUE(known_->compute(60 * second).ok());
    for (const json& row : policy_rows(*known_)) {
        EXPECT_EQ(row["up"].get<bool>(), row["policy"] != "late") << row.dump();
    }
}

TEST_F(constrained_moves, who_keeps_apart_still_does) {
    // b follows where a goes, so a stays; b may not go where a is.
    const std::string apart = R"(disjoint_from = "a")";
    EXPECT_TRUE(moved(policy("a", "n0", 1) + with("b", 2, apart)).empty());
    // A pair cannot move at all between two ways.
    const std::string pair = R"(disjoint_group = "g")";
    EXPECT_TRUE(moved(with("a", 1, pair) + with("b", 2, pair)).empty());
}

// The long way is n0 n2 n4 n3, and from n2 the short one to n3 is back over n0.
TEST_F(constrained_moves, a_path_that_its_headend_cannot_spell_is_no_move) {
    said_ = test::make_advertisements(std::vector<test::edge>{
        {"n0", "n1"}, {"n1", "n3"}, {"n0", "n2"}, {"n2", "n4", 50, 50}, {"n4", "n3", 50, 50}});
    for (topology::advertisement& one : said_) {
        for (topology::link& l : one.links) {
            l.bandwidth = 100'000'000;
        }
    }
    const std::string both = policy("a", "n0", 1) + policy("b", "n0", 2);
    EXPECT_EQ(moved(both), names{"a"});
    said_[0].msd = 1;
    EXPECT_TRUE(moved(both).empty());
    // But with the binding SID of another policy it can, and that one stays then.
    std::string helper = policy("help", "n2", 3);
    helper.replace(helper.find("dynamic = {}"), 12, R"(segments = ["n2->n4", "n4->n3"])");
    helper.insert(helper.find("endpoint"), "binding_sid = 15200\n");
    EXPECT_EQ(moved(both + helper), names{"a"});
    EXPECT_NE(ways(*known_).at("a").find(" of n2"), std::string::npos);
    EXPECT_EQ(lists_, names{"n0->n2, binding SID 15200 of n2"});
    EXPECT_EQ(moved(both + helper + demand("n2", "help", 41)), names{"b"});
}

TEST_F(controlled_network, moves_end_with_what_they_were_for) {
    const auto [known, plan] = begin_moves();
    // The network is another one: the rest of the plan is void.
    EXPECT_TRUE(known->set_link("to-n2", false, second));
    ASSERT_TRUE(known->compute(second).ok());
    EXPECT_EQ(known->moves_waiting(), 0U);
    EXPECT_TRUE(known->set_link("to-n2", true, 2 * second));
    ASSERT_TRUE(known->compute(2 * second).ok());
    // A reload keeps moves of policies that stay as they are.
    const std::string moved = plan.moves.front().of.policy;
    const auto names = ways(*known);
    config::file file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known->reload(file).ok());
    ASSERT_TRUE(known->compute(9 * second).ok());
    EXPECT_EQ(ways(*known), names);
    // But not of those that do not.
    const std::size_t at = more_.find("dynamic = {}");
    for (std::size_t n = at; n != std::string::npos; n = more_.find("dynamic = {}", n + 1)) {
        more_.insert(n, "preference = 101\n");
        n += 17;
    }
    file = test::write_network(folder_, said_, 0, more_);
    file.controller.emplace();
    ASSERT_TRUE(known->reload(file).ok());
    EXPECT_TRUE(known->compute(20 * second).ok());
    EXPECT_EQ(known->revert_moves(), 0U);
}

// A reload that is taken back leaves moves as they were, done or waiting, and what they reserve.
TEST_F(controlled_network, moves_outlive_a_reload_that_is_taken_back) {
    const auto [known, plan] = begin_moves();
    const std::size_t waiting = known->moves_waiting();
    const auto moved = ways(*known);
    // Other policies, none, another network.
    const std::string good = more_;
    const auto network = said_;
    for (int what = 0; what < 4; ++what) {
        if (what == 1) {
            for (std::size_t at = 0; (at = more_.find("dynamic = {}", at)) != std::string::npos;
                 at += 30) {
                more_.insert(at, "preference = 101\n");
            }
        } else if (what == 2) {
            more_.clear();
        } else if (what == 3) {
            said_[2].links[0].metric += 100;
            said_[0].links.pop_back();
        }
        config::file file = test::write_network(folder_, said_, 0, more_);
        file.controller.emplace();
        auto done = known->reload(file);
        ASSERT_TRUE(done.ok()) << done.why().text();
        if (what != 0) {
            ASSERT_TRUE(known->compute(second).ok());
            EXPECT_NE(ways(*known), moved) << what;
        }
        known->revert();
        more_ = good;
        said_ = network;
        ASSERT_TRUE(known->compute(second).ok());
        EXPECT_EQ(ways(*known), moved) << what;
        EXPECT_EQ(known->moves_waiting(), waiting) << what;
    }
    // With other labels policies begin anew, where they are.
    for (const mpls::label last : {3000U, 3001U}) {
        config::file file = test::write_network(folder_, said_, 0, more_);
        file.controller.emplace();
        file.node.static_labels = {{3000, last}};
        ASSERT_TRUE(known->reload(file).ok());
        ASSERT_TRUE(known->compute(second).ok());
        EXPECT_EQ(ways(*known), moved);
    }
    known->revert();
    ASSERT_TRUE(known->compute(second).ok());
    EXPECT_EQ(ways(*known).at("a"), moved.at("a"));
    EXPECT_EQ(known->moves_waiting(), 0U);  // the reload before had dropped them
    ASSERT_TRUE(known->reoptimise({0, 0.001, 100}, true).ok());
    // The plan comes to the same end.
    for (microseconds now = 3 * second; known->moves_waiting() != 0; now += 2 * second) {
        ASSERT_LT(now, 100 * second);
        ASSERT_TRUE(known->compute(now).ok());
    }
    auto more = known->reoptimise({0, 0.001, 100}, false);
    ASSERT_TRUE(more.ok());
    EXPECT_NEAR(more->before, plan.after, 1e-9);
    EXPECT_EQ(known->revert_moves(), plan.moves.size());
}

TEST_F(controlled_network, a_plan_that_is_only_asked_for_disturbs_nothing) {
    const auto [known, plan] = begin_moves();
    const std::size_t waiting = known->moves_waiting();
    const auto moved = ways(*known);
    ASSERT_TRUE(known->reoptimise({0, 0.001, 100}, false).ok());
    ASSERT_TRUE(known->compute(second + 1).ok());
    // The first has not settled: the next one still waits for it.
    EXPECT_EQ(known->moves_waiting(), waiting);
    EXPECT_EQ(ways(*known), moved);
    EXPECT_EQ(known->revert_moves(), plan.moves.size() - waiting);
}

}  // namespace
}  // namespace rhumb::routing
