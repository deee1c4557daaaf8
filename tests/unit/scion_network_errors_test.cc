// Networks that are refused, in which words and where.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/scion_paths/network.hh"

namespace rhumb::scion::paths {
namespace {

struct bad_network {
    std::string text;
    const char* why;
};

void expect_refused(const std::vector<bad_network>& texts) {
    for (const auto& [text, why] : texts) {
        const auto made = parse_network(text, "net.toml");
        ASSERT_FALSE(made) << text;
        EXPECT_EQ(made.why().text(), std::string("net.toml:") + why) << text;
    }
}

TEST(ScionNetworkErrors, OfTheFileAndItsAses) {
    expect_refused({
        {"x", "1:2: not valid TOML: parsing key-value pair: encountered end-of-file"},
        {"", "1:1: a network has ASes: write [as.\"1-ff00:0:110\"] for each"},
        {"as = 1", "1:6: a network has ASes: write [as.\"1-ff00:0:110\"] for each"},
        {"ass = 1", "1:1: unknown key \"ass\" in this file; did you mean \"as\"?"},
        {"[as.110]", "1:5: \"110\" is not the number of an AS, as in \"1-ff00:0:110\""},
        {"[as.\"0-1\"]", "1:5: \"0-1\" is not the number of an AS, as in \"1-ff00:0:110\""},
        {"[as.\"1-1\"]\n[as.\"1-01\"]", "2:5: the AS 1-1 is there already"},
        {"[as.\"1-1\"]\nmtu = 1000", "2:7: mtu 1000 is out of range: 1280 to 9000"},
        {"[as.\"1-1\"]\nmaster_key = \"A\"", "2:14: master_key is not base64 text of a key"},
        {"[as.\"1-1\"]\ndispatched_ports = \"9-1\"",
         "2:20: dispatched_ports \"9-1\" is no range of ports, as in \"31000-32767\" or \"all\""},
        {"[as.\"1-1\"]\nrouters = []", "2:11: an AS has at least one router"},
        {"[as.\"1-1\"]\nrouters = [\"a\", \"a\"]", "2:17: the AS has a router \"a\" already"},
        {"[as.\"1-1\"]\nrouters = [\"../a\"]",
         "2:12: \"../a\" cannot be a router's name: 1 to 32 letters, digits, - and _"},
        {"[as.\"1-1\"]\nrouters = {a = \"10.0.0.1\"}",
         "2:16: a \"10.0.0.1\" is no address with a port, as in \"10.1.0.1:30042\""},
        {"[as.\"1-1\"]\nrouters = {a = \"10.1.1.100:31000\"}",
         "1:5: 10.1.1.100:31000 is somebody else's address"},
        {"[as.\"1-1\"]\nhost = \"[2001:db8::1]:1\"",
         "1:5: the host and the routers have addresses of one family"},
        {"[as.\"1-1\"]\nrouters = {a = \"[2001:db8::1]:1\"}",
         "1:5: an AS with IPv6 inside needs a host, as in host = \"[2001:db8::100]:31000\""},
    });
}

// A link, on line 4, between two core ASes and a third.
std::string with_link(const std::string& link) {
    return "as.\"1-1\" = {core = true}\nas.\"1-2\" = {core = true}\nas.\"2-3\" = {}\n"
           "links = [{kind = " +
           link + "}]\n";
}

TEST(ScionNetworkErrors, OfLinks) {
    expect_refused({
        {with_link("\"up\""),
         "4:18: unknown kind \"up\"; it is one of \"core\", \"parent-child\" or \"peer\""},
        {with_link("\"core\""),
         "4:10: [[links]] needs a ends, as in ends = [\"1-ff00:0:110#1\", \"1-ff00:0:111#41\"]"},
        {with_link("\"core\", ends = [\"1-1#1\"]"),
         "4:33: a link has two ends: ends = [\"1-ff00:0:110#1\", \"1-ff00:0:111#41\"]"},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-2\"]"),
         "4:43: \"1-2\" is no end of a link, as in \"1-ff00:0:110#41\" or "
         "\"1-ff00:0:110#41@br2\""},
        {with_link("\"core\", ends = [\"1-1#0\", \"1-2#1\"]"),
         "4:34: \"1-1#0\" is no end of a link, as in \"1-ff00:0:110#41\" or "
         "\"1-ff00:0:110#41@br2\""},
        {with_link("\"core\", ends = [\"1-1@b#1\", \"1-2#1\"]"),
         "4:34: \"1-1@b#1\" is no end of a link, as in \"1-ff00:0:110#41\" or "
         "\"1-ff00:0:110#41@br2\""},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-9#1\"]"), "4:43: there is no AS 1-9"},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-2#1@x\"]"),
         "4:43: the AS 1-2 has no router \"x\""},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-1#1\"]"), "4:43: 1-1#1 has a link already"},
        {with_link("\"peer\", ends = [\"1-1#1\", \"1-1#2\"]"), "4:33: a link is between two ASes"},
        {with_link("\"core\", ends = [\"1-1#1\", \"2-3#2\"]"),
         "4:33: a core link is between core ASes, and 2-3 is none"},
        {with_link("\"parent-child\", ends = [\"1-1#1\", \"1-2#2\"]"),
         "4:41: 1-2 is a core AS, which has no parent"},
        {with_link("\"parent-child\", ends = [\"1-1#1\", \"2-3#2\"]"),
         "4:41: parent and child are in one ISD"},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-2#2\"], mtu = 1"),
         "4:59: mtu 1 is out of range: 1280 to 9000"},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-2#2\"], underlay = [\"10.0.0.1:5\"]"),
         "4:64: underlay has two addresses, one for each end"},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-2#2\"], underlay = [\"10.0.0.1:5\", "
                   "\"[2001:db8::1]:5\"]"),
         "4:64: both underlay addresses are of one family"},
        {with_link("\"core\", ends = [\"1-1#1\", \"1-2#2\"], underlay = [\"10.0.0.1:5\", "
                   "\"10.0.0.1:5\"]"),
         "4:10: 10.0.0.1:5 is somebody else's address"},
    });
}

TEST(ScionNetworkErrors, AFileThatIsNotThere) {
    const auto made = load_network("/nowhere/net.toml");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.why().text(),
              "/nowhere/net.toml: cannot read the network: No such file or directory");
}

}  // namespace
}  // namespace rhumb::scion::paths
