// What is taken out of a topology file so that others see the same policies.
#include "controlplane/routing/policies_text.hh"

#include <gtest/gtest.h>

#include <string>

namespace rhumb::routing {
namespace {

std::string tables(std::string_view file) { return policies_text(file).arrays_of_tables; }

TEST(policies_text, arrays_of_tables_come_as_they_stand) {
    const std::string gold =
        "[[policies]]\ncolor = 100\nendpoint = \"r5\"\n"
        "  [[policies.paths]]  # best\n"
        "lists = [\n[\"x\"]\n, { segments = [\"a]\", 'b['] }, # ]]\n]\n";
    const std::string demands = "[[ demands ]]\nfrom = \"r1\"\n";
    EXPECT_EQ(tables("[nodes.r1]\nsid = 1\n" + gold + "[[links]]\nends = [\"a\", \"b\"]\n" +
                     demands + "[defaults]\nmsd = 5\n"),
              gold + demands);
    EXPECT_EQ(tables(gold + "[[routes]]\nprefix = \"10.0.0.0/8\""),
              gold + "[[routes]]\nprefix = \"10.0.0.0/8\"\n");
}

TEST(policies_text, headers_within_values_are_none) {
    const std::string array = "[[policies]]\nsteer = [\n[links]\n]\ncolor = 1\n";
    EXPECT_EQ(tables(array), array);
    const std::string text = "[[policies]]\nname = \"\"\"\n[nodes]\n\"\"\"\ncolor = 1\n";
    EXPECT_EQ(tables(text), text);
    EXPECT_EQ(tables("[nodes.a]\nx = '''\n[[policies]]\n'''\n"), "");
    EXPECT_EQ(tables("[policiesx]\na = 1\n[[policy]]\n"), "");
    EXPECT_EQ(tables(""), "");
    EXPECT_EQ(tables("[\n[[\n]\n["), "");
}

TEST(policies_text, inline_arrays_come_as_they_stand) {
    const std::string policies =
        "policies = [ # best\n"
        "    { color = 100, endpoint = \"r5\", paths = [{ segments = [\"[nodes]\"] }] },\n"
        "[]]\n";
    const std::string routes = "\"routes\" = []\n";
    const std::string demands = "  demands=[{ from = \"a\", to = \"b\" }]  # policies = 1\n";
    const policies_in_words found =
        policies_text("# policies = [\n" + policies + "other = [\npolicies = 1,\n]\n" + routes +
                      demands + "[defaults]\npolicies = []\nmsd = 5\n[nodes.r1]\n");
    EXPECT_EQ(found.inline_arrays, policies + routes + demands);
    EXPECT_EQ(found.arrays_of_tables, "");
    EXPECT_EQ(policies_text("\"").inline_arrays, "");
    EXPECT_EQ(policies_text("'=").inline_arrays, "");
    EXPECT_EQ(tables("[[\"policies\"]]\ncolor = 1\n"), "[[\"policies\"]]\ncolor = 1\n");
}

}  // namespace
}  // namespace rhumb::routing
