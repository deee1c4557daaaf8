// BFD and STUN against vectors that others have written down: $RHUMB_VECTORS, or the folder
// shared/vectors beside the project. Skipped where there are none.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "controlplane/scion/bfd.hh"
#include "controlplane/scion/stun.hh"
#include "tests/support/packet_text.hh"

namespace rhumb {
namespace {

using nlohmann::json;

// The file of vectors of that name, where there is one.
std::optional<json> vectors(const char* name) {
    const char* const folder = std::getenv("RHUMB_VECTORS");
    const std::filesystem::path root = folder != nullptr ? folder : RHUMB_ROOT "/../shared/vectors";
    std::ifstream file(root / "scion" / name);
    return file ? std::optional(json::parse(file)) : std::nullopt;
}

constexpr const char* absent = "no vectors here: set RHUMB_VECTORS";

test::packet_bytes hex(const json& text) { return test::packet("hex " + text.get<std::string>()); }

bfd::control_packet heard(bfd::state said) {
    return {.state = said,
            .detect_multiplier = 3,
            .my_discriminator = 2,
            .your_discriminator = 1,
            .desired_min_tx = 200000,
            .required_min_rx = 200000};
}

bfd::state state_named(const std::string& name) {
    return name == "Up"     ? bfd::state::up
           : name == "Init" ? bfd::state::init
           : name == "Down" ? bfd::state::down
                            : bfd::state::admin_down;
}

TEST(scion_vectors, bfd_states_follow_events) {
    const auto file = vectors("bfd-fsm.json");
    if (!file) {
        GTEST_SKIP() << absent;
    }
    std::size_t rows = 0;
    for (const json& row : (*file)["rows"]) {
        const bfd::time_point now{std::chrono::hours(1)};
        bfd::session made({.discriminator = 1}, [] { return 0U; }, now);
        const bfd::state before = state_named(row["state"]);
        if (before == bfd::state::admin_down) {
            (void)made.disable(now);
        } else if (before != bfd::state::down) {
            (void)made.received(heard(bfd::state::down), now);
            (void)made.received(heard(before == bfd::state::up ? before : bfd::state::down), now);
        }
        ASSERT_EQ(made.status().state, before);
        const std::string event = row["event"];
        if (event == "Timer") {
            (void)made.tick(now + std::chrono::hours(1));
        } else if (event == "AdminUp") {
            (void)made.enable(now);
        } else {
            (void)made.received(heard(state_named(event)), now);
        }
        // The one way in which the reference leaves the RFC, and we do not.
        const bool quirk = event == "AdminDown" && before != bfd::state::admin_down;
        EXPECT_EQ(made.status().state, quirk ? bfd::state::down : state_named(row["next"])) << row;
        ++rows;
    }
    EXPECT_EQ(rows, 24U);
}

TEST(scion_vectors, stun_answers_byte_for_byte) {
    const auto file = vectors("stun.json");
    if (!file) {
        GTEST_SKIP() << absent;
    }
    const test::packet_bytes request = hex((*file)["request_hex"]);
    std::size_t rows = 0;
    for (const json& row : (*file)["responses"]) {
        const std::string from = row["reflexive"];
        const std::size_t colon = from.rfind(':');
        const bool is_ipv6 = from.starts_with('[');
        // The addresses by way of the packet notation: it reads both families.
        const std::string address = is_ipv6 ? from.substr(1, colon - 2) : from.substr(0, colon);
        const test::packet_bytes carrier = test::packet(
            is_ipv6 ? "ipv6 " + address + " > ::1" : "ipv4 " + address + " > 127.0.0.1");
        const auto source =
            is_ipv6 ? std::span(carrier).subspan(8, 16) : std::span(carrier).subspan(12, 4);
        const auto port = static_cast<std::uint16_t>(std::stoul(from.substr(colon + 1)));
        const auto made = stun::answer(request, source, port);
        ASSERT_TRUE(made) << row;
        EXPECT_TRUE(std::ranges::equal(made->bytes(), hex(row["hex"]))) << row;
        ++rows;
    }
    EXPECT_EQ(rows, 2U);
}

// Captured behind a SCION header with an empty path.
TEST(scion_vectors, bfd_packet_of_the_reference) {
    const auto file = vectors("golden-packets/golden-packets.json");
    if (!file) {
        GTEST_SKIP() << absent;
    }
    for (const json& row : (*file)["packets"]) {
        if (!row["decoded"].contains("bfd_hex")) {
            continue;
        }
        const test::packet_bytes bytes = hex(row["decoded"]["bfd_hex"]);
        const auto read = bfd::parse(bytes);
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, (bfd::control_packet{.state = bfd::state::up,
                                              .detect_multiplier = 3,
                                              .my_discriminator = 0x5fa1e9cb,
                                              .your_discriminator = 0x7cd1c05d,
                                              .desired_min_tx = 200000,
                                              .required_min_rx = 200000}));
        test::packet_bytes again(bfd::packet_bytes, 0xff);
        bfd::store(again.data(), *read);
        EXPECT_EQ(again, bytes);
        return;
    }
    FAIL() << "the file has no BFD packet";
}

}  // namespace
}  // namespace rhumb
