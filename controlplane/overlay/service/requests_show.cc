// What the service shows, as JSON: feeds, forks, peers, progress, the machine's state.
#include <chrono>

#include "controlplane/overlay/service/machine_ids.hh"
#include "controlplane/overlay/service/own_key.hh"
#include "controlplane/overlay/service/request_params.hh"
#include "controlplane/overlay/service/service.hh"

namespace rhumb::overlay {

using json = service::json;

namespace {

constexpr std::size_t most_rows = 2000;

std::string id_text(std::string_view id) { return feed_id_text(key_of(id)); }

// Whether the node may publish (docs/overlay.md, What is kept).
const char* own_feed_word(const replicator& feeds) {
    return feeds.is_learning() ? "learning" : feeds.is_behind() ? "behind" : "known";
}

json clock_json(const std::map<std::string, std::int64_t>& clock) {
    json made = json::object();
    for (const auto& [id, sequence] : clock) {
        made[id_text(id)] = sequence;
    }
    return made;
}

}  // namespace

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
    } else if (what == "overlay_self") {
        from.answer(json{{"rows", json::array({self_row()})}});
    } else if (what == "overlay_state") {
        show_state(params, from);
    } else if (!what.empty() && !what.starts_with("overlay_")) {
        from.answer(bad_request("there is no show " + what +
                                ": this is rhumb-overlay, which is no router; ask with rhumbctl "
                                "overlay show"));
    } else {
        from.answer(bad_request(
            "params.what must be overlay_self, overlay_feeds, overlay_peers, overlay_progress, "
            "overlay_state, overlay_forks, overlay_broadcast or overlay_nodes"));
    }
}

// What others are to be told of this node, so that they can follow and dial it.
json service::self_row() const {
    return {{"id", feed_id_text(own_.id())},
            {"addresses", addresses_for_peers(hub_.listening(), own_.id())},
            {"admits", settings_.admits_anyone ? "anyone" : "followed"},
            {"encrypted", !settings_.passphrase_file.empty()},
            {"own_feed", own_feed_word(feeds_)}};
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
                const bool is_own = feed.key == own_.id();
                const bool is_configured = feeds_.is_configured(feed.key);
                json row{{"feed", feed_id_text(feed.key)},
                         {"sequence", feed.head.sequence},
                         {"own", is_own},
                         {"followed", feed.followed || is_configured || is_own},
                         {"frozen", feed.frozen}};
                if ((feed.followed || is_configured) && !is_own) {
                    row["by"] = !is_configured   ? "command"
                                : !feed.followed ? "file"
                                                 : "file, command";
                }
                rows.push_back(std::move(row));
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
        {"own_feed", own_feed_word(feeds_)},
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

}  // namespace rhumb::overlay
