// rhumbctl: from answers to text that is safe to print, and to tables.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/overlay.hh"
#include "tools/rhumbctl/show.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {
namespace {

using namespace std::chrono_literals;

TEST(rhumbctl_text, halves_of_pairs) {
    const std::string whole = R"(["\ud83d\ude00","\\ud800","\u00e9 \n"])";
    EXPECT_EQ(without_halves(whole), whole);
    EXPECT_EQ(without_halves(R"(["\ud800","\udc00x","\ud83d\ud83d\ude00","\uDBFF\n","\\\ud800"])"),
              R"(["\ufffd","\ufffdx","\ufffd\ud83d\ude00","\ufffd\n","\\\ufffd"])");
    EXPECT_EQ(without_halves(R"("\ud8)"), R"("\ud8)");
    const auto event = parse_message(R"({"event":{"value":"a\ud800b"},"id":1})");
    EXPECT_EQ(event.body["value"],
              "a\xef\xbf\xbd"
              "b");
}

TEST(rhumbctl_text, printable) {
    EXPECT_EQ(printable("r1 \xc3\xa9 \xe2\x86\x92 \xf0\x9f\x98\x80"),
              "r1 \xc3\xa9 \xe2\x86\x92 \xf0\x9f\x98\x80");
    EXPECT_EQ(printable("a\x1b[31m\n\r\x7f"), "a\\u001b[31m\\u000a\\u000d\\u007f");
    EXPECT_EQ(printable("a\n\tb\r", keep::lines), "a\n\tb\\u000d");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\u009b31m");                                             // C1: CSI
    EXPECT_EQ(printable("\xe2\x80\xae\xef\xbb\xbf"), "\\u202e\\ufeff");  // turned text, BOM
    EXPECT_EQ(printable("\xf3\xa0\x80\x81"), "\\U000e0001");             // tag
    EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");             // no UTF-8, overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");             // surrogate
    EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");                      // cut
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\u0000");
}

TEST(rhumbctl_text, numbers) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(UINT64_MAX), "18,446,744,073,709,551,615");
    EXPECT_EQ(parse_number("0042", 42), 42U);
    EXPECT_FALSE(parse_number("43", 42));
    EXPECT_FALSE(parse_number("+4", 42));
    EXPECT_FALSE(parse_number("", 42));
}

TEST(rhumbctl_table, aligns_and_grows_by_page) {
    text_table table({{"NAME"}, {"N", true}, {"LAST"}});
    EXPECT_EQ(table.render({{"a", "10", "x"}, {"\xc3\xa9t\xc3\xa9", "9", "-"}}),
              "NAME   N  LAST\n"
              "a     10  x\n"
              "\xc3\xa9t\xc3\xa9    9  -\n");
    EXPECT_EQ(table.render({{"longer", "1", "x"}}), "longer   1  x\n");
    EXPECT_EQ(table.render({{"a", "1", "x"}}), "a        1  x\n");
}

TEST(rhumbctl_table, no_rows_show_the_headers) {
    text_table table({{"NAME"}, {"N", true}});
    EXPECT_EQ(table.render({}), "NAME  N\n");
    EXPECT_EQ(table.render({}), "");
}

std::string cell_of(const char* what, std::string_view header, const json& row) {
    for (const field& f : view_of(what)->fields) {
        if (f.header == header) {
            return cell(row, f);
        }
    }
    return "no such column";
}

TEST(rhumbctl_view, cells) {
    const json label{
        {"label", 16002},
        {"via",
         {{{"nexthop", "r2"}, {"weight", 3}}, {{"nexthop", "r3"}, {"weight", 1}, {"out", 17}}}},
        {"segments", {16003, 16002}},
        {"packets", 1234567}};
    EXPECT_EQ(cell_of("labels", "LABEL", label), "16002");
    EXPECT_EQ(cell_of("labels", "VIA", label), "r2*3,r3>17");
    EXPECT_EQ(cell_of("labels", "SEGMENTS", label), "16003,16002");
    EXPECT_EQ(
        cell_of(
            "labels", "VIA",
            {{"via",
              {{{"nexthop", "r2~via-r4~15002/16003"}, {"weight", 3}, {"segments", {15005, 15004}}},
               {{"nexthop", "r4"}, {"weight", 1}}}}}),
        "r2~via-r4~15002/16003*3 (push 15005,15004), r4");
    EXPECT_EQ(cell_of("labels", "PACKETS", label), "1,234,567");
    EXPECT_EQ(cell_of("labels", "OUT", label), "-");
    EXPECT_EQ(cell_of("ports", "STATE", {{"up", true}, {"meant_up", true}}), "up");
    EXPECT_EQ(cell_of("ports", "STATE", {{"up", false}, {"meant_up", true}}), "down");
    EXPECT_EQ(cell_of("ports", "STATE", {{"up", false}, {"meant_up", false}}), "admin-down");
    EXPECT_EQ(cell_of("ports", "ERRORS", {{"rx_errors", 2}, {"tx_errors", 3}}), "5");
    EXPECT_EQ(cell_of("ports", "ERRORS", json::object()), "-");
    EXPECT_EQ(cell_of("nexthops", "BACKUP", {{"backup", {{"nexthop", "r3"}, {"push", {16002}}}}}),
              "r3 (push 16002)");
    EXPECT_EQ(
        cell_of("nexthops", "BACKUP", {{"backup", {{"nexthop", "r3"}, {"push", json::array()}}}}),
        "r3");
    EXPECT_EQ(cell_of("workers", "INTERRUPTS", {{"interrupts", true}}), "yes");
}

TEST(rhumbctl_view, any_value_makes_a_safe_cell) {
    const std::vector<json> values{nullptr,
                                   true,
                                   -1,
                                   1.5,
                                   "",
                                   "\x1b[2J",
                                   json::array(),
                                   json::array({nullptr, json::object()}),
                                   json::array({json::array({"\x07"})}),
                                   json::object(),
                                   json{{"\x1b", "\x9b"}}};
    std::vector<std::string> names;
    for (const std::string_view name : view_names()) {
        names.emplace_back(name);
    }
    for (const std::string_view name : view_names(scion_prefix)) {
        names.push_back(std::string(scion_prefix).append(name));
    }
    EXPECT_EQ(names.size(), 22U);
    for (const std::string& name : names) {
        ASSERT_NE(view_of(name), nullptr) << name;
        for (const field& f : view_of(name)->fields) {
            for (const json& value : values) {
                // The library refuses to write what is no UTF-8; parsing never lets it in.
                if (value.is_object() && value.contains("\x1b")) {
                    continue;
                }
                const std::string text = cell({{std::string(f.key), value}}, f);
                EXPECT_FALSE(text.empty());
                EXPECT_EQ(text.find_first_of("\x1b\x07\n"), std::string::npos) << text;
            }
        }
    }
    EXPECT_EQ(cell_of("labels", "LABEL", json::array()), "-");
    EXPECT_EQ(upright({{"\x1b", "\x1b"}, {"pid", 1234}}), "\\u001b  \\u001b\npid     1234\n");
}

TEST(rhumbctl_view, views_are_called_as_they_are_typed) {
    EXPECT_EQ(command_of("ports"), "show ports");
    EXPECT_EQ(command_of("scion_bfd"), "scion show bfd");
}

TEST(rhumbctl_overlay, what_was_broadcast_is_safe_to_print) {
    nlohmann::json event{{"sent_ms", 1'700'000'000'000},
                         {"origin", "@A"},
                         {"kind", "text"},
                         {"text", "a\x1b[31m\nb"}};
    EXPECT_EQ(broadcast_text(event), "2023-11-14 22:13:20Z  @A  text  a\\u001b[31m\\u000ab\n");
    event["missed"] = 3;
    event["text"] = nullptr;
    event["link"] = "to-r2";
    event["kind"] = "link_down";
    event["sent_ms"] = -1;
    EXPECT_EQ(broadcast_text(event), "-  @A  link_down  to-r2  (3 before it were missed)\n");
    EXPECT_EQ(broadcast_text(7), "-  -  -  \n");
    EXPECT_EQ(sent_text({{"neighbours", 5}, {"sequence", 17}}),
              "sent to 5 neighbours, sequence 17\n");
    EXPECT_EQ(sent_text({{"neighbours", 1}, {"sequence", 1}}), "sent to 1 neighbour, sequence 1\n");
}

TEST(rhumbctl_overlay, progress_says_what_it_counts) {
    EXPECT_EQ(progress_text({{"current", 3}, {"total", 6}, {"messages_received", 1}}),
              "[###############...............]  50 %  3 of 6 notes and messages; messages: 1 "
              "received, 0 being verified, 0 being stored");
}

TEST(rhumbctl_overlay, trees_are_lines_and_lists_are_columns) {
    const nlohmann::json row{{"addresses", {"net:a", "net:\x1b"}},
                             {"id", "@A"},
                             {"peers", {{"@B", {{"client", true}}}}},
                             {"none", nlohmann::json::array()}};
    EXPECT_EQ(upright(row),
              "addresses  net:a\n"
              "           net:\\u001b\n"
              "id         @A\n"
              "none       []\n"
              "peers      {\n"
              "  \"@B\": {\n"
              "    \"client\": true\n"
              "  }\n"
              "}\n");
}

TEST(rhumbctl_view, rates) {
    rates r;
    const rates::clock::time_point start{100s};
    r.start(start);
    EXPECT_EQ(r.of("a", 100), "-");
    EXPECT_EQ(r.of("b", 100), "-");
    r.start(start + 2s);
    EXPECT_EQ(r.of("a", 5100), "2,500");
    EXPECT_EQ(r.of("b", 50), "-");  // started anew
    EXPECT_EQ(r.of("c", 1), "-");
    r.start(start + 4s);
    EXPECT_EQ(r.of("a", 5100), "0");
    EXPECT_EQ(r.of("b", 51), "0.5");
}

}  // namespace
}  // namespace rhumb::ctl
