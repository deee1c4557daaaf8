// Any events in any order into an EBT machine, from peers, host and user: it does not crash, and
// what must hold at any time does.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"

namespace rhumb::overlay::ebt {
namespace {

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

class reader {
public:
    explicit reader(std::span<const std::uint8_t> input) : input_(input) {}

    [[nodiscard]] bool is_empty() const { return input_.empty(); }
    std::uint8_t next() {
        const std::uint8_t first = input_.empty() ? std::uint8_t{0} : input_.front();
        input_ = input_.subspan(input_.empty() ? 0 : 1);
        return first;
    }
    std::string feed() {
        const std::uint8_t what = next();
        return what == 255 ? std::string(300, 'x') : "f" + std::to_string(what % 12);
    }
    std::string peer() { return "p" + std::to_string(next() % 5); }
    std::int64_t sequence() {
        const std::uint8_t what = next();
        switch (what) {
            case 250: return max_sequence;
            case 251: return max_sequence + 1;
            case 252: return -1;
            case 253: return INT64_MIN;
            case 254: return INT64_MAX;
            default: return what % 24;
        }
    }
    std::int64_t note_value() {
        const std::uint8_t what = next();
        switch (what) {
            case 249: return max_note;
            case 250: return max_note - 1;
            case 251: return max_note + 1;
            case 252: return INT64_MAX;
            case 253: return malformed_note;
            default: return what % 50 - 2;
        }
    }

private:
    std::span<const std::uint8_t> input_;
};

// Its log is heads only: messages have no bodies.
class fuzz_host : public host {
public:
    void get_clock(stream from, std::string_view /*id*/) override { loading.push_back(from); }
    void set_clock(std::string_view /*id*/, std::span<const clock_entry> changed) override {
        for (const clock_entry& each : changed) {
            require(each.sequence >= absent && each.sequence <= max_sequence, "stored clock");
        }
    }
    void get_at(feed_number feed, std::int64_t sequence, std::int64_t following) override {
        require(sequence >= 1 && following >= 0, "read of what there is not");
        require(sequence <= m->head_of(m->id_of(feed)), "read beyond the head");
        if (answers_at_once) {
            m->retrieved({.feed = feed, .size = 10, .sequence = sequence, .body = {}});
        } else {
            reads.emplace_back(feed, sequence);
        }
    }
    void append(stream from, message&& what) override {
        const std::int64_t head = m->head_of(m->id_of(what.feed));
        require(what.sequence > head, "the log is offered what it has");
        if (answers_at_once) {
            m->on_append(what);
        } else {
            appends.emplace_back(from, std::move(what));
        }
    }
    [[nodiscard]] bool is_feed(std::string_view id) const override { return id.size() < 100; }
    void end(stream /*which*/, end_reason /*why*/) override {}
    void wake(stream which, bool /*urgent*/) override { woken.push_back(which); }

    machine* m = nullptr;
    bool answers_at_once = false;
    std::vector<stream> loading;
    std::vector<stream> woken;
    std::vector<std::pair<feed_number, std::int64_t>> reads;
    std::vector<std::pair<stream, message>> appends;
};

class session {
public:
    explicit session(std::span<const std::uint8_t> input) : in_(input), m_("me", host_, chosen()) {
        host_.m = &m_;
    }

    void play() {
        for (int n = 0; n < 400 && !in_.is_empty(); ++n) {
            event();
            if (in_.next() % 2 == 0) {
                run();
            }
            check();
        }
        settle();
    }

private:
    static options chosen() {
        options all;
        all.window = 300;
        all.reads = 4;
        all.strangers = 3;
        all.remembered_peers = 2;
        return all;
    }

    void event() {
        switch (in_.next() % 18) {
            case 0: connect(); break;
            case 1: load(); break;
            case 2: m_.close(any()); break;
            case 3: {
                const std::string feed = in_.feed();
                m_.request(feed, in_.next() % 4 != 0);
                break;
            }
            case 4: block(); break;
            case 5:
            case 6: notes(); break;
            case 7:
            case 8: receive(); break;
            case 9: read_answered(); break;
            case 10: appended(); break;
            case 11: own(); break;
            case 12: m_.tick(now_ += in_.next() * 100); break;
            case 13: m_.set_time(now_ += in_.next()); break;
            case 14: send(); break;
            case 15: heads(); break;
            case 16: host_.answers_at_once = in_.next() % 2 == 0; break;
            default: m_.freeze("f" + std::to_string(in_.next() % 12), in_.next() % 2 == 0); break;
        }
    }
    // Who is woken takes the first of what there is.
    void run() {
        m_.run();
        for (const stream to : std::exchange(host_.woken, {})) {
            message what;
            std::vector<note> said;
            require(m_.next_message(to, what) || m_.next_notes(to, 1, said), "woken for nothing");
        }
    }
    stream any() {
        const std::uint8_t which = in_.next();
        if (streams_.empty() || which == 255) {
            return {.peer = which, .session = which};
        }
        return streams_[which % streams_.size()];
    }
    void connect() {
        const std::string peer = in_.peer();
        result<stream> made =
            m_.create_stream(peer, in_.next() == 255 ? 2 : 3, in_.next() % 2 == 0);
        if (made.ok()) {
            streams_.push_back(made.value());
        }
    }
    void load() {
        if (host_.loading.empty()) {
            return;
        }
        const stream of = host_.loading.back();
        host_.loading.pop_back();
        std::vector<std::string> feeds;
        std::vector<clock_entry> clock;
        for (int n = in_.next() % 4; n > 0; --n) {
            feeds.push_back(in_.feed());
        }
        for (const std::string& feed : feeds) {
            clock.push_back({.feed = feed, .sequence = in_.sequence()});
        }
        m_.peer_clock(of, clock);
    }
    void block() {
        const std::uint8_t what = in_.next();
        m_.block(what % 8 == 0 ? "me" : in_.feed(), in_.peer(), what % 3 != 0);
    }
    void notes() {
        const stream from = any();
        std::vector<std::string> feeds;
        for (int n = in_.next() % 5; n > 0; --n) {
            feeds.push_back(in_.next() % 8 == 0 ? "stranger" + std::to_string(in_.next())
                                                : in_.feed());
        }
        std::vector<note> said;
        for (const std::string& feed : feeds) {
            said.push_back({.feed = feed, .value = in_.note_value()});
        }
        m_.notes(from, said);
    }
    void receive() {
        const stream from = any();
        const std::string feed = in_.feed();
        // Half of them are what comes next.
        const std::int64_t sequence =
            in_.next() % 2 == 0 ? in_.sequence() : std::max<std::int64_t>(m_.head_of(feed), 0) + 1;
        const bool is_wanted = m_.wanted(from, feed, sequence);
        const receipt what = m_.receive(from, feed, sequence, in_.next(), {});
        require(is_wanted == (what == receipt::queued), "wanted() says otherwise than receive()");
    }
    void read_answered() {
        if (host_.reads.empty()) {
            return;
        }
        const std::size_t which = in_.next() % host_.reads.size();
        const auto [feed, sequence] = host_.reads[which];
        host_.reads.erase(host_.reads.begin() + static_cast<std::ptrdiff_t>(which));
        if (in_.next() % 8 == 0) {
            m_.not_retrieved(feed, sequence);
        } else {
            m_.retrieved({.feed = feed, .size = 10, .sequence = sequence, .body = {}});
        }
    }
    void appended() {
        if (host_.appends.empty()) {
            return;
        }
        const auto [from, what] = host_.appends.front();
        host_.appends.erase(host_.appends.begin());
        switch (in_.next() % 8) {
            case 0: m_.rejected(from, what.feed, what.sequence, rejection::invalid); break;
            case 1: m_.rejected(from, what.feed, what.sequence, rejection::dropped); break;
            default: m_.on_append(what); break;
        }
    }
    void own() {
        const std::string feed = "f" + std::to_string(in_.next() % 12);
        m_.on_append({.feed = m_.feed_of(feed),
                      .size = in_.next(),
                      .sequence = std::max<std::int64_t>(m_.head_of(feed), 0) + 1,
                      .body = {}});
    }
    void heads() {
        const std::string feed = "f" + std::to_string(in_.next() % 12);
        const std::vector<clock_entry> all{{.feed = feed, .sequence = in_.sequence()}};
        m_.load_clock(all);
    }
    void send() {
        const stream to = any();
        message what;
        for (int n = in_.next() % 4; n > 0 && m_.next_message(to, what); --n) {
            require(what.sequence >= 1, "a message without a place");
        }
        std::vector<note> said;
        if (in_.next() % 2 == 0 && m_.next_notes(to, 1U + in_.next() % 4U, said)) {
            for (const note& each : said) {
                require(each.value >= -1 && each.value <= max_note, "a note out of range");
            }
        }
    }

    // One source a feed; the note that waits says what rx is; what is bounded is bounded.
    void check() {
        const state_view state = m_.state();
        std::map<std::string, int> asked;
        for (const auto& [id, p] : state.peers) {
            require(p.messages.size() <= 300 / 48 + 2,
                    "more messages queued than the window takes");
            if (!p.replicating) {
                continue;
            }
            for (const auto& [feed, r] : *p.replicating) {
                const bool has_refused =
                    p.clock && p.clock->contains(feed) && p.clock->at(feed) == -1;
                asked[feed] += r.rx && !has_refused ? 1 : 0;
                require(asked[feed] <= 1, "two peers are asked for a feed");
                require(!r.is_source || r.rx, "a source that is not asked");
                if (p.notes && p.notes->contains(feed)) {
                    require(decode_note(p.notes->at(feed)).wants_messages == r.rx,
                            "a note that says otherwise than rx");
                }
            }
        }
        (void)m_.progress();
    }

    // All that waits is answered and sent, for a while: a head can be a thousand million.
    void settle() {
        host_.answers_at_once = false;
        bool is_busy = true;
        for (int round = 0; round < 100 && is_busy; ++round) {
            m_.run();
            is_busy = !host_.reads.empty() || !host_.appends.empty();
            for (const auto& [feed, sequence] : std::exchange(host_.reads, {})) {
                m_.retrieved({.feed = feed, .size = 10, .sequence = sequence, .body = {}});
            }
            for (const auto& [from, what] : std::exchange(host_.appends, {})) {
                m_.on_append(what);
            }
            for (const stream to : streams_) {
                message what;
                std::vector<note> said;
                while (m_.next_message(to, what) || m_.next_notes(to, 100, said)) {
                    is_busy = true;
                }
            }
            check();
        }
    }

    reader in_;
    fuzz_host host_;
    machine m_;
    std::vector<stream> streams_;
    std::int64_t now_ = 0;
};

}  // namespace
}  // namespace rhumb::overlay::ebt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rhumb::overlay::ebt::session({data, size}).play();
    return 0;
}
