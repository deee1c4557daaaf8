// What a replicator has of its store: messages that it appends and reads, clocks of peers.
#include <algorithm>

#include "controlplane/overlay/service/machine_ids.hh"
#include "controlplane/overlay/service/now.hh"
#include "controlplane/overlay/service/replicator.hh"

namespace rhumb::overlay {
namespace {

ebt::message as_message(ebt::feed_number feed, std::int64_t sequence, const message_text& text) {
    return {feed, static_cast<std::uint32_t>(text->size()), sequence, text};
}

}  // namespace

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
            held_ticks_ = 0;  // what a peer brought of ours: the store was an older copy
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

}  // namespace rhumb::overlay
