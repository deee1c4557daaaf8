// Plumtree (Leitao, Pereira, Rodrigues, SRDS 2007): messages are pushed to eager neighbours, which
// become the branches of a tree, and announced to lazy ones, which mend it. Whoever brings a
// duplicate is pruned; what was announced and does not come is asked for with GRAFT, which makes
// its announcer a branch.
//
//     GOSSIP, new        its sender eager; pushed to the other eager, announced to the other lazy;
//                        where an announcement was nearer by the threshold, the branches change
//     GOSSIP, duplicate  its sender lazy, PRUNE
//     PRUNE              its sender lazy
//     IHAVE              a timer, if the message is not here
//     timer              GRAFT to the first that announced it, a shorter timer for the next one
//     GRAFT              its sender eager; it gets the message
//     a new neighbour    eager; the last messages are announced to it, if so wanted
//
// What is missing is bounded for each neighbour: it may announce so many messages that do not come.
// With retransmission (links that lose frames) announcers are asked again in turn.
// Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "controlplane/overlay/broadcast/broadcaster.hh"

namespace rhumb::overlay::broadcast {

class plumtree final : public broadcaster {
public:
    plumtree(const options& wanted, const knowledge& known, const membership& peers,
             courier& copies);

    void neighbour_up(slot s, const turn& t) override;
    void neighbour_down(slot s) override;
    void fresh(const arrival& m, const turn& t) override;
    void duplicate(slot from, const turn& t) override;
    void take(slot from, const frame& f, const turn& t) override;
    [[nodiscard]] time_point deadline() const noexcept override;
    void tick(const turn& t) override;
    [[nodiscard]] slot_set eager() const noexcept override { return eager_; }

private:
    struct announcer {
        std::uint16_t hops;
        std::uint8_t where;
    };
    // Announced, not here. A neighbour announces it once.
    struct missing {
        message_id id;
        std::uint64_t name = 0;
        std::uint32_t generation = 0;
        std::uint16_t grafts = 0;
        bool asked = false;      // the first announcer, and has not sent it yet
        std::uint8_t count = 0;  // of announcers; 0: this place is free
        std::array<announcer, most_neighbours> from{};  // in order
    };
    struct neighbour {
        std::uint32_t duplicates = 0;  // in a row
        std::size_t announced = 0;     // of what is missing
        std::vector<byte> waiting;     // announcements for it
    };

    void make_eager(slot s) noexcept;
    void make_lazy(slot s) noexcept;
    void announce(const arrival& m, const turn& t);
    void send_announcements(slot s, const turn& t);
    void optimise(const missing& waited, const arrival& m, const turn& t);
    void take_announcements(slot from, const frame& f, const turn& t);
    void take_graft(slot from, const frame& f, const turn& t);
    void note(slot from, const announcement& about, std::uint64_t name, const turn& t);
    void graft_next(std::uint32_t number, const turn& t);
    void remove_first(missing& of);
    void release(std::uint32_t number);
    void watch(std::uint32_t number, time_point when);

    tree_options options_;
    std::uint16_t hop_limit_;
    std::size_t attempts_;  // GRAFTs for one message; 0: one for each announcer
    keyed_hash hash_;
    knowledge known_;
    const membership& peers_;
    courier& copies_;
    slot_set eager_ = 0;
    slot_set lazy_ = 0;
    std::vector<neighbour> neighbours_;  // by slot
    time_point announce_at_ = time_point::max();
    name_table names_;  // to places in missing_
    std::vector<missing> missing_;
    std::vector<std::uint32_t> free_;
    deadlines due_;
    std::vector<byte> entry_;
};

}  // namespace rhumb::overlay::broadcast
