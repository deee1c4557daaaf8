// JSON whose values know where they stand.
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "controlplane/scion/json_document.hh"
#include "controlplane/scion/json_object.hh"

namespace rhumb::scion::control {
namespace {

std::string place(config::position where) {
    return std::to_string(where.line) + ":" + std::to_string(where.column);
}

// The whole document again, each key and value with its place.
std::string outline(json_value from, const config::diagnostics& errors) {
    const std::string at = "@" + place(from.where(errors));
    switch (from.kind()) {
        case json_kind::missing: return "missing";
        case json_kind::null: return "null" + at;
        case json_kind::boolean: return (from.boolean() ? "true" : "false") + at;
        case json_kind::integer: return std::to_string(from.integer()) + at;
        case json_kind::real: return "real" + at;
        case json_kind::string: return "'" + std::string(from.text()) + "'" + at;
        default: break;
    }
    const bool is_object = from.kind() == json_kind::object;
    std::string text = (is_object ? "{" : "[") + at;
    for (const json_value child : from.children()) {
        text += ' ';
        if (is_object) {
            text += std::string(child.key()) + "@" + place(child.key_where(errors)) + "=";
        }
        text += outline(child, errors);
    }
    return text + (is_object ? " }" : " ]");
}

std::string outline(std::string_view text) {
    config::diagnostics errors("", 0);
    const json_document json(text, errors);
    return errors.failed() ? errors.why().text() : outline(json.root(), errors);
}

TEST(scion_json, every_key_and_value_knows_its_place) {
    EXPECT_EQ(outline("{\n  \"a\": 1, \"b\" :[true,false , null],\n\"c\": {\"d\":\"x\"},\"e\":-2}"),
              "{@1:1 a@2:3=1@2:8 b@2:11=[@2:16 true@2:17 false@2:22 null@2:30 ] "
              "c@3:1={@3:6 d@3:7='x'@3:11 } e@3:16=-2@3:20 }");
    EXPECT_EQ(outline("[1,22,333]"), "[@1:1 1@1:2 22@1:4 333@1:7 ]");
    EXPECT_EQ(outline("[1 ,\r\n22\t]"), "[@1:1 1@1:2 22@2:1 ]");
    EXPECT_EQ(outline("7"), "7@1:1");
    EXPECT_EQ(outline(" \n \"x\" "), "'x'@2:2");
}

TEST(scion_json, strings_may_hold_what_looks_like_structure) {
    EXPECT_EQ(outline(R"(["a\"[{,", "\\", "}:", 1])"),
              R"([@1:1 'a"[{,'@1:2 '\'@1:12 '}:'@1:18 1@1:24 ])");
    EXPECT_EQ(outline("[\"\xc3\xa4\", 1]"), "[@1:1 '\xc3\xa4'@1:2 1@1:8 ]") << "columns are bytes";
    EXPECT_EQ(outline(R"(["\u0041\n"])"), "[@1:1 'A\n'@1:2 ]");
}

TEST(scion_json, numbers_that_are_no_64_bit_integers_are_told_apart) {
    EXPECT_EQ(outline("[9223372036854775807, 9223372036854775808, -9223372036854775808, 1.0, 1e2]"),
              "[@1:1 9223372036854775807@1:2 real@1:23 -9223372036854775808@1:44 real@1:66 "
              "real@1:71 ]");
}

struct bad_json {
    const char* text;
    const char* why;
};

void expect_bad(std::span<const bad_json> texts) {
    for (const auto& [text, why] : texts) {
        const std::string got = outline(text);
        EXPECT_TRUE(got.starts_with(why)) << text << "\n" << got;
    }
}

TEST(scion_json, errors_stand_where_the_text_goes_wrong) {
    constexpr bad_json texts[] = {
        {"", "line 1, column 1: not valid JSON: "},
        {"{", "line 1, column 2: not valid JSON: "},
        {"{\n", "line 2, column 1: not valid JSON: "},
        {"{\"a\" 1}", "line 1, column 6: not valid JSON: "},
        {"{\"a\": 1 \"b\": 2}", "line 1, column 9: not valid JSON: "},
        {"{\"a\": 1,}", "line 1, column 9: not valid JSON: "},
        {"[1, 2", "line 1, column 6: not valid JSON: "},
        {"[1 23]", "line 1, column 4: not valid JSON: "},
        {"[tru]",
         "line 1, column 5: not valid JSON: syntax error while parsing value - invalid literal"},
        {"{a: 1}", "line 1, column 2: not valid JSON: "},
        {"[\"a\nb\"]", "line 1, column 4: not valid JSON: "},
        {"[\"\xff\"]", "line 1, column 3: not valid JSON: "},
        {"[1] 2", "line 1, column 5: not valid JSON: "},
        {"// no comments\n1", "line 1, column 1: not valid JSON: "},
        {"[1e999]", "line 1, column "},
    };
    expect_bad(texts);
    EXPECT_EQ(outline("{\"a\" \x1b[31m}").find('\x1b'), std::string::npos);
}

TEST(scion_json, a_key_stands_in_an_object_once) {
    EXPECT_EQ(outline("{\"a\": 1,\n \"b\": {\"a\": 1},\n \"a\": 2}"),
              "line 3, column 2: key \"a\" stands in this object twice, first in line 1");
    EXPECT_EQ(outline(R"({"x": {"b": 1, "\u0062": 2}})"),
              "line 1, column 16: key \"b\" stands in this object twice, first in line 1");
    EXPECT_EQ(outline(R"([{"a": 1}, {"a": 1}])"),
              "[@1:1 {@1:2 a@1:3=1@1:8 } {@1:12 a@1:13=1@1:18 } ]");
}

TEST(scion_json, nesting_is_bounded) {
    const std::size_t depth = json_document::max_depth;
    config::diagnostics fine("", 0);
    EXPECT_TRUE(json_document(std::string(depth, '[') + std::string(depth, ']'), fine).root());
    EXPECT_EQ(outline(std::string(depth + 1, '[')),
              "line 1, column 65: arrays and objects nest deeper than 64");
    EXPECT_EQ(outline(std::string(1 << 20, '[')),
              "line 1, column 65: arrays and objects nest deeper than 64");
}

TEST(scion_json, values_and_bytes_are_bounded) {
    std::string many = "[";
    for (std::size_t n = 0; n < json_document::max_values; ++n) {
        many += "1,";
    }
    EXPECT_EQ(outline(many + "1]"), "line 1, column 65535: there are more than 4194304 values")
        << "the array is one of them; columns beyond 65535 are cut";
    EXPECT_EQ(outline(std::string(json_document::max_bytes + 1, ' ')), "it is larger than 64 MiB");
}

TEST(scion_json, members_of_an_object_as_the_reference_reads_them) {
    config::diagnostics errors("", 0);
    const json_document json(R"({"MTU": 5, "name": null, "other": [{}], "text": "", "big": 9})",
                             errors);
    const json_object object(json.root(), "it", errors);
    EXPECT_EQ(object.number("mtu", 0, 9), 5) << "letters may have either case";
    EXPECT_FALSE(object.find("name")) << "null is as good as missing";
    EXPECT_FALSE(object.find("absent", json_kind::string));
    EXPECT_FALSE(errors.failed());

    (void)object.number("big", 0, 8);
    ASSERT_TRUE(errors.failed());
    EXPECT_EQ(errors.why().text(), "line 1, column 60: big 9 is out of range: 0 to 8");
}

TEST(scion_json, two_spellings_of_a_key_are_an_error) {
    config::diagnostics errors("", 0);
    const json_document json(R"({"mtu": 5, "Mtu": 6})", errors);
    (void)json_object(json.root(), "it", errors).find("mtu");
    ASSERT_TRUE(errors.failed());
    EXPECT_EQ(errors.why().text(),
              "line 1, column 12: key \"Mtu\" stands in it twice, first as \"mtu\"");
}

}  // namespace
}  // namespace rhumb::scion::control
