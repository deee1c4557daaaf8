// Whole paths, router by router: each AS has a router with its own key, and what one sends is what
// the next one gets.
#include <gtest/gtest.h>

#include "tests/support/scion_rig.hh"
#include "tests/support/vectors.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

const scion::endpoint inside = endpoint_of("10.0.0.1", 30042);

std::unique_ptr<scion_rig> router_of(const json& step) {
    auto rig = std::make_unique<scion_rig>(
        isd_as_of(step.at("ia")), from_hex(step.at("hf_key_hex").get<std::string>()), inside);
    for (const auto& [id, type] : step.at("links").items()) {
        const auto interface = static_cast<std::uint16_t>(std::stoul(id));
        rig->add_external(interface, link_type_of(type),
                          endpoint_of("192.0.2.1", 1000U + interface),
                          endpoint_of("192.0.2.2", 2000U + interface), 0);
    }
    rig->own.last_port = 65535;
    return rig;
}

std::vector<byte> arrives(const json& step, std::span<const byte> scion) {
    const auto ingress = step.at("ingress_interface").get<unsigned>();
    return ingress == 0 ? udp_packet(endpoint_of("10.0.0.7", 40000), inside, scion)
                        : udp_packet(endpoint_of("192.0.2.2", 2000U + ingress),
                                     endpoint_of("192.0.2.1", 1000U + ingress), scion);
}

TEST(ScionWalks, EveryPathIsAcceptedByEveryRouterOnIt) {
    LOAD_OR_SKIP(file, "e2e-walks.json");
    std::size_t steps = 0;
    for (const json& one : file.at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        for (const json& path : one.at("paths")) {
            std::vector<byte> scion;
            bool delivered = false;
            for (const json& step : path.at("router_steps")) {
                SCOPED_TRACE(step.at("ia").get<std::string>());
                const auto input = from_hex(step.at("input_hex").get<std::string>());
                ASSERT_TRUE(scion.empty() || scion == input);
                const auto rig = router_of(step);
                rig->now_ms = file.at("valid_at_unix").get<std::uint64_t>() * 1000;
                const scion_outcome got = rig->run(arrives(step, input));
                ASSERT_EQ(got.fate, verdict::forward) << text_of(got.reason).sentence;
                EXPECT_EQ(what_is_wrong_with(got.packet), "");
                scion.assign(got.payload().begin(), got.payload().end());
                EXPECT_EQ(to_hex(scion), step.at("output_hex").get<std::string>());
                ++steps;
                delivered = step.at("outcome") == "local";
                EXPECT_EQ(
                    got.destination().port,
                    delivered ? 0x9c41U : 2000U + step.at("egress_interface").get<unsigned>());
            }
            EXPECT_TRUE(delivered);
        }
    }
    EXPECT_EQ(steps, 62U);
}

}  // namespace
}  // namespace rhumb::test
