// The ways in which a message spreads, behind one interface: Plumtree (plumtree.hh), and the two
// that it is measured by, flooding and random gossip. What they share is in node.hh: frames, the
// store, verification, retransmission, order.
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>

#include "controlplane/overlay/broadcast/courier.hh"
#include "controlplane/overlay/broadcast/membership.hh"
#include "controlplane/overlay/broadcast/origins.hh"

namespace rhumb::overlay::broadcast {

// A message that was not here before, and is stored now.
struct arrival {
    message_id id;
    std::uint64_t name = 0;
    std::uint16_t hops = 0;  // 0: our own
    slot from = no_slot;     // who brought it, if a neighbour
    peer_key sender{};       // the same, neighbour or not
    bool pass_on = true;     // not if it has come too far
};

class broadcaster {
public:
    broadcaster() = default;
    broadcaster(const broadcaster&) = delete;
    broadcaster& operator=(const broadcaster&) = delete;
    virtual ~broadcaster() = default;

    virtual void neighbour_up(slot, const turn&) {}
    virtual void neighbour_down(slot) {}
    virtual void fresh(const arrival& message, const turn& t) = 0;
    // A copy of what was here; from a neighbour, and not because its ACK was lost.
    virtual void duplicate(slot, const turn&) {}
    // IHAVE, GRAFT and PRUNE, from a neighbour.
    virtual void take(slot, const frame&, const turn& t) { t.counts.drop(drop_reason::unexpected); }
    [[nodiscard]] virtual time_point deadline() const noexcept { return time_point::max(); }
    virtual void tick(const turn&) {}
    // Of the neighbours, those that messages are pushed to.
    [[nodiscard]] virtual slot_set eager() const noexcept = 0;
};

// What is here, or was.
struct knowledge {
    const peer_key& self;
    const message_store& store;
    const origins& seen;

    [[nodiscard]] bool of(const message_id& id, std::uint64_t name) const {
        return store.find(name) != nullptr || id.origin == self || seen.stale(id);
    }
};

// The parts outlive it.
[[nodiscard]] std::unique_ptr<broadcaster> make_broadcaster(const options& wanted,
                                                            const knowledge& known,
                                                            const membership& peers,
                                                            courier& copies);

}  // namespace rhumb::overlay::broadcast
