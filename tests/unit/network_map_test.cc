// Where a router's map comes from, and what of it stays.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "controlplane/config/load.hh"
#include "controlplane/routing/network.hh"
#include "controlplane/routing/rows.hh"
#include "tests/support/network_files.hh"
#include "tests/support/network_maps.hh"
#include "tests/support/table_contents.hh"
#include "tests/unit/network_rig.hh"

namespace rhumb::routing {
namespace {

using nlohmann::json;
using test::contents;

// The configuration with its map in it, read as a file is.
config::file with_inline_map(config::file file, const std::string& map) {
    std::string text;
    for (std::size_t at = 0; at < map.size();) {
        const std::size_t end = std::min(map.find('\n', at), map.size() - 1) + 1;
        const std::string line = map.substr(at, end - at);
        const std::size_t name = line.find_first_not_of('[');
        text += line.starts_with("[") ? line.substr(0, name) + "topology.map." + line.substr(name)
                                      : line;
        at = end;
    }
    auto read = config::parse(text, file.files.front(), "");
    EXPECT_TRUE(read.ok()) << read.why().text();
    file.topology->file.clear();
    file.topology->map = read.value().topology->map;
    file.topology->map_where = {5, 6, 0};
    return file;
}

TEST(network_map, a_map_in_the_configuration_does_what_a_file_does) {
    const test::temporary_folder folder;
    const auto said = test::make_advertisements(test::ring(5));
    const std::string more =
        "[[policies]]\nname = \"gold\"\ncolor = 1\nendpoint = \"n2\"\n"
        "[[policies.paths]]\nsegments = [\"n4\", \"n2\"]\n"
        "[[demands]]\nfrom = \"n0\"\nto = \"n2\"\nrate = 5\n";
    const config::file file = test::write_network(folder, said, 0, more);
    const config::file whole = with_inline_map(file, folder.read("map.toml"));
    const auto by_file = network::open(file);
    ASSERT_TRUE(by_file.ok()) << by_file.why().text();
    const auto tables = started(file, *by_file.value());
    const auto known = network::open(whole);
    ASSERT_TRUE(known.ok()) << known.why().text();
    EXPECT_EQ(contents(*started(whole, *known.value())), contents(*tables));
    EXPECT_EQ(policy_rows(*known.value()), policy_rows(*by_file.value()));
    EXPECT_EQ(known.value()->demands().size(), 1U);

    // As a file it is read as the same, with its policies.
    folder.write("map.toml", topology_file_text(*known.value()));
    const auto again = network::open(file);
    ASSERT_TRUE(again.ok()) << again.why().text();
    EXPECT_EQ(contents(*started(file, *again.value())), contents(*tables));
    EXPECT_EQ(policy_rows(*again.value()), policy_rows(*by_file.value()));

    // From the one to the other nothing changes.
    ASSERT_TRUE(by_file.value()->reload(whole).ok());
    auto next = by_file.value()->compute(0);
    ASSERT_TRUE(next.ok());
    const publish::changes changes = publish::difference(by_file.value()->tables(), next.value());
    EXPECT_TRUE(changes.rules.labels.empty() && changes.remove_labels.empty());
    EXPECT_TRUE(changes.rules.prefixes.empty() && changes.remove_prefixes.empty());
}

TEST(network_map, what_a_map_in_the_configuration_cannot_be_is_told_with_its_place) {
    const test::temporary_folder folder;
    const auto said = test::make_advertisements(test::ring(3));
    config::file file = test::write_network(folder, said, 0);
    const std::string map = folder.read("map.toml");
    const std::string place = file.files.front() + ":";
    const auto refused = [&](const std::string& text) {
        const auto opened = network::open(with_inline_map(file, text));
        return opened ? std::string() : opened.why().text();
    };
    const auto lines = std::to_string(std::ranges::count(map, '\n') + 3);
    EXPECT_EQ(refused(map + "[[policies]]\ncolor = 1\nendpoint = \"n8\"\n"
                            "[[policies.paths]]\nsegments = [\"n1\"]\n")
                  .find(place + lines + ":12: "),
              0U);
    file.node.name = "n9";
    EXPECT_EQ(refused(map).find(place + "5:6: "), 0U) << refused(map);
}

// Labels of the only own link that there are; the policy's binding SID must not be one of them
// while the link is away.
TEST(network_map, an_own_link_that_is_down_keeps_its_labels_over_a_reload) {
    const test::temporary_folder folder;
    auto said = test::make_advertisements(test::ring(5));
    said[0].srlb = {{15'000, 3}};
    said[0].links[0].sids = {{15'000}, {15'001}};
    said[0].links[1].sids = {};
    const std::string policy =
        "[[policies]]\nname = \"gold\"\ncolor = 1\nendpoint = \"n2\"\n"
        "[[policies.paths]]\nsegments = [\"n4\", \"n2\"]\n";
    const std::string other = policy +
                              "[[policies]]\nname = \"silver\"\ncolor = 2\n"
                              "endpoint = \"n3\"\n[[policies.paths]]\n"
                              "segments = [\"n4\", \"n3\"]\n";
    const config::file file = test::write_network(folder, said, 0, policy);
    auto known = network::open(file);
    ASSERT_TRUE(known.ok()) << known.why().text();
    (void)started(file, *known.value());
    const auto binding_sids = [&](config::topology_section keys) {
        const config::file next = test::write_network(folder, said, 0, other, keys);
        EXPECT_TRUE(known.value()->reload(next).ok());
        auto computed = known.value()->compute(0);
        EXPECT_TRUE(computed.ok());
        known.value()->adopt(std::move(computed).value());
        std::set<std::uint64_t> found;
        for (const json& row : policy_rows(*known.value())) {
            found.insert(row.value("binding_sid", std::uint64_t{0}));
        }
        return found;
    };
    ASSERT_TRUE(known.value()->set_link(said[0].links[0].name, false, 0));
    const std::set<std::uint64_t> wanted{0, 15'002};
    EXPECT_EQ(binding_sids({}), wanted);
    // Nor when policies begin anew.
    config::topology_section keys;
    keys.policy_reserved_labels = 1;
    EXPECT_EQ(binding_sids(keys), wanted);
    ASSERT_TRUE(known.value()->set_link(said[0].links[0].name, true, 0));
    EXPECT_EQ(binding_sids(keys), wanted);
    EXPECT_TRUE(known.value()->has(15'000));
    EXPECT_TRUE(known.value()->has(15'001));
    EXPECT_TRUE(known.value()->tables().notes.empty());
    // What the file has no more is free.
    said[0].links[0].sids.pop_back();
    EXPECT_EQ(binding_sids(keys), (std::set<std::uint64_t>{15'001, 15'002}));
}

}  // namespace
}  // namespace rhumb::routing
