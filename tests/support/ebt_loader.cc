#include "tests/support/ebt_loader.hh"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace rhumb::overlay::ebt {
namespace {

// "author:3"
message_name named(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    return {text.substr(0, colon), std::stoll(text.substr(colon + 1))};
}

message made(machine& m, const std::string& text) {
    const message_name name = named(text);
    return {.feed = m.feed_of(name.first), .size = 1, .sequence = name.second, .body = {}};
}

std::int64_t note_of(const ordered_json& value) {
    return value.is_number_integer() ? value.get<std::int64_t>() : malformed_note;
}

std::string written(const message_name& name) {
    return name.first + ':' + std::to_string(name.second);
}

ordered_json show_peer(const peer_view& p) {
    ordered_json shown{{"blocked", p.is_blocked}, {"client", p.is_client}};
    shown["clock"] = p.clock ? ordered_json(*p.clock) : ordered_json();
    if (p.active) {
        shown["ts"] = *p.active;
    }
    shown["notes"] = p.notes ? ordered_json(*p.notes) : ordered_json();
    shown["msgs"] = ordered_json::array();
    for (const message_name& name : p.messages) {
        shown["msgs"].push_back(written(name));
    }
    shown["retrive"] = p.retrieve;
    shown["replicating"] = ordered_json();
    if (p.replicating) {
        shown["replicating"] = ordered_json::object();
        for (const auto& [feed, r] : *p.replicating) {
            shown["replicating"][feed] = {{"tx", r.tx},
                                          {"rx", r.rx},
                                          {"sent", r.sent ? ordered_json(*r.sent) : ordered_json()},
                                          {"requested", r.requested}};
        }
    }
    if (p.entries_received != 0) {
        shown["recvNotes"] = p.entries_received;
    }
    return shown;
}

}  // namespace

std::unique_ptr<machine> machine_loader::load(host& of, const ordered_json& state,
                                              std::int64_t now) {
    options chosen;
    chosen.timeout = state.value("timeout", chosen.timeout);
    auto made_machine = std::make_unique<machine>(state.value("id", std::string()), of, chosen);
    machine& m = *made_machine;
    m.set_time(now);
    if (state["clock"].is_object()) {
        for (const auto& [feed, head] : state["clock"].items()) {
            m.load_clock(
                std::vector<clock_entry>{{.feed = feed, .sequence = head.get<std::int64_t>()}});
        }
    }
    for (const auto& [feed, is_followed] : state["follows"].items()) {
        m.request(feed, true);
        m.request(feed, is_followed.get<bool>());
    }
    for (const auto& [who, whom] : state["blocks"].items()) {
        for (const auto& [target, is_blocked] : whom.items()) {
            m.block(who, target, is_blocked.get<bool>());
        }
    }
    for (const auto& [id, p] : state["peers"].items()) {
        load_peer(m, id, p);
    }
    find_sources(m);
    for (const auto& waiting : state["receive"]) {
        const auto text = waiting.get<std::string>();
        const std::size_t after = text.find('>');
        const message what = made(m, text.substr(after + 1));
        m.feeds_[what.feed].offered = static_cast<std::int32_t>(what.sequence);
        m.arrivals_.push({.from = stream_of(m, text.substr(0, after)), .what = what});
    }
    return made_machine;
}

void machine_loader::load_peer(machine& m, const std::string& id, const ordered_json& state) {
    peer& p = *m.peers_[m.record_of(id)];
    p.session = ++m.sessions_;
    p.is_connected = true;
    p.is_client = state.value("client", false);
    p.is_blocked = state.value("blocked", false);
    p.is_loaded = !state["clock"].is_null();
    p.is_open = !state["replicating"].is_null();
    p.active = state.value("ts", std::int64_t{absent});
    p.entries_received = state.value("recvNotes", std::uint64_t{0});
    m.connected_.push_back(p.number);
    const auto stamp = static_cast<std::uint32_t>(p.active < 0 ? 0 : p.active);
    if (p.is_loaded) {
        for (const auto& [feed, claimed] : state["clock"].items()) {
            link& l = m.touch(p, m.intern(feed));
            l.claimed = claimed.get<std::int32_t>();
            feed_number f = m.intern(feed);
            m.feeds_[f].top_claim = std::max(m.feeds_[f].top_claim, l.claimed);
        }
    }
    if (p.is_open) {
        for (const auto& [feed, r] : state["replicating"].items()) {
            const feed_number f = m.intern(feed);
            link& l = m.touch(p, f);
            l.set(link::entry);
            l.set(link::tx, r["tx"].get<bool>());
            l.set(link::rx, r["rx"].get<bool>());
            l.sent = r["sent"].is_null() ? unknown : r["sent"].get<std::int32_t>();
            l.requested = r.value("requested", 0);
            l.set(link::refused, l.sent == not_replicated && l.claimed == not_replicated);
            l.asked = m.stamp();
            l.active = stamp;
            if (l.is(link::rx)) {
                l.set(link::listed);
                p.asked_feeds.push_back(f);
            }
        }
    }
    load_notes(m, p, state.value("notes", ordered_json()));
    for (const auto& feed : state.value("retrive", ordered_json::array())) {
        const feed_number f = m.intern(feed.get<std::string>());
        m.queue_read(p, f, m.touch(p, f));
    }
    for (const auto& text : state["msgs"]) {
        m.push(p, made(m, text.get<std::string>()));
    }
}

void machine_loader::load_notes(machine& m, peer& p, const ordered_json& notes) {
    p.has_notes = !notes.is_null();
    if (!p.has_notes) {
        return;
    }
    for (const auto& [feed, value] : notes.items()) {
        const feed_number f = m.intern(feed);
        link& l = m.touch(p, f);
        l.set(link::noted);
        p.pending.push_back(f);
        if (!l.is(link::entry)) {
            l.requested = decode_note(value.get<std::int64_t>()).sequence;
        }
    }
}

void machine_loader::find_sources(machine& m) {
    for (feed_number f = 0; f < m.feeds_.size(); ++f) {
        for (const peer_number number : m.connected_) {
            peer& p = *m.peers_[number];
            const link& l = m.at(p, f);
            if (m.feeds_[f].source == no_peer && m.keeps_source(p, l, f)) {
                m.feeds_[f].source = number;
            }
        }
    }
}

stream machine_loader::stream_of(const machine& m, const std::string& peer) {
    const auto known = m.numbers_.find(peer);
    return known == m.numbers_.end() ? stream{} : m.stream_of(*m.peers_[known->second]);
}

bool machine_loader::follow(machine& m, const ordered_json& state) {
    while (m.arrivals_.size() > state["receive"].size()) {
        (void)m.arrivals_.pop();
    }
    for (const peer_number number : m.connected_) {
        peer& p = *m.peers_[number];
        if (!state["peers"].contains(p.id)) {
            return false;
        }
        const ordered_json& there = state["peers"][p.id];
        message out;
        while (p.out.size() > there["msgs"].size() && m.next_message(m.stream_of(p), out)) {
        }
        std::vector<note> mentioned;
        if (there.value("notes", ordered_json()).is_null()) {
            (void)m.next_notes(m.stream_of(p), SIZE_MAX, mentioned);
        }
        while (!p.reads.empty()) {
            p.links[p.reads.pop()].set(link::queued, false);
        }
        for (const auto& feed : there.value("retrive", ordered_json::array())) {
            const feed_number f = m.intern(feed.get<std::string>());
            m.queue_read(p, f, m.touch(p, f));
        }
    }
    return true;
}

void machine_loader::apply(machine& m, const std::string& event, const ordered_json& argument) {
    const auto peer_stream = [&] { return stream_of(m, argument["id"].get<std::string>()); };
    if (argument.is_object() && argument.contains("ts")) {
        m.now_ = argument["ts"].get<std::int64_t>();  // in traces it goes back, too
    }
    if (event == "clock") {
        for (const auto& [feed, head] : argument.items()) {
            m.load_clock(
                std::vector<clock_entry>{{.feed = feed, .sequence = head.get<std::int64_t>()}});
        }
    } else if (event == "follow") {
        m.request(argument["id"].get<std::string>(), argument["value"].get<bool>());
    } else if (event == "block") {
        m.block(argument["id"].get<std::string>(), argument["target"].get<std::string>(),
                argument["value"].get<bool>());
    } else if (event == "connect") {
        // Each session loads the clock that the trace gives it.
        m.forget(argument["id"].get<std::string>());
        (void)m.create_stream(argument["id"].get<std::string>(), 3, argument["client"].get<bool>());
    } else if (event == "peerClock") {
        std::vector<clock_entry> clock;
        for (const auto& [feed, head] : argument["value"].items()) {
            m.intern(feed);
            clock.push_back(
                {.feed = m.id_of(m.feed_of(feed)), .sequence = head.get<std::int64_t>()});
        }
        m.peer_clock(peer_stream(), clock);
    } else if (event == "disconnect") {
        m.close(peer_stream());
    } else if (event == "append") {
        m.on_append(made(m, argument.get<std::string>()));
    } else if (event == "retrive") {
        m.retrieved(made(m, argument.get<std::string>()));
    } else if (event == "receive") {
        const message_name name = named(argument["value"].get<std::string>());
        (void)m.receive(peer_stream(), name.first, name.second, 1, {});
    } else if (event == "notes") {
        const ordered_json& value = argument["value"];
        const bool is_inside = value.contains("clock") && value["clock"].is_object();
        const ordered_json& clock = is_inside ? value["clock"] : value;
        std::vector<std::string> ids;
        ids.reserve(clock.size());
        for (const auto& each : clock.items()) {
            ids.push_back(each.key());
        }
        std::vector<note> mentioned;
        mentioned.reserve(clock.size());
        for (const std::string& id : ids) {
            mentioned.push_back({.feed = id, .value = note_of(clock[id])});
        }
        m.notes(peer_stream(), mentioned);
    } else if (event == "timeout") {
        m.tick(argument["ts"].get<std::int64_t>());
    }
}

ordered_json machine_loader::show(const machine& m) {
    const state_view view = m.state();
    ordered_json shown{{"id", view.id},
                       {"clock", view.clock},
                       {"follows", view.follows},
                       {"blocks", ordered_json::object()},
                       {"receive", ordered_json::array()},
                       {"peers", ordered_json::object()}};
    for (const auto& [who, whom] : view.blocks) {
        for (const std::string& target : whom) {
            shown["blocks"][who][target] = true;
        }
    }
    for (const auto& [from, what] : view.receive) {
        shown["receive"].push_back(from + '>' + written(what));
    }
    for (const auto& [id, p] : view.peers) {
        shown["peers"][id] = show_peer(p);
    }
    return shown;
}

}  // namespace rhumb::overlay::ebt
