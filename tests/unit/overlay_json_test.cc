// JSON as JavaScript reads and writes it; expected texts are what Node 20 prints.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/overlay/wire/json.hh"
#include "controlplane/overlay/wire/json_number.hh"
#include "controlplane/overlay/wire/json_writer.hh"
#include "controlplane/overlay/wire/plain_run.hh"
#include "controlplane/overlay/wire/utf.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

constexpr std::size_t plenty = std::size_t{1} << 20;

std::string rewritten(std::string_view text, json_style style = json_style::compact) {
    json_document document;
    const auto done = document.read(text);
    if (!done) {
        return "! " + done.why().text();
    }
    std::string out;
    return write_json(document.root(), style, out, plenty) ? out : "! too long";
}

std::string number_text(double number) {
    std::string out;
    append_json_number(out, number);
    return out;
}

TEST(OverlayJson, KeepsPlainValues) {
    for (const std::string_view same :
         {"null", "true", "false", "0", "-1", "\"\"", "[]", "{}", "[[],{},\"x\",1.5]",
          R"({"b":1,"a":{"c":[null,true]}})", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
          "\"\xed\x9f\xbf\xee\x80\x80\x7f\xe2\x80\xa8\""}) {
        EXPECT_EQ(rewritten(same), same);
    }
    EXPECT_EQ(rewritten(" \t\r\n[ 1 , {\"a\" : 2 } ]\n"), "[1,{\"a\":2}]");
}

// Wherever a byte stands within the eight that are looked at together, it is what it is.
TEST(OverlayJson, EachByteOfAStringIsLookedAt) {
    json_document document;
    for (std::size_t before = 0; before <= 17; ++before) {
        for (unsigned value = 0; value < 256; ++value) {
            const char byte = static_cast<char>(value);
            for (const char* const behind : {"", "x", "xxxxxxx\x1f", "zzzzzzzzzzzzzzzzz"}) {
                const std::string text = std::string(before, 'x') + byte + behind;
                const bool is_plain = value >= ' ' && value < 0x80 && byte != '"' && byte != '\\' &&
                                      text.find('\x1f') == std::string::npos;
                const bool is_good = document.read('"' + text + '"').ok();
                ASSERT_EQ(is_good, is_plain) << before << ' ' << value << ' ' << behind;
                if (is_good) {
                    ASSERT_EQ(document.root().text(), text);
                }
            }
        }
    }
}

TEST(OverlayJson, PrettyAsStringifyWithTwo) {
    EXPECT_EQ(rewritten(R"({"a":[1,{"b":[]}],"c":{},"d":[[]]})", json_style::pretty),
              "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {},\n"
              "  \"d\": [\n    []\n  ]\n}");
    EXPECT_EQ(rewritten("[]", json_style::pretty), "[]");
}

TEST(OverlayJson, IntegerLikeKeysComeFirst) {
    EXPECT_EQ(
        rewritten(R"({"b":1,"10":2,"2":3,"01":4,"-1":5,"4294967294":6,"4294967295":7,"0":8})"),
        R"({"0":8,"2":3,"10":2,"4294967294":6,"b":1,"01":4,"-1":5,"4294967295":7})");
    EXPECT_EQ(rewritten(R"({"00":1,"1 ":2,"+1":3,"1.0":4,"":5,"99999999999":6,"1":7})"),
              R"({"1":7,"00":1,"1 ":2,"+1":3,"1.0":4,"":5,"99999999999":6})");
}

TEST(OverlayJson, RepeatedKeysHaveTheLastValueAtTheFirstPlace) {
    EXPECT_EQ(rewritten(R"({"a":1,"b":2,"a":{"x":1},"c":3,"b":[]})"),
              R"({"a":{"x":1},"b":[],"c":3})");
    EXPECT_EQ(rewritten(R"({"__proto__":1,"a":2,"__proto__":3})"), R"({"__proto__":3,"a":2})");
    EXPECT_EQ(rewritten(R"({"1":1,"a":0,"1":2,"0":3})"), R"({"0":3,"1":2,"a":0})");
    EXPECT_EQ(rewritten("{\"\\u0061\":1,\"a\":2}"), R"({"a":2})");
    std::string many = "{";
    std::string expected = "{";
    for (int n = 0; n < 40; ++n) {
        many += "\"k" + std::to_string(n % 20) + "\":" + std::to_string(n) + ",";
    }
    for (int n = 0; n < 20; ++n) {
        expected += "\"k" + std::to_string(n) + "\":" + std::to_string(n + 20) + ",";
    }
    EXPECT_EQ(rewritten(many + "\"x\":1,\"3\":2}"), "{\"3\":2," + expected.substr(1) + "\"x\":1}");
}

TEST(OverlayJson, EscapesWhatJavaScriptEscapes) {
    EXPECT_EQ(rewritten(R"("\u0000\u0001\b\t\n\u000b\f\r\u001F\"\\\/\u007f\u2028")"),
              "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\x7f\xe2\x80\xa8\"");
    EXPECT_EQ(rewritten(R"("\ud83d\ude00\u00e9")"), "\"\xf0\x9f\x98\x80\xc3\xa9\"");
}

TEST(OverlayJson, KeepsLoneSurrogates) {
    EXPECT_EQ(rewritten(R"("\uD800 x \uDC00")"), R"("\ud800 x \udc00")");
    EXPECT_EQ(rewritten(R"("\udc00\ud800")"), R"("\udc00\ud800")");
    EXPECT_EQ(rewritten(R"("\ud800\ud83d\ude00\udfff")"), "\"\\ud800\xf0\x9f\x98\x80\\udfff\"");
    EXPECT_EQ(rewritten(R"({"\udbff":1,"\udbfe":2})"), R"({"\udbff":1,"\udbfe":2})");
    EXPECT_EQ(rewritten(R"("\ud800\u0041")"), R"("\ud800A")");
}

TEST(OverlayJson, NumbersAsEcmaScriptWritesThem) {
    const std::vector<std::pair<double, std::string>> cases{
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e21, "1.5e+21"},
        {-1e21, "-1e+21"},
        {1e-6, "0.000001"},
        {1e-7, "1e-7"},
        {1.25e-7, "1.25e-7"},
        {0.00012345, "0.00012345"},
        {123456789012, "123456789012"},
        {9007199254740991, "9007199254740991"},
        {9007199254740992, "9007199254740992"},
        {9007199254740994, "9007199254740994"},
        {123456789012345680000.0, "123456789012345680000"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {4294967296.5, "4294967296.5"},
        {999999999999999900000.0, "999999999999999900000"},
        {1e23, "1e+23"},
        {100, "100"}};
    for (const auto& [number, text] : cases) {
        EXPECT_EQ(number_text(number), text);
    }
    EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(number_text(std::nan("")), "null");
}

TEST(OverlayJson, ReadsNumbersAsDoubles) {
    EXPECT_EQ(
        rewritten("[1.0,1e0,10E-1,-0,-0.0,0e5,9007199254740993,1e999,-1e999,1e-999,4.9e-324]"),
        "[1,1,1,0,0,0,9007199254740992,null,null,0,5e-324]");
    EXPECT_EQ(rewritten("[2e-324,2.5e-324,1.7976931348623159e308,1.7976931348623157e308]"),
              "[0,5e-324,null,1.7976931348623157e+308]");
    EXPECT_EQ(
        rewritten("[0.000e99999999999999999999,1e-99999999999999999999,1e99999999999999999999]"),
        "[0,0,null]");
    const std::string zeros(400, '0');
    EXPECT_EQ(
        rewritten("[0." + zeros + "1e401,1" + zeros + "e-400,1" + zeros + ",0." + zeros + "1]"),
        "[1,1,null,0]");
}

TEST(OverlayJson, RefusesWhatJsonParseRefuses) {
    for (const std::string_view bad : {"",
                                       " ",
                                       "nul",
                                       "True",
                                       "01",
                                       "-",
                                       "+1",
                                       ".5",
                                       "1.",
                                       "1e",
                                       "1e+",
                                       "--1",
                                       "0x1",
                                       "NaN",
                                       "Infinity",
                                       "[1,]",
                                       "[,1]",
                                       "[1 2]",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       "{\"a\"}",
                                       "{\"a\":}",
                                       "{\"a\":1,}",
                                       "{a:1}",
                                       "{'a':1}",
                                       "{1:1}",
                                       "[}",
                                       "{]",
                                       "[1}",
                                       "{\"a\":1]",
                                       "\"",
                                       "\"\\\"",
                                       "\"\\x\"",
                                       "\"\\u12\"",
                                       "\"\\u123g\"",
                                       "\"\\ud800\\u12\"",
                                       "\"\n\"",
                                       "\"\x1f\"",
                                       "1 2",
                                       "{} {}",
                                       "\xef\xbb\xbf{}",
                                       "\"\x80\"",
                                       "\"\xc0\x80\"",
                                       "\"\xed\xa0\x80\"",
                                       "\"\xf4\x90\x80\x80\"",
                                       "\"\xe2\x82\"",
                                       "\"\xf5\x80\x80\x80\"",
                                       "\"\xe0\x9f\xbf\"",
                                       "\"\xf0\x8f\xbf\xbf\"",
                                       "\"\xc3\"",
                                       "//\n1",
                                       "\xc2\xa0"
                                       "1",
                                       "\v1",
                                       "tru",
                                       "[1",
                                       "{\"a\":1",
                                       "{\"a\" 1}"}) {
        EXPECT_TRUE(rewritten(bad).starts_with("! not valid JSON at byte ")) << bad;
    }
    EXPECT_EQ(rewritten("[1, x]"), "! not valid JSON at byte 4: no value");
}

TEST(OverlayJson, HasLimits) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_EQ(rewritten(nested(64)), nested(64));
    EXPECT_EQ(rewritten(nested(65)),
              "! not valid JSON at byte 64: arrays and objects nest deeper than 64");
    json_document small({.bytes = 20, .values = 4});
    EXPECT_TRUE(small.read("[1,2,3]"));
    EXPECT_EQ(small.read("[1,2,3,4]").why().message, "JSON of more than 4 values");
    EXPECT_EQ(small.read("[1,2,3,4,5,6,7,8,9,0]").why().message, "JSON of more than 20 bytes");
    EXPECT_TRUE(small.read("[1]"));
    EXPECT_EQ(small.root().size(), 1u);
}

TEST(OverlayJson, StopsWritingAtItsLimit) {
    json_document document;
    std::string deep(60, '[');
    for (int n = 0; n < 1000; ++n) {
        deep += "1,";
    }
    deep += "1" + std::string(60, ']');
    ASSERT_TRUE(document.read(deep));
    std::string out;
    EXPECT_FALSE(write_json(document.root(), json_style::pretty, out, 8192));
    EXPECT_LT(out.size(), 9000u);
}

TEST(OverlayJson, FindsMembers) {
    json_document document;
    ASSERT_TRUE(document.read(R"({"a":[1,"x",true],"b":"text","c":{"d":null}})"));
    const json_value root = document.root();
    ASSERT_EQ(root.size(), 3u);
    EXPECT_EQ(root[1].key(), "b");
    EXPECT_EQ(root.find_text("b"), "text");
    EXPECT_FALSE(root.find_text("a"));
    EXPECT_FALSE(root.find("d"));
    EXPECT_EQ(root.find("a")->size(), 3u);
    EXPECT_EQ((*root.find("a"))[0].number(), 1);
    EXPECT_TRUE((*root.find("a"))[2].boolean());
    EXPECT_TRUE(root.find("c")->find("d")->is(json_kind::null));
    EXPECT_FALSE(root.find("b")->find("d"));
    EXPECT_EQ(root.find("b")->size(), 0u);
    std::string out;
    EXPECT_TRUE(write_json(root, json_style::compact, out, plenty, "b"));
    EXPECT_EQ(out, R"({"a":[1,"x",true],"c":{"d":null}})");
}

TEST(OverlayJson, CountsUnitsAndTakesTheirLowBytes) {
    const std::string text = "h\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80!";
    EXPECT_EQ(utf16_units(text), 6u);
    std::string latin1;
    append_latin1(latin1, text);
    // U+65E5 is E5; U+1F600 is D83D DE00, so 3D 00.
    EXPECT_EQ(latin1, std::string("h\xe9\xe5\x3d\x00!", 6));
}

// Every byte at every place, between bytes that are next to the ones that end a run.
TEST(overlay_json_plain_run, ends_at_the_first_byte_that_is_not_plain) {
    for (unsigned code = 0; code < 256; ++code) {
        const bool is_plain = code >= 0x20 && code < 0x80 && code != '"' && code != '\\';
        for (std::size_t length = 1; length <= 20; ++length) {
            for (std::size_t at = 0; at < length; ++at) {
                std::string text(length, '!');
                text[at] = static_cast<char>(code);
                if (at + 1 < length) {
                    text[at + 1] = '#';
                }
                const std::size_t expected = is_plain ? length : at;
                ASSERT_EQ(plain_run(text.data(), text.data() + length), expected)
                    << code << " at " << at << " of " << length;
            }
        }
    }
}

}  // namespace
