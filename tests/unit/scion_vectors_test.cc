// The SCION stage and slow path against what the reference router does: its own cases, as
// ../shared/vectors/scion has them.
#include <gtest/gtest.h>

#include "rhumb/wire/scion.hh"
#include "tests/support/scion_rig.hh"
#include "tests/support/vectors.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

scion::endpoint endpoint_of(const json& pair) {
    return test::endpoint_of(pair.at(0).get<std::string>(), pair.at(1).get<unsigned>());
}
scion::endpoint endpoint_at(const json& text) {
    const auto whole = text.get<std::string>();
    const std::size_t colon = whole.rfind(':');
    return test::endpoint_of(whole.substr(0, colon),
                             static_cast<unsigned>(std::stoul(whole.substr(colon + 1))));
}

std::unique_ptr<scion_rig> braccept_router(const json& file) {
    auto rig = std::make_unique<scion_rig>(
        isd_as_of(file.at("local_ia")),
        from_hex(file.at("master_keys").at("hop_field_key_hex").get<std::string>()),
        endpoint_at(file.at("internal_address")));
    for (const auto& [id, of] : file.at("owned_interfaces").items()) {
        const std::uint16_t link =
            rig->add_external(static_cast<std::uint16_t>(std::stoul(id)),
                              link_type_of(of.at("link_to")), endpoint_at(of.at("local")),
                              endpoint_at(of.at("remote")), isd_as_of(of.at("neighbor")));
        rig->own.links[link].has_session = true;
    }
    for (const auto& [id, of] : file.at("sibling_interfaces").items()) {
        rig->add_sibling(static_cast<std::uint16_t>(std::stoul(id)), link_type_of(of.at("link_to")),
                         endpoint_at(of.at("internal_address")), isd_as_of(of.at("neighbor")));
    }
    rig->own.services = {{scion::service_control, {endpoint_at(file.at("services").at("CS"))}}};
    rig->own.first_port = 1024;
    rig->own.last_port = 65535;
    return rig;
}

// What the reference compares: not the time and the tag of an authenticator.
std::vector<byte> without_authenticator(std::vector<byte> scion, bool has_one) {
    if (has_one) {
        const std::size_t option = scion::header_bytes(scion.data()) + 2;
        std::fill_n(scion.begin() + static_cast<long>(option + 8), 22, byte{0});
    }
    return scion;
}

TEST(ScionVectors, Braccept) {
    LOAD_OR_SKIP(file, "braccept.json");
    const auto rig = braccept_router(file);
    std::size_t compared = 0;
    for (const json& one : file.at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        const json& vector = one.at("vector");
        const json& expected = one.at("expected");
        const auto outcome = expected.at("outcome").get<std::string>();
        rig->now_ms = vector.at("now_unix").get<std::uint64_t>() * 1000;
        const auto frame = from_hex(vector.at("input_frame_hex").get<std::string>());
        const std::vector<byte> input(frame.begin() + 14, frame.end());
        scion_outcome got = rig->run(input);
        ++compared;
        if (outcome == "drop") {
            EXPECT_EQ(got.fate, verdict::drop);
            continue;
        }
        if (one.at("name") == "ExternalBFD") {
            EXPECT_EQ(got.asked.task, slow_task::bfd);
            continue;
        }
        const bool authenticated =
            outcome == "scmp" && one.at("compare").get<std::string>() == "spao";
        if (outcome == "scmp") {
            ASSERT_EQ(got.fate, verdict::slow) << text_of(got.reason).sentence;
            const auto plain = vector.at("want_scion_hex_scmp_auth_off");
            if (!plain.is_null()) {
                const auto without = rig->reply(got);
                ASSERT_TRUE(without);
                EXPECT_EQ(to_hex(std::span(*without).subspan(28)), plain.get<std::string>());
                EXPECT_EQ(what_is_wrong_with(*without), "");
            }
            const auto with = rig->reply(got, true);
            ASSERT_TRUE(with);
            got.packet = *with;
        } else {
            ASSERT_EQ(got.fate, verdict::forward) << text_of(got.reason).sentence;
        }
        EXPECT_EQ(what_is_wrong_with(got.packet), "");
        EXPECT_EQ(got.source(), endpoint_of(expected.at("egress").at("src")));
        EXPECT_EQ(got.destination(), endpoint_of(expected.at("egress").at("dst")));
        const auto want = from_hex(vector.at("want_scion_hex").get<std::string>());
        const auto payload = got.payload();
        EXPECT_EQ(to_hex(without_authenticator({payload.begin(), payload.end()}, authenticated)),
                  to_hex(without_authenticator(want, authenticated)));
        if (outcome != "scmp") {
            // TTL, flags and all, but for the IPv4 header's checksum where the identification is
            // another.
            const auto want_frame = from_hex(vector.at("want_frame_hex").get<std::string>());
            EXPECT_EQ(to_hex(got.packet), to_hex(std::span(want_frame).subspan(14)));
        }
    }
    EXPECT_EQ(compared, 41U);
}

std::unique_ptr<scion_rig> processpkt_router(const json& one, std::uint64_t& ingress) {
    const auto internal = test::endpoint_of("10.0.200.100", 30042);
    auto rig = std::make_unique<scion_rig>(
        isd_as_of(one.at("local_ia")), from_hex(one.at("hf_key_hex").get<std::string>()), internal);
    const auto type_of = [&](const std::string& id) {
        const json& types = one.at("link_types");
        return types.contains(id) ? link_type_of(types.at(id)) : scion::link_type::none;
    };
    const auto neighbour_of = [&](const std::string& id) {
        const json& known = one.at("neighbor_ias");
        return known.contains(id) ? isd_as_of(known.at(id)) : 0;
    };
    for (const json& id : one.at("owned_interfaces")) {
        const auto number = id.get<std::uint16_t>();
        rig->add_external(
            number, type_of(std::to_string(number)), test::endpoint_of("192.0.2.1", 1000U + number),
            test::endpoint_of("192.0.2.2", 2000U + number), neighbour_of(std::to_string(number)));
    }
    for (const auto& [id, address] : one.at("sibling_interfaces").items()) {
        rig->add_sibling(static_cast<std::uint16_t>(std::stoul(id)), type_of(id),
                         endpoint_of(address), 0);
    }
    for (const auto& [number, address] : one.at("services").items()) {
        rig->own.services.push_back(
            {static_cast<std::uint16_t>(std::stoul(number)), {endpoint_of(address)}});
    }
    rig->own.first_port = one.at("dispatched_ports").at(0);
    rig->own.last_port = one.at("dispatched_ports").at(1);
    rig->now_ms = one.at("now_unix").get<std::uint64_t>() * 1000;
    ingress = one.at("ingress_interface");
    return rig;
}

TEST(ScionVectors, ProcessPkt) {
    LOAD_OR_SKIP(file, "processpkt.json");
    for (const json& one : file.at("cases")) {
        SCOPED_TRACE(one.at("name").get<std::string>());
        std::uint64_t ingress = 0;
        const auto rig = processpkt_router(one, ingress);
        const auto internal = test::endpoint_of("10.0.200.100", 30042);
        const auto payload = from_hex(one.at("input_hex").get<std::string>());
        const auto input =
            ingress == 0
                ? udp_packet(test::endpoint_of("10.0.200.7", 40000), internal, payload)
                : udp_packet(test::endpoint_of("192.0.2.2", 2000U + static_cast<unsigned>(ingress)),
                             test::endpoint_of("192.0.2.1", 1000U + static_cast<unsigned>(ingress)),
                             payload);
        scion_outcome got = rig->run(input);
        const json& expected = one.at("expected");
        const auto outcome = expected.at("outcome").get<std::string>();
        if (outcome == "drop") {
            EXPECT_EQ(got.fate, verdict::drop);
            continue;
        }
        if (outcome == "scmp") {
            ASSERT_EQ(got.fate, verdict::slow) << text_of(got.reason).sentence;
            EXPECT_EQ(got.asked.type, expected.at("scmp").at("type"));
            EXPECT_EQ(got.asked.code, expected.at("scmp").at("code"));
            const auto reply = rig->reply(got);
            ASSERT_TRUE(reply);
            got.packet = *reply;
        } else {
            ASSERT_EQ(got.fate, verdict::forward) << text_of(got.reason).sentence;
        }
        EXPECT_EQ(what_is_wrong_with(got.packet), "");
        EXPECT_EQ(to_hex(got.payload()), expected.at("packet_hex").get<std::string>());
        if (expected.contains("underlay_dst")) {
            EXPECT_EQ(got.destination(), endpoint_of(expected.at("underlay_dst")));
        }
        if (outcome == "sib") {
            EXPECT_EQ(got.destination(), endpoint_of(expected.at("sibling")));
        }
        if (outcome == "ext") {
            EXPECT_EQ(got.destination().port,
                      2000 + expected.at("egress_interface").get<unsigned>());
        }
    }
}

}  // namespace
}  // namespace rhumb::test
