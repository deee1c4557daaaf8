// Broadcast beside replication: short-lived messages ("this link is down", "I am here") to all
// nodes of an overlay, without a log. HyParView finds the neighbours, Plumtree (or flooding, or
// random gossip) spreads the messages. Pure: events and the time go in, actions come out; the host
// has the links, the clock and the keys.
//
//     node n(wanted, {own_key, own_address});       // wanted passes check()
//     n.join(contacts, now, out);                   // perform out.actions(), out.clear()
//     n.receive(peer, frame, now, out);             // for each frame that arrives
//     n.lost(peer, now, out);                       // a dial failed, or a neighbour's link broke
//     n.tick(now, out);                             // at n.deadline(), or later
//     n.verified(ticket, valid, now, out);          // the answer to a verify action
//     const auto number = n.next_sequence();        // sign signed_bytes(network, {own, number},
//     ..) n.broadcast(signature, payload, now, out);
//
// With options.verify nothing is delivered or passed on before the host has said that it is valid:
// it checks the origin's signature over signed_bytes (frames.hh), and whether that origin may speak
// at all. It may answer at once or later, in any order. The hop count is signed by nobody.
//
// Peers are strangers: frames are checked and counted, a peer that breaks the rules is reported
// (misbehaved), each may send so much a second, and every table has a limit. A link that is closed
// in peace, after release or by the other side while it was no neighbour's, is not `lost`.
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "controlplane/overlay/broadcast/broadcaster.hh"
#include "controlplane/overlay/broadcast/courier.hh"
#include "controlplane/overlay/broadcast/membership.hh"
#include "controlplane/overlay/broadcast/message_store.hh"
#include "controlplane/overlay/broadcast/origins.hh"
#include "controlplane/overlay/broadcast/peer_rates.hh"
#include "controlplane/overlay/broadcast/unverified.hh"

namespace rhumb::overlay::broadcast {

class node {
public:
    // Precondition: check(wanted).
    node(const options& wanted, const contact& self);
    // Its parts know each other.
    node(const node&) = delete;
    node& operator=(const node&) = delete;

    // Where others are told to dial this node, if that was not known before.
    void tell_address(const address& own) noexcept { peers_.tell_address(own); }
    void join(std::span<const contact> contacts, time_point now, outbox& out);
    // One more contact, which is asked now: the host has just got a link to it.
    void meet(const contact& who, time_point now, outbox& out);
    void receive(const peer_key& from, std::span<const byte> bytes, time_point now, outbox& out);
    void lost(const peer_key& peer, time_point now, outbox& out);
    void verified(std::uint64_t ticket, bool valid, time_point now, outbox& out);
    // Another answer to a verify action: whatever its signature, the host does not want it. Nobody
    // is to blame.
    void unwanted(std::uint64_t ticket, time_point now, outbox& out);

    // The number of the next message of our own.
    [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_sequence_; }
    // Its number, which was next_sequence(). It is not delivered here.
    result<std::uint64_t> broadcast(const signature_bytes& signed_by_us,
                                    std::span<const byte> payload, time_point now, outbox& out);

    // When tick() has something to do; time_point::max(): not before another event.
    [[nodiscard]] time_point deadline() const noexcept;
    void tick(time_point now, outbox& out);

    [[nodiscard]] const membership& peers() const noexcept { return peers_; }
    // Of the neighbours, those that messages are pushed to.
    [[nodiscard]] slot_set eager() const noexcept { return way_->eager(); }
    [[nodiscard]] const counters& counts() const noexcept { return counts_; }
    [[nodiscard]] const message_store& store() const noexcept { return store_; }
    [[nodiscard]] const unverified& waiting() const noexcept { return unverified_; }
    [[nodiscard]] const origins& order() const noexcept { return origins_; }
    [[nodiscard]] std::size_t outstanding() const noexcept { return copies_.outstanding(); }

private:
    void settle(const turn& t);
    void answer(std::uint64_t ticket, drop_reason why, const turn& t);
    void reject(const peer_key& from, drop_reason why, const turn& t);
    [[nodiscard]] arrival arrived(const message_id& id, std::uint64_t name, std::uint16_t hops,
                                  const peer_key& from) const noexcept;
    void take_gossip(const peer_key& from, const frame& f, const turn& t);
    void take_for_neighbours(const peer_key& from, const frame& f, const turn& t);
    void accept(const arrival& m, std::span<const byte> body, const turn& t);

    options options_;
    peer_key self_;
    keyed_hash hash_;
    counters counts_;
    peer_rates rates_;
    membership peers_;
    message_store store_;
    unverified unverified_;
    origins origins_;
    courier copies_;
    std::unique_ptr<broadcaster> way_;
    std::uint64_t next_sequence_;
};

}  // namespace rhumb::overlay::broadcast
