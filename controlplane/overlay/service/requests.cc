// What can be asked of the service, as JSON.
#include <fmt/format.h>

#include <chrono>

#include "controlplane/control/messages.hh"
#include "controlplane/overlay/service/service.hh"

namespace rhumb::overlay {

using json = service::json;

namespace {

constexpr std::int64_t page_messages = 200;
constexpr std::size_t page_bytes = std::size_t{1} << 20;
constexpr std::size_t most_rows = 2000;
constexpr std::chrono::milliseconds reader_pause{10};

error bad(std::string message) { return {std::move(message), {}}; }

result<key32> key_param(const json& params, const char* name) {
    const auto it = params.find(name);
    if (it == params.end() || !it->is_string()) {
        return bad(std::string("params.") + name + " must be a feed's name, @KEY.ed25519");
    }
    const auto key = parse_feed_id(it->get_ref<const std::string&>());
    return key ? result<key32>(*key)
               : bad("\"" + it->get<std::string>() +
                     "\" is no feed: names are @KEY.ed25519, KEY being the base64 of 32 bytes");
}

// A number, or `otherwise` where there is none.
result<std::int64_t> number_or(const json& params, std::string_view name, std::int64_t otherwise,
                               std::int64_t least, std::int64_t most) {
    const auto given = control::number_param(params, name, static_cast<std::uint64_t>(least),
                                             static_cast<std::uint64_t>(most));
    if (!given) {
        return given.why();
    }
    return given.value() ? static_cast<std::int64_t>(*given.value()) : otherwise;
}

bool flag_param(const json& params, const char* name) {
    const auto it = params.find(name);
    return it != params.end() && it->is_boolean() && it->get<bool>();
}

std::string id_text(const std::string& id) {
    key32 key{};
    std::copy_n(id.begin(), std::min(id.size(), key.size()), key.begin());
    return feed_id_text(key);
}

json clock_json(const std::map<std::string, std::int64_t>& clock) {
    json made = json::object();
    for (const auto& [id, sequence] : clock) {
        made[id_text(id)] = sequence;
    }
    return made;
}

// What a command answers: nothing, or why not.
void answer_done(const service::client& to, const result<void>& done) {
    to.answer(done ? result<json>(json::object()) : done.why());
}

}  // namespace

void service::request(std::string_view method, const json& params, client from) {
    if (method == "show") {
        show(params, from);
    } else if (method == "overlay.follow") {
        follow(params, true, from);
    } else if (method == "overlay.unfollow") {
        follow(params, false, from);
    } else if (method == "overlay.block") {
        block(params, true, from);
    } else if (method == "overlay.unblock") {
        block(params, false, from);
    } else if (method == "overlay.publish") {
        publish(params, from);
    } else if (method == "overlay.read") {
        read(params, from);
    } else if (method == "overlay.connect") {
        connect(params, from);
    } else if (method == "overlay.new_feed") {
        new_feed(from);
    } else if (method == "overlay.disconnect") {
        disconnect(params, from);
    } else if (method == "overlay.broadcast") {
        broadcast(params, from);
    } else if (method == "overlay.listen") {
        listen(params, from);
    } else {
        from.answer(bad("unknown method \"" + std::string(method) +
                        "\"; there are show, overlay.follow, .unfollow, .block, .unblock, "
                        ".publish, .read, .new_feed, .connect, .disconnect, .broadcast and "
                        ".listen"));
    }
}

// Showing.

void service::show(const json& params, const client& from) {
    const auto it = params.find("what");
    const std::string what = it != params.end() && it->is_string() ? it->get<std::string>() : "";
    if (what == "overlay_feeds") {
        show_feeds(params, from);
    } else if (what == "overlay_forks") {
        show_forks(from);
    } else if (what == "overlay_peers") {
        from.answer(json{{"rows", peer_rows()}});
    } else if (what == "overlay_progress") {
        from.answer(json{{"rows", json::array({progress_row()})}});
    } else if (what == "overlay_nodes") {
        from.answer(json{{"rows", link_states_ ? link_states_->rows() : json::array()}});
    } else if (what == "overlay_broadcast") {
        from.answer(json{{"rows", json::array({broadcast_tree()})}});
    } else if (what == "overlay_state") {
        show_state(params, from);
    } else {
        from.answer(bad(
            "params.what must be overlay_feeds, overlay_peers, overlay_progress, overlay_state, "
            "overlay_forks, overlay_broadcast or overlay_nodes"));
    }
}

void service::show_feeds(const json& params, const client& from) {
    const auto first = number_or(params, "from", 0, 0, INT64_MAX);
    const auto limit = number_or(params, "limit", 1000, 1, most_rows);
    if (!first || !limit) {
        from.answer(first ? limit.why() : first.why());
        return;
    }
    archive_.run(
        [](store& kept) { return kept.feeds(); },
        [this, from, first = static_cast<std::size_t>(first.value()),
         limit = static_cast<std::size_t>(limit.value())](const std::vector<stored_feed>& feeds) {
            json rows = json::array();
            std::size_t i = first;
            for (; i < feeds.size() && rows.size() < limit; ++i) {
                const stored_feed& feed = feeds[i];
                rows.push_back({{"feed", feed_id_text(feed.key)},
                                {"sequence", feed.head.sequence},
                                {"own", feed.key == own_.id()},
                                {"followed", feed.followed || feed.key == own_.id()},
                                {"frozen", feed.frozen}});
            }
            json answer{{"rows", std::move(rows)}};
            if (i < feeds.size()) {
                answer["next"] = i;
            }
            from.answer(std::move(answer));
        });
}

void service::show_forks(const client& from) {
    archive_.run([](store& kept) { return kept.forks(); },
                 [from](const result<std::vector<fork_proof>>& proofs) {
                     if (!proofs) {
                         from.answer(proofs.why());
                         return;
                     }
                     json rows = json::array();
                     for (const fork_proof& proof : proofs.value()) {
                         rows.push_back({{"feed", feed_id_text(proof.author)},
                                         {"found_ms", proof.found_ms},
                                         {"ours", proof.ours},
                                         {"theirs", proof.theirs}});
                     }
                     from.answer(json{{"rows", std::move(rows)}});
                 });
}

json service::peer_rows() const {
    json rows = json::array();
    const auto now = std::chrono::steady_clock::now();
    for (const auto& one : hub_.connections()) {
        json row{{"address", text_of(one->remote())},
                 {"dialled", one->is_client()},
                 {"state", !one->is_open()     ? "handshake"
                           : one->is_closing() ? "closing"
                           : one->replicates() ? "replicating"
                                               : "connected"},
                 {"seconds",
                  std::chrono::duration_cast<std::chrono::seconds>(now - one->since()).count()},
                 {"rx_bytes", one->bytes_received()},
                 {"tx_bytes", one->bytes_sent()},
                 {"calls", one->open_calls()},
                 {"why", one->why()}};
        row["peer"] = one->is_open() || one->is_client() ? feed_id_text(one->peer()) : "";
        rows.push_back(std::move(row));
    }
    for (const hub::missing& one : hub_.missing_peers()) {
        rows.push_back({{"peer", feed_id_text(one.peer.key)},
                        {"address", text_of(one.peer.at)},
                        {"dialled", true},
                        {"state", "dialling"},
                        {"failures", one.failures},
                        {"why", one.why}});
    }
    return rows;
}

json service::progress_row() const {
    const ebt::progress_view progress = feeds_.machine().progress();
    const replication_counters& n = feeds_.counters();
    return {
        {"start", progress.start},
        {"current", progress.current},
        {"total", progress.total},
        {"messages_received", n.received},
        {"messages_appended", n.appended},
        {"messages_sent", n.sent},
        {"messages_read", n.read},
        {"duplicates", n.duplicates},
        {"gaps", n.gaps},
        {"unrequested", n.unrequested},
        {"invalid", n.invalid},
        {"forks", n.forks},
        {"notes_received", n.notes_received},
        {"notes_sent", n.notes_sent},
        {"verifying", feeds_.waiting_for_verifiers()},
        {"storing", archive_.waiting()},
        {"turns", turns_.count()},
        {"turns_over_5_ms", turns_.late()},
        {"longest_turn_us",
         std::chrono::duration_cast<std::chrono::microseconds>(turns_.longest()).count()},
        {"longest_turn_by_clock_us",
         std::chrono::duration_cast<std::chrono::microseconds>(turns_.longest_by_clock()).count()},
        {"own_feed", feeds_.is_learning() ? "learning"
                     : feeds_.is_behind() ? "behind"
                                          : "known"},
        {"refused_peers", hub_.refused()},
        {"store_errors", n.store_errors},
        {"store_error", feeds_.store_error()}};
}

// In pages of feeds, so that nobody waits for it.
void service::show_state(const json& params, const client& from) const {
    const ebt::machine& machine = feeds_.machine();
    const std::size_t peers = hub_.connections().size() + 1;
    const auto most = static_cast<std::int64_t>(std::max<std::size_t>(10, most_rows / peers));
    const auto first = number_or(params, "from", 0, 0, UINT32_MAX);
    const auto limit = number_or(params, "limit", most, 1, INT64_MAX);
    if (!first || !limit) {
        from.answer(first ? limit.why() : first.why());
        return;
    }
    const auto begin = static_cast<std::size_t>(first.value());
    const auto count = static_cast<std::size_t>(std::min(limit.value(), most));
    json answer{{"rows", json::array({state_tree(begin, count)})}};
    if (begin + count < machine.feeds()) {
        answer["next"] = begin + count;
    }
    from.answer(std::move(answer));
}

// Turns of the loop: how many took less than so many microseconds, and not less than the one
// before.
json service::turn_tree() const {
    json tree = json::object();
    for (std::size_t n = 0; n < turns_.counts().size(); ++n) {
        if (turns_.counts()[n] != 0) {
            tree[std::to_string(std::uint64_t{1} << n)] = turns_.counts()[n];
        }
    }
    return tree;
}

// The machine's state, under the reference's names.
json service::state_tree(std::size_t first, std::size_t count) const {
    const ebt::state_view state =
        feeds_.machine().state(static_cast<ebt::feed_number>(first), count);
    json peers = json::object();
    for (const auto& [id, peer] : state.peers) {
        json replicating = json::object();
        for (const auto& [feed, entry] :
             peer.replicating.value_or(std::map<std::string, ebt::replication_view>{})) {
            replicating[id_text(feed)] = {{"rx", entry.rx},
                                          {"tx", entry.tx},
                                          {"sent", entry.sent ? json(*entry.sent) : json(nullptr)},
                                          {"requested", entry.requested},
                                          {"source", entry.is_source}};
        }
        json retrieve = json::array();
        for (const std::string& feed : peer.retrieve) {
            retrieve.push_back(id_text(feed));
        }
        peers[id_text(id)] = {
            {"client", peer.is_client},
            {"blocked", peer.is_blocked},
            {"clock", peer.clock ? clock_json(*peer.clock) : json(nullptr)},
            {"msgs", peer.messages.size()},
            {"retrieve", std::move(retrieve)},
            {"notes", peer.notes ? clock_json(*peer.notes) : json(nullptr)},
            {"replicating", peer.replicating ? std::move(replicating) : json(nullptr)}};
    }
    json follows = json::object();
    for (const auto& [id, on] : state.follows) {
        follows[id_text(id)] = on;
    }
    json blocks = json::object();
    for (const auto& [who, whom] : state.blocks) {
        for (const std::string& target : whom) {
            blocks[id_text(who)][id_text(target)] = true;
        }
    }
    return {{"id", id_text(state.id)},       {"clock", clock_json(state.clock)},
            {"follows", std::move(follows)}, {"blocks", std::move(blocks)},
            {"peers", std::move(peers)},     {"receive", state.receive.size()},
            {"turns", turn_tree()}};
}

// Changing.

void service::follow(const json& params, bool on, const client& from) {
    const auto feed = key_param(params, "feed");
    if (!feed) {
        from.answer(feed.why());
        return;
    }
    if (feed.value() == own_.id()) {
        from.answer(bad("this node's own feed is always replicated"));
        return;
    }
    feeds_.follow(feed.value(), on, [from](const result<void>& done) { answer_done(from, done); });
}

// Without `by`, this node blocks: a connection of the peer is closed.
void service::block(const json& params, bool on, const client& from) {
    const auto target = key_param(params, "peer");
    const auto by = params.contains("by") ? key_param(params, "by") : result<key32>(own_.id());
    if (!target || !by) {
        from.answer(target ? by.why() : target.why());
        return;
    }
    if (target.value() == by.value()) {
        from.answer(bad("nobody can block himself"));
        return;
    }
    feeds_.block(
        by.value(), target.value(), on,
        [this, from, on, by = by.value(), target = target.value()](const result<void>& done) {
            if (done && on && by == own_.id()) {
                hub_.hang_up(target, "blocked");
            }
            answer_done(from, done);
        });
}

void service::publish(const json& params, const client& from) {
    // As text, members keep their order, and numbers and strings their form.
    const auto text = control::text_param(params, "json");
    if (!text || !text.value()) {
        from.answer(text ? bad("params.json, the content, is missing") : text.why());
        return;
    }
    feeds_.publish(*text.value(), [from](const result<classic_message>& made) {
        if (!made) {
            from.answer(made.why());
            return;
        }
        from.answer(
            json{{"id", message_id_text(made.value().id)}, {"sequence", made.value().sequence}});
    });
}

void service::new_feed(const client& from) {
    if (!feeds_.is_learning()) {
        from.answer(bad("this node's feed is known: there is nothing to wait for"));
        return;
    }
    feeds_.end_learning([from](const result<void>& done) { answer_done(from, done); });
}

void service::connect(const json& params, const client& from) {
    const auto address = params.find("address");
    if (address == params.end() || !address->is_string()) {
        from.answer(bad("params.address must be net:HOST:PORT~shs:KEY"));
        return;
    }
    const auto peer = parse_address(address->get_ref<const std::string&>());
    if (!peer) {
        from.answer(peer.why());
        return;
    }
    archive_.run([kept = peer_address{peer.value().key, address_text(peer.value())}](
                     store& s) { return s.keep_peer(kept); },
                 [this, from, to = peer.value()](const result<void>& done) {
                     if (done) {
                         hub_.dial(to, true);
                     }
                     answer_done(from, done);
                 });
}

void service::disconnect(const json& params, const client& from) {
    const auto peer = key_param(params, "peer");
    if (!peer) {
        from.answer(peer.why());
        return;
    }
    archive_.run([key = peer.value()](store& s) { return s.keep_peer({key, ""}); },
                 [this, from, key = peer.value()](const result<void>& done) {
                     if (done) {
                         hub_.give_up(key);
                     }
                     answer_done(from, done);
                 });
}

// Reading.

void service::read(const json& params, const client& from) {
    const auto feed = key_param(params, "feed");
    const auto first = number_or(params, "from", 1, 1, ebt::max_sequence);
    const auto limit = number_or(params, "limit", INT64_MAX, 1, INT64_MAX);
    if (!feed || !first || !limit) {
        from.answer(!feed ? feed.why() : !first ? first.why() : limit.why());
        return;
    }
    auto who = std::make_shared<reader>();
    who->feed = feed.value();
    who->next = first.value();
    who->left = limit.value();
    who->follows = flag_param(params, "follow");
    who->to = from;
    readers_.push_back(who);
    read_page(who);
}

void service::read_page(const std::shared_ptr<reader>& who) {
    struct page {
        std::vector<std::pair<std::string, std::string>> messages;  // id, text
        bool is_last = true;
    };
    who->is_reading = true;
    archive_.run(
        [feed = who->feed, next = who->next,
         most = std::min(who->left, page_messages)](store& kept) -> result<page> {
            page made;
            std::size_t bytes = 0;
            auto done = kept.read(feed, next, [&](const stored_message& m) {
                made.messages.emplace_back(message_id_text(m.id), m.raw);
                bytes += m.raw.size();
                made.is_last =
                    static_cast<std::int64_t>(made.messages.size()) < most && bytes < page_bytes;
                return made.is_last;
            });
            return done ? result<page>(std::move(made)) : done.why();
        },
        [this, who](const result<page>& got) {
            who->is_reading = false;
            if (std::ranges::find(readers_, who) == readers_.end()) {
                return;  // it has ended meanwhile
            }
            if (!got) {
                readers_.remove(who);
                who->to.answer(got.why());
                return;
            }
            for (const auto& [id, text] : got.value().messages) {
                // As its author wrote it.
                if (!who->to.event(fmt::format(R"({{"key":"{}","value":{}}})", id, text))) {
                    readers_.remove(who);
                    return;
                }
                ++who->next;
                ++who->read;
                --who->left;
            }
            if (who->left == 0 || (got.value().is_last && !who->follows)) {
                finish(who);
            } else if (!got.value().is_last) {
                read_on(who);
            }
        });
}

// The next page, once the client has taken what it was sent.
void service::read_on(const std::shared_ptr<reader>& who) {
    if (!who->to.has_room || who->to.has_room()) {
        return read_page(who);
    }
    who->is_reading = true;
    auto timer = std::make_shared<boost::asio::steady_timer>(io_, reader_pause);
    timer->async_wait([this, who, timer](boost::system::error_code) { read_on(who); });
}

void service::heard(const key32& feed, std::int64_t sequence, const message_text& /*text*/) {
    const auto copy = readers_;  // a reader that ends takes itself off the list
    for (const auto& who : copy) {
        if (who->feed == feed && who->follows && !who->is_reading && sequence >= who->next) {
            read_page(who);
        }
    }
    if (link_states_) {
        link_states_->stored(feed);
    }
}

void service::finish(const std::shared_ptr<reader>& who) {
    readers_.remove(who);
    who->to.answer(json{{"read", who->read}});
}

}  // namespace rhumb::overlay
