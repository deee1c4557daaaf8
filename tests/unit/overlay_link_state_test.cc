// Link state by feeds: what a node says of itself as messages and back, and services that hear it
// of each other over loopback.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "controlplane/overlay/service/link_state.hh"
#include "tests/support/overlay_services.hh"

namespace rhumb::overlay {
namespace {

using nlohmann::json;
using topology::advertisement;

topology::link link_to(const std::string& remote) {
    topology::link made;
    made.name = "to-" + remote;
    made.remote = remote;
    return made;
}

advertisement plain(const std::string& origin, const std::vector<std::string>& remotes) {
    advertisement made;
    made.origin = origin;
    for (const std::string& remote : remotes) {
        made.links.push_back(link_to(remote));
    }
    return made;
}

// Everything that there is to say.
advertisement rich() {
    advertisement made = plain("r1", {"r2", "r3"});
    made.srgb = {{16000, 4000}, {30000, 4000}};
    made.srlb = {{15000, 500}};
    made.msd = 6;
    made.overload = true;
    made.algorithms = {128, 129};
    made.definitions.push_back({129, 200, topology::metric_type::delay, 1, 6, 8, {7, 9}});
    topology::link& l = made.links[0];
    l.remote_link = "back";
    l.address = ip_prefix{family::ipv4, 32, {192, 0, 2, 1}};
    l.metric = 77;
    l.te_metric = 78;
    l.delay = 1500;
    l.bandwidth = 10'000'000'000;
    l.reserved = 1'000'000;
    l.affinities = std::uint64_t{1} << 63 | 5;
    l.srlgs = {1, 4'000'000'000};
    l.sids = {{15001, true, false, true, 1}, {15002, false, true, false, 9}};
    topology::prefix p;
    p.address = {family::ipv4, 32, {198, 51, 100, 1}};
    p.node = true;
    p.sids = {{1, 0, true, true}, {201, 128, false, false}};
    made.prefixes.push_back(p);
    topology::prefix other;
    other.address = {family::ipv6, 64, {0x20, 0x01, 0x0d, 0xb8}};
    other.metric = 30;
    other.readvertised = true;
    made.prefixes.push_back(other);
    made.bindings.push_back({15400, {"r2", "r3"}});
    return made;
}

std::string message_of(const std::string& content) { return "{\"content\":" + content + "}"; }

TEST(overlay_link_state, is_read_as_it_was_written) {
    const auto contents = link_state_contents(rich());
    ASSERT_TRUE(contents.ok());
    ASSERT_EQ(contents.value().size(), 1U);
    link_state_assembler parts;
    const auto read = parts.take(42, message_of(contents.value()[0]), "r1");
    ASSERT_TRUE(read.ok()) << read.why().text();
    ASSERT_TRUE(read.value());
    advertisement expected = rich();
    expected.version = 42;
    EXPECT_EQ(*read.value(), expected);
}

TEST(overlay_link_state, of_many_links_takes_several_messages_that_fit) {
    advertisement said = rich();
    for (int n = 10; n < 400; ++n) {
        said.links.push_back(link_to("r" + std::to_string(n)));
        said.links.back().srlgs = {1, 2, 3};
    }
    const auto contents = link_state_contents(said);
    ASSERT_TRUE(contents.ok());
    EXPECT_GT(contents.value().size(), 5U);
    const identity own = identity::generate().value();
    message_reader reader;
    link_state_assembler parts;
    chain_position head;
    for (std::size_t n = 0; n < contents.value().size(); ++n) {
        const auto made = reader.make(own, head, 1.7e12, contents.value()[n]);
        ASSERT_TRUE(made.ok()) << n << ": " << made.why().text();
        head = {made.value().sequence, made.value().id};
        const auto read = parts.take(made.value().sequence, made.value().wire, "r1");
        ASSERT_TRUE(read.ok()) << read.why().text();
        const bool is_last = n + 1 == contents.value().size();
        ASSERT_EQ(read.value().has_value(), is_last);
        if (is_last) {
            said.version = contents.value().size();
            EXPECT_EQ(*read.value(), said);
        }
    }
    for (int n = 400; n < 8000; ++n) {
        said.links.push_back(link_to("r" + std::to_string(n)));
    }
    EXPECT_FALSE(link_state_contents(said).ok());
}

// Each affinity and each risk group takes a line of its own in what is signed.
TEST(overlay_link_state, of_many_short_lines_fits_too) {
    const identity own = identity::generate().value();
    message_reader reader;
    for (const unsigned affinities : {10U, 60U}) {
        for (const std::size_t srlgs : {0U, 10U, 30U, 64U}) {
            advertisement said = plain("r1", {});
            for (int n = 10; n < 100; ++n) {
                topology::link l = link_to("r" + std::to_string(n));
                l.affinities = (std::uint64_t{1} << affinities) - 1;
                l.srlgs.assign(srlgs, 7);
                said.links.push_back(std::move(l));
            }
            const auto contents = link_state_contents(said);
            ASSERT_TRUE(contents.ok());
            for (const std::string& content : contents.value()) {
                const auto made = reader.make(own, {}, 1.7e12, content);
                ASSERT_TRUE(made.ok()) << affinities << ' ' << srlgs << made.why().text();
            }
        }
    }
}

TEST(overlay_link_state, parts_count_in_order_only) {
    advertisement said = plain("r1", {});
    for (int n = 10; n < 300; ++n) {
        said.links.push_back(link_to("r" + std::to_string(n)));
    }
    const auto contents = link_state_contents(said).value();
    ASSERT_GE(contents.size(), 3U);
    link_state_assembler parts;
    const auto take = [&](std::size_t part) {
        return parts.take(1, message_of(contents[part]), "r1");
    };
    EXPECT_FALSE(take(1).ok());
    EXPECT_TRUE(take(0).ok());
    EXPECT_TRUE(parts.take(1, R"({"content":{"type":"post"}})", "r1").ok());  // none of it
    EXPECT_FALSE(take(2).ok());
    EXPECT_FALSE(take(1).ok());  // all begins again
    EXPECT_TRUE(take(0).ok());
    EXPECT_TRUE(take(0).ok());
    for (std::size_t part = 1; part < contents.size(); ++part) {
        const auto read = take(part);
        ASSERT_TRUE(read.ok());
        EXPECT_EQ(read.value().has_value(), part + 1 == contents.size());
    }
}

TEST(overlay_link_state, what_makes_no_sense_is_refused) {
    link_state_assembler parts;
    const auto refused = [&](const std::string& change) {
        json content = json::parse(link_state_contents(rich()).value()[0]);
        content.merge_patch(json::parse(change));
        const auto read = parts.take(1, message_of(content.dump()), "r1");
        return read.ok() ? "" : read.why().message;
    };
    EXPECT_EQ(refused("{}"), "");
    EXPECT_EQ(refused(R"({"node":"r9"})"), "message 1 speaks of another node, \"r9\"");
    // A log and a terminal get what they can show.
    EXPECT_EQ(refused(R"({"node":"r9\u001b[2J\n"})"),
              R"(message 1 speaks of another node, "r9\x1b[2J\x0a")");
    EXPECT_EQ(refused(json{{"node", std::string(5000, 'x')}}.dump()),
              "message 1 speaks of another node, \"" + std::string(64, 'x') + "...\"");
    for (const char* change :
         {R"({"node":7})",
          R"({"part":0})",
          R"({"part":2})",
          R"({"parts":65})",
          R"({"part":-1})",
          R"({"part":1.5})",
          R"({"parts":null})",
          R"({"msd":256})",
          R"({"msd":"6"})",
          R"({"overload":1})",
          R"({"srgb":[16000]})",
          R"({"srgb":["16000-15999"]})",
          R"({"srgb":["16000-23999","17000-18000"]})",
          R"({"algorithms":[300]})",
          R"({"links":{}})",
          R"({"links":[7]})",
          R"({"links":[{"name":"x"}]})",
          R"({"links":[{"name":"x","remote":"r2","metric":0}]})",
          R"({"links":[{"name":"x","remote":"r2","metric":16777216}]})",
          R"({"links":[{"name":"x","remote":"r2","affinities":[64]}]})",
          R"({"links":[{"name":"x","remote":"r2","address":"here"}]})",
          R"({"links":[{"name":"x","remote":"r2"},{"name":"x","remote":"r2"}]})",
          R"({"links":[{"name":"x","remote":"r2","sids":[{"label":"a"}]}]})",
          R"({"prefixes":[{}]})",
          R"({"prefixes":[{"address":"198.51.100.1/24"}]})",
          R"({"definitions":[{"algorithm":129,"metric":"luck"}]})",
          R"({"bindings":[{"label":15400,"nodes":[1]}]})"}) {
        EXPECT_NE(refused(change), "") << change;
    }
    for (const char* text : {"", "[]", "null", "{", "{\"content\":[]}", "{\"content\":{}}"}) {
        const auto read = parts.take(1, text, "r1");
        EXPECT_TRUE(read.ok() && !read.value()) << text;
    }
}

class overlay_link_states : public test::overlay_services {
protected:
    // What was heard of each node, the latest.
    struct hearing {
        std::map<std::string, advertisement> said;
        std::set<std::string> down;  // "r1 to-r2"
        std::size_t events = 0;
    };
    service& start_node(const std::string& name, const std::map<std::string, key32>& speakers,
                        hearing& into) {
        service_settings with = settings(name);
        with.broadcast.emplace();
        auto& nodes = with.link_state.emplace().nodes;
        for (const auto& [node, key] : speakers) {
            nodes.push_back({node, key});
            with.follow.push_back(key);
        }
        service& made = start(with);
        made.on_link_state([&into](const link_state_event& event) {
            ++into.events;
            if (event.said) {
                into.said[event.node] = *event.said;
                std::erase_if(into.down, [&](const std::string& link) {
                    return link.starts_with(event.node + ' ');
                });
            } else {
                into.down.insert(event.node + ' ' + event.down);
            }
        });
        return made;
    }
    // The key that a service of this name has or will have.
    [[nodiscard]] key32 key_of(const std::string& name) {
        service& made = start(settings(name));
        const key32 id = made.id();
        stop(made);
        running_.pop_back();
        return id;
    }
    static bool has(const hearing& of, const std::string& node, std::size_t links) {
        const auto at = of.said.find(node);
        return at != of.said.end() && at->second.links.size() == links;
    }
};

TEST_F(overlay_link_states, change_at_others_and_are_there_after_a_restart) {
    const key32 a_key = key_of("a");
    const key32 b_key = key_of("b");
    const key32 c_key = key_of("c");
    hearing at_a;
    hearing at_b;
    hearing at_c;
    // a - b - c, and c hears a by way of b, which has a's feed, too.
    service& a = start_node("a", {{"r2", b_key}}, at_a);
    service& b = start_node("b", {{"r1", a_key}, {"r3", c_key}}, at_b);
    service& c = start_node("c", {{"r1", a_key}, {"r3", c_key}}, at_c);
    connect(a, b);
    connect(c, b);
    a.advertise(plain("r1", {"r2", "r3"}));
    b.advertise(plain("r2", {"r1"}));
    run_until([&] { return has(at_b, "r1", 2) && has(at_a, "r2", 1) && has(at_c, "r1", 2); });
    EXPECT_FALSE(at_c.said.contains("r3"));  // of itself a node hears nothing
    EXPECT_EQ(head(a, a), 1);
    a.advertise(plain("r1", {"r2", "r3"}));  // nothing new
    a.advertise(plain("r1", {"r2"}));
    run_until([&] { return has(at_b, "r1", 1) && has(at_c, "r1", 1); });
    EXPECT_EQ(head(a, a), 2);
    EXPECT_EQ(at_c.said["r1"].version, 2U);

    const json rows = ask(c, "show", {{"what", "overlay_nodes"}})["rows"];
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_TRUE(rows[0]["own"]);
    EXPECT_EQ(rows[1]["node"], "r1");
    EXPECT_EQ(rows[1]["version"], 2);
    EXPECT_EQ(rows[1]["links"], 1);

    // From the store, with nobody connected; and the node itself does not say it again.
    while (!running_.empty()) {
        stop(*running_.back());
        running_.pop_back();
    }
    hearing after;
    hearing nothing;
    start_node("c", {{"r1", a_key}}, after);
    service& same = start_node("a", {}, nothing);
    same.advertise(plain("r1", {"r2"}));
    run_until([&] { return has(after, "r1", 1); });
    EXPECT_EQ(after.said["r1"].version, 2U);
    EXPECT_EQ(after.events, 1U);
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    run_until([&] { return std::chrono::steady_clock::now() > until; });
    EXPECT_EQ(head(same, same), 2);
}

TEST_F(overlay_link_states, only_its_own_feed_speaks_for_a_node) {
    const key32 a_key = key_of("a");
    const key32 b_key = key_of("b");
    hearing heard;
    hearing unheard;
    service& a = start_node("a", {}, unheard);
    service& liar = start_node("b", {}, unheard);
    service& c = start_node("c", {{"r1", a_key}, {"r2", b_key}}, heard);
    connect(c, a);
    connect(c, liar);
    liar.advertise(plain("r1", {"r9"}));  // in the name of another
    a.advertise(plain("r1", {"r2", "r3"}));
    run_until([&] { return has(heard, "r1", 2) && head(c, liar) == 1; });
    run_until(
        [&] { return ask(c, "show", {{"what", "overlay_nodes"}})["rows"][2]["refused"] == 1; });
    EXPECT_FALSE(heard.said.contains("r2"));
    EXPECT_EQ(heard.said["r1"].links[0].remote, "r2");
    const json rows = ask(c, "show", {{"what", "overlay_nodes"}})["rows"];
    EXPECT_EQ(rows[2]["why"], "message 1 speaks of another node, \"r1\"");
    // Nonsense is refused, and what was known stays.
    ask(a, "overlay.publish",
        {{"json", R"({"type":"rhumb/link-state","node":"r1","part":1,"parts":1,"msd":"x"})"}});
    run_until(
        [&] { return ask(c, "show", {{"what", "overlay_nodes"}})["rows"][1]["refused"] == 1; });
    EXPECT_TRUE(has(heard, "r1", 2));
    EXPECT_EQ(heard.events, 1U);
}

// Links that go and come, faster than is published: broadcast tells at once, and what it has told
// is taken back by the next version, even where that says the same as before.
TEST_F(overlay_link_states, broadcast_warns_until_the_feed_says_more) {
    const key32 a_key = key_of("a");
    hearing heard;
    hearing unheard;
    service& a = start_node("a", {}, unheard);
    service& b = start_node("b", {{"r1", a_key}}, heard);
    connect(b, a);
    run_until([&] { return b.spread()->node().peers().neighbours() != 0; });
    a.advertise(plain("r1", {"r2", "r3"}));
    run_until([&] { return has(heard, "r1", 2); });
    // The feed speaks a second after it last spoke: where this test was held up, that was before
    // the link came back, and all begins anew.
    bool in_time = false;
    for (int round = 0; round < 10 && !in_time; ++round) {
        const std::uint64_t version = heard.said["r1"].version;
        const auto is_warned = [&] {
            return heard.down.contains("r1 to-r2") && heard.said["r1"].version == version;
        };
        a.advertise(plain("r1", {"r3"}));
        run_until([&] { return is_warned() || heard.said["r1"].version != version; });
        const bool was_warned = is_warned();
        a.advertise(plain("r1", {"r2", "r3"}));
        run_until([&] {
            return heard.down.empty() && heard.said["r1"].version > version && has(heard, "r1", 2);
        });
        in_time = was_warned && heard.said["r1"].version == version + 1;
    }
    EXPECT_TRUE(in_time);
    EXPECT_EQ(ask(b, "show", {{"what", "overlay_nodes"}})["rows"][1]["down"], json::array());
}

}  // namespace
}  // namespace rhumb::overlay
