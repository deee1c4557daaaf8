// ASes in a row with border routers of one or two each, and packets carried from router to router
// until they arrive or one router does not forward them. Threads: one.
//
//   AS 0            AS 1                     AS 2
//   host -- router ===== router -- router ===== router -- host
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/scion_maker.hh"
#include "tests/support/scion_rig.hh"

namespace rhumb::test {

// What the link from one AS to the next is.
enum class step_to : std::uint8_t { parent, core, peer, child };

class scion_network {
public:
    // steps: up, core and down, or up, peering and down, in this order; at least one.
    // two_routers: AS n has two, one for either side, where bit n is set.
    scion_network(const std::vector<step_to>& steps, unsigned two_routers);

    static constexpr byte first_key = 10;  // of AS 0; the next one's is one more
    static constexpr unsigned host_port = 3000;

    // A path all the way from AS 0, whose border router the packet is for; the direction of core
    // segments is `core_construction`.
    [[nodiscard]] packet_spec path(bool core_construction) const;
    // The underlay packet that the host in AS 0 sends.
    [[nodiscard]] std::vector<byte> sent(const std::vector<byte>& scion) const;
    // The host in the last AS.
    [[nodiscard]] std::vector<byte> sent_back(const std::vector<byte>& scion) const;

    struct arrival {
        scion_rig* router = nullptr;  // null: it came to a host
        scion_outcome outcome;        // of that router; the packet as the host gets it
        unsigned routers = 0;         // that forwarded it
        std::string wrong;            // lengths and checksums on the way
    };
    [[nodiscard]] arrival carry(std::vector<byte> packet);

    // The router that has the link to the next AS, and that link's number.
    [[nodiscard]] scion_rig& router_before(std::size_t step) { return *ases_[step].back(); }
    [[nodiscard]] std::uint16_t link_after(std::size_t as) const {
        return ases_[as].back()->own.link_of(out_of(as));
    }
    [[nodiscard]] std::size_t size() const { return ases_.size(); }

    [[nodiscard]] static std::string name(std::size_t as) {
        return "1-ff00:0:" + std::to_string(as + 1);
    }
    [[nodiscard]] static std::uint16_t in_of(std::size_t as) {
        return static_cast<std::uint16_t>(100 * (as + 1) + 1);
    }
    [[nodiscard]] static std::uint16_t out_of(std::size_t as) {
        return static_cast<std::uint16_t>(100 * (as + 1) + 2);
    }

private:
    std::vector<step_to> steps_;
    std::vector<std::vector<std::unique_ptr<scion_rig>>> ases_;
    std::map<std::string, scion_rig*> at_;  // by address
};

}  // namespace rhumb::test
