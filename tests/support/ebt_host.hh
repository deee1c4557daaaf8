// Hosts of EBT machines for tests of single events. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {

// Does nothing: events alone.
class silent_host : public host {
public:
    void get_clock(stream /*from*/, std::string_view /*id*/) override {}
    void set_clock(std::string_view /*id*/, std::span<const clock_entry> /*changed*/) override {}
    void get_at(feed_number /*feed*/, std::int64_t /*sequence*/,
                std::int64_t /*following*/) override {}
    void append(stream /*from*/, message&& /*what*/) override {}
    [[nodiscard]] bool is_feed(std::string_view /*id*/) const override { return true; }
    void end(stream /*which*/, end_reason /*why*/) override {}
    void wake(stream /*which*/, bool /*urgent*/) override {}
};

// Writes down what it is asked, and answers nothing by itself.
class recording_host : public silent_host {
public:
    void set_clock(std::string_view id, std::span<const clock_entry> changed) override {
        for (const clock_entry& each : changed) {
            stored[std::string(id)][std::string(each.feed)] = each.sequence;
        }
    }
    void get_at(feed_number feed, std::int64_t sequence, std::int64_t /*following*/) override {
        reads.emplace_back(feed, sequence);
    }
    void append(stream /*from*/, message&& what) override {
        appends.emplace_back(what.feed, what.sequence);
    }
    void end(stream which, end_reason why) override { ends.emplace_back(which, why); }
    void wake(stream which, bool urgent) override { wakes.emplace_back(which.peer, urgent); }

    std::map<std::string, std::map<std::string, std::int64_t>> stored;
    std::vector<std::pair<feed_number, std::int64_t>> reads;
    std::vector<std::pair<feed_number, std::int64_t>> appends;
    std::vector<std::pair<stream, end_reason>> ends;
    std::vector<std::pair<peer_number, bool>> wakes;
};

// Notes by feed, and what they mean: send me what follows, I have so much, I do not want it.
using said = std::map<std::string, std::int64_t>;
inline constexpr std::int64_t no = -1;
inline std::int64_t send(std::int64_t sequence) { return encode_note(sequence, true); }
inline std::int64_t stop(std::int64_t sequence) { return encode_note(sequence, false); }

// A machine with such a host, and short words for its events.
class rig {
public:
    explicit rig(const options& chosen = {}) : m("me", host, chosen) {}

    stream connect(const std::string& peer, std::vector<clock_entry> clock = {},
                   bool is_client = false) {
        result<stream> made = m.create_stream(peer, 3, is_client);
        m.peer_clock(made.value(), clock);
        return made.value();
    }
    void load(const std::string& feed, std::int64_t head) {
        const std::vector<clock_entry> heads{{.feed = feed, .sequence = head}};
        m.load_clock(heads);
    }
    void say(stream from, const std::string& feed, std::int64_t value) {
        const std::vector<note> notes{{.feed = feed, .value = value}};
        m.notes(from, notes);
    }
    receipt give(stream from, const std::string& feed, std::int64_t sequence) {
        return m.receive(from, feed, sequence, 100, {});
    }
    void append(const std::string& feed, std::int64_t sequence) {
        m.on_append(made(feed, sequence));
    }
    message made(const std::string& feed, std::int64_t sequence) {
        return {.feed = m.feed_of(feed), .size = 100, .sequence = sequence, .body = {}};
    }
    // All notes that wait for the peer.
    said notes(stream to) {
        said all;
        std::vector<note> some;
        while (m.next_notes(to, 100, some)) {
            for (const note& each : some) {
                all[std::string(each.feed)] = each.value;
            }
        }
        return all;
    }
    std::vector<std::int64_t> messages(stream to) {
        std::vector<std::int64_t> all;
        for (message what; m.next_message(to, what);) {
            all.push_back(what.sequence);
        }
        return all;
    }
    replication_view replication(const std::string& peer, const std::string& feed) {
        return m.state().peers.at(peer).replicating->at(feed);
    }

    recording_host host;
    machine m;
};

}  // namespace rhumb::overlay::ebt
