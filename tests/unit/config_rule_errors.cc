// What is refused in [[labels]] and [[prefixes]]: each text gives exactly this error.
#include <gtest/gtest.h>

#include <string>

#include "controlplane/config/load.hh"
#include "tests/unit/config_refused.hh"

namespace rhumb::config {
namespace {

const bad_text bad_labels[] = {
    {"[[labels]]\nlabel = 16\nopp = \"next\"",
     "3:1: unknown key \"opp\" in [[labels]]; did you mean \"op\"?"},
    {"[[labels]]\nop = \"next\"", "1:1: a rule needs a label, or an index into the SRGB"},
    {"[[labels]]\nlabel = 16",
     "1:1: a rule needs an op: \"continue\", \"next\", \"pop\" or \"push\""},
    {"[[labels]]\nlabel = 16\nindex = 1\nop = \"next\"",
     "3:9: a rule has either a label or an index; remove one"},
    {"[[labels]]\nlabel = \"16\"\nop = \"next\"", "2:9: label must be an integer, not a string"},
    {"[[labels]]\nlabel = 1048576\nop = \"next\"",
     "2:9: label 1048576 is out of range: 16 to 1048575"},
    {"[[labels]]\nlabel = 3\nop = \"next\"",
     "2:9: label 3 is special-purpose and has no rule; use 16 to 1048575"},
    {"[[labels]]\nindex = -1\nop = \"next\"", "2:9: index -1 is out of range: 0 to 1048575"},
    {"[[labels]]\nlabel = 16\nop = \"swap\"",
     "3:6: unknown op \"swap\"; it is one of \"continue\", \"next\", \"pop\" or \"push\""},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nout = 17",
     "1:1: op \"continue\" needs via: the next hops to send to"},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nvia = \"r2\"",
     "1:1: op \"continue\" needs out: the label to swap to (or one for every path of via)"},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nvia = [\"r2\", {nexthop = \"r3\", out = 17}]",
     "1:1: op \"continue\" needs out: the label to swap to (or one for every path of via)"},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nvia = \"r2\"\nout = 3",
     "5:7: label 3 (implicit null) is never sent; to send without the label, use op = \"pop\""},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nvia = \"r2\"\nout = 1",
     "5:7: label 1 (router alert) is special-purpose and not for rules to send; use 16 to "
     "1048575, or 0 or 2 for explicit null"},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nvia = \"r2\"\nout = -1",
     "5:7: label -1 is out of range: labels go from 16 to 1048575"},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nvia = \"r2\"\nout = 17\nsegments = [17]",
     "6:12: op \"continue\" takes no segments: only \"push\" imposes a list"},
    {"[[labels]]\nlabel = 16\nop = \"next\"\nvia = \"r2\"",
     "4:7: op \"next\" takes no via: what follows the label decides"},
    {"[[labels]]\nlabel = 16\nop = \"next\"\nout = 17",
     "4:7: op \"next\" takes no out: only \"continue\" swaps the label"},
    {"[[labels]]\nlabel = 16\nop = \"next\"\nsegments = [17]",
     "4:12: op \"next\" takes no segments: only \"push\" imposes a list"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"", "1:1: op \"pop\" needs via: the next hops to send to"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = \"r2\"\nout = 17",
     "5:7: op \"pop\" takes no out: only \"continue\" swaps the label"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = { nexthop = \"r2\", out = 17 }",
     "4:7: op \"pop\" takes no out in its via: only \"continue\" swaps the label"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = { nexthop = \"r2\", segments = [17] }",
     "4:7: op \"pop\" takes no segments in its via: only \"push\" imposes a list"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nsegments = [16]\n"
     "via = { nexthop = \"r2\", segments = [17] }",
     "4:12: the paths of via have segments of their own; remove these or those"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = { nexthop = \"r2\", segments = [] }",
     "4:36: segments has 0 labels; 1 to 16 are allowed"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = \"r2\"",
     "1:1: op \"push\" needs segments: the labels to push"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nsegments = [17]",
     "1:1: op \"push\" needs via: the next hops to send to"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = \"r2\"\nsegments = []",
     "5:12: segments has 0 labels; 1 to 16 are allowed"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = \"r2\"\nsegments = [17, \"18\"]",
     "5:17: a label of segments must be an integer, not a string"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = \"r2\"\nsegments = [3, 18]",
     "5:13: label 3 (implicit null) is never sent; leave it out of the list"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = \"r2\"\nsegments = [2, 18]",
     "5:13: label 2 (explicit null) stands at the bottom of a stack only; make it the last of "
     "the list or leave it out"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = \"r2\"\nsegments = [18, 14]",
     "5:17: label 14 (OAM alert) is special-purpose and not for rules to send; use 16 to "
     "1048575, or 0 or 2 for explicit null"},
    {"[[labels]]\nlabel = 16\nop = \"push\"\nvia = \"r2\"\nsegments = 17",
     "5:12: segments must be an array, not an integer"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = []", "4:7: via has 0 paths; 1 to 64 are allowed"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = 1",
     "4:7: a path of via must be a table, not an integer"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [\"\"]",
     "4:8: next hop is empty; give 1 to 64 characters"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [\"r2\", \"r2\"]",
     "4:14: via names \"r2\" twice; to send it more, give it a weight"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [{nexthop = \"r2\", weight = 0}]",
     "4:34: weight 0 is out of range: 1 to 256"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [{nexthop = \"r2\", weight = 257}]",
     "4:34: weight 257 is out of range: 1 to 256"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [{weight = 2}]",
     "4:8: a path of via needs a nexthop, as in { nexthop = \"r2\", weight = 2 }"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [{nexthop = \"r2\", wieght = 2}]",
     "4:25: unknown key \"wieght\" in a path of via; did you mean \"weight\"?"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [{nexthop = \"r2\", out = \"x\"}]",
     "4:31: out must be an integer, not a string"},
    {"[[labels]]\nlabel = 16\nop = \"next\"\ntc = 8", "4:6: tc 8 is out of range: 0 to 7"},
    {"[[labels]]\nlabel = 16\nop = \"next\"\nttl = \"inherit\"",
     "4:7: unknown ttl \"inherit\"; it is one of \"uniform\" or \"pipe\""},
    {"[[labels]]\nlabel = 16\nop = \"next\"\nttl = \"pipe\"\ntc = 0",
     "5:6: op \"next\" takes no tc: what it uncovers keeps its own; only \"continue\" and \"push\" "
     "set one"},
    {"[[labels]]\nlabel = 16\nop = \"pop\"\nvia = \"r2\"\nttl = \"pipe\"\ntc = 5",
     "6:6: op \"pop\" takes no tc: what it uncovers keeps its own; only \"continue\" and \"push\" "
     "set one"},
    {"[[labels]]\nlabel = 16\nop = \"continue\"\nvia = \"r2\"\nout = 17\ntc = 5\nttl = \"uniform\"",
     "7:7: op \"continue\" takes no ttl: one is taken off in either model; remove it"},
    {"[[labels]]\nlabel = 16\nop = \"next\"\n[[labels]]\n\"lab\\nel\" = 16",
     "5:1: unknown key \"lab\\x0ael\" in [[labels]]; did you mean \"label\"?"},
};

TEST(config_rule_errors, labels) { expect_refused(bad_labels); }

const bad_text bad_prefixes[] = {
    {"[[prefixes]]\nvia = \"r2\"",
     "1:1: [[prefixes]] needs a match, as in match = \"10.2.0.0/16\""},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"", "1:1: [[prefixes]] needs a via, as in via = [\"r2\"]"},
    {"[[prefixes]]\nmatch = \"10.0.0.0\"\nvia = \"r2\"",
     "2:9: match \"10.0.0.0\" is no prefix, as in \"10.2.0.0/16\" or \"2001:db8::/32\""},
    {"[[prefixes]]\nmatch = \"10.1.2.3/16\"\nvia = \"r2\"",
     "2:9: match \"10.1.2.3/16\" has bits set beyond its length; the prefix is \"10.1.0.0/16\""},
    {"[[prefixes]]\nmatch = \"2001:db8::/32\"\nvia = \"r2\"\nsegments = [16002, 0]",
     "4:12: label 0 at the bottom says IPv4, but match is IPv6; use 2, or leave it out"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = \"r2\"\nsegments = [2]",
     "4:12: label 2 at the bottom says IPv6, but match is IPv4; use 0, or leave it out"},
    {"[[prefixes]]\nmatch = \"2001:db8::1/32\"\nvia = \"r2\"",
     "2:9: match \"2001:db8::1/32\" has bits set beyond its length; the prefix is "
     "\"2001:db8::/32\""},
    {"[[prefixes]]\nmatch = 10\nvia = \"r2\"", "2:9: match must be a string, not an integer"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = { nexthop = \"r2\", out = 17 }",
     "3:7: a prefix takes no out in its via: there is no label to swap; use segments"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nsegments = [16]\n"
     "via = { nexthop = \"r2\", segments = [17] }",
     "3:12: the paths of via have segments of their own; remove these or those"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = { nexthop = \"r2\", segments = [2] }",
     "3:7: label 2 at the bottom says IPv6, but match is IPv4; use 0, or leave it out"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\ndiscard = true\nvia = \"r2\"",
     "4:7: a prefix with discard takes no via: nothing is sent"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = \"r2\"\nout = 17",
     "4:1: unknown key \"out\" in [[prefixes]]; it is one of \"match\", \"segments\", \"via\", "
     "\"ttl\", \"tc\" or \"discard\""},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = \"r2\"\nop = \"push\"",
     "4:1: unknown key \"op\" in [[prefixes]]; it is one of \"match\", \"segments\", \"via\", "
     "\"ttl\", \"tc\" or \"discard\""},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = \"r2\"\nsegments = [1]",
     "4:13: label 1 (router alert) is special-purpose and not for rules to send; use 16 to "
     "1048575, or 0 or 2 for explicit null"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = \"r2\"\ntc = -1",
     "4:6: tc -1 is out of range: 0 to 7"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nvia = \"r2\"\ntc = 0",
     "4:6: a prefix without segments takes no tc: it imposes no labels; remove it, or give "
     "segments"},
    {"[[prefixes]]\nmatch = \"10.0.0.0/8\"\nttl = \"uniform\"\nvia = \"r2\"",
     "3:7: a prefix without segments takes no ttl: it imposes no labels; remove it, or give "
     "segments"},
};

TEST(config_rule_errors, prefixes) { expect_refused(bad_prefixes); }

TEST(config_rule_errors, too_many_paths) {
    std::string text = "[[labels]]\nlabel = 16\nop = \"pop\"\nvia = [\"r0\"";
    for (int n = 1; n <= 64; ++n) {
        text += ", \"r" + std::to_string(n) + "\"";
    }
    const auto made = parse(text + "]", "r1.toml", "");
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.why().text(), "r1.toml:4:7: via has 65 paths; 1 to 64 are allowed");
}

TEST(config_rule_errors, fragments) {
    const bad_text texts[] = {
        {"[ports.x]\ndevice = \"d\"",
         "1:2: unknown key \"ports\" in a change; it is one of \"remove\", \"nexthops\", "
         "\"labels\" or \"prefixes\""},
        {"remove = 1", "1:10: [remove] must be a table, not an integer"},
        {"[remove]\nlables = [16]",
         "2:1: unknown key \"lables\" in [remove]; did you mean "
         "\"labels\"?"},
        {"[remove]\nlabels = 16", "2:10: labels must be an array, not an integer"},
        {"[remove]\nlabels = [1048576]", "2:11: label 1048576 is out of range: 16 to 1048575"},
        {"[remove]\nlabels = [16, 17, 16]", "2:19: labels names this twice"},
        {"[remove]\nprefixes = [\"10.0.0.1/8\"]",
         "2:13: an element of prefixes \"10.0.0.1/8\" has bits set beyond its length; the prefix "
         "is \"10.0.0.0/8\""},
        {"[remove]\nprefixes = [\"::/0\", \"0::/0\"]", "2:21: prefixes names this twice"},
        {"[remove]\nnexthops = [\"\"]",
         "2:13: an element of nexthops is empty; give 1 to 64 characters"},
        {"[remove]\nnexthops = [\"a\", \"a\"]", "2:18: nexthops names this twice"},
        // As rhumbctl label set and nexthop set send them.
        {"[[labels]]\nlabel = 16\nop = \"next\"\ntc = 5\n",
         "4:6: op \"next\" takes no tc: what it uncovers keeps its own; only \"continue\" and "
         "\"push\" set one"},
        {"[nexthops.a]\nmac = \"02:00:00:00:02:01\"\nport = \"x\"\nttl = \"pipe\"\n",
         "4:7: ttl is for the labels that the backup pushes, and there are none; remove it, or "
         "give backup a push"},
        {"[[labels]]\nlabel = 16",
         "1:1: a rule needs an op: \"continue\", \"next\", \"pop\" or "
         "\"push\""},
    };
    for (const bad_text& bad : texts) {
        const auto made = parse_fragment(bad.text);
        ASSERT_FALSE(made.ok()) << bad.text;
        const auto& [message, where] = made.why();
        EXPECT_EQ(std::to_string(where.line) + ":" + std::to_string(where.column) + ": " + message,
                  bad.why)
            << bad.text;
    }
}

}  // namespace
}  // namespace rhumb::config
