// A network of whole routers in memory: each has its configuration and a topology file, and follows
// the map and its own ports as the daemon does (controlplane/api/router_network.cc): compute,
// difference, apply, adopt, and again when it is due. Each learns of changes when it is told, so
// that some may know and others not. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/routing/network.hh"
#include "tests/support/temporary_folder.hh"
#include "tests/support/walked_network.hh"

namespace rhumb::test {

class simulated_routers : public walked_network {
public:
    // `keys`: [topology] of all of them; `more`: what their topology files say beside the network,
    // as policies. The map stays as what there is in cables.
    simulated_routers(const topology::map& m, const config::topology_section& keys,
                      std::string more = {});

    // What went wrong with tables; empty: nothing.
    [[nodiscard]] const std::string& error() const { return error_; }

    // A router's file says this from now on, and it follows.
    void tell(topology::node_number node, const std::vector<topology::advertisement>& network);
    // It sees that an own link is down, or up.
    void tell_link(topology::node_number node, const std::string& link, bool up);
    // The clock goes on by so many microseconds. Who is due then computes when `follow` is called.
    void wait(std::uint64_t time) { now_ += time; }
    [[nodiscard]] bool is_due(topology::node_number node) const {
        return routers_[node]->due() <= now_;
    }
    void follow(topology::node_number node);

    [[nodiscard]] const routing::network& router(topology::node_number node) const {
        return *routers_[node];
    }

private:
    void write(const std::vector<topology::advertisement>& network);
    [[nodiscard]] config::file configuration(topology::node_number node) const;

    topology::map cables_;
    config::topology_section keys_;
    std::string more_;
    temporary_folder folder_;
    std::vector<topology::advertisement> written_;
    std::vector<std::unique_ptr<routing::network>> routers_;
    std::uint64_t now_ = 0;
    std::string error_;
};

}  // namespace rhumb::test
