// Neighbours of the router, one table for all interfaces: which MAC has the next hop of an address
// (ARP, RFC 826; neighbour discovery, RFC 4861 section 7). It neither sends nor waits: whoever owns
// it hands it frames and the time, and performs the actions that it returns.
//
//          want             an answer              reachable_time over
//   (none) ────> incomplete ────────> reachable ─────────────────────> probing
//                  │    ▲                 ▲  an answer                  │   │
//     3 tries, none│    │                 └─────────────────────────────┘   │ 3 tries, none:
//                  ▼    └───────────────────────────────────────────────────┘ `unreachable`
//              unreachable: 3 more tries after 1, 2, 4, .. 30 s
//
// What a neighbour says of itself unasked (gratuitous ARP, a question of its own, an advertisement
// without the S flag) is believed and then verified: the MAC is used at once, in state probing.
//
// Only want() makes entries: no stranger can fill the table, but whoever turns packets of strangers
// into want() decides how many he lets in (settings::max_neighbours) and for how long. Threads:
// control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "controlplane/neighbours/frames.hh"
#include "controlplane/neighbours/interfaces.hh"
#include "controlplane/neighbours/waiting.hh"
#include "rhumb/result.hh"

namespace rhumb::neighbours {

enum class state : std::uint8_t { static_, incomplete, reachable, probing, unreachable };
[[nodiscard]] std::string_view name_of(state s) noexcept;

// What want() found. All addresses behind a gateway have the same neighbour, and so the same id;
// ids are not used a second time, but after 2^32 neighbours.
struct next_hop {
    neighbour_id id = 0;
    interface_id interface = 0;
    ip_address address;                        // the neighbour's
    std::optional<ethernet::mac_address> mac;  // none: not resolved yet, a next_hop_change follows
};

// Actions, to be performed in their order.
struct send_frame {
    interface_id interface = 0;
    frame bytes;  // whole, with the interface's tag
};
// A packet that has waited: as it was given to wait(), for the caller to put a header before.
struct send_packet {
    neighbour_id id = 0;
    interface_id interface = 0;
    ethernet::mac_address mac{};
    packet bytes;
};
struct next_hop_change {
    enum class kind : std::uint8_t { resolved, changed, unreachable };
    kind what = kind::resolved;
    neighbour_id id = 0;
    interface_id interface = 0;
    ip_address address;
    ethernet::mac_address mac{};  // zero where unreachable
};
using action = std::variant<send_frame, send_packet, next_hop_change>;

struct counters {
    std::uint64_t solicitations = 0;  // sent, to everybody or one
    std::uint64_t replies = 0;        // sent
    std::uint64_t announcements = 0;  // sent
    std::uint64_t malformed = 0;      // frames that were to be ARP or neighbour discovery
    std::uint64_t refused = 0;        // their MAC is multicast, zero, or ours
    std::uint64_t conflicts = 0;      // another MAC says that it has an address of ours
    std::uint64_t full = 0;           // want() without room for one more
    std::uint64_t unwanted = 0;       // packets for a neighbour that nobody wants
    std::uint64_t unreachable = 0;    // packets for one that was unreachable already
};

// For showing.
struct row {
    neighbour_id id = 0;
    interface_id interface = 0;
    ip_address address;
    std::optional<ethernet::mac_address> mac;
    neighbours::state state = state::incomplete;
    duration age{0};  // since it came into this state, or last gave an answer
    std::size_t waiting = 0;
    std::size_t users = 0;
};

class neighbour_table {
public:
    [[nodiscard]] static result<neighbour_table> create(settings with);
    // For a new configuration while `previous` is in use: what is wanted from the new table within
    // reachable_time, and was resolved on an interface of the same port, VLAN and MAC, is resolved
    // still. Nobody is a user of it yet, and no id of `previous` has a meaning here.
    [[nodiscard]] static result<neighbour_table> create(settings with,
                                                        const neighbour_table& previous,
                                                        time_point now);

    // Somebody wants to send to `address`. To be given back with release(), once for each want().
    [[nodiscard]] result<next_hop> want(const ip_address& address, time_point now);
    // When its last user goes, a neighbour is forgotten, and what waits for it dropped. Ids that
    // are not wanted are left alone.
    void release(neighbour_id id);

    // Any frame that came in on an interface, tag included. True where it was ARP or neighbour
    // discovery for us to look at; others (also those for another station or VLAN) are left alone.
    bool frame_received(interface_id on, std::span<const byte> bytes, time_point now);

    // A packet for an address that is wanted. It becomes a send_packet, at once where the neighbour
    // is known meanwhile. False where it is dropped: nobody wants the address, or it is
    // unreachable.
    bool wait(const ip_address& address, std::span<const byte> bytes, time_point now);

    // To be called at next_deadline(), or soon after it.
    void tick(time_point now);
    [[nodiscard]] std::optional<time_point> next_deadline() const;

    // Tells everybody on the links of our addresses: at the start, and when a link comes up.
    void announce();
    void announce(interface_id on);

    // What is to be done since the last call; to be asked for after each of the calls above.
    [[nodiscard]] std::vector<action> take_actions();

    // By interface and address.
    [[nodiscard]] std::vector<row> rows(time_point now) const;
    [[nodiscard]] const counters& counted() const noexcept { return counters_; }
    [[nodiscard]] const waiting_room::drops& dropped() const noexcept { return room_.dropped(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] const settings& configured() const noexcept { return settings_; }
    // The interface of a port and VLAN (0: untagged).
    [[nodiscard]] std::optional<interface_id> find_interface(std::uint16_t port,
                                                             std::uint16_t vlan) const noexcept;

private:
    struct entry {
        neighbour_id id = 0;
        interface_id interface = 0;
        ip_address address;
        neighbours::state state = neighbours::state::incomplete;
        std::optional<ethernet::mac_address> mac;
        std::size_t users = 0;
        unsigned tries = 0;              // solicitations of this row
        bool known_unreachable = false;  // said so since it was resolved
        duration backoff{0};
        time_point since;
        std::optional<time_point> deadline;
    };
    using place = std::pair<interface_id, ip_address>;

    neighbour_table(settings with, neighbour_id first_id);
    void inherit(const neighbour_table& previous, time_point now);

    [[nodiscard]] entry* find(interface_id on, const ip_address& address);
    // Null where the table is full.
    [[nodiscard]] entry* add(interface_id on, const ip_address& address);
    void begin(entry& of, time_point now);
    [[nodiscard]] const interface_settings& interface_of(const entry& of) const {
        return settings_.interfaces[of.interface];
    }

    // The state machine.
    void enter(entry& of, state next, time_point now);
    void set_deadline(entry& of, std::optional<time_point> when);
    void solicit(entry& of, time_point now);
    void deadline_of(entry& of, time_point now);
    void lose(entry& of, time_point now);
    void give_up(entry& of, time_point now);
    void back_off(entry& of, time_point now);
    void confirm(entry& of, time_point now);
    void suspect(entry& of, time_point now);
    // The neighbour's MAC, in answer to us or unasked.
    void learn(entry& of, const ethernet::mac_address& mac, bool is_answer, time_point now);
    void tell(const entry& of, next_hop_change::kind what);

    // Frames (table_frames.cc).
    void arp_received(interface_id on, const ethernet::frame_view& came, time_point now);
    void solicitation_received(interface_id on, const ethernet::frame_view& came,
                               const nd::message& asked, time_point now);
    void advertisement_received(interface_id on, const nd::message& said, time_point now);
    void nd_received(interface_id on, const ethernet::frame_view& came, time_point now);
    void send(interface_id on, frame bytes, std::uint64_t& counter);

    settings settings_;
    std::map<neighbour_id, entry> entries_;
    std::map<place, neighbour_id> by_place_;
    std::set<std::pair<time_point, neighbour_id>> deadlines_;
    neighbour_id next_id_ = 0;
    std::size_t dynamic_ = 0;  // entries that are not static
    std::map<place, entry> inherited_;
    time_point inherited_until_;
    waiting_room room_;
    std::vector<action> actions_;
    counters counters_;
};

}  // namespace rhumb::neighbours
