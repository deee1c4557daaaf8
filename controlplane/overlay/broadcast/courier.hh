// Sends copies of stored messages, once or until they are acknowledged: a copy that stays without
// ACK goes again, each time after twice the time, until its attempts are used up, its bytes are
// forgotten, or the peer is lost.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "controlplane/overlay/broadcast/deadlines.hh"
#include "controlplane/overlay/broadcast/frames.hh"
#include "controlplane/overlay/broadcast/message_store.hh"
#include "controlplane/overlay/broadcast/outbox.hh"

namespace rhumb::overlay::broadcast {

class courier {
public:
    courier(const retransmission_options& wanted, const message_store& store)
        : options_(wanted), store_(store) {}

    // A copy for `to`, which will have made `hops` when it arrives. False: its bytes are gone.
    bool send(const peer_key& to, std::uint64_t name, std::uint16_t hops, const turn& t);
    void acknowledged(const peer_key& by, std::uint32_t tag, const turn& t);
    void lost(const peer_key& peer);

    [[nodiscard]] time_point deadline() const noexcept { return due_.first(); }
    void tick(const turn& t);
    [[nodiscard]] std::size_t outstanding() const noexcept { return copies_.size() - free_.size(); }

private:
    struct copy {
        peer_key to{};
        std::uint64_t name = 0;
        std::uint32_t generation = 0;  // its low bits are in the tag
        std::uint16_t hops = 0;
        std::uint16_t sent = 0;  // 0: this place is free
    };

    // A tag is a place in copies_, and whose turn it is there.
    static constexpr std::uint32_t place_bits = 16;
    [[nodiscard]] std::uint32_t tag_of(std::uint32_t place) const noexcept {
        return copies_[place].generation << place_bits | place;
    }
    void watch(std::uint32_t place, const turn& t);
    void release(std::uint32_t place);

    retransmission_options options_;
    const message_store& store_;
    std::vector<copy> copies_;
    std::vector<std::uint32_t> free_;
    deadlines due_;
};

}  // namespace rhumb::overlay::broadcast
