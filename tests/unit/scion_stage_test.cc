// The SCION stage by itself, with packets made here.
#include <gtest/gtest.h>

#include "dataplane/scion/stage.hh"
#include "rhumb/wire/scion.hh"
#include "tests/support/scion_rig.hh"

namespace rhumb::test {
namespace {

// A peer's key, a path of one segment through this AS, and a packet on it.
TEST(ScionStage, AlienPacketsArePuntedAndNotChanged) {
    scion_rig rig(isd_as_of("1-ff00:0:110"), std::vector<byte>(16, 7),
                  endpoint_of("192.0.2.1", 30042));
    auto packet = udp_packet(endpoint_of("192.0.2.9", 53), endpoint_of("192.0.2.1", 53), {});
    EXPECT_EQ(rig.run(packet).reason, drop_reason::local_other);
    packet[9] = 6;  // TCP
    EXPECT_EQ(rig.run(packet).fate, verdict::punt);
}

}  // namespace
}  // namespace rhumb::test
