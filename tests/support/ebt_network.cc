#include "tests/support/ebt_network.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace rhumb::overlay::ebt {
namespace {

message handle_of(feed_number feed, std::int64_t sequence, const sim_body& body) {
    return {.feed = feed,
            .size = 300,
            .sequence = sequence,
            .body = std::make_shared<const sim_body>(body)};
}

const sim_body& body_of(const message& what) {
    return *static_cast<const sim_body*>(what.body.get());
}

}  // namespace

honest_node::honest_node(std::string name, sim_network& of, const options& chosen)
    : sim_node(std::move(name)), network_(of), options_(chosen) {
    start_over(true);
}

void honest_node::start_over(bool keeps_store) {
    m = std::make_unique<machine>(id, *this, options_);
    m->set_time(network_.now);
    if (!keeps_store) {
        store.clear();
        clocks.clear();
    }
    std::vector<clock_entry> heads;
    for (const auto& [feed, log] : store) {
        if (!log.empty()) {
            heads.push_back({.feed = feed, .sequence = log.rbegin()->first});
        }
    }
    m->load_clock(heads);
    appends_.clear();
    asked_.clear();
    reads_.clear();
    streams_.clear();
    last_notes_.clear();
}

std::int64_t honest_node::height(std::string_view feed) const {
    const auto log = store.find(feed);
    return log == store.end() || log->second.empty() ? 0 : log->second.rbegin()->first;
}

void honest_node::append(const std::string& author, const sim_body& body) {
    const std::int64_t next = height(author) + 1;
    store_message({author, next, body}, handle_of(m->feed_of(author), next, body));
    m->run();
}

void honest_node::store_message(const sim_message& what, const message& handle) {
    store[what.author][what.sequence] = what.body;
    m->on_append(handle);
}

void honest_node::follow(const std::string& feed, bool is_followed) {
    m->request(feed, is_followed);
    m->run();
}

void honest_node::block(const std::string& who, const std::string& whom, bool is_blocked) {
    m->block(who, whom, is_blocked);
    m->run();
}

bool honest_node::is_complete() const {
    const progress_view progress = m->progress();
    return progress.current == progress.total;
}

// The last note's bit is rx, and one peer is asked for a feed.
void honest_node::check() const {
    std::map<std::string, int> asked;
    for (const auto& [peer, view] : m->state().peers) {
        if (!view.replicating) {
            continue;
        }
        for (const auto& [feed, r] : *view.replicating) {
            const bool has_refused = view.clock->contains(feed) && view.clock->at(feed) == -1;
            asked[feed] += r.rx && !has_refused ? 1 : 0;
            EXPECT_LE(asked[feed], 1) << id << " asks two peers for " << feed;
            EXPECT_TRUE(r.rx || !r.is_source) << id << ' ' << peer << ' ' << feed;
            const auto last = last_notes_.find({peer, feed});
            if (view.notes && view.notes->contains(feed)) {
                EXPECT_EQ(decode_note(view.notes->at(feed)).wants_messages, r.rx);
            } else if (last != last_notes_.end()) {
                EXPECT_EQ(decode_note(last->second).wants_messages, r.rx)
                    << id << " to " << peer << " of " << feed;
            }
        }
    }
}

void honest_node::connected(const std::string& peer, bool is_client) {
    m->set_time(network_.now);
    result<stream> made = m->create_stream(peer, 3, is_client);
    ASSERT_TRUE(made.ok());
    streams_[peer] = made.value();
    m->run();
}

void honest_node::disconnected(const std::string& peer) {
    m->set_time(network_.now);
    m->close(streams_[peer]);
    streams_.erase(peer);
    std::erase_if(last_notes_, [&](const auto& each) { return each.first.first == peer; });
    m->run();
}

void honest_node::take(const std::string& peer, const sim_frame& frame) {
    m->set_time(network_.now);
    const stream from = streams_[peer];
    if (frame.message) {
        const bool is_wanted = m->wanted(from, frame.message->author, frame.message->sequence);
        const receipt what = m->receive(from, frame.message->author, frame.message->sequence, 300,
                                        std::make_shared<const sim_body>(frame.message->body));
        EXPECT_EQ(is_wanted, what == receipt::queued);
        ++receipts[what];
    } else {
        std::vector<note> said;
        for (const auto& [feed, value] : frame.notes) {
            said.push_back({.feed = feed, .value = value});
        }
        m->notes(from, said);
    }
    m->run();
}

std::optional<sim_frame> honest_node::give(const std::string& peer) {
    const auto to = streams_.find(peer);
    if (to == streams_.end()) {
        return {};
    }
    std::vector<note> said;
    if (!network_.is_for_messages && m->next_notes(to->second, SIZE_MAX, said)) {
        sim_frame frame;
        for (const note& each : said) {
            frame.notes.emplace_back(each.feed, each.value);
            last_notes_[{peer, std::string(each.feed)}] = each.value;
        }
        return frame;
    }
    message what;
    if (m->next_message(to->second, what)) {
        m->run();
        return sim_frame{
            .message = sim_message{std::string(m->id_of(what.feed)), what.sequence, body_of(what)},
            .notes = {}};
    }
    return {};
}

// As the reference's simulator: one message into the log, one read begun, or one ended, by chance.
bool honest_node::work(test::dice& die) {
    const std::size_t first = die() % 3;
    for (std::size_t n = 0; n < 3; ++n) {
        const std::size_t kind = (first + n) % 3;
        if (kind == 0 && !appends_.empty()) {
            append_one();
            return true;
        }
        if (kind == 1 && !asked_.empty()) {
            const std::size_t which = die() % asked_.size();
            reads_.push_back(asked_[which]);
            asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(which));
            return true;
        }
        if (kind == 2 && !reads_.empty()) {
            answer_read(die() % reads_.size());
            return true;
        }
    }
    return false;
}

void honest_node::append_one() {
    const auto [from, what] = appends_.front();
    appends_.pop_front();
    const sim_message named{std::string(m->id_of(what.feed)), what.sequence, body_of(what)};
    const sim_log& log = store[named.author];
    if (what.sequence != height(named.author) + 1) {
        ADD_FAILURE() << "the log was offered " << named.author << ' ' << what.sequence;
    } else if (!named.body.is_genuine || (is_valid && !is_valid(log, named))) {
        ++rejections;
        std::erase_if(appends_, [&](const auto& each) { return each.second.feed == what.feed; });
        m->rejected(from, what.feed, what.sequence, rejection::invalid);
    } else {
        store_message(named, what);
    }
    m->run();
}

void honest_node::answer_read(std::size_t which) {
    const auto [feed, sequence] = reads_[which];
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(which));
    const sim_log& log = store[std::string(m->id_of(feed))];
    const auto found = log.find(sequence);
    if (found != log.end()) {
        m->retrieved(handle_of(feed, sequence, found->second));
    } else {
        m->not_retrieved(feed, sequence);
    }
    m->run();
}

void honest_node::tick(std::int64_t now) {
    m->tick(now);
    m->run();
}

void honest_node::get_clock(stream from, std::string_view peer) {
    std::vector<clock_entry> clock;
    for (const auto& [feed, sequence] : clocks[std::string(peer)]) {
        clock.push_back({.feed = feed, .sequence = sequence});
    }
    m->peer_clock(from, clock);
}

void honest_node::set_clock(std::string_view peer, std::span<const clock_entry> changed) {
    auto& clock = clocks[std::string(peer)];
    for (const clock_entry& each : changed) {
        if (each.sequence == absent) {
            clock.erase(std::string(each.feed));
        } else {
            clock[std::string(each.feed)] = each.sequence;
        }
    }
}

void honest_node::get_at(feed_number feed, std::int64_t sequence, std::int64_t /*following*/) {
    asked_.emplace_back(feed, sequence);
}

void honest_node::append(stream from, message&& what) {
    appends_.emplace_back(from, std::move(what));
}

bool honest_node::is_feed(std::string_view feed) const { return !feed.empty(); }

void honest_node::end(stream which, end_reason why) {
    ends.push_back(why);
    std::erase_if(streams_, [&](const auto& each) { return each.second == which; });
}

void honest_node::wake(stream /*which*/, bool /*urgent*/) {}

honest_node& sim_network::add(const std::string& id, options chosen) {
    auto made = std::make_unique<honest_node>(id, *this, chosen);
    honest_node& node = *made;
    add(std::move(made));
    return node;
}

void sim_network::add(std::unique_ptr<sim_node> node) {
    const auto [place, is_new] = places_.emplace(node->id, nodes_.size());
    if (is_new) {
        nodes_.push_back(std::move(node));
    } else {
        nodes_[place->second] = std::move(node);
    }
}

void sim_network::connect(const std::string& client, const std::string& server) {
    sim_node& one = *nodes_[places_.at(client)];
    sim_node& other = *nodes_[places_.at(server)];
    one.peers.push_back(server);
    other.peers.push_back(client);
    one.connected(server, true);
    other.connected(client, false);
}

void sim_network::disconnect(const std::string& one, const std::string& other) {
    for (const auto& [here, there] : {std::pair(one, other), std::pair(other, one)}) {
        sim_node& node = *nodes_[places_.at(here)];
        std::erase(node.peers, there);
        node.disconnected(there);
    }
}

bool sim_network::are_connected(const std::string& one, const std::string& other) const {
    const auto& peers = nodes_[places_.at(one)]->peers;
    return std::find(peers.begin(), peers.end(), other) != peers.end();
}

bool sim_network::deliver_from(sim_node& node) {
    const std::size_t start = node.peers.empty() ? 0 : die() % node.peers.size();
    for (std::size_t n = 0; n < node.peers.size(); ++n) {
        const std::string to = node.peers[(start + n) % node.peers.size()];
        const std::optional<sim_frame> frame = node.give(to);
        if (!frame) {
            continue;
        }
        ++now;
        sim_node& receiver = *nodes_[places_.at(to)];
        counts.messages += frame->message ? 1U : 0U;
        counts.note_frames += frame->message ? 0U : 1U;
        counts.note_entries += frame->notes.size();
        if (const auto* honest = dynamic_cast<const honest_node*>(&receiver);
            honest != nullptr && frame->message) {
            const bool is_old = honest->height(frame->message->author) >= frame->message->sequence;
            counts.duplicates += is_old ? 1U : 0U;
        }
        if (watch) {
            watch(node.id, to, *frame);
        }
        receiver.take(node.id, *frame);
        return true;
    }
    return false;
}

bool sim_network::step() {
    is_for_messages = holds_notes;
    const bool has_done = step_of_anybody();
    is_for_messages = false;
    return has_done || (holds_notes && step_of_anybody());
}

bool sim_network::step_of_anybody() {
    const std::size_t start = die() % nodes_.size();
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
        sim_node& node = *nodes_[(start + n) % nodes_.size()];
        if (node.is_stalled) {
            continue;
        }
        const bool works_first = die() % 2 == 0;
        if ((works_first && node.work(die)) || deliver_from(node) ||
            (!works_first && node.work(die))) {
            return true;
        }
    }
    return false;
}

void sim_network::fire_timers() {
    for (const auto& node : nodes_) {
        node->tick(now++);
    }
}

void sim_network::run() {
    for (bool is_first = true, goes_on = true; goes_on; is_first = false) {
        goes_on = is_first;
        while (step()) {
            goes_on = true;
        }
        if (goes_on) {
            fire_timers();
        }
    }
}

}  // namespace rhumb::overlay::ebt
