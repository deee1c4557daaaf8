// Bandwidth that is promised, by link and by owner (a policy, say). The controller keeps it, since
// SR has no signalling that would (RFC 9256 leaves it to whoever computes paths). What others have
// reserved, such as RSVP-TE (RFC 3209), is what links of the map say.
//
// An owner that moves holds two reservations for a while, where it is and where it will be; on a
// link of both it counts once, with the larger (RFC 3209's shared explicit style).
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/topology/map.hh"
#include "rhumb/result.hh"

namespace rhumb::paths {

using owner_id = std::uint64_t;
inline constexpr owner_id no_owner = ~owner_id{0};

// So much of one link, in bits a second.
struct claim {
    topology::link_number link = topology::nobody;
    std::uint64_t bandwidth = 0;
    friend bool operator==(const claim&, const claim&) = default;
};

class reservations {
public:
    explicit reservations(const topology::map& m) { update(m); }

    // To be called when the map has changed. Reservations stay with their links, by name, whatever
    // becomes of numbers and capacities; those on links that are gone wait for their return.
    void update(const topology::map& m);

    // What is free on a link; what `sharing` holds there counts as free. A link that does not say
    // its bandwidth has none to give.
    [[nodiscard]] std::uint64_t available(topology::link_number l,
                                          owner_id sharing = no_owner) const;
    // What owners hold on a link, and others.
    [[nodiscard]] std::uint64_t reserved(topology::link_number l) const;
    [[nodiscard]] std::uint64_t others(topology::link_number l) const;

    // A reservation for the owner beside the one that stands, in place of an earlier one that was
    // not settled. Claims on the same link add up. Nothing changes if one does not fit.
    [[nodiscard]] result<void> admit(owner_id owner, std::span<const claim> claims);
    [[nodiscard]] result<void> admit(owner_id owner, std::span<const topology::link_number> links,
                                     std::uint64_t bandwidth);
    void settle(owner_id owner);   // the traffic has moved: of two reservations the older one goes
    void abandon(owner_id owner);  // it will not: the newer one goes
    void release(owner_id owner);  // both go

    [[nodiscard]] std::size_t owner_count() const noexcept { return owners_.size(); }

private:
    using slot_number = std::uint32_t;
    // A link whatever its number is at present.
    struct slot {
        topology::node_number node = topology::nobody;
        std::string name;
        topology::link_number link = topology::nobody;
        std::uint64_t capacity = 0;
        std::uint64_t owned = 0;  // sum over owners of what each counts with
        std::uint64_t others = 0;
    };
    using amounts = std::map<slot_number, std::uint64_t>;
    struct holding {
        amounts standing;
        amounts coming;
        bool moves = false;  // `coming` counts, even if it is empty
    };

    [[nodiscard]] static std::uint64_t of(const holding& held, slot_number s);
    [[nodiscard]] const slot* slot_of(topology::link_number l) const;
    // Puts what an owner holds into, or takes it out of, the sums.
    void count(const holding& held, bool in);

    std::vector<slot> slots_;
    std::vector<slot_number> by_link_;
    std::map<std::pair<topology::node_number, std::string>, slot_number> by_name_;
    std::unordered_map<owner_id, holding> owners_;
    std::uint64_t renumberings_ = ~std::uint64_t{0};
};

}  // namespace rhumb::paths
