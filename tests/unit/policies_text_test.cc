// What is taken out of a topology file so that others see the same policies.
#include "controlplane/routing/policies_text.hh"

#include <gtest/gtest.h>

#include <string>

namespace rhumb::routing {
namespace {

TEST(policies_text, arrays_of_tables_come_as_they_stand) {
    const std::string gold =
        "[[policies]]\ncolor = 100\nendpoint = \"r5\"\n"
        "  [[policies.paths]]  # best\n"
        "lists = [\n[\"x\"]\n, { segments = [\"a]\", 'b['] }, # ]]\n]\n";
    const std::string demands = "[[ demands ]]\nfrom = \"r1\"\n";
    EXPECT_EQ(policies_text("[nodes.r1]\nsid = 1\n" + gold + "[[links]]\nends = [\"a\", \"b\"]\n" +
                            demands + "[defaults]\nmsd = 5\n"),
              gold + demands);
    EXPECT_EQ(policies_text(gold + "[[routes]]\nprefix = \"10.0.0.0/8\""),
              gold + "[[routes]]\nprefix = \"10.0.0.0/8\"\n");
}

TEST(policies_text, headers_within_values_are_none) {
    const std::string array = "[[policies]]\nsteer = [\n[links]\n]\ncolor = 1\n";
    EXPECT_EQ(policies_text(array), array);
    const std::string text = "[[policies]]\nname = \"\"\"\n[nodes]\n\"\"\"\ncolor = 1\n";
    EXPECT_EQ(policies_text(text), text);
    EXPECT_EQ(policies_text("[nodes.a]\nx = '''\n[[policies]]\n'''\n"), "");
    EXPECT_EQ(policies_text("[policiesx]\na = 1\n[[policy]]\n"), "");
    EXPECT_EQ(policies_text(""), "");
    EXPECT_EQ(policies_text("[\n[[\n]\n["), "");
}

}  // namespace
}  // namespace rhumb::routing
