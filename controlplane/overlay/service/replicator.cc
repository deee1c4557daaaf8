#include "controlplane/overlay/service/replicator.hh"

#include <sodium.h>

#include <algorithm>

#include "controlplane/overlay/service/replicator_words.hh"

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

void replicator::store_message(ebt::stream from, ebt::feed_number feed,
                               std::shared_ptr<const classic_message> message) {
    const message_text text(message, &message->wire);
    archive_.append({message->author, message->sequence, message->id, message->previous, text},
                    system_ms(),
                    [this, from, feed, message, text](const result<append_outcome>& outcome) {
                        stored(from, feed, *message, text, outcome);
                    });
}

void replicator::stored(ebt::stream from, ebt::feed_number feed, const classic_message& message,
                        const message_text& text, const result<append_outcome>& outcome) {
    if (outcome && outcome.value() == append_outcome::appended) {
        ++counters_.appended;
        if (message.author == own_.id() && message.sequence > own_head_.sequence) {
            own_head_ = {message.sequence, message.id};
        }
        machine_.on_append(as_message(feed, message.sequence, text));
        if (heard_) {
            heard_(message.author, message.sequence, text);
        }
        if (message.author == own_.id()) {
            let_publish();
        }
    } else {
        if (!outcome) {
            store_failed(outcome.why());
        } else if (outcome.value() == append_outcome::fork) {
            ++counters_.forks;
            machine_.freeze(id_of(message.author));
            if (forked_) {
                forked_(message.author);
            }
        }
        machine_.rejected(from, feed, message.sequence, ebt::rejection::dropped);
    }
    settle();
}

void replicator::store_failed(const error& why) {
    ++counters_.store_errors;
    store_error_ = why.text();
}

// Reading the log.

void replicator::get_at(ebt::feed_number feed, std::int64_t sequence, std::int64_t following) {
    if (const auto text = cache_.find({feed, sequence})) {
        machine_.retrieved(as_message(feed, sequence, text));
        return;
    }
    if (cache_.wait_for({feed, sequence})) {
        return;
    }
    const log_cache::extent extent = cache_.begin_read({feed, sequence}, following);
    archive_.run(
        [key = key_of(machine_.id_of(feed)), sequence, extent](store& kept) {
            read_texts got;
            std::size_t bytes = 0;
            auto done = kept.read(key, sequence, [&](const stored_message& m) {
                const auto expected = sequence + static_cast<std::int64_t>(got.texts.size());
                bytes += m.raw.size();
                got.is_cut = !got.texts.empty() && bytes > extent.bytes;
                if (m.sequence != expected || got.is_cut) {
                    return false;  // one is missing, or that is all there is room for
                }
                got.texts.push_back(std::make_shared<const std::string>(m.raw));
                return m.sequence < extent.last;
            });
            return done ? result<read_texts>(std::move(got)) : done.why();
        },
        [this, feed, sequence](const result<read_texts>& got) {
            answer_reads(feed, sequence, got);
        });
}

void replicator::answer_reads(ebt::feed_number feed, std::int64_t from,
                              const result<read_texts>& got) {
    static const read_texts nothing;
    if (!got) {
        store_failed(got.why());
    }
    const read_texts& brought = got ? got.value() : nothing;
    counters_.read += brought.texts.size();
    for (std::size_t i = 0; i < brought.texts.size(); ++i) {
        cache_.add({feed, from + static_cast<std::int64_t>(i)}, brought.texts[i]);
    }
    for (const std::int64_t sequence : cache_.end_read({feed, from})) {
        const auto place = static_cast<std::size_t>(sequence - from);
        if (place < brought.texts.size()) {
            (void)cache_.find({feed, sequence});  // it is used
            machine_.retrieved(as_message(feed, sequence, brought.texts[place]));
        } else if (brought.is_cut) {
            get_at(feed, sequence, 0);
        } else {
            machine_.not_retrieved(feed, sequence);
        }
    }
    settle();
}

// Clocks of peers.

void replicator::get_clock(ebt::stream from, std::string_view id) {
    archive_.run([key = key_of(id)](store& kept) { return kept.clock(key); },
                 [this, from](const result<peer_clock>& clock) {
                     std::vector<ebt::clock_entry> entries;
                     if (!clock) {
                         store_failed(clock.why());
                     } else {
                         for (const auto& [feed, sequence] : clock.value()) {
                             entries.push_back({id_of(feed), sequence});
                         }
                     }
                     machine_.peer_clock(from, entries);
                     settle();
                 });
}

void replicator::set_clock(std::string_view id, std::span<const ebt::clock_entry> changed) {
    peer_clock clock;
    clock.reserve(changed.size());
    for (const ebt::clock_entry& entry : changed) {
        clock.emplace_back(key_of(entry.feed), entry.sequence);
    }
    archive_.run([peer = key_of(id),
                  clock = std::move(clock)](store& kept) { return kept.change_clock(peer, clock); },
                 [this](const result<void>& done) {
                     if (!done) {
                         store_failed(done.why());
                     }
                 });
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

ebt::message replicator::as_message(ebt::feed_number feed, std::int64_t sequence,
                                    const message_text& text) const {
    return {feed, static_cast<std::uint32_t>(text->size()), sequence, text};
}

replication_link* replicator::link_of(ebt::stream which) {
    const auto at = std::ranges::find(links_, which, &open_link::at);
    return at == links_.end() ? nullptr : at->link;
}

}  // namespace rhumb::overlay
