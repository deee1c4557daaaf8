// All border routers of a network in one process, each of them Rhumb's own: files as they would be
// written for it, read by the border router's own loader, and packets through its SCION stage. The
// walker is the wires between them. Threads: one.
//
//   host -> router -> router -> ... -> host, or where a router says no
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/scion/setup.hh"
#include "controlplane/scion_paths/key_ring.hh"
#include "controlplane/scion_paths/network.hh"
#include "dataplane/scion/packet.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/result.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/liveness.hh"

namespace rhumb::scion::paths {

// What one router did with a packet.
struct walk_step {
    std::size_t as = 0;  // places in the network
    std::size_t router = 0;
    std::vector<byte> before;  // the SCION packet as it came
    std::vector<byte> after;   // as it left, or as it was when the router gave it up
    endpoint sender;           // outer source as it came
    endpoint receiver;         // outer destination as it left
    verdict fate = verdict::again;
    drop_reason reason = drop_reason::none;
    slow_request asked;
    std::optional<std::uint16_t>
        link_in;  // by the router's own numbers; none: it did not get so far
    std::optional<std::uint16_t> link_out;
    std::vector<byte> answer;  // an SCMP message of the router's, with its outer headers

    [[nodiscard]] bool forwarded() const { return fate == verdict::forward; }
};

struct walk {
    std::vector<walk_step> steps;
    bool arrived = false;      // at a host
    endpoint host;             // if so: which
    std::vector<byte> packet;  // if so: the SCION packet as it gets it
};

class walker {
public:
    // `of` must outlive it.
    [[nodiscard]] static result<std::unique_ptr<walker>> make(const network& of,
                                                              const key_ring& keys,
                                                              std::uint64_t now_ms);

    // An underlay packet, from its IP header on, on its way until it comes to a host or some
    // router does not forward it.
    [[nodiscard]] walk carry(std::vector<byte> packet);

    // The underlay packet by which the host of an AS hands a SCION packet to the router with
    // `interface`; none: no router has it.
    [[nodiscard]] std::optional<std::vector<byte>> sent_by_host(std::size_t as,
                                                                std::uint16_t interface,
                                                                std::span<const byte> scion) const;

    [[nodiscard]] const setup& router(std::size_t as, std::size_t router) const {
        return *routers_[as][router];
    }
    [[nodiscard]] const network& of() const { return of_; }
    [[nodiscard]] std::uint64_t now_ms() const { return now_ms_; }
    // What BFD would say of a link; all are up at first.
    void set_link(std::size_t as, std::uint16_t interface, bool up);

private:
    walker(const network& of, std::uint64_t now_ms) : of_(of), now_ms_(now_ms) {}
    [[nodiscard]] walk_step run(std::size_t as, std::size_t router, std::vector<byte>& packet);

    struct place {
        std::size_t as;
        std::size_t router;
    };

    const network& of_;
    std::uint64_t now_ms_;
    std::vector<std::vector<std::shared_ptr<const setup>>> routers_;
    std::map<control::underlay_endpoint, place> at_;
    std::map<const setup*, std::unique_ptr<liveness>> live_;
    std::unique_ptr<worker_counters> counters_ = std::make_unique<worker_counters>();
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
    std::unique_ptr<trace_log> trace_ = std::make_unique<trace_log>();
};

// A packet of type SCION whose pointer is at one of its hop fields, taken apart; its parts are in
// `scion`, which is not changed. None: it is no such packet.
[[nodiscard]] std::optional<packet> at_hop(std::vector<byte>& scion);

// The interface that the current hop field of a packet of type SCION leaves by. None: it is no such
// packet.
[[nodiscard]] std::optional<std::uint16_t> egress_of(std::span<const byte> scion);

}  // namespace rhumb::scion::paths
