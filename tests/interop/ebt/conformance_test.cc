// Tests that others have written: npm's shs1-test for secret handshakes, ssb-validation-dataset for
// messages. Both are run or read where npm has put them, and skipped where it cannot.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "controlplane/overlay/wire/base64.hh"
#include "controlplane/overlay/wire/classic_message.hh"
#include "controlplane/overlay/wire/json_writer.hh"
#include "tests/support/run_program.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

const std::string packages = std::string(RHUMB_NPM_PACKAGES) + "/node_modules/";

class overlay_conformance : public testing::Test {
protected:
    void SetUp() override {
        const auto got =
            test::program(RHUMB_NPM_FETCH).run(std::string("conformance ") + RHUMB_NPM_PACKAGES);
        if (got.status != 0) {
            GTEST_SKIP() << got.output;
        }
    }
};

TEST_F(overlay_conformance, Handshakes) {
    for (const std::string role : {"server", "client"}) {
        const auto ran =
            test::program("timeout 300 node")
                .run((packages + "shs1-test/test-").append(role) + ".js " RHUMB_SHS1_PEER " 1");
        EXPECT_EQ(ran.status, 0) << role << ": " << ran.output;
    }
}

// What the case says of the message, by our rules.
bool is_valid(const json_value& given, message_reader& reader, classic_message& message) {
    const auto member = [&](std::string_view name) { return *given.find(name); };
    sign_key key{};
    const json_value hmac = member("hmacKey");
    const bool has_key = !hmac.is(json_kind::null);
    if (has_key && (!hmac.is(json_kind::string) || !decode_base64(hmac.text(), key))) {
        return false;
    }
    chain_position after;
    if (const json_value state = member("state"); state.is(json_kind::object)) {
        after.sequence = static_cast<std::int64_t>(state.find("sequence")->number());
        after.id = parse_message_id(*state.find_text("id")).value_or(key32{});
    }
    std::string text;
    constexpr std::size_t plenty = std::size_t{1} << 20;
    return write_json(member("message"), json_style::compact, text, plenty) &&
           reader.read(text, message) && verify(message, has_key ? &key : nullptr) &&
           check_follows(message, after);
}

TEST_F(overlay_conformance, Messages) {
    std::ostringstream text;
    text << std::ifstream(packages + "ssb-validation-dataset/data.json").rdbuf();
    json_document document({.bytes = std::size_t{16} << 20, .values = std::size_t{1} << 20});
    const auto done = document.read(text.str());
    ASSERT_TRUE(done) << done.why().message;
    message_reader reader;
    std::size_t valid = 0;
    for (std::size_t n = 0; n != document.root().size(); ++n) {
        const json_value given = document.root()[n];
        classic_message message;
        const bool expected = given.find("valid")->boolean();
        EXPECT_EQ(is_valid(given, reader, message), expected)
            << n << ": " << given.find_text("error").value_or("it should be valid");
        if (expected) {
            ++valid;
            EXPECT_EQ(message_id_text(message.id), given.find_text("id"));
        }
    }
    EXPECT_EQ(document.root().size(), 126u);
    EXPECT_EQ(valid, 27u);
}

}  // namespace
