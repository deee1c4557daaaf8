#include "controlplane/overlay/service/replicator.hh"

#include <sodium.h>

#include <algorithm>

#include "controlplane/overlay/service/machine_ids.hh"

namespace rhumb::overlay {
namespace {

constexpr std::size_t entries_a_frame = 5000;  // of notes, about 300 kB
constexpr std::size_t verify_batch = 64;
constexpr std::size_t reads_a_turn = 128;      // of the log
constexpr std::size_t entries_a_turn = 2048;   // of notes that came
constexpr std::uint32_t reads_of_a_peer = 64;  // of the log, under way

std::int64_t steady_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

ebt::options options_of(const replicator::settings& chosen) {
    ebt::options made;
    made.timeout = chosen.switch_timeout;
    made.window = chosen.window;
    made.reads = reads_of_a_peer;
    randombytes_buf(&made.key, sizeof made.key);
    return made;
}

}  // namespace

replicator::replicator(const identity& own, archive& kept, post_function post,
                       const settings& chosen, const known& start)
    : own_(own),
      archive_(kept),
      settings_(chosen),
      machine_(std::string(id_of(own.id())), *this, options_of(chosen)),
      post_(post),
      is_learning_(start.is_learning),
      pool_(
          chosen.verifiers,
          [](candidate& one) {
              one.is_valid = verify(*one.message);
              one.message->signed_text = {};
          },
          std::move(post),
          [this](std::vector<candidate> candidates) { verified(std::move(candidates)); }) {
    std::vector<ebt::clock_entry> heads;
    for (const stored_feed& feed : start.feeds) {
        if (feed.head.sequence != 0) {
            heads.push_back({id_of(feed.key), feed.head.sequence});
        }
        if (feed.key == own.id()) {
            own_head_ = {feed.head.sequence, feed.head.id};
        }
    }
    machine_.load_clock(heads);
    for (const auto& [by, target] : start.blocks) {
        machine_.block(id_of(by), id_of(target));
        if (by == own.id()) {
            blocked_.insert(target);
        }
    }
    machine_.request(id_of(own.id()));
    for (const key32& feed : start.configured) {
        configured_.insert(feed);
        machine_.request(id_of(feed));
    }
    for (const stored_feed& feed : start.feeds) {
        if (feed.followed) {
            followed_.insert(feed.key);
            machine_.request(id_of(feed.key));
        }
        if (feed.frozen) {
            machine_.freeze(id_of(feed.key));
        }
    }
}

result<ebt::stream> replicator::open(const key32& peer, int version, bool is_client,
                                     replication_link& to) {
    auto opened = machine_.create_stream(id_of(peer), version, is_client);
    if (opened) {
        links_.push_back({opened.value(), &to});
        settle();
    }
    return opened;
}

void replicator::close(ebt::stream which) {
    std::erase_if(links_, [&](const open_link& l) { return l.at == which; });
    machine_.close(which);
    settle();
}

void replicator::tick() {
    machine_.tick(steady_ms());
    look_at_own_feed();
    settle();
}

result<void> replicator::frame(ebt::stream from, std::string_view json) {
    machine_.set_time(steady_ms());
    auto taken = begins_message(json) ? take_message(from, json) : take_notes(from, json);
    settle();
    return taken;
}

result<void> replicator::take_notes(ebt::stream from, std::string_view json) {
    if (auto read = notes_reader_.read(json, entries_); !read) {
        return read.why();
    }
    counters_.notes_received += entries_.size();
    notes_.clear();
    for (const note_entry& entry : entries_) {
        notes_.push_back({id_of(entry.feed), entry.value});
    }
    machine_.notes(from, notes_);
    return {};
}

result<void> replicator::take_message(ebt::stream from, std::string_view json) {
    ++counters_.received;
    // What is not the next of a feed that is asked for is not even read to its end.
    const auto claim = read_claim(json);
    if (!claim) {
        ++counters_.invalid;
        return error{"a message begins with previous, sequence and author", {}};
    }
    if (!machine_.wanted(from, id_of(claim->author), claim->sequence)) {
        count(machine_.receive(from, id_of(claim->author), claim->sequence, 0, {}));
        return {};
    }
    auto message = std::make_shared<classic_message>();
    if (const auto read = reader_.read(json, *message); !read) {
        ++counters_.invalid;
        machine_.refuse(from, id_of(claim->author));  // the other feeds go on
        return {};
    }
    const auto size = static_cast<std::uint32_t>(message->wire.size());
    count(machine_.receive(from, id_of(message->author), message->sequence, size, message));
    return {};
}

void replicator::notes(ebt::stream from, std::string_view json, done_function done) {
    struct parsed {
        std::vector<note_entry> entries;
        result<void> read;
    };
    archive_.run(
        [text = std::string(json)](store&) {
            parsed made{{}, {}};
            made.read = notes_reader().read(text, made.entries);
            return made;
        },
        [this, from, done = std::move(done)](parsed made) mutable {
            counters_.notes_received += made.entries.size();
            if (!made.read) {
                return done(made.read);
            }
            take_entries(from, std::make_shared<std::vector<note_entry>>(std::move(made.entries)),
                         0, std::move(done));
        });
}

void replicator::take_entries(ebt::stream from, std::shared_ptr<std::vector<note_entry>> entries,
                              std::size_t first, done_function done) {
    const std::size_t end = std::min(first + entries_a_turn, entries->size());
    notes_.clear();
    for (std::size_t n = first; n < end; ++n) {
        notes_.push_back({id_of((*entries)[n].feed), (*entries)[n].value});
    }
    machine_.notes(from, notes_);
    settle();
    if (end == entries->size()) {
        return done({});
    }
    post_([this, alive = std::weak_ptr(alive_), from, entries = std::move(entries), end,
           done = std::move(done)]() mutable {
        if (!alive.expired()) {
            take_entries(from, std::move(entries), end, std::move(done));
        }
    });
}

void replicator::count(ebt::receipt what) {
    switch (what) {
        case ebt::receipt::queued:
        case ebt::receipt::frozen:
        case ebt::receipt::closed: break;
        case ebt::receipt::duplicate: ++counters_.duplicates; break;
        case ebt::receipt::gap: ++counters_.gaps; break;
        case ebt::receipt::unrequested: ++counters_.unrequested; break;
    }
}

void replicator::append(ebt::stream from, ebt::message&& what) {
    // What the machine was given in take_message: nobody else has it.
    to_verify_.push_back({from, what.feed,
                          std::const_pointer_cast<classic_message>(
                              std::static_pointer_cast<const classic_message>(what.body)),
                          false});
    ++verifying_;
    if (to_verify_.size() == verify_batch) {
        pool_.push(std::exchange(to_verify_, {}));
    }
}

void replicator::verified(std::vector<candidate> candidates) {
    verifying_ -= candidates.size();
    for (candidate& one : candidates) {
        if (one.is_valid) {
            store_message(one.from, one.feed, std::move(one.message));
        } else {
            ++counters_.invalid;
            machine_.rejected(one.from, one.feed, one.message->sequence, ebt::rejection::invalid);
        }
    }
    settle();
}

bool replicator::is_feed(std::string_view id) const { return id.size() == key32{}.size(); }

// What goes out.

void replicator::end(ebt::stream which, ebt::end_reason why) {
    if (replication_link* const link = link_of(which)) {
        std::erase_if(links_, [&](const open_link& l) { return l.at == which; });
        link->end(why);
    }
}

void replicator::wake(ebt::stream which, bool urgent) {
    if (urgent) {
        awake_.push_back(which);
    } else if (replication_link* const link = link_of(which)) {
        link->flush_later();
    }
}

void replicator::flush(ebt::stream to) {
    awake_.push_back(to);
    settle();
}

void replicator::settle() {
    if (settling_) {
        return;
    }
    settling_ = true;
    machine_.set_time(steady_ms());
    bool has_more = false;
    do {
        has_more = machine_.run(reads_a_turn);
        for (const ebt::stream one : std::exchange(awake_, {})) {
            const auto at = std::ranges::find(links_, one, &open_link::at);
            if (at != links_.end()) {
                send_to(*at);
            }
        }
        // Room in a queue lets the machine read on.
        has_more = has_more || machine_.run(reads_a_turn);
    } while (!awake_.empty() && !has_more);
    if ((has_more || !awake_.empty()) && !std::exchange(is_due_, true)) {
        post_([this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) {
                is_due_ = false;
                settle();
            }
        });
    }
    if (!to_verify_.empty()) {
        pool_.push(std::exchange(to_verify_, {}));
    }
    settling_ = false;
}

void replicator::send_to(const open_link& to) {
    ebt::message message;
    while (to.link->unsent() < settings_.window && machine_.next_message(to.at, message)) {
        ++counters_.sent;
        to.link->send_message(std::static_pointer_cast<const std::string>(message.body));
    }
    while (to.link->unsent() < settings_.window &&
           machine_.next_notes(to.at, entries_a_frame, notes_)) {
        counters_.notes_sent += notes_.size();
        entries_.clear();
        for (const ebt::note& note : notes_) {
            entries_.push_back({key_of(note.feed), note.value});
        }
        to.link->send_notes(entries_);
    }
}

replication_link* replicator::link_of(ebt::stream which) {
    const auto at = std::ranges::find(links_, which, &open_link::at);
    return at == links_.end() ? nullptr : at->link;
}

}  // namespace rhumb::overlay
