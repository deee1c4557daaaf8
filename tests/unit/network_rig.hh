// A router on a map, as far as its tables go. Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "controlplane/publish/forwarding.hh"
#include "controlplane/routing/merge.hh"
#include "controlplane/routing/network.hh"

namespace rhumb::routing {

inline publish::port_map ports_of(const config::file& file) {
    publish::port_map ports;
    for (const config::port& port : file.ports) {
        ports[port.name] = {static_cast<std::uint8_t>(ports.size()), {2, 0, 0, 0, 0, 1}};
    }
    return ports;
}

// Tables of a router that starts with this file.
inline std::unique_ptr<publish::forwarding> started(config::file file, network& known) {
    auto computed = known.compute(0);
    EXPECT_TRUE(computed.ok()) << computed.why().text();
    add_to(file, computed.value());
    known.adopt(std::move(computed).value());
    const publish::port_map ports = ports_of(file);
    auto built = publish::forwarding::build(std::move(file), ports, nullptr);
    EXPECT_TRUE(built.ok()) << built.why().text();
    return std::move(built).value();
}

}  // namespace rhumb::routing
