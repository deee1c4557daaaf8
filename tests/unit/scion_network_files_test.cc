// The files that a network is written as: the router's own loaders read them, and nobody else can
// read the keys.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "controlplane/config/load.hh"
#include "controlplane/scion/load.hh"
#include "controlplane/scion/setup.hh"
#include "controlplane/scion_paths/files.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::scion::paths {
namespace {

network loaded(const std::string& text) {
    auto made = parse_network(text, "net.toml");
    EXPECT_TRUE(made) << made.why().text();
    return made ? std::move(*made) : network{};
}

std::string text_of_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

class ScionNetworkFiles : public testing::Test {
protected:
    void write(const network& of, std::size_t routers) {
        auto ring = make_keys(of, 5);
        ASSERT_TRUE(ring);
        keys = std::move(*ring);
        const auto done = write_files(of, keys, root.string());
        ASSERT_TRUE(done) << done.why().text();
        EXPECT_EQ(done.value(), routers);
    }
    test::temporary_folder folder;
    std::filesystem::path root = folder.path() / "lab";
    key_ring keys;
};

TEST_F(ScionNetworkFiles, OfTheExampleLoadInEveryRouter) {
    const auto example =
        load_network(std::string(RHUMB_ROOT) + "/configs/scion-network/network.toml");
    ASSERT_TRUE(example) << example.why().text();
    const network& of = example.value();
    write(of, 11);
    std::size_t interfaces = 0;
    for (std::size_t as = 0; as < of.ases.size(); ++as) {
        for (std::size_t n = 0; n < of.ases[as].routers.size(); ++n) {
            const std::filesystem::path at = root / folder_of(of, as, n);
            SCOPED_TRACE(at.string());
            // As the configuration names it, from [scion] on.
            const auto config = config::load((at / "rhumbd.toml").string());
            ASSERT_TRUE(config) << config.why().text();
            ASSERT_TRUE(config.value().scion);
            auto files = control::load((at / config.value().scion->router).string());
            ASSERT_TRUE(files) << files.why().text();
            EXPECT_EQ(files->as.ia, of.ases[as].ia);
            EXPECT_EQ(files->as.core, of.ases[as].core);
            EXPECT_EQ(files->own().name, of.ases[as].routers[n].name);
            interfaces += files->own().interfaces.size();
            const auto made = setup::make(*config.value().scion, std::move(*files), nullptr, 0);
            ASSERT_TRUE(made) << made.why().text();
            // The inside, and each link, has a port with its address.
            std::vector<ip_prefix> addresses;
            for (const config::port& port : config.value().ports) {
                for (const config::port_address& address : port.addresses) {
                    addresses.push_back(address.host);
                }
            }
            std::sort(addresses.begin(), addresses.end());
            EXPECT_EQ(addresses, made.value()->addresses);
        }
    }
    EXPECT_EQ(interfaces, 2 * of.links.size());
}

TEST_F(ScionNetworkFiles, KeysAreForTheirOwnerAloneAndStay) {
    const network of = loaded("[as.\"1-ff00:0:1\"]\nrouters = [\"a\", \"b\"]\n");
    std::filesystem::create_directories(root / "1-ff00_0_1/b/keys");
    std::ofstream(root / "1-ff00_0_1/b/keys/master0.key") << "old, and readable for all";
    write(of, 2);
    for (const char* router : {"a", "b"}) {
        for (const char* name : {"keys/master0.key", "keys/master1.key"}) {
            struct stat status{};
            ASSERT_EQ(stat((root / "1-ff00_0_1" / router / name).c_str(), &status), 0);
            EXPECT_EQ(status.st_mode & 0777U, 0600U);
        }
    }
    // Without a seed, but with the folder, they are the same again.
    const auto again = make_keys(of, std::nullopt, root.string());
    ASSERT_TRUE(again) << again.why().text();
    EXPECT_EQ(again.value()[0].master0, keys[0].master0);
    EXPECT_EQ(again.value()[0].master1, keys[0].master1);
    std::ofstream(root / "1-ff00_0_1/a/keys/master0.key") << "!";
    EXPECT_FALSE(make_keys(of, std::nullopt, root.string()));
}

TEST_F(ScionNetworkFiles, InterfacesThatShareAnAddressShareAPort) {
    const network of = loaded(R"(
[as."1-1"]
core = true
routers = {br = "[2001:db8:0:1::1]:30042"}
host = "[2001:db8:0:1::100]:31000"
[as."1-2"]
[as."1-3"]
[[links]]
kind = "parent-child"
ends = ["1-1#1", "1-2#1"]
underlay = ["192.0.2.1:50001", "192.0.2.2:50000"]
[[links]]
kind = "parent-child"
ends = ["1-1#2", "1-3#1"]
underlay = ["192.0.2.1:50002", "192.0.2.9:50000"]
)");
    write(of, 3);
    const std::string text = text_of_file(root / "1-1/br/rhumbd.toml");
    EXPECT_NE(text.find("[ports.if1]"), std::string::npos);
    EXPECT_EQ(text.find("[ports.if2]"), std::string::npos);
    EXPECT_NE(text.find("addresses = [\"192.0.2.1/28\"]"), std::string::npos) << text;
    EXPECT_NE(text.find("addresses = [\"2001:db8:0:1::1/64\"]"), std::string::npos) << text;
    const auto config = config::load((root / "1-1/br/rhumbd.toml").string());
    EXPECT_TRUE(config) << config.why().text();
}

// Without privileges: what configs/scion-lab is made of.
TEST_F(ScionNetworkFiles, LinksMayBeMemifsAndTheInsideCaptures) {
    const auto lab = load_network(std::string(RHUMB_ROOT) + "/configs/scion-lab/network.toml");
    ASSERT_TRUE(lab) << lab.why().text();
    const network& of = lab.value();
    const auto ring = make_keys(of, 5);
    ASSERT_TRUE(ring);
    ASSERT_TRUE(write_files(of, ring.value(), root.string(), "/run/lab"));
    for (std::size_t as = 0; as < 2; ++as) {
        const auto config = config::load((root / folder_of(of, as, 0) / "rhumbd.toml").string());
        ASSERT_TRUE(config) << config.why().text();
        const config::file& router = config.value();
        ASSERT_EQ(router.ports.size(), 2U);
        EXPECT_EQ(router.ports[0].device, "net_pcap0,rx_pcap=-,tx_pcap=inside-out.pcap");
        EXPECT_EQ(router.ports[1].device, as == 0
                                              ? "net_memif1,role=server,id=0,socket-abstract=no,"
                                                "socket=/run/lab/link1.memif"
                                              : "net_memif2,role=client,id=0,socket-abstract=no,"
                                                "socket=/run/lab/link1.memif");
        ASSERT_EQ(router.rules.prefixes.size(), 1U);  // the host, which answers no ARP
    }
    for (const std::string& bad :
         {std::string("/a,b"), std::string("/a\"b"), std::string(100, 'a')}) {
        EXPECT_FALSE(write_files(of, ring.value(), root.string(), bad)) << bad;
    }
    const network siblings = loaded("[as.\"1-1\"]\nrouters = [\"a\", \"b\"]\n");
    const auto done =
        write_files(siblings, make_keys(siblings, 1).value(), root.string(), "/run/lab");
    ASSERT_FALSE(done);
    EXPECT_NE(done.why().text().find("1-1 has 2 routers"), std::string::npos) << done.why().text();
}

TEST_F(ScionNetworkFiles, WhatCannotBeWrittenIsSaid) {
    const network of = loaded("[as.\"1-1\"]\n");
    const auto ring = make_keys(of, 1);
    ASSERT_TRUE(ring);
    std::ofstream(folder.path() / "file") << "no folder";
    const auto done = write_files(of, ring.value(), (folder.path() / "file").string());
    ASSERT_FALSE(done);
    EXPECT_NE(done.why().text().find("cannot make the folder: Not a directory"), std::string::npos)
        << done.why().text();
}

}  // namespace
}  // namespace rhumb::scion::paths
