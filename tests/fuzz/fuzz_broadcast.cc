// Two machines for broadcast nodes. The first byte chooses.
//
// One node among peers that send any bytes at any time, and a host that answers anything: views and
// tables keep their limits, what is sent can be read, no message is delivered twice or unverified.
//
// Four nodes with links in order, and any events: when all frames have arrived, views are
// symmetric, and nothing was delivered twice.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "controlplane/overlay/broadcast/node.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay::broadcast;
using namespace std::chrono_literals;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

class input {
public:
    explicit input(std::span<const byte> bytes) : left_(bytes) {}
    [[nodiscard]] bool empty() const { return left_.empty(); }
    byte next() {
        if (left_.empty()) {
            return 0;
        }
        const byte taken = left_.front();
        left_ = left_.subspan(1);
        return taken;
    }
    std::span<const byte> take(std::size_t count) {
        const std::span<const byte> taken = left_.first(std::min(count, left_.size()));
        left_ = left_.subspan(taken.size());
        return taken;
    }

private:
    std::span<const byte> left_;
};

peer_key key(std::size_t n) {
    peer_key made{};
    made[0] = static_cast<byte>(n);
    return made;
}

options small_options(byte choice) {
    options made;
    made.way = static_cast<spreading>(choice % 3);
    made.verify = (choice & 4) != 0;
    made.order.on = (choice & 8) != 0;
    made.retransmission.on = (choice & 16) != 0;
    made.membership.active = 3;
    made.membership.passive = 4;
    made.membership.shuffle_period = 10s;
    made.tree.announce_batch = 4;
    made.tree.announce_delay = (choice & 32) != 0 ? 5ms : 0ms;
    made.tree.missing_per_peer = 8;
    made.tree.threshold = 2;
    made.retransmission.outstanding = 8;
    made.order.window = 6;
    made.order.bytes = 300;
    made.payload = 200;
    made.memory.ids = 20;
    made.memory.payload_bytes = 1000;
    made.memory.origins = 5;
    made.memory.unverified = 6;
    made.memory.unverified_per_peer = 4;
    made.memory.unverified_bytes = 1000;
    made.rate.peers = 4;
    if ((choice & 64) != 0) {
        made.rate.frames_per_second = made.rate.membership_per_second = 5;
        made.rate.frames_burst = made.rate.membership_burst = 10;
    }
    made.key = {choice, 1};
    return made;
}

// A frame of any type whose fields are small numbers, so that they mean something to each other.
std::vector<byte> likely_frame(input& from) {
    std::vector<byte> made;
    const byte type = from.next();
    const byte a = from.next();
    const byte b = from.next();
    const message_id id{key(a % 8), b};
    const contact who{key(b % 12), {}};
    const std::vector<contact> list{{key(a % 12), {}}, {key(a % 5), {}}, who};
    std::vector<byte> part;
    switch (type % 12) {
        case 0: write_join(made, b, {}); break;
        case 1: write_forward_join(made, who, a % 8); break;
        case 2: write_neighbour(made, a % 2 == 0, b, {}); break;
        case 3: write_neighbour_reply(made, a % 2 == 0, b % 8U); break;
        case 4: write_disconnect(made); break;
        case 5: write_shuffle(made, a % 8, who, list); break;
        case 6: write_shuffle_reply(made, list); break;
        case 7:
            append_body(part, id, signature_bytes{},
                        std::vector<byte>(from.next() % 250U, static_cast<byte>(type >> 7)));
            write_gossip(made, {a > 127, b > 127, type, a}, part);
            break;
        case 8:
            append_announcement(part, {id, a});
            append_announcement(part, {{key(b % 8), a}, b});
            write_ihave(made, part);
            break;
        case 9: write_graft(made, a % 2 == 0, {id, a}); break;
        case 10: write_prune(made); break;
        default: write_ack(made, static_cast<std::uint32_t>(a % 10) | (b % 4U) << 16); break;
    }
    return made;
}

void check_limits(const node& n, const options& of) {
    const membership& peers = n.peers();
    std::set<peer_key> all;
    std::size_t count = 0;
    for (slot s = 0; s < most_neighbours; ++s) {
        if ((peers.neighbours() & only(s)) != 0) {
            require(s < of.membership.active);
            all.insert(peers.at(s).key);
            ++count;
        }
    }
    for (std::size_t p = 0; p < peers.passive_size(); ++p) {
        all.insert(peers.passive_at(p).key);
        ++count;
    }
    require(all.size() == count);  // nobody twice, in one view or in both
    require(peers.passive_size() <= of.membership.passive);
    require((n.eager() & ~peers.neighbours()) == 0);
    require(n.store().size() <= of.memory.ids);
    require(n.store().body_bytes() <= of.memory.payload_bytes);
    require(n.waiting().size() <= of.memory.unverified);
    require(n.waiting().bytes() <= of.memory.unverified_bytes);
    require(n.order().size() <= of.memory.origins);
    require(n.order().waiting_bytes() <= of.order.bytes);
    require(n.outstanding() <= of.retransmission.outstanding);
}

class one_node {
public:
    explicit one_node(input& from)
        : input_(from), options_(small_options(from.next())), node_(options_, {key(0), {}}) {}

    void go() {
        while (!input_.empty()) {
            step();
            perform();
            check_limits(node_, options_);
        }
    }

private:
    void step() {
        const byte what = input_.next();
        const peer_key peer = key(input_.next() % 12);
        switch (what % 8) {
            case 0: {
                const std::span<const byte> raw = input_.take(input_.next());
                node_.receive(peer, raw, now_, out_);
                break;
            }
            case 1: node_.lost(peer, now_, out_); break;
            case 2:
                now_ += 1ms * (input_.next() * (what > 127 ? 400 : 1));
                node_.tick(now_, out_);
                require(node_.deadline() > now_);
                break;
            case 3: answer(); break;
            case 4:
                static_cast<void>(node_.broadcast(signature_bytes{},
                                                  std::vector<byte>(input_.next(), 1), now_, out_));
                break;
            case 5: {
                const contact first{peer, {}};
                node_.join({&first, 1}, now_, out_);
                break;
            }
            default: node_.receive(peer, likely_frame(input_), now_, out_); break;
        }
    }

    void answer() {
        const std::size_t chosen = input_.next();
        if (open_.empty()) {
            node_.verified(chosen, true, now_, out_);
            return;
        }
        const auto [ticket, id] = open_[chosen % open_.size()];
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(chosen % open_.size()));
        const bool valid = chosen < 128;
        if (valid) {
            valid_.insert(id);
        }
        node_.verified(ticket, valid, now_, out_);
    }

    void perform() {
        frame f;
        for (const action& a : out_.actions()) {
            const std::pair<peer_key, std::uint64_t> id{a.peer, a.sequence};
            switch (a.kind) {
                case action_kind::send:
                    require(a.peer != key(0));
                    require(read_frame(out_.bytes(a), f) == drop_reason::none);
                    break;
                case action_kind::verify:
                    require(options_.verify);
                    open_.emplace_back(a.ticket, id);
                    break;
                case action_kind::deliver:
                    require(a.peer != key(0));
                    require(!options_.verify || valid_.count(id) != 0);
                    // An origin may be forgotten for others; until then nothing comes twice.
                    delivered_.push_back(id);
                    origins_.insert(a.peer);
                    require(origins_.size() > options_.memory.origins ||
                            std::count(delivered_.begin(), delivered_.end(), id) == 1);
                    require(!options_.order.on || origins_.size() > options_.memory.origins ||
                            in_order(id));
                    break;
                default: break;
            }
        }
        out_.clear();
    }

    bool in_order(const std::pair<peer_key, std::uint64_t>& id) {
        return std::all_of(delivered_.begin(), delivered_.end() - 1, [&](const auto& before) {
            return before.first != id.first || before.second < id.second;
        });
    }

    input& input_;
    options options_;
    node node_;
    outbox out_;
    time_point now_{1h};
    std::vector<std::pair<std::uint64_t, std::pair<peer_key, std::uint64_t>>> open_;
    std::set<std::pair<peer_key, std::uint64_t>> valid_;
    std::vector<std::pair<peer_key, std::uint64_t>> delivered_;
    std::set<peer_key> origins_;
};

class four_nodes {
public:
    explicit four_nodes(input& from) : input_(from), options_(small_options(from.next())) {
        options_.rate.frames_per_second = options_.rate.membership_per_second = 0;
        options_.membership.active = 2;
        options_.memory.origins = 8;
        for (std::size_t n = 0; n < count; ++n) {
            options_.key.high = n;
            nodes_.emplace_back(options_, contact{key(n), {}});
        }
    }

    void go() {
        for (int steps = 0; !input_.empty() && steps < 2000; ++steps) {
            step();
        }
        for (int frames = 0; arrive(0); ++frames) {
            require(frames < 100'000);  // nobody answers for ever
        }
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = 0; b < count; ++b) {
                require(has(a, b) == has(b, a));
            }
        }
    }

private:
    static constexpr std::size_t count = 4;
    struct in_flight {
        std::size_t from;
        std::size_t to;
        std::vector<byte> bytes;  // empty: an answer about `ticket`
        std::uint64_t ticket;
    };

    [[nodiscard]] bool has(std::size_t a, std::size_t b) const {
        return nodes_[a].peers().slot_of(key(b)) != no_slot;
    }

    void step() {
        const byte what = input_.next();
        const std::size_t n = input_.next() % count;
        switch (what % 6) {
            case 0: {
                const contact first{key(input_.next() % count), {}};
                nodes_[n].join({&first, 1}, now_, out_);
                break;
            }
            case 1:
                now_ += 1ms * (input_.next() * (what > 127 ? 100 : 1));
                nodes_[n].tick(now_, out_);
                break;
            case 2:
                static_cast<void>(
                    nodes_[n].broadcast(signature_bytes{}, std::vector<byte>(3, 1), now_, out_));
                break;
            case 3: break_link(n, input_.next() % count); return;
            default: arrive(input_.next()); return;
        }
        perform(n);
    }

    // What is on its way is gone, and both ends learn it.
    void break_link(std::size_t a, std::size_t b) {
        if (a == b) {
            return;
        }
        std::erase_if(flights_, [&](const in_flight& f) {
            return !f.bytes.empty() && ((f.from == a && f.to == b) || (f.from == b && f.to == a));
        });
        nodes_[a].lost(key(b), now_, out_);
        // Frames on a new link come after the news that the old one is gone.
        outbox of_a;
        std::swap(of_a, out_);
        nodes_[b].lost(key(a), now_, out_);
        perform(b);
        std::swap(of_a, out_);
        perform(a);
    }

    // The oldest frame of the link of the frame that is chosen. False: there is none.
    bool arrive(std::size_t chosen) {
        if (flights_.empty()) {
            return false;
        }
        const in_flight& some = flights_[chosen % flights_.size()];
        const auto first = std::find_if(flights_.begin(), flights_.end(), [&](const in_flight& f) {
            return f.from == some.from && f.to == some.to;
        });
        const in_flight f = std::move(*first);
        flights_.erase(first);
        if (f.bytes.empty()) {
            nodes_[f.to].verified(f.ticket, true, now_, out_);
        } else {
            nodes_[f.to].receive(key(f.from), f.bytes, now_, out_);
        }
        perform(f.to);
        return true;
    }

    void perform(std::size_t n) {
        for (const action& a : out_.actions()) {
            const std::span<const byte> bytes = out_.bytes(a);
            if (a.kind == action_kind::send && a.peer[0] < count) {
                flights_.push_back({n, a.peer[0], {bytes.begin(), bytes.end()}, 0});
            } else if (a.kind == action_kind::verify) {
                flights_.push_back({n, n, {}, a.ticket});
            } else if (a.kind == action_kind::deliver) {
                require(delivered_.emplace(n, a.peer, a.sequence).second);
            }
            require(a.kind != action_kind::misbehaved);
        }
        out_.clear();
        check_limits(nodes_[n], options_);
    }

    input& input_;
    options options_;
    std::deque<node> nodes_;
    outbox out_;
    time_point now_{1h};
    std::vector<in_flight> flights_;
    std::set<std::tuple<std::size_t, peer_key, std::uint64_t>> delivered_;
};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    input from({data, size});
    if (from.next() % 2 == 0) {
        one_node(from).go();
    } else {
        four_nodes(from).go();
    }
    return 0;
}
