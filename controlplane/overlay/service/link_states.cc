#include "controlplane/overlay/service/link_states.hh"

#include <algorithm>
#include <utility>

namespace rhumb::overlay {

using std::chrono::steady_clock;
using topology::advertisement;

namespace {

constexpr std::int64_t page_messages = 1000;
// Parsed in one turn of the loop, which packets wait for.
constexpr std::size_t page_bytes = std::size_t{64} << 10;
// From one publication to the next: a link that flaps must not fill the feeds of all.
constexpr std::chrono::seconds publish_interval{1};
constexpr std::chrono::seconds retry_after{5};
constexpr std::size_t most_down = 1024;  // links of a node, of which broadcast has told
constexpr std::size_t most_told = 16;    // reasons to refuse, of one feed: its author makes them

// Without the number of the message, with which `why` begins: "message 7 makes no sense".
std::string reason_in(const std::string& why) {
    return why.substr(std::min(why.find(' ', why.find(' ') + 1), why.size() - 1) + 1);
}

}  // namespace

link_states::link_states(boost::asio::io_context& io, archive& kept, replicator& feeds,
                         broadcasts* spread, const key32& own, const link_state_settings& chosen,
                         std::chrono::milliseconds patience, tell_function tell)
    : archive_(kept),
      feeds_(feeds),
      spread_(spread),
      patience_(patience),
      tell_(std::move(tell)),
      timer_(io),
      retry_timer_(io) {
    speakers_.emplace_back().feed = own;
    for (const node_speaker& one : chosen.nodes) {
        if (one.feed != own) {
            speaker& made = speakers_.emplace_back();
            made.node = one.node;
            made.feed = one.feed;
        }
    }
}

void link_states::start(heard_function heard) {
    heard_ = std::move(heard);
    feeds_.on_may_publish([this] {
        not_before_ = {};  // the interval after a failure
        publish_soon();
    });
    for (speaker& who : speakers_) {
        read_on(who);
    }
}

void link_states::stop() {
    stopped_ = true;
    feeds_.on_may_publish({});
    timer_.cancel();
    retry_timer_.cancel();
}

// Hearing.

void link_states::stored(const key32& feed) {
    const auto who = std::ranges::find(speakers_, feed, &speaker::feed);
    if (who != speakers_.end() && heard_) {
        read_on(*who);
    }
}

// Of a long feed, only what can be link state leaves the store.
result<link_states::page> link_states::read_page(store& kept, const key32& feed,
                                                 std::int64_t next) {
    page made;
    made.next = next;
    std::int64_t count = 0;
    std::size_t bytes = 0;
    auto done = kept.read(feed, next, [&](const stored_message& m) {
        if (m.raw.find(link_state_type) != std::string_view::npos) {
            made.messages.emplace_back(m.sequence, m.raw);
            bytes += m.raw.size();
        }
        made.next = m.sequence + 1;
        made.is_last = ++count < page_messages && bytes < page_bytes;
        return made.is_last;
    });
    return done ? result<page>(std::move(made)) : done.why();
}

void link_states::read_on(speaker& who) {
    if (stopped_) {
        return;
    }
    if (who.is_reading) {
        who.is_behind = true;
        return;
    }
    who.is_reading = true;
    who.is_behind = false;
    who.has_failed = false;
    archive_.run(
        [feed = who.feed, next = who.next](store& kept) { return read_page(kept, feed, next); },
        [this, &who](const result<page>& got) {
            who.is_reading = false;
            if (stopped_) {
                return;
            }
            if (!got) {
                who.why = got.why().message;
                return read_again_later(who);
            }
            take(who, got.value());
            if (!got.value().is_last || who.is_behind) {
                return read_on(who);
            }
            tell_latest(who);
        });
}

// What the store could not give now it may give then; a feed may be silent for long.
void link_states::read_again_later(speaker& who) {
    who.has_failed = true;
    if (std::exchange(retry_is_due_, true)) {
        return;
    }
    retry_timer_.expires_after(retry_after);
    retry_timer_.async_wait([this](boost::system::error_code cancelled) {
        if (cancelled) {
            return;
        }
        retry_is_due_ = false;
        for (speaker& one : speakers_) {
            if (one.has_failed) {
                read_on(one);
            }
        }
    });
}

void link_states::take(speaker& who, const page& got) {
    who.next = got.next;
    for (const auto& [sequence, raw] : got.messages) {
        auto read = who.parts.take(sequence, raw, who.node);
        if (!read) {
            ++who.refused;
            who.why = read.why().message;
            if (who.told.size() < most_told && who.told.insert(reason_in(who.why)).second) {
                tell_("link state refused: " + who.why, feed_id_text(who.feed));
            }
        } else if (read.value()) {
            ++who.taken;
            who.latest = std::move(read).value();
            who.down.clear();
            who.is_told = false;
            if (&who == &speakers_.front()) {
                warned_.clear();  // those warnings were about the version before
            }
        }
    }
}

void link_states::tell_latest(speaker& who) {
    if (&who == &speakers_.front()) {
        if (is_publishing_ && publishing_.empty() && who.next > published_to_) {
            is_publishing_ = false;
        }
        return publish_soon();
    }
    if (!std::exchange(who.is_told, true)) {
        heard_({who.node, who.latest->version, who.latest, {}});
    }
}

void link_states::heard(const heard_broadcast& message) {
    const auto who = std::ranges::find(speakers_, message.origin, &speaker::feed);
    if (who == speakers_.end() || who == speakers_.begin() ||
        !message.said.is(broadcast_kind::link_down)) {
        return;
    }
    const auto down = read_link_down(message.said.content);
    const bool is_of_latest = down && who->latest && who->latest->version == down->version;
    if (!is_of_latest || who->down.size() >= most_down ||
        std::ranges::find(who->latest->links, down->link, &topology::link::name) ==
            who->latest->links.end()) {
        return;
    }
    if (heard_ && who->down.insert(std::string(down->link)).second) {
        heard_({who->node, down->version, std::nullopt, std::string(down->link)});
    }
}

// Saying.

void link_states::advertise(advertisement said) {
    speakers_.front().node.clear();  // an older name of ours may stand in the feed
    wanted_ = std::move(said);
    warn_of_links_down();
    publish_soon();
}

// Before the feed says so: it is written to the disk first, and goes from node to node.
void link_states::warn_of_links_down() {
    const auto& published = speakers_.front().latest;
    if (spread_ == nullptr || !published) {
        return;
    }
    for (const topology::link& l : published->links) {
        const bool is_there = std::ranges::find(wanted_->links, l.name, &topology::link::name) !=
                              wanted_->links.end();
        if (is_there || !warned_.insert(l.name).second) {
            continue;
        }
        std::vector<byte> content;
        append_link_down(content, {published->version, l.name});
        static_cast<void>(spread_->send(broadcast_kind::link_down, content));
    }
}

void link_states::publish_at(steady_clock::time_point when) {
    timer_.expires_at(when);
    timer_.async_wait([this](boost::system::error_code cancelled) {
        if (!cancelled) {
            publish_soon();
        }
    });
}

void link_states::publish_soon() {
    const speaker& own = speakers_.front();
    if (stopped_ || !wanted_ || is_publishing_ || own.is_reading || own.has_failed || !heard_) {
        return;
    }
    auto contents = link_state_contents(*wanted_);
    if (!contents) {
        return tell_problem(contents.why().message);
    }
    // Others believe what they were warned of until there is a newer version, even the same one.
    if (own.latest && warned_.empty()) {
        const auto before = link_state_contents(*own.latest);
        if (before && before.value() == contents.value()) {
            return;
        }
    }
    const auto now = steady_clock::now();
    const auto earliest = own.next == 1 ? std::max(not_before_, started_ + patience_) : not_before_;
    if (now < earliest) {
        return publish_at(earliest);
    }
    not_before_ = now + publish_interval;
    publish(std::move(contents).value());
}

// Once, however often it is tried.
void link_states::tell_problem(const std::string& why) {
    if (std::exchange(last_problem_, why) != why) {
        tell_("link state not published: " + why, "");
    }
}

void link_states::publish(std::vector<std::string> contents) {
    is_publishing_ = true;
    publishing_ = std::move(contents);
    std::ranges::reverse(publishing_);
    published_to_ = 0;
    publish_next();
}

void link_states::publish_next() {
    feeds_.publish(publishing_.back(), [this](const result<classic_message>& made) {
        if (stopped_) {
            return;
        }
        if (!made) {
            tell_problem(made.why().message);
            publishing_.clear();
            is_publishing_ = false;
            not_before_ = steady_clock::now() + retry_after;
            return publish_soon();
        }
        last_problem_.clear();
        publishing_.pop_back();
        published_to_ = made.value().sequence;
        if (!publishing_.empty()) {
            return publish_next();
        }
        read_on(speakers_.front());  // it is done when it has been read back
    });
}

link_states::json link_states::rows() const {
    json rows = json::array();
    for (const speaker& who : speakers_) {
        json row{{"feed", feed_id_text(who.feed)},
                 {"own", &who == &speakers_.front()},
                 {"node", who.node},
                 {"taken", who.taken},
                 {"refused", who.refused},
                 {"why", who.why},
                 {"down", who.down}};
        if (who.latest) {
            row["node"] = who.latest->origin;
            row["version"] = who.latest->version;
            row["links"] = who.latest->links.size();
            row["prefixes"] = who.latest->prefixes.size();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace rhumb::overlay
