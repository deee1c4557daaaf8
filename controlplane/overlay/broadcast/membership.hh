// Peer sampling by HyParView (Leitao, Pereira, Rodrigues, DSN 2007): a small symmetric active view
// of neighbours, each with a link, and a larger passive view of peers that could replace them.
// JOIN, FORWARDJOIN, NEIGHBOR, DISCONNECT and SHUFFLE as in the paper; what it leaves open:
//
// - Who adds a neighbour waits for the other's answer (NEIGHBOR reply), so that views stay
//   symmetric; what arrives from a peer that takes us for a neighbour, and is none, is answered
//   with DISCONNECT.
// - A peer that joins is asked with high priority by the ends of its walks, which make room for it.
// - Free places are filled at once, until a round has seen `most_refusals`; who has refused or sent
//   DISCONNECT is not asked again in the same round. Each shuffle begins a
//   new round. A node without neighbours begins one too, ever more rarely, and asks its first
//   contacts again where it knows nobody else.
//
// Neighbours have slots, small numbers that stay theirs: the other parts hold sets of them as bits.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/broadcast/frames.hh"
#include "controlplane/overlay/broadcast/outbox.hh"

namespace rhumb::overlay::broadcast {

using slot = std::uint32_t;
using slot_set = std::uint32_t;  // bit n: slot n
inline constexpr slot no_slot = ~slot{0};

[[nodiscard]] constexpr slot_set only(slot s) noexcept {
    return s == no_slot ? 0 : slot_set{1} << s;
}

class membership {
public:
    membership(const membership_options& wanted, const contact& self, const secret& key);

    void tell_address(const address& own) noexcept { self_.where = own; }
    // First contacts, of which one is asked at once, and one again whenever there is no neighbour.
    void join(std::span<const contact> contacts, const turn& t);
    // One more of them, which is asked now. Of many the last ones are kept.
    void meet(const contact& who, const turn& t);
    // Whether an answer of this peer is waited for.
    [[nodiscard]] bool awaits(const peer_key& peer) const noexcept;
    // A frame of this protocol, JOIN to SHUFFLE reply. `bytes` is all of it.
    void take(const peer_key& from, const frame& f, std::span<const byte> bytes, const turn& t);
    // No link to this peer can be had, or that of a neighbour broke.
    void lost(const peer_key& peer, const turn& t);
    // A frame for neighbours, from a peer that is none.
    void stray(const peer_key& from, const turn& t);

    [[nodiscard]] time_point deadline() const noexcept;
    void tick(const turn& t);

    [[nodiscard]] const contact& self() const noexcept { return self_; }
    // Neighbours.
    [[nodiscard]] slot_set neighbours() const noexcept { return used_; }
    [[nodiscard]] const contact& at(slot s) const noexcept { return active_[s]; }
    [[nodiscard]] slot slot_of(const peer_key& peer) const noexcept;
    [[nodiscard]] std::size_t passive_size() const noexcept { return passive_.size(); }
    [[nodiscard]] const contact& passive_at(std::size_t n) const noexcept {
        return passive_[n].who;
    }

    // What has happened to the neighbours since somebody asked last, in order.
    struct change {
        slot where;
        bool up;
        peer_key peer;
    };
    [[nodiscard]] const std::vector<change>& changes() const noexcept { return changes_; }
    void forget_changes() noexcept { changes_.clear(); }

private:
    struct candidate {
        contact who;
        bool refused = false;  // in this round
    };
    struct request {
        contact who;
        time_point until;
        std::uint32_t tag = 0;   // an answer to an older one counts no more
        bool make_room = false;  // for a peer that joins, or whom we join
    };

    [[nodiscard]] bool full() const noexcept;
    slot add(const contact& who, const turn& t);
    void remove(slot s);
    void drop(slot s, const turn& t);
    void let_go(const peer_key& peer, const turn& t);
    slot random_neighbour(slot_set among);
    bool remember(const contact& who);
    bool forget(const peer_key& peer);
    [[nodiscard]] std::size_t find_candidate(const peer_key& peer) const noexcept;

    void ask(const contact& who, bool high, bool make_room, const turn& t);
    void ask_to_join(const turn& t);
    void ask_to_join(const contact& who, const turn& t);
    std::uint32_t await(const contact& who, bool make_room, const turn& t);
    void fill(const turn& t);
    void plan_try(const turn& t);
    void try_again(const turn& t);
    void begin_round() noexcept;
    void refuse(const peer_key& peer) noexcept;
    void take_join(const contact& who, std::uint32_t tag, const turn& t);
    void take_forward_join(slot from, const contact& who, std::uint8_t ttl, const turn& t);
    void take_neighbour(const contact& who, bool high, std::uint32_t tag, const turn& t);
    void take_reply(const peer_key& from, bool accepted, std::uint32_t tag, const turn& t);
    void take_disconnect(const peer_key& from, const turn& t);

    void shuffle(const turn& t);
    void take_shuffle(slot from, const frame& f, std::span<const byte> bytes, const turn& t);
    void take_shuffle_reply(const frame& f, const turn& t);
    void sample_active(std::size_t count);
    void sample_passive(std::size_t count, const peer_key& but);
    void merge(const frame& f, std::span<const peer_key> sent);

    membership_options options_;
    contact self_;
    dice dice_;
    std::vector<contact> active_;  // by slot
    slot_set used_ = 0;
    std::vector<candidate> passive_;
    std::vector<request> requests_;
    std::uint32_t next_tag_ = 1;
    std::vector<contact> contacts_;
    std::vector<change> changes_;
    std::vector<peer_key> shuffled_;  // of the passive view, in the last SHUFFLE
    bool shuffle_open_ = false;       // not answered yet
    std::size_t refusals_ = 0;        // in this round
    std::uint32_t tries_ = 0;         // without a neighbour, since the last shuffle
    time_point next_shuffle_ = time_point::max();
    time_point next_try_ = time_point::max();
    std::vector<contact> list_;  // for sampling
};

}  // namespace rhumb::overlay::broadcast
