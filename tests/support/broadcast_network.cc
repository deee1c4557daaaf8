#include "tests/support/broadcast_network.hh"

#include <algorithm>
#include <limits>
#include <string>

namespace rhumb::test {

using namespace overlay::broadcast;

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::int64_t count(broadcast_network::time_point when) { return when.time_since_epoch().count(); }

contact contact_of(std::size_t n) {
    const std::string text = "node:" + std::to_string(n);
    return {broadcast_network::key_of(n),
            *address::of(std::vector<byte>(text.begin(), text.end()))};
}

}  // namespace

std::uint64_t broadcast_tally::control() const {
    return of(frame_type::ihave) + of(frame_type::graft) + of(frame_type::prune) +
           of(frame_type::ack);
}

peer_key broadcast_network::key_of(std::size_t n) {
    peer_key made{};
    store_be32(made.data(), static_cast<std::uint32_t>(n));
    made.back() = 1;
    return made;
}

std::size_t broadcast_network::number_of(const peer_key& key) { return load_be32(key.data()); }

broadcast_network::broadcast_network(std::size_t nodes, const options& each,
                                     const broadcast_links& links, std::uint32_t seed)
    : links_(links), dice_(seed), alive_(nodes, true), wake_(nodes, never) {
    for (std::size_t n = 0; n < nodes; ++n) {
        options own = each;
        own.key = {(std::uint64_t{seed} << 32) + n, 0x9e3779b97f4a7c15U * (n + 1)};
        nodes_.emplace_back(own, contact_of(n));
    }
}

void broadcast_network::schedule(time_point when, event_kind kind, std::size_t where,
                                 std::size_t what) {
    queue_.push_back({count(when), order_++, static_cast<std::uint32_t>(where),
                      static_cast<std::uint32_t>(what), kind});
    std::push_heap(queue_.begin(), queue_.end());
}

std::uint32_t broadcast_network::take_flight() {
    if (free_flights_.empty()) {
        flights_.emplace_back();
        return static_cast<std::uint32_t>(flights_.size() - 1);
    }
    const std::uint32_t taken = free_flights_.back();
    free_flights_.pop_back();
    return taken;
}

broadcast_network::duration broadcast_network::latency(std::size_t from, std::size_t to) const {
    if (links_.spread == duration::zero()) {
        return links_.latency;
    }
    const std::uint64_t mixed = (from * 0x9e3779b97f4a7c15U) ^ (to * 0xc2b2ae3d27d4eb4fU);
    return links_.latency + links_.spread * ((mixed >> 40) & 1023) / 1024;
}

bool broadcast_network::lose(byte type) {
    return links_.loss > 0 && type >= static_cast<byte>(frame_type::gossip) &&
           dice_() < links_.loss * 4294967296.0;
}

void broadcast_network::send(std::size_t from, const action& a) {
    const std::size_t to = number_of(a.peer);
    const std::span<const byte> bytes = out_.bytes(a);
    if (!alive_[to]) {
        if (links_.detect) {
            schedule(now_ + latency(from, to), event_kind::lost, from, to);
        }
        return;
    }
    if (lose(bytes[1])) {
        return;
    }
    const std::uint32_t number = take_flight();
    flights_[number].from = static_cast<std::uint32_t>(from);
    flights_[number].bytes.assign(bytes.begin(), bytes.end());
    schedule(now_ + latency(from, to), event_kind::frame, to, number);
}

void broadcast_network::deliver(std::size_t n, const action& a) {
    broadcast_record& r = records_[load_be32(out_.bytes(a).data())];
    if (r.at[n]) {
        ++duplicates_;
        return;
    }
    r.at[n] = true;
    ++r.delivered;
    r.last_hops = std::max(r.last_hops, a.hops);
    r.last = std::max(r.last, now_ - r.sent);
    r.latency_sum += std::chrono::duration<double>(now_ - r.sent).count();
    if (on_delivery) {
        on_delivery(n, r.origin, a.sequence);
    }
}

void broadcast_network::finish(std::size_t n) {
    for (const action& a : out_.actions()) {
        if (discard_) {
            continue;
        }
        switch (a.kind) {
            case action_kind::send: send(n, a); break;
            case action_kind::deliver: deliver(n, a); break;
            case action_kind::verify: {
                const std::uint32_t number = take_flight();
                flights_[number].ticket = a.ticket;
                schedule(now_ + links_.verification, event_kind::verified, n, number);
                break;
            }
            case action_kind::misbehaved: ++misbehaviour_; break;
            case action_kind::dial:
            case action_kind::release: break;
        }
    }
    out_.clear();
    const std::int64_t due = std::max(count(nodes_[n].deadline()), count(now_));
    if (due < wake_[n]) {
        wake_[n] = due;
        schedule(time_point(duration(due)), event_kind::wake, n, 0);
    }
}

void broadcast_network::happen(const event& e) {
    ++events_;
    now_ = time_point(duration(e.at));
    const std::size_t n = e.where;
    if (e.kind == event_kind::frame || e.kind == event_kind::verified) {
        free_flights_.push_back(e.what);
    }
    if (!alive_[n] || (e.kind == event_kind::wake && wake_[n] != e.at)) {
        return;
    }
    switch (e.kind) {
        case event_kind::frame: {
            const flight& f = flights_[e.what];
            ++tally_.frames[f.bytes[1]];
            tally_.bytes += f.bytes.size();
            nodes_[n].receive(key_of(f.from), f.bytes, now_, out_);
            break;
        }
        case event_kind::wake:
            wake_[n] = never;
            nodes_[n].tick(now_, out_);
            break;
        case event_kind::lost: nodes_[n].lost(key_of(e.what), now_, out_); break;
        case event_kind::verified:
            nodes_[n].verified(flights_[e.what].ticket, true, now_, out_);
            break;
    }
    finish(n);
}

void broadcast_network::run_for(duration time) {
    const time_point until = now_ + time;
    while (!queue_.empty() && queue_.front().at <= count(until)) {
        std::pop_heap(queue_.begin(), queue_.end());
        const event next = queue_.back();
        queue_.pop_back();
        happen(next);
    }
    now_ = until;
}

void broadcast_network::join(std::size_t n, std::size_t contact) {
    const overlay::broadcast::contact who = contact_of(contact);
    nodes_[n].join({&who, 1}, now_, out_);
    finish(n);
}

void broadcast_network::join_all(duration apart) {
    for (std::size_t n = 1; n < size(); ++n) {
        join(n, dice_() % n);
        run_for(apart);
    }
}

// The frames by which nodes come to know others, with nobody hearing what they answer.
void broadcast_network::adopt(const overlay_views& views) {
    discard_ = true;
    std::vector<byte> frame;
    for (std::size_t n = 0; n < size(); ++n) {
        for (const std::uint32_t other : views.active[n]) {
            frame.clear();
            write_neighbour(frame, true, 0, contact_of(other).where);
            nodes_[n].receive(key_of(other), frame, now_, out_);
        }
        for (const std::uint32_t other : views.passive[n]) {
            if (views.active[n].size() < 2) {
                break;  // it would ask them
            }
            frame.clear();
            write_forward_join(frame, contact_of(other), membership_options().passive_walk);
            nodes_[n].receive(key_of(views.active[n].front()), frame, now_, out_);
        }
        finish(n);
    }
    discard_ = false;
}

overlay_views broadcast_network::views() const {
    overlay_views made{std::vector<std::vector<std::uint32_t>>(size()),
                       std::vector<std::vector<std::uint32_t>>(size())};
    for (std::size_t n = 0; n < size(); ++n) {
        const membership& peers = nodes_[n].peers();
        for (slot s = 0; s < most_neighbours; ++s) {
            if ((peers.neighbours() & only(s)) != 0) {
                made.active[n].push_back(static_cast<std::uint32_t>(number_of(peers.at(s).key)));
            }
        }
        for (std::size_t p = 0; p < peers.passive_size(); ++p) {
            made.passive[n].push_back(
                static_cast<std::uint32_t>(number_of(peers.passive_at(p).key)));
        }
    }
    return made;
}

std::size_t broadcast_network::broadcast(std::size_t from) {
    const std::size_t number = records_.size();
    records_.emplace_back();
    records_.back().origin = from;
    records_.back().sent = now_;
    records_.back().at.assign(size(), false);
    records_.back().at[from] = true;
    std::array<byte, 16> payload{};
    store_be32(payload.data(), static_cast<std::uint32_t>(number));
    static_cast<void>(nodes_[from].broadcast(signature_bytes{}, payload, now_, out_));
    finish(from);
    return number;
}

const broadcast_record& broadcast_network::broadcast_for(std::size_t from, duration time) {
    const std::size_t number = broadcast(from);
    run_for(time);
    return records_[number];
}

void broadcast_network::fail(std::size_t n) { alive_[n] = false; }

void broadcast_network::report_failures() {
    const overlay_views all = views();
    for (std::size_t n = 0; n < size(); ++n) {
        for (const std::uint32_t other : all.active[n]) {
            if (alive_[n] && !alive_[other]) {
                nodes_[n].lost(key_of(other), now_, out_);
                finish(n);
            }
        }
    }
}

std::size_t broadcast_network::alive_count() const {
    return static_cast<std::size_t>(std::count(alive_.begin(), alive_.end(), true));
}

std::size_t broadcast_network::random_alive() {
    for (;;) {
        const std::size_t n = dice_() % size();
        if (alive_[n]) {
            return n;
        }
    }
}

namespace {

using graph = std::vector<std::vector<std::uint32_t>>;

bool has(const std::vector<std::uint32_t>& list, std::uint32_t wanted) {
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

// Hops from one node to each; SIZE_MAX: there is no way.
std::vector<std::size_t> hops_from(const graph& g, std::uint32_t source) {
    std::vector<std::size_t> hops(g.size(), SIZE_MAX);
    std::vector<std::uint32_t> queue{source};
    hops[source] = 0;
    for (std::size_t n = 0; n < queue.size(); ++n) {
        for (const std::uint32_t next : g[queue[n]]) {
            if (hops[next] == SIZE_MAX) {
                hops[next] = hops[queue[n]] + 1;
                queue.push_back(next);
            }
        }
    }
    return hops;
}

double clustering_of(const graph& g, std::size_t n) {
    std::size_t pairs = 0;
    std::size_t joined = 0;
    for (std::size_t a = 0; a < g[n].size(); ++a) {
        for (std::size_t b = a + 1; b < g[n].size(); ++b) {
            ++pairs;
            joined += has(g[g[n][a]], g[n][b]) ? 1U : 0U;
        }
    }
    return pairs == 0 ? 0 : static_cast<double>(joined) / static_cast<double>(pairs);
}

void measure_paths(const graph& g, const std::vector<std::uint32_t>& live, std::size_t sources,
                   overlay_shape& made) {
    double sum = 0;
    double reached = 0;
    const std::size_t step =
        std::max<std::size_t>(1, live.size() / std::max<std::size_t>(1, sources));
    for (std::size_t n = 0; n < live.size(); n += step) {
        std::size_t component = 0;
        for (const std::size_t hops : hops_from(g, live[n])) {
            if (hops != SIZE_MAX) {
                ++component;
                sum += static_cast<double>(hops);
                made.longest = std::max(made.longest, hops);
            }
        }
        reached += static_cast<double>(component - 1);
        made.largest = std::max(made.largest, component);
    }
    made.path_length = reached == 0 ? 0 : sum / reached;
}

}  // namespace

overlay_shape shape_of(const broadcast_network& network, std::size_t most_neighbours,
                       std::size_t sources) {
    graph g = network.views().active;
    std::vector<std::uint32_t> live;
    for (std::uint32_t n = 0; n < g.size(); ++n) {
        if (network.alive(n)) {
            live.push_back(n);
            std::erase_if(g[n], [&](std::uint32_t other) { return !network.alive(other); });
        } else {
            g[n].clear();
        }
    }
    overlay_shape made;
    std::size_t ends = 0;
    for (const std::uint32_t n : live) {
        ends += g[n].size();
        made.full += g[n].size() == most_neighbours ? 1U : 0U;
        made.clustering += clustering_of(g, n);
        made.one_sided += static_cast<std::size_t>(std::count_if(
            g[n].begin(), g[n].end(), [&](std::uint32_t other) { return !has(g[other], n); }));
    }
    made.edges = ends / 2;
    made.clustering /= static_cast<double>(std::max<std::size_t>(1, live.size()));
    measure_paths(g, live, sources, made);
    return made;
}

}  // namespace rhumb::test
