#include "controlplane/overlay/service/service.hh"

#include <boost/asio/post.hpp>
#include <filesystem>

#include "controlplane/overlay/service/own_key.hh"

namespace rhumb::overlay {

namespace asio = boost::asio;

namespace {

// Whether the key has been used with another store, which is lost.
result<bool> must_learn(store& kept, const key32& own, bool had_key) {
    auto state = kept.own_feed();
    if (!state) {
        return state.why();
    }
    if (state.value() == own_feed_state::undecided) {
        const bool is_lost = had_key && kept.head(own).sequence == 0;
        state = is_lost ? own_feed_state::learning : own_feed_state::known;
        if (auto done = kept.keep_own_feed(state.value()); !done) {
            return done.why();
        }
    }
    return state.value() == own_feed_state::learning;
}

}  // namespace

result<std::unique_ptr<service>> service::open(asio::io_context& io, const service_settings& chosen,
                                               tell_function tell) {
    std::error_code ignored;
    const bool had_key = std::filesystem::exists(chosen.key_file, ignored);
    // Before the key: one that is made is not to stay behind without a store.
    auto kept = store::open(chosen.store_file);
    if (!kept) {
        return kept.why();
    }
    auto own = open_own_key(chosen);
    if (!own) {
        return own.why();
    }
    if (own->from == opened_key::origin::encrypted) {
        tell("its key is encrypted from now on, copies that were made before are not:",
             chosen.key_file);
    }
    const key32 id = own->key.id();
    if (auto done = kept->know_configured(chosen.follow); !done) {
        return done.why();
    }
    auto blocks = kept->blocks();
    if (!blocks) {
        return blocks.why();
    }
    auto peers = kept->peers();
    if (!peers) {
        return peers.why();
    }
    const auto is_learning = must_learn(kept.value(), id, had_key);
    if (!is_learning) {
        return is_learning.why();
    }
    const replicator::known start{kept->feeds(), std::move(blocks).value(), is_learning.value(),
                                  chosen.follow};
    if (start.is_learning) {
        tell("its feed is learned from peers before anything is published:", feed_id_text(id));
    }
    std::unique_ptr<service> made(new service(io, std::move(own->key), std::move(kept).value(),
                                              start, chosen, std::move(tell)));
    if (auto started = made->hub_.start(); !started) {
        return started.why();
    }
    made->tell_address();
    for (const peer_address& peer : peers.value()) {
        if (const auto to = parse_address(peer.address)) {
            made->hub_.dial(to.value(), true);
        }
    }
    if (chosen.discovery) {
        auto found = discovery::start(
            io, made->own_.id(), made->hub_.listening(),
            [hub = &made->hub_](const peer_target& peer) { hub->dial(peer, false); });
        if (!found) {
            return found.why();
        }
        made->discovery_ = std::move(found).value();
    }
    made->tick();
    return made;
}

service::service(asio::io_context& io, identity own, store kept, const replicator::known& start,
                 const service_settings& chosen, tell_function tell)
    : io_(io),
      own_(std::move(own)),
      settings_(chosen),
      archive_(std::move(kept),
               [&io](std::function<void()> what) { asio::post(io, std::move(what)); }),
      feeds_(
          own_, archive_, [&io](std::function<void()> what) { asio::post(io, std::move(what)); },
          {.switch_timeout = chosen.switch_timeout}, start),
      spread_(chosen.broadcast
                  ? std::make_unique<broadcasts>(io, own_, chosen.network, *chosen.broadcast,
                                                 broadcasts::options_of(*chosen.broadcast))
                  : nullptr),
      hub_(io, feeds_, own_, chosen, tell, spread_.get()),
      tick_timer_(io),
      readers_(io, archive_),
      tell_(std::move(tell)) {
    feeds_.on_message([this](const key32& feed, std::int64_t sequence, const message_text&) {
        heard(feed, sequence);
    });
    if (chosen.link_state) {
        link_states_.emplace(io, archive_, feeds_, spread_.get(), own_.id(), *chosen.link_state,
                             std::chrono::milliseconds(chosen.switch_timeout), tell_);
    }
    if (spread_) {
        spread_->on_heard([this](const heard_broadcast& message) { heard(message); });
    }
    feeds_.on_fork([this](const key32& author) {
        tell_("two messages of one sequence: the feed is frozen", feed_id_text(author));
    });
}

void service::on_link_state(link_states::heard_function heard) {
    if (link_states_) {
        link_states_->start(std::move(heard));
    }
}

void service::advertise(topology::advertisement said) {
    if (link_states_) {
        link_states_->advertise(std::move(said));
    }
}

void service::heard(const key32& feed, std::int64_t sequence) {
    readers_.heard(feed, sequence);
    if (link_states_) {
        link_states_->stored(feed);
    }
}

// The first address on which it listens that others can dial.
void service::tell_address() {
    for (const host_port& at : hub_.listening()) {
        const auto dialled = dialled_address(at);
        if (spread_ && dialled && dialled.value()) {
            return spread_->tell_address(*dialled.value());
        }
    }
}

void service::tick() {
    tick_timer_.expires_after(std::chrono::milliseconds(settings_.switch_timeout));
    tick_timer_.async_wait([this](boost::system::error_code cancelled) {
        if (!cancelled) {
            feeds_.tick();
            tick();
        }
    });
}

void service::stop(std::function<void()> done) {
    tick_timer_.cancel();
    if (discovery_) {
        discovery_->stop();
    }
    readers_.stop();
    for (const listener& one : std::exchange(listeners_, {})) {
        one.to.answer(json::object());
    }
    if (link_states_) {
        link_states_->stop();
    }
    if (spread_) {
        spread_->stop();
    }
    hub_.stop([this, done = std::move(done)] {
        // What was closed just now has left clocks to be kept.
        archive_.run([](store&) { return 0; }, [done](int) { done(); });
    });
}

}  // namespace rhumb::overlay
