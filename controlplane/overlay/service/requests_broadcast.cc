// What can be asked about broadcast, as JSON.
#include <array>
#include <bit>

#include "controlplane/overlay/service/now.hh"
#include "controlplane/overlay/service/request_params.hh"
#include "controlplane/overlay/service/service.hh"

namespace rhumb::overlay {

using json = service::json;

namespace {

constexpr std::size_t most_recent = 64;
constexpr std::size_t most_recent_bytes = std::size_t{256} << 10;
constexpr std::size_t most_listeners = 64;

constexpr const char* off =
    "broadcast is off: set broadcast = \"plumtree\" in [overlay] and restart";

constexpr std::array<std::string_view, broadcast::frame_types> type_names{
    "",        "join",          "forward_join", "neighbour", "neighbour_reply", "disconnect",
    "shuffle", "shuffle_reply", "gossip",       "ihave",     "graft",           "prune",
    "ack"};

constexpr std::array<std::string_view, 3> way_names{"plumtree", "flooding", "gossip"};

json frame_counts(const std::array<std::uint64_t, broadcast::frame_types>& counts) {
    json made = json::object();
    for (std::size_t type = 1; type < counts.size(); ++type) {
        if (counts[type] != 0) {
            made[type_names[type]] = counts[type];
        }
    }
    return made;
}

json contact_json(const broadcast::contact& who) {
    const auto where = who.where.view();
    return {{"peer", feed_id_text(who.key)},
            {"address", std::string(reinterpret_cast<const char*>(where.data()), where.size())}};
}

json message_json(const heard_broadcast& message) {
    json made{{"origin", feed_id_text(message.origin)},
              {"sequence", message.sequence},
              {"hops", message.hops},
              {"sent_ms", message.said.sent_ms}};
    if (message.said.is(broadcast_kind::text)) {
        made["kind"] = "text";
        made["text"] = message.said.text();
    } else if (message.said.is(broadcast_kind::link_down)) {
        const auto down = read_link_down(message.said.content);
        made["kind"] = "link_down";
        made["version"] = down->version;
        made["link"] = down->link;
    } else {
        made["kind"] = std::to_string(message.said.kind);
        made["bytes"] = message.said.content.size();
    }
    return made;
}

}  // namespace

void service::broadcast(const json& params, const client& from) {
    if (!spread_) {
        from.answer(bad_request(off));
        return;
    }
    const auto text = control::text_param(params, "text");
    if (!text || !text.value()) {
        from.answer(text ? bad_request("params.text, what is to be said, is missing") : text.why());
        return;
    }
    const std::string& said = *text.value();
    const auto sent = spread_->send(broadcast_kind::text,
                                    {reinterpret_cast<const byte*>(said.data()), said.size()});
    if (!sent) {
        from.answer(sent.why());
        return;
    }
    from.answer(json{{"sequence", sent.value()},
                     {"neighbours", std::popcount(spread_->node().peers().neighbours())}});
}

void service::forget_old_messages() {
    const std::int64_t oldest = system_ms() - std::int64_t{spread_->settings().lifetime} * 1000;
    while (!recent_.empty() && (recent_.front().first < oldest || recent_.size() > most_recent ||
                                recent_bytes_ > most_recent_bytes)) {
        recent_bytes_ -= recent_.front().second.dump().size();
        recent_.pop_front();
    }
}

void service::heard(const heard_broadcast& message) {
    json said = message_json(message);
    for (auto at = listeners_.begin(); at != listeners_.end();) {
        listener& one = *at++;
        if (one.to.has_room && !one.to.has_room()) {
            ++one.missed;
            continue;
        }
        json event = said;
        if (one.missed != 0) {
            event["missed"] = std::exchange(one.missed, 0);
        }
        if (!one.to.event(event.dump())) {
            listeners_.remove_if([&](const listener& l) { return &l == &one; });
        }
    }
    if (link_states_) {
        link_states_->heard(message);
    }
    recent_bytes_ += said.dump().size();
    recent_.emplace_back(message.said.sent_ms, std::move(said));
    forget_old_messages();
}

// What has come lately, and, to follow, what comes.
void service::listen(const json& params, const client& from) {
    if (!spread_) {
        from.answer(bad_request(off));
        return;
    }
    forget_old_messages();
    for (const auto& [sent_ms, said] : recent_) {
        if (!from.event(said.dump())) {
            return;
        }
    }
    if (!flag_param(params, "follow")) {
        from.answer(json::object());
        return;
    }
    // Those that are gone are known only when there is something to tell them.
    if (listeners_.size() >= most_listeners) {
        from.answer(bad_request("too many listen already"));
        return;
    }
    listeners_.push_back({from});
}

json service::broadcast_tree() const {
    if (!spread_) {
        return {{"on", false}};
    }
    const broadcast::node& node = spread_->node();
    const broadcast::membership& peers = node.peers();
    json neighbours = json::array();
    for (broadcast::slot s = 0; s < broadcast::most_neighbours; ++s) {
        if ((peers.neighbours() & broadcast::only(s)) != 0) {
            json row = contact_json(peers.at(s));
            row["eager"] = (node.eager() & broadcast::only(s)) != 0;
            neighbours.push_back(std::move(row));
        }
    }
    json passive = json::array();
    for (std::size_t n = 0; n < peers.passive_size(); ++n) {
        passive.push_back(contact_json(peers.passive_at(n)));
    }
    const broadcast::counters& counts = node.counts();
    json dropped = json::object();
    for (std::size_t why = 1; why < counts.dropped.size(); ++why) {
        if (counts.dropped[why] != 0) {
            dropped[broadcast::drop_texts[why].name] = counts.dropped[why];
        }
    }
    const broadcast_settings& chosen = spread_->settings();
    const auto own_address = contact_json(peers.self())["address"];
    return {{"on", true},
            {"way", way_names[static_cast<std::size_t>(chosen.way)]},
            {"retransmit", chosen.retransmit},
            {"in_order", chosen.in_order},
            {"address", own_address},
            {"neighbours", std::move(neighbours)},
            {"passive", std::move(passive)},
            {"links", spread_->links()},
            {"delivered", counts.delivered},
            {"retransmitted", counts.retransmitted},
            {"optimised", counts.optimised},
            {"gaps", counts.gaps},
            {"verifying", spread_->verifying()},
            {"unsendable", spread_->unsendable()},
            {"overflows", spread_->overflows()},
            {"frames_sent", frame_counts(counts.sent)},
            {"frames_received", frame_counts(counts.received)},
            {"bytes_sent", counts.sent_bytes},
            {"bytes_received", counts.received_bytes},
            {"dropped", std::move(dropped)}};
}

}  // namespace rhumb::overlay
