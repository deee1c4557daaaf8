// Random JSON and random numbers, written by us and by Node: byte for byte the same. Skipped where
// there is no Node.
#include "controlplane/overlay/wire/json.hh"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/json_number.hh"
#include "controlplane/overlay/wire/json_writer.hh"
#include "tests/support/dice.hh"
#include "tests/support/run_program.hh"
#include "tests/support/temporary_folder.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

// What Node prints for these lines, a line each.
std::vector<std::string> node_lines(const std::vector<std::string>& lines) {
    const test::temporary_folder folder;
    std::string all;
    for (const std::string& line : lines) {
        all += line + '\n';
    }
    folder.write("in", all);
    const auto ran = test::program("node").run(std::string(RHUMB_STRINGIFY) + " <" +
                                               folder.path("in") + " >" + folder.path("out"));
    EXPECT_EQ(ran.status, 0) << ran.output;
    std::istringstream text(folder.read("out"));
    std::vector<std::string> got;
    for (std::string line; std::getline(text, line);) {
        got.push_back(line);
    }
    EXPECT_EQ(got.size(), lines.size());
    got.resize(lines.size());
    return got;
}

std::string our_line(std::string_view text) {
    json_document document({.bytes = 1 << 20, .values = 1 << 20});
    if (!document.read(text)) {
        return "!";
    }
    std::string line;
    std::string pretty;
    EXPECT_TRUE(write_json(document.root(), json_style::compact, line, 1 << 24));
    EXPECT_TRUE(write_json(document.root(), json_style::pretty, pretty, 1 << 24));
    line += '\t';
    append_json_string(line, pretty);
    return line;
}

// Values with what is hard in them.
class maker {
public:
    explicit maker(std::uint32_t seed) : roll_(seed) {}

    std::string value(int depth) {
        switch (roll_() % (depth > 0 ? 9 : 6)) {
            case 0: return "null";
            case 1: return roll_() % 2 == 0 ? "true" : "false";
            case 2:
            case 3: return number();
            case 4:
            case 5: return string();
            case 6: return list('[', ']', depth, false);
            default: return list('{', '}', depth, true);
        }
    }

    std::string number() {
        static constexpr std::array<std::string_view, 12> hard{"-0",
                                                               "1e21",
                                                               "1e-7",
                                                               "123456789012345678901234567890",
                                                               "0.000001",
                                                               "5e-324",
                                                               "1e400",
                                                               "-1E-400",
                                                               "9007199254740993",
                                                               "1.7976931348623158e308",
                                                               "0.1e1",
                                                               "4294967295"};
        switch (roll_() % 4) {
            case 0: return std::string(hard[roll_() % hard.size()]);
            case 1: return std::to_string(static_cast<std::int32_t>(roll_()));
            case 2:
                return std::to_string(roll_() % 1000) + '.' + std::to_string(roll_()) + "e" +
                       std::to_string(static_cast<int>(roll_() % 650) - 325);
            default:
                return std::to_string(roll_()) + std::to_string(roll_()) + std::to_string(roll_());
        }
    }

    std::string string() {
        static constexpr std::array<std::string_view, 18> pieces{"a",
                                                                 "Z",
                                                                 " ",
                                                                 "\\\"",
                                                                 "\\\\",
                                                                 "\\/",
                                                                 "\\n",
                                                                 "\\u0000",
                                                                 "\\u001F",
                                                                 "\\ud800",
                                                                 "\\uDC00",
                                                                 "\\ud83d\\ude00",
                                                                 "\x7f",
                                                                 "\xc3\xa9",
                                                                 "\xe2\x80\xa8",
                                                                 "\xed\x9f\xbf",
                                                                 "\xef\xbf\xbf",
                                                                 "\xf0\x9f\x98\x80"};
        std::string text = "\"";
        for (std::uint32_t left = roll_() % 12; left != 0; --left) {
            text += pieces[roll_() % pieces.size()];
        }
        return text + '"';
    }

    // Something is lost, doubled or changed: mostly no JSON any more.
    std::string damaged(std::string text) {
        std::size_t at = roll_() % text.size();
        // Not within a character: what Node makes of bad UTF-8 we refuse.
        while (static_cast<unsigned char>(text[at]) >= 0x80) {
            at = (at + 1) % text.size();
        }
        constexpr std::string_view by = "{}[]\",:0-.eEtfn\\u ";
        switch (roll_() % 3) {
            case 0: text.erase(at, 1); break;
            case 1: text.insert(at, 1, by[roll_() % by.size()]); break;
            default: text[at] = by[roll_() % by.size()]; break;
        }
        return text;
    }

private:
    std::string key() {
        static constexpr std::array<std::string_view, 12> hard{
            "\"10\"",         "\"2\"",          "\"01\"",        "\"-1\"",
            "\"4294967294\"", "\"4294967295\"", "\"__proto__\"", "\"constructor\"",
            "\"\"",           "\"0\"",          "\"a\"",         "\"\\u0061\""};
        return roll_() % 2 == 0 ? std::string(hard[roll_() % hard.size()]) : string();
    }
    std::string list(char open, char close, int depth, bool keys) {
        const std::uint32_t count = roll_() % 16 == 0 ? 40 : roll_() % 6;
        std::string text(1, open);
        for (std::uint32_t n = 0; n != count; ++n) {
            text += n == 0 ? "" : roll_() % 4 == 0 ? " , " : ",";
            text += keys ? key() + (roll_() % 4 == 0 ? " :\t" : ":") : "";
            text += value(depth - 1);
        }
        return text + close;
    }

    test::dice roll_;
};

class OverlayJsonNode : public testing::Test {
protected:
    void SetUp() override {
        if (test::program("node").run("--version").status != 0) {
            GTEST_SKIP() << "there is no Node";
        }
    }
};

TEST_F(OverlayJsonNode, WritesTheSame) {
    maker make(20);
    std::vector<std::string> lines;
    for (int n = 0; n < 20000; ++n) {
        lines.push_back(make.value(5));
        if (n % 2 == 0) {
            lines.push_back(make.damaged(lines.back()));
        }
    }
    const auto expected = node_lines(lines);
    std::size_t refused = 0;
    for (std::size_t n = 0; n != lines.size(); ++n) {
        ASSERT_EQ(our_line(lines[n]), expected[n]) << lines[n];
        refused += expected[n] == "!" ? 1u : 0u;
    }
    EXPECT_GT(refused, 3000u);
    EXPECT_LT(refused, 10000u);
}

// Random bits, and random decimals of few digits, which lie at the borders of the notations.
TEST_F(OverlayJsonNode, WritesNumbersTheSame) {
    test::dice roll(21);
    std::vector<double> numbers;
    std::vector<std::string> lines;
    while (numbers.size() < 100000) {
        const std::uint64_t bits = std::uint64_t{roll()} << 32 | roll();
        const double number = numbers.size() % 4 != 0
                                  ? std::bit_cast<double>(bits)
                                  : static_cast<double>(bits % 100000) *
                                        std::pow(10.0, static_cast<int>(roll() % 60) - 35);
        if (!std::isfinite(number)) {
            continue;
        }
        numbers.push_back(number);
        // All 17 digits: the reading of both is compared, too.
        std::array<char, 40> text{};
        const char* const end = std::to_chars(text.data(), text.data() + text.size(), number,
                                              std::chars_format::scientific, 16)
                                    .ptr;
        lines.emplace_back(text.data(), static_cast<std::size_t>(end - text.data()));
    }
    const auto expected = node_lines(lines);
    for (std::size_t n = 0; n != lines.size(); ++n) {
        std::string ours;
        append_json_number(ours, numbers[n]);
        ASSERT_EQ(ours, expected[n].substr(0, expected[n].find('\t'))) << lines[n];
        ASSERT_EQ(our_line(lines[n]), expected[n]) << lines[n];
    }
}

}  // namespace
