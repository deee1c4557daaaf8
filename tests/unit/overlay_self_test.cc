// Who a node is and whom it follows: by its key file, by its configuration, and by what was asked
// for; and what it tells a log of peers that it cannot reach.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "controlplane/overlay/service/own_key.hh"
#include "controlplane/overlay/store/store.hh"
#include "tests/support/overlay_keys.hh"
#include "tests/support/overlay_services.hh"

namespace rhumb::overlay {
namespace {

using json = service::json;
using strings = std::vector<std::string>;

class overlay_self : public test::overlay_services {
protected:
    // A file that its owner alone may read.
    std::string secret(const std::string& name, const std::string& text) {
        folder_.write(name, text);
        std::filesystem::permissions(folder_.path(name), std::filesystem::perms(0600));
        return folder_.path(name);
    }
    service& start_told(const service_settings& with) {
        auto opened =
            service::open(io_, with, [this](const std::string& what, const std::string& about) {
                told_.push_back(about.empty() ? what : what + ' ' + about);
            });
        EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.why().text());
        running_.push_back(std::move(opened).value());
        return *running_.back();
    }
    void stop_all() {
        for (const auto& one : running_) {
            stop(*one);
        }
        running_.clear();
    }
    std::string why_not(const service_settings& with) {
        const auto opened = service::open(io_, with, [](const std::string&, const std::string&) {});
        return opened.ok() ? "it starts" : opened.why().text();
    }
    // By whom each feed but the own one is followed.
    strings followed(service& at) {
        strings found;
        const json shown = ask(at, "show", {{"what", "overlay_feeds"}});
        for (const json& row : shown["rows"]) {
            if (!row["own"]) {
                found.push_back(row["followed"] ? row["by"].get<std::string>() : "not");
            }
        }
        return found;
    }
    strings told_;
};

TEST_F(overlay_self, a_passphrase_encrypts_a_key_that_is_in_the_clear) {
    service_settings with = settings("a");
    const key32 id = start(with).id();
    stop_all();
    EXPECT_NE(folder_.read("a.key").find("seed"), std::string::npos);

    with.passphrase_file = secret("words", "open sesame\nno part of it\n");
    EXPECT_TRUE(look_at_own_key(with).value().will_be_encrypted);
    EXPECT_EQ(start_told(with).id(), id);
    EXPECT_EQ(folder_.read("a.key").find("seed"), std::string::npos);
    EXPECT_EQ(told_.front(),
              "its key is encrypted from now on, copies that were made before are "
              "not: " +
                  with.key_file);
    stop_all();
    EXPECT_FALSE(look_at_own_key(with).value().will_be_encrypted);
    secret("words", "open sesame\r\n");
    EXPECT_EQ(start(with).id(), id);
    stop_all();

    secret("words", "open sesame!\n");
    EXPECT_EQ(why_not(with), with.key_file + ": another passphrase, or a damaged file");
    EXPECT_FALSE(look_at_own_key(with).ok());
    with.passphrase_file.clear();
    EXPECT_EQ(why_not(with), with.key_file + ": the key is encrypted: a passphrase is needed");
}

TEST_F(overlay_self, a_passphrase_is_of_its_owner_alone_and_there) {
    service_settings with = settings("a");
    with.passphrase_file = secret("words", "open sesame\n");
    for (const unsigned mode : {0640U, 0604U, 0620U}) {
        std::filesystem::permissions(with.passphrase_file, std::filesystem::perms(mode));
        const std::string why = why_not(with);
        EXPECT_TRUE(why.starts_with(with.passphrase_file +
                                    ": others may read or write the passphrase (mode 06"))
            << why;
        EXPECT_EQ(look_at_own_key(with).why().message, why);
    }
    EXPECT_FALSE(std::filesystem::exists(with.key_file));
    for (const char* text : {"", "\n", "\r\nsecond\n"}) {
        secret("words", text);
        EXPECT_EQ(why_not(with),
                  with.passphrase_file + ": its first line, the passphrase, is empty");
    }
    secret("words", std::string(5000, 'x'));
    EXPECT_EQ(why_not(with),
              with.passphrase_file + ": its first line, the passphrase, is too long");
    std::filesystem::remove(with.passphrase_file);
    EXPECT_EQ(why_not(with),
              with.passphrase_file + ": the passphrase cannot be read: No such file or directory");
    EXPECT_FALSE(look_at_own_key(with).ok());
    EXPECT_FALSE(std::filesystem::exists(with.key_file));
}

TEST_F(overlay_self, is_known_before_the_first_start) {
    service_settings with = settings("a");
    EXPECT_FALSE(look_at_own_key(with).value().id);
    EXPECT_FALSE(std::filesystem::exists(with.key_file));  // a look makes nothing
    with.listen = {{"192.0.2.1", 8008}, {"0.0.0.0", 8009}, {"::", 8009}, {"::1", 0}};
    const auto lines = prepare_own_key(with);
    ASSERT_TRUE(lines.ok()) << lines.why().text();
    const key32 id = look_at_own_key(with).value().id.value();
    EXPECT_EQ(lines.value(), (strings{feed_id_text(id), address_text({{"192.0.2.1", 8008}, id}),
                                      address_text({{"HOST", 8009}, id})}));
    EXPECT_EQ(prepare_own_key(with).value(), lines.value());

    // It is a new feed, not one whose messages were lost.
    with.listen = {{"127.0.0.1", 0}};
    service& a = start_told(with);
    EXPECT_EQ(a.id(), id);
    publish(a, 1);
    EXPECT_EQ(told_, strings{});
    const json self = ask(a, "show", {{"what", "overlay_self"}})["rows"][0];
    EXPECT_EQ(self["id"], feed_id_text(id));
    EXPECT_EQ(self["addresses"], json(strings{address_text(target(a))}));
    EXPECT_EQ(self["own_feed"], "known");
    EXPECT_EQ(self["encrypted"], false);
    EXPECT_EQ(self["admits"], "anyone");
    EXPECT_EQ(prepare_own_key(settings("a")).value().front(), feed_id_text(id));  // while it runs

    // A key whose store is lost is still that.
    stop_all();
    std::filesystem::remove(with.store_file);
    EXPECT_TRUE(prepare_own_key(with).ok());
    EXPECT_FALSE(refusal(start(with), "overlay.publish", {{"json", R"({"type":"test"})"}}).empty());
}

TEST_F(overlay_self, the_configuration_is_followed_while_it_says_so) {
    const key32 named = rhumb::test::identity_of(1).id();
    const key32 asked = rhumb::test::identity_of(2).id();
    service_settings with = settings("a");
    with.admits_anyone = false;
    with.follow = {named};
    service& a = start(with);
    ask(a, "overlay.follow", {{"feed", feed_id_text(asked)}});
    EXPECT_EQ(followed(a), (strings{"file", "command"}));
    EXPECT_TRUE(a.feeds().follows(named));
    EXPECT_EQ(refusal(a, "overlay.unfollow", {{"feed", feed_id_text(named)}}),
              "the configuration names this feed (follow or nodes of [overlay]): take it out there "
              "and restart");
    stop_all();

    with.follow.clear();
    service& b = start(with);
    EXPECT_EQ(followed(b), (strings{"not", "command"}));
    EXPECT_FALSE(b.feeds().follows(named));
    EXPECT_TRUE(b.feeds().follows(asked));
    stop_all();

    // What was asked for stays, also where the file says the same for a while.
    with.follow = {asked};
    service& c = start(with);
    EXPECT_EQ(followed(c), (strings{"not", "file, command"}));
    stop_all();
    with.follow.clear();
    service& d = start(with);
    EXPECT_EQ(followed(d), (strings{"not", "command"}));
    ask(d, "overlay.unfollow", {{"feed", feed_id_text(asked)}});
    EXPECT_EQ(followed(d), (strings{"not", "not"}));
}

TEST_F(overlay_self, who_is_named_no_more_is_not_let_in_any_more) {
    const key32 b_id = start(settings("b")).id();
    stop_all();
    service_settings closed = settings("a");
    closed.admits_anyone = false;
    closed.link_state = link_state_settings{{{"r2", b_id}}};
    closed.follow = {b_id};  // as settings_of() has it of `nodes`
    {
        service& a = start(closed);
        service& b = start(settings("b"));
        connect(b, a);
        run_until([&] { return replicating(a) == 1; });
        stop_all();
    }
    closed.link_state = link_state_settings{};
    closed.follow.clear();
    service& a = start(closed);
    service& b = start(settings("b"));
    connect(b, a);
    run_until([&] { return a.peers().refused() != 0; });
    EXPECT_EQ(replicating(a), 0U);
}

TEST_F(overlay_self, tells_once_why_a_peer_is_not_reached) {
    service& a = start_told(settings("a"));
    const key32 nobody = rhumb::test::identity_of(3).id();
    const std::string dead = address_text({{"127.0.0.1", 1}, nobody});
    ask(a, "overlay.connect", {{"address", dead}});
    run_until([&] {
        return !a.peers().missing_peers().empty() && a.peers().missing_peers()[0].failures > 1;
    });
    EXPECT_EQ(told_, strings{"cannot reach 127.0.0.1:1 (Connection refused), will try again: " +
                             feed_id_text(nobody)});

    // Another key than the one that is dialled.
    service_settings closed = settings("b");
    closed.admits_anyone = false;
    service& b = start(closed);
    told_.clear();
    const host_port at = b.peers().listening().front();
    ask(a, "overlay.disconnect", {{"peer", feed_id_text(nobody)}});
    ask(a, "overlay.connect", {{"address", address_text({at, nobody})}});
    const std::string why = "cannot reach " + text_of(at) +
                            " (it hung up on our proof: its key is another, or it does not let us "
                            "in), will try again: ";
    run_until([&] { return !told_.empty(); });
    EXPECT_EQ(told_, strings{why + feed_id_text(nobody)});
    ask(a, "overlay.disconnect", {{"peer", feed_id_text(nobody)}});
    // And the right one, that does not let us in.
    told_.clear();
    connect(a, b);
    run_until([&] { return !told_.empty(); });
    EXPECT_EQ(told_, strings{why + feed_id_text(b.id())});
}

TEST_F(overlay_self, says_that_it_is_no_router) {
    service& a = start(settings("a"));
    EXPECT_EQ(refusal(a, "show", {{"what", "version"}}),
              "there is no show version: this is rhumb-overlay, which is no router; ask with "
              "rhumbctl overlay show");
    EXPECT_TRUE(refusal(a, "show", {{"what", "overlay_x"}}).starts_with("params.what must be "));
    EXPECT_TRUE(refusal(a, "reload", json::object())
                    .starts_with("no method \"reload\": this is rhumb-overlay, which is no "
                                 "router; there are show, "));
    EXPECT_TRUE(refusal(a, "overlay.x", json::object())
                    .starts_with("unknown method \"overlay.x\"; there are show, "));
}

}  // namespace
}  // namespace rhumb::overlay
