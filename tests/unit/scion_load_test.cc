// All files of a border router together, from folders.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "controlplane/scion/file.hh"
#include "controlplane/scion/load.hh"
#include "tests/support/temporary_folder.hh"
#include "tests/unit/scion_samples.hh"

namespace rhumb::scion::control {
namespace {

using namespace std::chrono_literals;

const std::string small_topology = R"({"isd_as": "1-1", "dispatched_ports": "31000-32767",
"border_routers": {"br1": {"internal_addr": "10.0.0.1:1", "interfaces": {"1": {"isd_as": "1-2",
"link_to": "child", "underlay": {"local": "10.1.0.1:1", "remote": "10.1.0.2:1"},
"bfd": {"detect_mult": 9}}}}, "br2": {"internal_addr": "10.0.0.2:1"}}})";

// A folder with br.toml and the files that it names in etc/.
class scion_load : public testing::Test {
protected:
    scion_load() {
        std::filesystem::create_directories(folder.path() / "etc/keys");
        folder.write("etc/topology.json", small_topology);
        folder.write("etc/keys/master0.key", "Zm9v");
        folder.write("etc/keys/master1.key", "YmFy");
        write_toml("br1", "etc");
    }
    void write_toml(const std::string& id, const std::string& config_dir,
                    const std::string& rest = "") {
        folder.write("br.toml", "[general]\nid = \"" + id + "\"\nconfig_dir = \"" + config_dir +
                                    "\"\n" + rest);
    }
    [[nodiscard]] result<border_router_files> loaded() const {
        return load(folder.path("br.toml"));
    }
    [[nodiscard]] std::string why() const {
        const auto files = loaded();
        return files ? "it was loaded" : files.why().text();
    }

    test::temporary_folder folder;
};

TEST_F(scion_load, a_relative_config_dir_counts_from_the_folder_of_br_toml) {
    const auto files = loaded();
    ASSERT_TRUE(files) << files.why().text();
    EXPECT_EQ(files.value().as.ia, isd_as(1, 1));
    EXPECT_EQ(files.value().own().name, "br1");
    EXPECT_EQ(files.value().own().interfaces.size(), 1U);
    EXPECT_EQ(files.value().keys.key0.bytes().size(), 3U);
    EXPECT_EQ(files.value().keys.key1.bytes()[0], 'b');
    EXPECT_EQ(files.value().topology_path, folder.path("etc/topology.json"));
    EXPECT_EQ(files.value().dispatched_ports, (port_range{31000, 32767}));
}

TEST_F(scion_load, an_absolute_config_dir_is_taken_as_it_is) {
    const test::temporary_folder elsewhere;
    std::filesystem::rename(folder.path() / "etc", elsewhere.path() / "etc");
    write_toml("br2", elsewhere.path("etc"));
    const auto files = loaded();
    ASSERT_TRUE(files) << files.why().text();
    EXPECT_EQ(files.value().own().name, "br2");
}

TEST_F(scion_load, the_routers_own_port_range_comes_before_the_topologys) {
    write_toml("br1", "etc", "[router]\ndispatched_port_start = 1\ndispatched_port_end = 9\n");
    EXPECT_EQ(loaded().value().dispatched_ports, (port_range{1, 9}));
    write_toml("br1", "etc", "[router]\ndispatched_port_start = 0\ndispatched_port_end = 0\n");
    EXPECT_FALSE(loaded().value().dispatched_ports);
}

TEST_F(scion_load, bfd_of_a_link_is_the_routers_where_the_link_says_nothing) {
    write_toml("br1", "etc", "[router.bfd]\ndisable = true\ndesired_min_tx_interval = \"1s\"\n");
    const auto files = loaded();
    ASSERT_TRUE(files) << files.why().text();
    EXPECT_EQ(files.value().bfd_of(files.value().own().interfaces.at(1)),
              (bfd_settings{true, 9, 1s, 200ms}));
}

TEST_F(scion_load, an_unknown_id_is_refused_with_the_names_there_are) {
    write_toml("br3", "etc");
    EXPECT_EQ(why(), folder.path("br.toml") + ":2:6: no border router \"br3\" in " +
                         folder.path("etc/topology.json") + "; it has \"br1\", \"br2\"");
    folder.write("etc/topology.json", R"({"isd_as": "1-1"})");
    EXPECT_EQ(why(), folder.path("br.toml") + ":2:6: no border router \"br3\" in " +
                         folder.path("etc/topology.json") + "; it has none");
    std::string many = R"({"isd_as": "1-1", "border_routers": {)";
    for (char name = 'a'; name <= 'r'; ++name) {
        many += std::string(name == 'a' ? "" : ",") + "\"" + name +
                R"(": {"internal_addr": "10.0.0.1:1"})";
    }
    folder.write("etc/topology.json", many + "}}");
    EXPECT_TRUE(why().ends_with("\"o\", \"p\" and 2 more")) << why();
}

TEST_F(scion_load, errors_name_the_file_that_they_are_in) {
    folder.write("etc/keys/master0.key", "Zm9v!");
    EXPECT_EQ(why(), folder.path("etc/keys/master0.key") +
                         ":1:5: a key is base64 text; this character does not belong there");
    std::filesystem::remove(folder.path() / "etc/keys/master0.key");
    EXPECT_EQ(why(), folder.path("etc/keys/master0.key") +
                         ": cannot read the key: No such file or directory");
    folder.write("etc/topology.json", "{\"isd_as\":\n \"1\"}");
    EXPECT_EQ(why(), folder.path("etc/topology.json") +
                         ":2:2: isd_as \"1\" is no ISD-AS number, as in \"1-ff00:0:110\"");
    std::filesystem::remove(folder.path() / "etc/topology.json");
    EXPECT_EQ(why(), folder.path("etc/topology.json") +
                         ": cannot read the topology: No such file or directory");
    std::filesystem::create_directory(folder.path() / "etc/topology.json");
    EXPECT_EQ(why(),
              folder.path("etc/topology.json") + ": cannot read the topology: it is a folder");
    folder.write("br.toml", "[general]\nid = 1\n");
    EXPECT_EQ(why(), folder.path("br.toml") +
                         ":1:1: [general] needs a config_dir, as in config_dir = \"/etc/scion\"");
    std::filesystem::remove(folder.path() / "br.toml");
    EXPECT_EQ(why(), folder.path("br.toml") +
                         ": cannot read the router's configuration: No such file or directory");
}

TEST_F(scion_load, only_our_own_links_need_to_be_usable) {
    const std::string twins =
        R"({"isd_as": "1-2", "link_to": "child", "underlay": {"local": ":1", "remote": "10.2.0.2:1"}})";
    folder.write("etc/topology.json",
                 R"({"isd_as": "1-1", "border_routers": {"br1": {"internal_addr": "10.0.0.1:1"},
"br2": {"internal_addr": "10.0.0.2:1", "interfaces": {"3":)" +
                     twins + ",\n\"4\":" + twins + "}}}}");
    EXPECT_TRUE(loaded()) << why();
    write_toml("br2", "etc");
    EXPECT_EQ(why(), folder.path("etc/topology.json") +
                         ":3:81: interfaces 3 and 4 have the same remote address, 10.2.0.2:1; a "
                         "packet's link is found by it");
}

TEST(scion_file, is_read_whole_up_to_its_limit) {
    const test::temporary_folder folder;
    for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 300000U, 1U << 20}) {
        folder.write("f", std::string(size, 'x'));
        const auto text = read_file(folder.path("f"), 1);
        ASSERT_TRUE(text) << size;
        EXPECT_EQ(text.value(), std::string(size, 'x')) << size;
    }
    folder.write("f", std::string((1U << 20) + 1, 'x'));
    const auto text = read_file(folder.path("f"), 1);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.why().message, "it is larger than 1 MiB");
}

TEST_F(scion_load, samples_of_the_reference) {
    if (!have_samples()) {
        GTEST_SKIP() << "no test vectors";
    }
    const std::string multi = "acceptance__router_multi__conf__";
    folder.write("etc/topology.json", sample(multi + "topology.json"));
    folder.write("etc/keys/master0.key", sample(multi + "keys__master0.key"));
    folder.write("etc/keys/master1.key", sample(multi + "keys__master1.key"));
    for (const char* const name : {"router.toml", "router_nobfd.toml"}) {
        std::string toml = sample(multi + name);
        const std::string theirs = "/etc/scion";
        ASSERT_NE(toml.find(theirs), std::string::npos);
        folder.write("br.toml", toml.replace(toml.find(theirs), theirs.size(), "etc"));
        const auto files = loaded();
        ASSERT_TRUE(files) << files.why().text();
        EXPECT_EQ(files.value().own().interfaces.size(), 4U);
        EXPECT_EQ(files.value().keys.key0.bytes().size(), 16U);
        EXPECT_EQ(files.value().dispatched_ports, (port_range{1024, 65535}));
    }
}

}  // namespace
}  // namespace rhumb::scion::control
