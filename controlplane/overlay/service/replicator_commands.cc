// What the node itself wants of replication: whom it follows and blocks, what it publishes.
#include <utility>

#include "controlplane/overlay/service/machine_ids.hh"
#include "controlplane/overlay/service/now.hh"
#include "controlplane/overlay/service/replicator.hh"

namespace rhumb::overlay {
namespace {

constexpr int enough_quiet_ticks = 2;
// Ticks at which a claim of more held the own feed, with none of its messages from a peer in
// between, after which such claims are not believed, and for how many ticks they are then ignored:
// who lies, under whatever keys, holds the feed for a part of the time.
constexpr int most_held_ticks = 4;
constexpr int ignored_ticks = 40;

void set(std::set<key32>& keys, const key32& key, bool on) {
    if (on) {
        keys.insert(key);
    } else {
        keys.erase(key);
    }
}

}  // namespace

void replicator::look_at_own_feed() {
    look_at_hold();
    if (!is_learning_) {
        return;
    }
    const std::string_view own = id_of(own_.id());
    const std::int64_t head = machine_.head_of(own);
    const bool is_there = head > 0 && machine_.claimed_of(own) == head;
    quiet_ticks_ = is_there ? quiet_ticks_ + 1 : 0;
    if (quiet_ticks_ == enough_quiet_ticks) {
        end_learning([](const result<void>&) {});
    }
}

void replicator::end_learning(done_function done) {
    archive_.run([](store& kept) { return kept.keep_own_feed(own_feed_state::known); },
                 [this, done = std::move(done)](const result<void>& kept) {
                     if (kept) {
                         is_learning_ = false;
                         let_publish();
                     } else {
                         store_failed(kept.why());
                         quiet_ticks_ = 0;
                     }
                     done(kept);
                 });
}

bool replicator::is_behind() const {
    return held_ticks_ >= 0 && machine_.claimed_of(id_of(own_.id())) > own_head_.sequence;
}

// The count outlives a claim that is taken back: who comes and goes with it gains nothing. What
// sets it to 0 is a message of ours from a peer (stored()), which proves that there was more.
void replicator::look_at_hold() {
    if (held_ticks_ < 0) {
        ++held_ticks_;
    } else if (is_behind() && ++held_ticks_ > most_held_ticks) {
        held_ticks_ = -ignored_ticks;
    }
    let_publish();
}

void replicator::ignore_claims() {
    held_ticks_ = -ignored_ticks;
    let_publish();
}

void replicator::let_publish() {
    if (is_refused_ && !is_learning_ && !is_behind()) {
        is_refused_ = false;
        if (may_publish_) {
            may_publish_();
        }
    }
}

void replicator::follow(const key32& feed, bool on, done_function done) {
    archive_.run([feed, on](store& kept) { return kept.follow(feed, on); },
                 [this, feed, on, done = std::move(done)](const result<void>& kept) {
                     if (kept && feed != own_.id()) {
                         set(followed_, feed, on);
                         machine_.request(id_of(feed), follows(feed));
                         settle();
                     }
                     done(kept);
                 });
}

void replicator::block(const key32& by, const key32& target, bool on, done_function done) {
    archive_.run([by, target, on](store& kept) { return kept.block(by, target, on); },
                 [this, by, target, on, done = std::move(done)](const result<void>& kept) {
                     if (kept) {
                         if (by == own_.id()) {
                             set(blocked_, target, on);
                         }
                         machine_.block(id_of(by), id_of(target), on);
                         settle();
                     }
                     done(kept);
                 });
}

void replicator::publish(std::string_view content, published_function done) {
    is_refused_ = is_refused_ || is_learning_ || is_behind();
    if (is_learning_) {
        done(error{
            "the store is new and the key is not: this node's feed is learned from peers first; "
            "if there is nothing to be learned, say so (rhumbctl overlay new-feed)",
            {}});
        return;
    }
    if (is_behind()) {
        done(error{
            "a peer has more of this node's feed than its store, which may be an older copy: that "
            "is fetched first; try again",
            {}});
        return;
    }
    if (own_head_lost_) {
        done(error{"the store failed, and the end of this feed is not known yet; try again", {}});
        return;
    }
    auto made = reader_.make(own_, own_head_, static_cast<double>(system_ms()), content);
    if (!made) {
        done(made.why());
        return;
    }
    auto message = std::make_shared<const classic_message>(std::move(made).value());
    own_head_ = {message->sequence, message->id};
    const message_text text(message, &message->wire);
    archive_.append(
        {message->author, message->sequence, message->id, message->previous, text}, system_ms(),
        [this, message, text, done = std::move(done)](const result<append_outcome>& outcome) {
            stored({}, machine_.feed_of(id_of(own_.id())), *message, text, outcome);
            if (outcome && outcome.value() == append_outcome::appended) {
                done(*message);
                return;
            }
            if (!std::exchange(own_head_lost_, true)) {
                archive_.run([key = own_.id()](store& s) { return s.head(key); },
                             [this](const feed_head& head) {
                                 own_head_ = {head.sequence, head.id};
                                 own_head_lost_ = false;
                             });
            }
            done(outcome ? error{"another message took its place; try again", {}} : outcome.why());
        });
}

}  // namespace rhumb::overlay
