// One broadcast node and what it wants, for tests: peers are numbers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/overlay/broadcast/node.hh"

namespace rhumb::overlay::broadcast::test {

using namespace std::chrono_literals;
using bytes = std::vector<byte>;

inline peer_key key(std::uint32_t n) {
    peer_key made{};
    store_be32(made.data(), n);
    return made;
}
inline std::uint32_t number(const peer_key& k) { return load_be32(k.data()); }

inline address where(std::uint32_t n) {
    const std::string text = "net:" + std::to_string(n);
    return *address::of(bytes(text.begin(), text.end()));
}
inline contact who(std::uint32_t n) { return {key(n), where(n)}; }

// Node 0, without limits of rate and verification unless the test wants some.
inline options quiet_options() {
    options made;
    made.verify = false;
    made.rate.frames_per_second = made.rate.bytes_per_second = made.rate.membership_per_second = 0;
    made.tree.announce_delay = 0ms;
    made.tree.threshold = 3;
    made.key = {1, 2};
    return made;
}

inline options verifying() {
    options made = quiet_options();
    made.verify = true;
    return made;
}

inline options small(std::size_t active, std::size_t passive = 30) {
    options made = quiet_options();
    made.membership.active = active;
    made.membership.passive = passive;
    return made;
}

class node_rig {
public:
    struct sent_frame {
        std::uint32_t to;
        bytes raw;
        frame f;
    };
    struct delivery {
        std::uint32_t origin;
        std::uint64_t sequence;
        std::string text;
        std::uint16_t hops;
        friend bool operator==(const delivery&, const delivery&) = default;
    };
    struct question {
        std::uint64_t ticket;
        std::uint32_t origin;
        std::string text;
    };

    explicit node_rig(const options& wanted = quiet_options()) : n(wanted, who(0)) {}

    template <class Write>
    void receive(std::uint32_t from, const Write& write) {
        bytes raw;
        write(raw);
        receive_raw(from, raw);
    }
    void receive_raw(std::uint32_t from, const bytes& raw) {
        n.receive(key(from), raw, now, out);
        collect();
    }
    void gossip(std::uint32_t from, std::uint32_t origin, std::uint64_t sequence,
                std::uint16_t hops = 1, const std::string& text = "x", gossip_fields fields = {}) {
        fields.hops = hops;
        bytes body;
        append_body(body, {key(origin), sequence}, signature_bytes{},
                    bytes(text.begin(), text.end()));
        receive(from, [&](bytes& to) { write_gossip(to, fields, body); });
    }
    void announce(std::uint32_t from, std::uint32_t origin, std::uint64_t sequence,
                  std::uint16_t hops = 1) {
        bytes entry;
        append_announcement(entry, {{key(origin), sequence}, hops});
        receive(from, [&](bytes& to) { write_ihave(to, entry); });
    }
    // A peer becomes a neighbour.
    void neighbour(std::uint32_t from) {
        receive(from, [&](bytes& to) { write_neighbour(to, true, 77, where(from)); });
        sent.clear();
        released.clear();
    }
    void lose(std::uint32_t peer) {
        n.lost(key(peer), now, out);
        collect();
    }
    void join(const std::vector<contact>& contacts) {
        n.join(contacts, now, out);
        collect();
    }
    std::uint64_t broadcast(const std::string& text) {
        const auto done = n.broadcast(signature_bytes{}, bytes(text.begin(), text.end()), now, out);
        collect();
        return done ? done.value() : 0;
    }
    void answer(std::uint64_t ticket, bool valid) {
        n.verified(ticket, valid, now, out);
        collect();
    }
    void unwanted(std::uint64_t ticket) {
        n.unwanted(ticket, now, out);
        collect();
    }
    void meet(const contact& somebody) {
        n.meet(somebody, now, out);
        collect();
    }
    // Time passes, and what is due happens when it is due.
    void pass(duration time) {
        const time_point until = now + time;
        while (n.deadline() <= until) {
            now = std::max(now, n.deadline());
            n.tick(now, out);
            collect();
        }
        now = until;
    }

    // Time passes until a frame of this type is sent; earlier ones are forgotten.
    void pass_until(frame_type type) {
        sent.clear();
        for (int steps = 0; steps < 1000 && receivers(type).empty(); ++steps) {
            ASSERT_NE(n.deadline(), time_point::max());
            pass(n.deadline() - now);
        }
        ASSERT_FALSE(receivers(type).empty());
    }

    // Frames of this type, their receivers.
    [[nodiscard]] std::vector<std::uint32_t> receivers(frame_type type) const {
        std::vector<std::uint32_t> to;
        for (const sent_frame& s : sent) {
            if (s.f.type == type) {
                to.push_back(s.to);
            }
        }
        std::sort(to.begin(), to.end());
        return to;
    }
    [[nodiscard]] const frame& only_frame(frame_type type) const {
        static const frame nothing;
        EXPECT_EQ(receivers(type).size(), 1U);
        for (const sent_frame& s : sent) {
            if (s.f.type == type) {
                return s.f;
            }
        }
        return nothing;
    }
    [[nodiscard]] std::vector<std::uint32_t> neighbours() const {
        return in(n.peers().neighbours());
    }
    [[nodiscard]] std::vector<std::uint32_t> eager() const { return in(n.eager()); }
    [[nodiscard]] std::vector<std::uint32_t> passive() const {
        std::vector<std::uint32_t> made;
        made.reserve(n.peers().passive_size());
        for (std::size_t p = 0; p < n.peers().passive_size(); ++p) {
            made.push_back(number(n.peers().passive_at(p).key));
        }
        std::sort(made.begin(), made.end());
        return made;
    }

    node n;
    outbox out;
    time_point now = time_point(1h);
    std::vector<sent_frame> sent;
    std::map<std::uint32_t, std::uint32_t> tags;  // of the last request, by peer
    std::vector<std::uint32_t> dialled;
    std::vector<std::uint32_t> released;
    std::vector<delivery> delivered;
    std::vector<question> questions;
    std::vector<std::pair<std::uint32_t, drop_reason>> misbehaved;

private:
    [[nodiscard]] std::vector<std::uint32_t> in(slot_set some) const {
        std::vector<std::uint32_t> made;
        made.reserve(most_neighbours);
        for (slot s = 0; s < most_neighbours; ++s) {
            if ((some & only(s)) != 0) {
                made.push_back(number(n.peers().at(s).key));
            }
        }
        std::sort(made.begin(), made.end());
        return made;
    }
    void collect() {
        for (const action& a : out.actions()) {
            const auto part = out.bytes(a);
            switch (a.kind) {
                case action_kind::dial: dialled.push_back(number(a.peer)); break;
                case action_kind::release: released.push_back(number(a.peer)); break;
                case action_kind::send:
                    sent.push_back({number(a.peer), {part.begin(), part.end()}, {}});
                    EXPECT_EQ(read_frame(sent.back().raw, sent.back().f), drop_reason::none);
                    if (sent.back().f.type == frame_type::join ||
                        sent.back().f.type == frame_type::neighbour) {
                        tags[sent.back().to] = sent.back().f.tag;
                    }
                    break;
                case action_kind::verify:
                    questions.push_back(
                        {a.ticket, number(a.peer), {part.begin() + signature_size, part.end()}});
                    break;
                case action_kind::deliver:
                    delivered.push_back(
                        {number(a.peer), a.sequence, {part.begin(), part.end()}, a.hops});
                    break;
                case action_kind::misbehaved: misbehaved.emplace_back(number(a.peer), a.why); break;
            }
        }
        out.clear();
    }
};

using numbers = std::vector<std::uint32_t>;

inline void reply(node_rig& rig, std::uint32_t from, bool accepted) {
    rig.receive(from, [&](bytes& to) { write_neighbour_reply(to, accepted, rig.tags[from]); });
}

// A peer of the passive view: one that was a neighbour and left in peace.
inline void remember(node_rig& rig, std::uint32_t peer) {
    rig.neighbour(peer);
    rig.receive(peer, [](bytes& to) { write_disconnect(to); });
    rig.sent.clear();
    rig.dialled.clear();
    rig.released.clear();
}

}  // namespace rhumb::overlay::broadcast::test
