// Our own descriptions of the reference's acceptance cases (tests/cases/scion*.case) give the very
// bytes that the reference's give, where these are at hand: 41 of the 55.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "rhumb/wire/scion.hh"
#include "tests/support/case_file.hh"
#include "tests/support/scion_rig.hh"
#include "tests/support/vectors.hh"

namespace rhumb::test {
namespace {

using nlohmann::json;

constexpr std::size_t outer_bytes = 14 + 20 + 8;

std::vector<byte> scion_of(const packet_bytes& frame) {
    return {frame.begin() + std::min<long>(outer_bytes, static_cast<long>(frame.size())),
            frame.end()};
}

// Time and tag of a packet authenticator, which are the sender's.
std::string without_authenticator(std::vector<byte> scion) {
    if (scion::next_header(scion.data()) == scion::next_end_to_end) {
        std::fill_n(scion.begin() + static_cast<long>(scion::header_bytes(scion.data()) + 10), 22,
                    byte{0});
    }
    return to_hex(scion);
}

const exchange* exchange_of(const std::vector<case_file>& files, const std::string& name) {
    for (const case_file& file : files) {
        for (const test_case& one : file.cases) {
            if (one.name.starts_with(name + ':')) {
                return &one.exchanges.at(0);
            }
        }
    }
    return nullptr;
}

TEST(ScionCaseFiles, SayWhatTheReferenceSays) {
    LOAD_OR_SKIP(file, "braccept.json");
    std::vector<case_file> files;
    for (const char* const name : {"/scion.case", "/scion-bfd.case"}) {
        auto loaded = load_case_file(std::string(RHUMB_CASES) + name, 1'767'225'600);
        ASSERT_TRUE(loaded.ok()) << loaded.why().text();
        files.push_back(std::move(*loaded));
    }
    EXPECT_EQ(files[0].cases.size() + files[1].cases.size(), 55U);
    std::size_t compared = 0;
    for (const json& one : file.at("cases")) {
        const auto name = one.at("name").get<std::string>();
        SCOPED_TRACE(name);
        const json& vector = one.at("vector");
        const exchange* const own = exchange_of(files, name);
        ASSERT_NE(own, nullptr);
        ++compared;
        const packet_bytes in = from_hex(vector.at("input_frame_hex").get<std::string>());
        EXPECT_EQ(without_authenticator(scion_of(own->in)), without_authenticator(scion_of(in)));
        const auto outcome = one.at("expected").at("outcome").get<std::string>();
        const bool authenticated = scion_of(in).at(4) == scion::next_end_to_end;
        if (!authenticated && outcome != "bfd reply") {
            EXPECT_EQ(to_hex(own->in), to_hex(in));
        }
        if (outcome == "drop") {
            EXPECT_EQ(own->want, fate::drop);
        } else if (outcome == "scmp") {
            EXPECT_EQ(own->want, fate::answer);
            EXPECT_EQ(to_hex(scion_of(own->out)),
                      vector.at("want_scion_hex_scmp_auth_off").get<std::string>());
        } else if (outcome == "bfd reply") {
            EXPECT_EQ(own->want, fate::answer);
        } else {
            EXPECT_EQ(own->want, fate::out);
            EXPECT_EQ(to_hex(own->out), vector.at("want_frame_hex").get<std::string>());
        }
    }
    EXPECT_EQ(compared, 41U);
}

}  // namespace
}  // namespace rhumb::test
