// Broadcast by services over loopback: who becomes whose neighbour, and what is delivered.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/overlay_broadcast_rig.hh"

namespace rhumb::overlay {
namespace {

using broadcast::drop_reason;
using test::overlay_broadcast;

TEST_F(overlay_broadcast, two_hear_each_other) {
    service& a = start(speaking("a"));
    service& b = start(speaking("b"));
    connect(a, b);
    listen(a);
    listen(b);
    run_until([&] { return neighbours(a) == 1 && neighbours(b) == 1; });
    const json sent = say(a, "a link is down \xe2\x80\x93 which?");
    EXPECT_EQ(sent["neighbours"], 1);
    run_until([&] { return heard_[&b].size() == 1; });
    const json& event = heard_[&b][0];
    EXPECT_EQ(event["origin"], feed_id_text(a.id()));
    EXPECT_EQ(event["text"], "a link is down \xe2\x80\x93 which?");
    EXPECT_EQ(event["sequence"], sent["sequence"]);
    EXPECT_EQ(event["hops"], 1);
    say(b, "so it is");
    run_until([&] { return heard_[&a].size() == 1; });

    // Who comes later gets what is recent.
    std::vector<json> recent;
    ask(b, "overlay.listen", json::object(), &recent);
    ASSERT_EQ(recent.size(), 1U);
    EXPECT_EQ(recent[0], event);

    const json tree = ask(a, "show", {{"what", "overlay_broadcast"}})["rows"][0];
    EXPECT_EQ(tree["way"], "plumtree");
    ASSERT_EQ(tree["neighbours"].size(), 1U);
    EXPECT_EQ(tree["neighbours"][0]["peer"], feed_id_text(b.id()));
    EXPECT_EQ(tree["neighbours"][0]["eager"], true);
    EXPECT_EQ(tree["delivered"], 1);
    EXPECT_EQ(tree["frames_sent"]["gossip"], 1);
    EXPECT_EQ(tree["address"], text_of(target(a).at));
}

TEST_F(overlay_broadcast, who_comes_later_is_told_what_was_said_before) {
    service& a = start(speaking("a"));
    EXPECT_EQ(say(a, "nobody is there")["neighbours"], 0);
    service& b = start(speaking("b"));
    listen(b);
    connect(b, a);
    run_until([&] { return count_heard(b, "nobody is there") == 1; });
    service& c = start(speaking("c"));
    listen(c);
    connect(c, b);
    run_until([&] { return count_heard(c, "nobody is there") == 1; });
    EXPECT_EQ(heard_[&c][0]["hops"], 2);
}

// All know the first one, which has five places: the others find each other, and dial. Some have no
// neighbour for a moment when they make room for each other, and get what they have missed.
TEST_F(overlay_broadcast, nodes_find_neighbours_that_nobody_configured) {
    const auto all = start_star(9, broadcast::spreading::plumtree, false);
    for (int round = 0; round < 2; ++round) {
        for (service* from : all) {
            expect_all_hear(all, *from, "of " + feed_id_text(from->id()) + std::to_string(round));
        }
    }
    std::set<std::pair<key32, key32>> edges;
    for (const service* s : all) {
        EXPECT_LE(neighbours(*s), 5U);
        for (const auto& one : s->peers().connections()) {
            if (one->is_open() && one->peer() != all[0]->id() && s != all[0]) {
                edges.insert(std::minmax(s->id(), one->peer()));
            }
        }
        EXPECT_EQ(dropped(*s, drop_reason::bad_signature), 0U);
    }
    EXPECT_GE(edges.size(), 2U);
}

TEST_F(overlay_broadcast, the_tree_mends_when_a_node_is_gone) {
    auto all = start_star(6, broadcast::spreading::plumtree, false);
    // The hub of the star goes; whoever knew only it has others by now.
    run_until([&] {
        return std::ranges::all_of(all, [](const service* s) { return neighbours(*s) >= 2; });
    });
    stop(*running_.front());
    running_.erase(running_.begin());
    all.erase(all.begin());
    run_until([&] {
        return std::ranges::all_of(all, [&](const service* s) {
            return neighbours(*s) != 0 && neighbours(*s) < all.size();
        });
    });
    for (service* from : all) {
        expect_all_hear(all, *from, "after, of " + feed_id_text(from->id()));
    }
}

struct variant {
    broadcast::spreading way;
    bool retransmit;
};
class overlay_broadcast_ways : public overlay_broadcast,
                               public ::testing::WithParamInterface<variant> {};

TEST_P(overlay_broadcast_ways, reach_everybody_once) {
    const auto all = start_star(5, GetParam().way, GetParam().retransmit);
    for (int number = 0; number < 10; ++number) {
        for (service* from : {all[0], all[4]}) {
            expect_all_hear(all, *from, feed_id_text(from->id()) + std::to_string(number));
        }
    }
}

std::string name_of(const ::testing::TestParamInfo<variant>& one) {
    const std::array<std::string, 3> names{"plumtree", "flooding", "gossip"};
    return names[static_cast<std::size_t>(one.param.way)] +
           (one.param.retransmit ? "_acknowledged_in_order" : "");
}

INSTANTIATE_TEST_SUITE_P(each, overlay_broadcast_ways,
                         ::testing::Values(variant{broadcast::spreading::plumtree, true},
                                           variant{broadcast::spreading::flooding, false},
                                           variant{broadcast::spreading::flooding, true},
                                           variant{broadcast::spreading::gossip, false},
                                           variant{broadcast::spreading::gossip, true}),
                         name_of);

TEST_F(overlay_broadcast, who_does_not_speak_it_replicates_all_the_same) {
    service& a = start(speaking("a"));
    service& b = start(settings("b"));
    publish(b, 1);
    follow_each_other(*this, a, b);
    connect(a, b);
    run_until([&] { return head(a, b) == 1; });
    publish(a, 1);
    run_until([&] { return head(b, a) == 1; });
    EXPECT_EQ(neighbours(a), 0U);
    EXPECT_EQ(a.spread()->links(), 0U);
    EXPECT_EQ(a.peers().connections().front()->why(), "");
    EXPECT_EQ(say(a, "nobody hears this")["neighbours"], 0);
    EXPECT_EQ(refusal(b, "overlay.broadcast", {{"text", "x"}}),
              "broadcast is off: set broadcast = \"plumtree\" in [overlay] and restart");
    EXPECT_EQ(ask(b, "show", {{"what", "overlay_broadcast"}})["rows"][0]["on"], false);
}

TEST_F(overlay_broadcast, neighbours_that_restart_are_neighbours_again) {
    service& a = start(speaking("a"));
    service_settings of_b = speaking("b");
    of_b.peers = {target(a)};
    for (int round = 0; round < 3; ++round) {
        service& b = start(of_b);
        listen(b);
        run_until([&] { return neighbours(a) == 1 && neighbours(b) == 1; });
        say(a, "round " + std::to_string(round));
        run_until([&] { return count_heard(b, "round " + std::to_string(round)) == 1; });
        stop(b);
        heard_.erase(&b);
        running_.pop_back();
        run_until([&] { return neighbours(a) == 0; });
    }
}

TEST_F(overlay_broadcast, both_sides_dial_and_become_neighbours) {
    service& a = start(speaking("a"));
    service& b = start(speaking("b"));
    connect(a, b);
    connect(b, a);
    listen(b);
    run_until([&] {
        return neighbours(a) == 1 && neighbours(b) == 1 && a.peers().connections().size() == 1 &&
               b.peers().connections().size() == 1;
    });
    say(a, "once");
    run_until([&] { return count_heard(b, "once") == 1; });
}

TEST_F(overlay_broadcast, nobody_says_more_than_so_much_a_second) {
    service& a = start(speaking("a"));
    service& b = start(speaking("b"));
    connect(a, b);
    run_until([&] { return neighbours(a) == 1 && neighbours(b) == 1; });
    std::size_t sent = 0;
    std::string why;
    const auto begin = std::chrono::steady_clock::now();
    for (; sent < 1000 && why.empty(); ++sent) {
        a.request("overlay.broadcast", {{"text", "again"}},
                  {[&](const result<json>& answer) { why = answer ? "" : answer.why().message; },
                   [](std::string_view) { return true; }});
    }
    EXPECT_EQ(why, "too many messages: a node broadcasts 100 a second at most");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(sent, 200U);
    EXPECT_LE(static_cast<double>(sent), 202 + 100 * took.count());
    // What was taken comes, all of it: nothing is dropped on the way.
    run_until([&] { return b.spread()->node().counts().delivered == sent - 1; });
    EXPECT_NE(refusal(a, "overlay.broadcast", {{"text", "\xff"}}), "");
    EXPECT_NE(refusal(a, "overlay.broadcast", {{"text", std::string(20'000, 'x')}}), "");
    EXPECT_NE(refusal(a, "overlay.broadcast", json::object()), "");
}

// Messages are at the verifiers, on their way and being dialled for when the services go.
TEST_F(overlay_broadcast, services_stop_in_the_middle_of_it) {
    const auto all = start_star(4, broadcast::spreading::plumtree, false);
    for (int n = 0; n < 50; ++n) {
        for (service* from : all) {
            say(*from, std::to_string(n));
        }
    }
    while (!running_.empty()) {
        stop(*running_.back());
        running_.pop_back();
    }
}

}  // namespace
}  // namespace rhumb::overlay
