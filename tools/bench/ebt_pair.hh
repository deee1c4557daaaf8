// Two EBT machines in one process with logs in memory, for measuring: what one sends, the other
// gets, in the form that the user of linked_nodes gives it. No signatures, no sockets. Threads:
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {

class node : public host {
public:
    explicit node(std::string name) : id(std::move(name)), m(id, *this, with_key()) {}

    void get_clock(stream from, std::string_view peer) override {
        std::vector<clock_entry> clock;
        for (const auto& [feed, sequence] : clocks[std::string(peer)]) {
            clock.push_back({.feed = feed, .sequence = sequence});
        }
        m.peer_clock(from, clock);
    }
    void set_clock(std::string_view peer, std::span<const clock_entry> changed) override {
        auto& clock = clocks[std::string(peer)];
        for (const clock_entry& each : changed) {
            clock[std::string(each.feed)] = each.sequence;
        }
    }
    void get_at(feed_number feed, std::int64_t sequence, std::int64_t /*following*/) override {
        m.retrieved({.feed = feed,
                     .size = 345,
                     .sequence = sequence,
                     .body = log[feed][static_cast<std::size_t>(sequence - 1)]});
    }
    void append(stream /*from*/, message&& what) override {
        store(what.feed, what.body);
        m.on_append(what);
    }
    [[nodiscard]] bool is_feed(std::string_view feed) const override { return !feed.empty(); }
    void end(stream /*which*/, end_reason /*why*/) override {}
    void wake(stream /*which*/, bool /*urgent*/) override {}

    void store(feed_number feed, std::shared_ptr<const void> body) {
        if (feed >= log.size()) {
            log.resize(feed + 1);
        }
        log[feed].push_back(std::move(body));
    }
    // A log that was there before.
    template <class Body>
    void fill(const std::string& feed, int count, Body body) {
        for (int n = 1; n <= count; ++n) {
            store(m.feed_of(feed), body(n));
        }
        const std::vector<clock_entry> heads{{.feed = feed, .sequence = count}};
        m.load_clock(heads);
    }
    void append_own(const std::string& feed, const std::shared_ptr<const void>& body) {
        const feed_number f = m.feed_of(feed);
        store(f, body);
        m.on_append({.feed = f,
                     .size = 345,
                     .sequence = static_cast<std::int64_t>(log[f].size()),
                     .body = body});
    }

    static options with_key() {
        options chosen;
        chosen.key = {.low = 0x0123456789abcdef, .high = 0xfedcba9876543210};
        return chosen;
    }

    std::string id;
    machine m;
    std::vector<std::vector<std::shared_ptr<const void>>> log;
    std::map<std::string, std::map<std::string, std::int64_t>> clocks;
};

struct traffic {
    std::uint64_t messages = 0;
    std::uint64_t notes = 0;
};

// The link between both. All feeds are a's at first, and both follow them.
class linked_nodes {
public:
    template <class Body>
    void begin_feed(const std::string& name, int messages, Body body) {
        names.push_back(name);
        a.fill(name, messages, std::move(body));
        a.m.request(name);
        b.m.request(name);
    }
    void connect() {
        result<stream> at_a = a.m.create_stream(b.id, 3, false);
        result<stream> at_b = b.m.create_stream(a.id, 3, true);
        to_b_ = at_a.value();
        to_a_ = at_b.value();
    }
    void close() {
        a.m.close(to_b_);
        b.m.close(to_a_);
    }

    node a{"@a"};
    node b{"@b"};
    std::vector<std::string> names;

protected:
    // `form` has message(into, from, author, what) and notes(into, from, frame).
    template <class Form>
    traffic run_until_quiet(Form& form) {
        traffic all;
        bool is_busy = true;
        while (is_busy) {
            a.m.run();
            is_busy = carry(form, a, to_b_, b, to_a_, all);
            b.m.run();
            is_busy = carry(form, b, to_a_, a, to_b_, all) || is_busy;
        }
        return all;
    }

private:
    template <class Form>
    bool carry(Form& form, node& from, stream to, node& into, stream back, traffic& all) {
        bool is_any = false;
        for (message what; from.m.next_message(to, what); ++all.messages) {
            form.message(into, back, from.m.id_of(what.feed), what);
            is_any = true;
        }
        while (from.m.next_notes(to, 100'000, frame_)) {
            form.notes(into, back, frame_);
            all.notes += frame_.size();
            is_any = true;
        }
        return is_any;
    }

    stream to_a_;
    stream to_b_;
    std::vector<note> frame_;
};

}  // namespace rhumb::overlay::ebt
