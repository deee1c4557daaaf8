// Broadcast by services over loopback: who becomes whose neighbour, what is delivered, and what
// peers that break the rules get.
#include <gtest/gtest.h>

#include <bit>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <set>

#include "controlplane/overlay/wire/peer_link.hh"
#include "tests/support/overlay_keys.hh"
#include "tests/support/overlay_services.hh"

namespace rhumb::overlay {
namespace {

using broadcast::drop_reason;

std::int64_t milliseconds_now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

class overlay_broadcast : public test::overlay_services {
protected:
    [[nodiscard]] service_settings speaking(
        const std::string& name, broadcast::spreading way = broadcast::spreading::plumtree) const {
        service_settings made = settings(name);
        made.broadcast.emplace().way = way;
        return made;
    }
    static std::size_t neighbours(const service& at) {
        return static_cast<std::size_t>(std::popcount(at.spread()->node().peers().neighbours()));
    }
    static std::uint64_t dropped(const service& at, drop_reason why) {
        return at.spread()->node().counts().of(why);
    }
    // From now on what it hears is kept.
    void listen(service& at) {
        at.request("overlay.listen", {{"follow", true}},
                   {[](const result<json>&) {},
                    [this, &at](std::string_view event) {
                        heard_[&at].push_back(json::parse(event));
                        return true;
                    }});
    }
    json say(service& by, const std::string& text) {
        return ask(by, "overlay.broadcast", {{"text", text}});
    }
    [[nodiscard]] std::size_t count_heard(const service& at, const std::string& text) {
        return static_cast<std::size_t>(std::ranges::count_if(
            heard_[&at], [&](const json& event) { return event.value("text", "") == text; }));
    }
    // Services that all know only the first one.
    std::vector<service*> start_star(std::size_t count, broadcast::spreading way, bool retransmit) {
        std::vector<service*> all;
        for (std::size_t n = 0; n < count; ++n) {
            service_settings with = speaking(std::string(1, static_cast<char>('a' + n)), way);
            with.broadcast->retransmit = retransmit;
            with.broadcast->in_order = retransmit;
            if (n != 0) {
                with.peers = {target(*all[0])};
            }
            all.push_back(&start(with));
            listen(*all.back());
        }
        run_until([&] {
            return std::ranges::all_of(all, [](const service* s) { return neighbours(*s) != 0; });
        });
        return all;
    }
    void expect_all_hear(const std::vector<service*>& all, service& from, const std::string& text) {
        say(from, text);
        run_until([&] {
            return std::ranges::all_of(
                all, [&](const service* s) { return s == &from || count_heard(*s, text) != 0; });
        });
        for (const service* s : all) {
            EXPECT_EQ(count_heard(*s, text), s == &from ? 0U : 1U);
        }
    }

    std::map<const service*, std::vector<json>> heard_;
};

// A peer that says whatever a test likes.
class raw_peer final : public session_handler {
public:
    raw_peer(boost::asio::io_context& io, const network_key& network, const identity& own,
             const peer_target& to)
        : socket_(io), link_(handshake::client(network, own, to.key), *this) {
        socket_.connect({boost::asio::ip::make_address(to.at.host), to.at.port});
        write();
        read();
    }
    // Who is called, and takes everybody.
    raw_peer(boost::asio::ip::tcp::socket from, const network_key& network, const identity& own)
        : socket_(std::move(from)), link_(handshake::server(network, own), *this) {
        write();
        read();
    }
    ~raw_peer() override { *alive_ = false; }

    [[nodiscard]] bool is_open() const { return link_.now() == peer_link::state::open; }
    void open(std::string_view arguments = R"([{"version":1}])") {
        stream_ = link_.calls().open(call_type::duplex, "rhumb.broadcast", arguments, 1 << 16);
        write();
    }
    void send(std::span<const byte> frame, body_type type = body_type::binary) {
        link_.calls().send(stream_, type,
                           {reinterpret_cast<const char*>(frame.data()), frame.size()});
        write();
    }

    void end(std::string_view why) {
        link_.calls().fail(stream_, why);
        write();
    }

    std::vector<std::vector<byte>> frames;
    std::optional<std::string> ended;
    std::size_t calls = 0;  // of rhumb.broadcast
    bool is_cut = false;    // or about to be

private:
    using tcp = boost::asio::ip::tcp;
    bool on_call(session&, const incoming_call& call) override {
        const bool is_known = call.name == "rhumb.broadcast";
        if (is_known) {
            stream_ = call.id;
            ++calls;
        }
        return is_known;
    }
    void on_data(session&, stream_id id, body_type, std::string_view body) override {
        if (id == stream_) {
            const auto* const from = reinterpret_cast<const byte*>(body.data());
            frames.emplace_back(from, from + body.size());
        }
    }
    void on_end(session&, stream_id id, std::optional<std::string_view> error) override {
        if (id == stream_) {
            ended = error.value_or("");
        }
    }
    void write() {
        for (auto out = link_.output(); !out.empty(); out = link_.output()) {
            boost::asio::write(socket_, boost::asio::buffer(out.data(), out.size()));
            link_.sent(out.size());
        }
    }
    void read() {
        socket_.async_read_some(
            boost::asio::buffer(input_),
            [this, alive = alive_](const boost::system::error_code& failed, std::size_t count) {
                if (!*alive) {
                    return;
                }
                is_cut = is_cut || failed;
                if (!failed) {
                    link_.feed(std::span(input_).first(count));
                    if (link_.now() == peer_link::state::wants_answer) {
                        link_.accept();
                    }
                    is_cut = is_cut || link_.now() == peer_link::state::ended;
                    write();
                    read();
                }
            });
    }

    tcp::socket socket_;
    peer_link link_;
    stream_id stream_ = 0;
    std::array<byte, 4096> input_{};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

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

// All know the first one, which has five places: the others find each other, and dial.
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
    for (; sent < 1000 && why.empty(); ++sent) {
        a.request("overlay.broadcast", {{"text", "again"}},
                  {[&](const result<json>& answer) { why = answer ? "" : answer.why().message; },
                   [](std::string_view) { return true; }});
    }
    EXPECT_EQ(why, "too many messages: a node broadcasts 100 a second at most");
    EXPECT_GE(sent, 200U);
    EXPECT_LE(sent, 300U);
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

// A liar with a key of its own, which is let in, and an honest node that it speaks of.
class overlay_broadcast_liar : public overlay_broadcast {
protected:
    // A message as `origin` would sign it; `tampered`: and somebody else has changed.
    [[nodiscard]] std::vector<byte> gossip(const identity& origin, std::uint64_t sequence,
                                           std::int64_t sent_ms, std::string_view text,
                                           bool tampered = false) const {
        std::vector<byte> payload;
        append_envelope(payload,
                        {1, sent_ms, {reinterpret_cast<const byte*>(text.data()), text.size()}});
        return of_payload(origin, sequence, std::move(payload), tampered);
    }
    [[nodiscard]] std::vector<byte> of_payload(const identity& origin, std::uint64_t sequence,
                                               std::vector<byte> payload, bool tampered) const {
        const broadcast::message_id id{origin.id(), sequence};
        const auto signature =
            origin.sign(broadcast::signed_bytes(settings("x").network, id, payload));
        payload.back() ^= tampered ? 1 : 0;
        std::vector<byte> body;
        broadcast::append_body(body, id, signature, payload);
        std::vector<byte> frame;
        broadcast::write_gossip(frame, {false, false, 1, 0}, body);
        return frame;
    }
    std::unique_ptr<raw_peer> join(service& to, const identity& as) {
        auto made = std::make_unique<raw_peer>(io_, settings("x").network, as, target(to));
        run_until([&] { return made->is_open(); });
        made->open();
        std::vector<byte> frame;
        broadcast::write_join(frame, 7, {});
        made->send(frame);
        run_until([&] { return neighbours(to) == 1; });
        return made;
    }

    // Listens, in the name of `as`, for the one who calls next.
    peer_target await_call(const identity& as) {
        acceptor_.emplace(
            io_, boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
        acceptor_->async_accept([this, &as](const boost::system::error_code& failed,
                                            boost::asio::ip::tcp::socket socket) {
            if (!failed) {
                called_ = std::make_unique<raw_peer>(std::move(socket), settings("x").network, as);
            }
        });
        return {{"127.0.0.1", acceptor_->local_endpoint().port()}, as.id()};
    }
    // Makes a node dial the one who listens, for broadcast alone, by way of the liar.
    void have_dialled(raw_peer& liar, const peer_target& whom) {
        broadcast::contact told;
        told.key = whom.key;
        const std::string at = text_of(whom.at);
        told.where = *broadcast::address::of({reinterpret_cast<const byte*>(at.data()), at.size()});
        std::vector<byte> frame;
        broadcast::write_forward_join(frame, told, 0);
        liar.send(frame);
        run_until([&] { return called_ && !called_->frames.empty(); });
    }
    static std::size_t open_to(const service& at, const identity& whom) {
        return static_cast<std::size_t>(std::ranges::count_if(
            at.peers().connections(),
            [&](const auto& one) { return one->is_open() && one->peer() == whom.id(); }));
    }

    std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
    std::unique_ptr<raw_peer> called_;
    identity liar_ = rhumb::test::identity_of(1);
    identity honest_ = rhumb::test::identity_of(2);
};

TEST_F(overlay_broadcast_liar, cannot_forge_messages_of_others) {
    service& a = start(speaking("a"));
    listen(a);
    const auto peer = join(a, liar_);
    const std::int64_t now = milliseconds_now();
    peer->send(gossip(honest_, 1, now, "true"));
    run_until([&] { return count_heard(a, "true") == 1; });
    peer->send(gossip(honest_, 2, now, "false", true));
    run_until([&] { return peer->ended.has_value(); });
    EXPECT_NE(peer->ended->find("refused"), std::string::npos) << *peer->ended;
    EXPECT_EQ(dropped(a, drop_reason::bad_signature), 1U);
    EXPECT_EQ(heard_[&a].size(), 1U);
    EXPECT_EQ(neighbours(a), 0U);
    EXPECT_TRUE(peer->is_open());  // only this stream has ended

    // The true one is not kept out by the forged one.
    const auto again = join(a, liar_);
    again->send(gossip(honest_, 2, now, "true again"));
    run_until([&] { return count_heard(a, "true again") == 1; });
}

TEST_F(overlay_broadcast_liar, replays_are_worth_nothing) {
    service_settings with = speaking("a");
    with.broadcast->lifetime = 10;
    service& a = start(with);
    listen(a);
    const auto peer = join(a, liar_);
    const std::int64_t now = milliseconds_now();
    const auto fresh = gossip(honest_, 5, now, "fresh");
    peer->send(fresh);
    peer->send(fresh);
    peer->send(gossip(honest_, 6, now - 20'000, "old"));
    peer->send(gossip(honest_, 7, now + 20'000, "of tomorrow"));
    peer->send(gossip(honest_, 8, now, "last"));
    run_until([&] { return count_heard(a, "last") == 1; });
    EXPECT_EQ(heard_[&a].size(), 2U);
    EXPECT_EQ(dropped(a, drop_reason::unwanted), 2U);
    EXPECT_EQ(dropped(a, drop_reason::duplicate), 1U);
    EXPECT_FALSE(peer->ended);  // who passes on what is too old is not to blame

    // What the node has forgotten by a restart, the time keeps out.
    stop(a);
    running_.pop_back();
    heard_.clear();
    service& restarted = start(with);
    listen(restarted);
    const auto later = join(restarted, liar_);
    later->send(gossip(honest_, 6, now - 20'000, "old"));
    run_until([&] { return dropped(restarted, drop_reason::unwanted) == 1; });
    EXPECT_TRUE(heard_[&restarted].empty());
}

TEST_F(overlay_broadcast_liar, only_whom_we_know_may_speak) {
    service_settings with = speaking("a");
    with.admits_anyone = false;
    with.follow = {liar_.id()};
    service& a = start(with);
    listen(a);
    const auto peer = join(a, liar_);
    const std::int64_t now = milliseconds_now();
    peer->send(gossip(honest_, 1, now, "of a stranger"));
    peer->send(gossip(liar_, 1, now, "of its own"));
    run_until([&] { return count_heard(a, "of its own") == 1; });
    EXPECT_EQ(heard_[&a].size(), 1U);
    EXPECT_EQ(dropped(a, drop_reason::unwanted), 1U);
    ask(a, "overlay.follow", {{"feed", feed_id_text(honest_.id())}});
    peer->send(gossip(honest_, 2, now, "followed"));
    run_until([&] { return count_heard(a, "followed") == 1; });
    ask(a, "overlay.block", {{"peer", feed_id_text(honest_.id())}});
    peer->send(gossip(honest_, 3, now, "blocked"));
    peer->send(gossip(liar_, 2, now, "after"));
    run_until([&] { return count_heard(a, "after") == 1; });
    EXPECT_EQ(count_heard(a, "blocked"), 0U);
}

TEST_F(overlay_broadcast_liar, frames_that_are_none_end_the_stream) {
    service& a = start(speaking("a"));
    const std::vector<byte> short_frame{1};
    const std::vector<byte> unknown_version{99, 8, 0};
    const auto no_envelope = of_payload(honest_, 1, {0, 1, 2}, false);
    for (const auto& frame : {short_frame, unknown_version, no_envelope}) {
        const auto peer = join(a, liar_);
        peer->send(frame);
        run_until([&] { return peer->ended.has_value() && neighbours(a) == 0; });
        EXPECT_FALSE(peer->ended->empty());
    }
    const auto peer = join(a, liar_);
    peer->send(std::vector<byte>{'1'}, body_type::json);
    run_until([&] { return peer->ended.has_value() && neighbours(a) == 0; });

    const auto other = std::make_unique<raw_peer>(io_, settings("x").network, honest_, target(a));
    run_until([&] { return other->is_open(); });
    other->open(R"([{"version":2}])");
    run_until([&] { return other->ended.has_value(); });
    EXPECT_EQ(*other->ended, "expected rhumb.broadcast({version: 1})");
    EXPECT_EQ(a.spread()->links(), 0U);
}

// The one who has dialled calls again; the connection, which replicates, stays.
TEST_F(overlay_broadcast_liar, gets_another_stream_later) {
    service& a = start(speaking("a"));
    ask(a, "overlay.connect", {{"address", address_text(await_call(liar_))}});
    run_until([&] { return called_ && called_->calls == 1; });
    called_->send(std::vector<byte>{1});
    run_until([&] { return called_->ended.has_value(); });
    EXPECT_EQ(a.spread()->links(), 0U);
    run_until([&] { return called_->calls == 2; });
    EXPECT_EQ(a.spread()->links(), 1U);
    EXPECT_EQ(open_to(a, liar_), 1U);
    // Who has said that there is nothing to call is not called again.
    called_->end("muxrpc: no such command: rhumb.broadcast");
    run_until([&] { return a.spread()->links() == 0; });
    EXPECT_FALSE(called_->is_cut);
}

// What was dialled for broadcast alone is closed when it is of no use any more.
TEST_F(overlay_broadcast_liar, connections_for_broadcast_go_with_the_neighbour) {
    service& a = start(speaking("a"));
    const auto liar = join(a, liar_);
    have_dialled(*liar, await_call(honest_));
    broadcast::frame asked;
    ASSERT_EQ(broadcast::read_frame(called_->frames.front(), asked), drop_reason::none);
    ASSERT_EQ(asked.type, broadcast::frame_type::neighbour);
    std::vector<byte> frame;
    broadcast::write_neighbour_reply(frame, true, asked.tag);
    called_->send(frame);
    run_until([&] { return neighbours(a) == 2; });
    frame.clear();
    broadcast::write_disconnect(frame);
    called_->send(frame);
    run_until([&] { return called_->is_cut && open_to(a, honest_) == 0; });
    EXPECT_EQ(neighbours(a), 1U);
}

TEST_F(overlay_broadcast_liar, connections_for_broadcast_go_with_the_stream) {
    service& a = start(speaking("a"));
    const auto liar = join(a, liar_);
    have_dialled(*liar, await_call(honest_));
    called_->end("no more");
    run_until([&] { return called_->is_cut && open_to(a, honest_) == 0; });
    run_until([&] { return a.peers().missing_peers().empty(); });
    EXPECT_EQ(neighbours(a), 1U);
}

// More signatures than a peer may cost: it is read from more slowly, and nothing is lost.
TEST_F(overlay_broadcast_liar, verifies_are_within_the_limit) {
    service_settings with = speaking("a");
    with.verifies_per_second = 50;
    service& a = start(with);
    listen(a);
    const auto peer = join(a, liar_);
    const auto begin = std::chrono::steady_clock::now();
    const std::int64_t now = milliseconds_now();
    for (std::uint64_t n = 1; n <= 150; ++n) {
        peer->send(gossip(honest_, n, now, std::to_string(n) + std::string(4000, '.')));
    }
    run_until([&] { return heard_[&a].size() == 150; });
    // 50 at once, 16 in the last piece that was read, the others at 50 a second.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1400));
}

// Addresses that a peer makes up: dialled at most so many, and none beyond max_peers.
TEST_F(overlay_broadcast_liar, cannot_make_us_dial_without_end) {
    service_settings with = speaking("a");
    with.max_peers = 4;
    service& a = start(with);
    const auto peer = join(a, liar_);
    for (byte n = 0; n < 40; ++n) {
        broadcast::contact invented;
        invented.key.fill(static_cast<byte>(100 + n));
        const std::string at = "127.0.0.1:1";
        invented.where =
            *broadcast::address::of({reinterpret_cast<const byte*>(at.data()), at.size()});
        std::vector<byte> frame;
        broadcast::write_forward_join(frame, invented, 0);
        peer->send(frame);
    }
    std::size_t most = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    run_until([&] {
        most = std::max(most, a.peers().missing_peers().size());
        return std::chrono::steady_clock::now() > until;
    });
    EXPECT_LE(most, 4U);
    EXPECT_EQ(neighbours(a), 1U);
    EXPECT_TRUE(a.peers().missing_peers().empty());
}

TEST(overlay_envelope, says_what_was_written) {
    const std::string_view text = "gr\xc3\xbc\xc3\x9f dich";
    std::vector<byte> bytes;
    append_envelope(
        bytes, {1, 1'700'000'000'123, {reinterpret_cast<const byte*>(text.data()), text.size()}});
    const auto read = read_envelope(bytes);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->is(broadcast_kind::text));
    EXPECT_EQ(read->sent_ms, 1'700'000'000'123);
    EXPECT_EQ(read->text(), text);
    for (std::size_t length = 0; length < envelope_head; ++length) {
        EXPECT_FALSE(read_envelope(std::span(bytes).first(length))) << length;
    }
    EXPECT_TRUE(read_envelope(std::span(bytes).first(envelope_head)));
    EXPECT_FALSE(read_envelope(std::span(bytes).first(envelope_head + 3)));  // half a character
    const auto with = [&](std::size_t at, byte value) {
        auto changed = bytes;
        changed[at] = value;
        return read_envelope(changed).has_value();
    };
    EXPECT_FALSE(with(0, 2));
    EXPECT_FALSE(with(1, 0));
    EXPECT_TRUE(with(1, 77));
    EXPECT_FALSE(with(2, 0x80));  // a time that is none
}

TEST(overlay_envelope, link_down_has_a_version_and_a_name) {
    std::vector<byte> bytes;
    append_link_down(bytes, {0x0102030405060708, "to-r2"});
    const auto read = read_link_down(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->version, 0x0102030405060708U);
    EXPECT_EQ(read->link, "to-r2");
    for (std::size_t length = 0; length <= 8; ++length) {
        EXPECT_FALSE(read_link_down(std::span(bytes).first(length))) << length;
    }
    bytes.resize(8 + 255, 'x');
    EXPECT_TRUE(read_link_down(bytes));
    bytes.push_back('x');
    EXPECT_FALSE(read_link_down(bytes));
    bytes.resize(10);
    bytes[9] = ' ';
    EXPECT_FALSE(read_link_down(bytes));
    std::vector<byte> whole;
    append_envelope(whole, {2, 1, bytes});
    EXPECT_FALSE(read_envelope(whole));
}

TEST(overlay_envelope, is_fresh_for_a_lifetime) {
    EXPECT_TRUE(is_fresh(100'000, 100'000, 1000));
    EXPECT_TRUE(is_fresh(99'000, 100'000, 1000));
    EXPECT_TRUE(is_fresh(101'000, 100'000, 1000));
    EXPECT_FALSE(is_fresh(98'999, 100'000, 1000));
    EXPECT_FALSE(is_fresh(101'001, 100'000, 1000));
}

}  // namespace
}  // namespace rhumb::overlay
