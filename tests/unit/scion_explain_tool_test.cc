// rhumb-scion explain: what it takes as input and as keys, and its exit status.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/from_hex.hh"
#include "tests/support/temporary_folder.hh"
#include "tests/unit/scion_explained.hh"
#include "tools/packets/pcap_file.hh"
#include "tools/rhumb-scion/explain.hh"
#include "tools/rhumb-scion/explain_input.hh"
#include "tools/rhumb-scion/explain_json.hh"
#include "tools/rhumb-scion/explain_keys.hh"

namespace rhumb::test {
namespace {

using namespace scion_tool;

std::vector<byte> sample() { return from_hex("000102030405060708090a0b0c0d0e0f10aabb"); }

std::vector<byte> read_dump(const std::string& text) {
    auto bytes = parse_dump(text);
    EXPECT_TRUE(bytes.ok()) << (bytes ? "" : bytes.why().text());
    return bytes ? *bytes : std::vector<byte>();
}

std::string hex_of(const std::vector<byte>& bytes) {
    std::string text;
    for (const byte one : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[one >> 4];
        text += digits[one & 15];
    }
    return text;
}

int run(const std::vector<std::string>& words, std::string* out = nullptr) {
    std::vector<const char*> pointers;
    for (const std::string& one : words) {
        pointers.push_back(one.c_str());
    }
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = explain_command(static_cast<int>(words.size()), pointers.data());
    const std::string text = testing::internal::GetCapturedStdout();
    const std::string complaint = testing::internal::GetCapturedStderr();
    EXPECT_EQ(complaint.empty(), status < 2) << complaint;
    if (out != nullptr) {
        *out = text;
    }
    return status;
}

packet_spec small() {
    packet_spec spec;
    spec.type = scion::path_type::empty;
    spec.layer4 = udp(1, 2);
    return spec;
}

TEST(ScionExplainTool, TakesDigitsAsPeopleWriteThem) {
    EXPECT_EQ(read_dump("000102030405060708090a0b0c0d0e0f10AABB"), sample());
    EXPECT_EQ(read_dump("0x000102030405060708090a0b0c0d0e0f\n 10 aa bb\n"), sample());
    EXPECT_EQ(read_dump("00:01:02:03:04:05:06:07 0x08, 0x09,0x0a 0b0c0d0e0f10aabb"), sample());
}

TEST(ScionExplainTool, TakesTheDumpsOfOtherPrograms) {
    EXPECT_EQ(read_dump("00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n"
                        "00000010: 10aa bb                                  abc\n"),
              sample());
    EXPECT_EQ(read_dump("00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |........|\n"
                        "00000010  10 aa bb                                          |...|\n"),
              sample());
    EXPECT_EQ(read_dump("\t0x0000:  0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n"
                        "\t0x0010:  10aa bb                                  ...\n"),
              sample());
    EXPECT_EQ(read_dump("0000   00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f   ab\n"
                        "0010   10 aa bb   ab\n"),
              sample());
}

TEST(ScionExplainTool, SaysWhereDigitsAreNone) {
    const auto bytes = parse_dump("00 01\n02 0g");
    ASSERT_FALSE(bytes.ok());
    EXPECT_EQ(bytes.why().where.line, 2U);
    EXPECT_EQ(bytes.why().where.column, 4U);
    EXPECT_FALSE(parse_dump("000").ok());
    EXPECT_FALSE(parse_dump(" \n").ok());
}

TEST(ScionExplainTool, TakesCapturesByTheirLinkTypeAndNoPcapng) {
    const std::vector<packets::captured> taken{{1'767'225'600'500'000'000, 20, sample()}};
    std::vector<byte> file = packets::write_pcap(taken);
    auto read = read_input(file);
    ASSERT_TRUE(read.ok());
    ASSERT_EQ(read->size(), 1U);
    EXPECT_EQ((*read)[0].bytes, sample());
    EXPECT_EQ((*read)[0].from, explain::start::ethernet);
    EXPECT_EQ((*read)[0].taken_ms, 1'767'225'600'500U);
    file[20] = 101;
    EXPECT_EQ(read_input(file).value().at(0).from, explain::start::ip);
    file[20] = 147;
    EXPECT_EQ(read_input(file).value().at(0).from, explain::start::automatic);
    file[20] = 113;
    read = read_input(file);
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.why().message.find("link type is 113"), std::string::npos);
    read = read_input(from_hex("0a0d0d0a000000000000000000000000000000000000000000000000"));
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.why().message.find("pcapng"), std::string::npos);
}

TEST(ScionExplainTool, TakesKeysAsTextAndFromFolders) {
    key_list keys;
    ASSERT_TRUE(add_master_key(keys, "1-ff00:0:1=V9SOOHqV4KdAL6utGnvEtA==").ok());
    ASSERT_TRUE(add_master_key(keys, "1-ff00:0:1=57d48e387a95e0a7402fabad1a7bc4b4").ok());
    ASSERT_TRUE(add_hop_key(keys, "1-ff00:0:1=1009878f5b2a8f571e2771369a06f65f").ok());
    temporary_folder folder;
    std::filesystem::create_directories(folder.path() / "AS1" / "keys");
    std::ofstream(folder.path() / "AS1" / "topology.json") << R"({"isd_as": "1-ff00:0:1"})";
    std::ofstream(folder.path() / "AS1" / "keys" / "master0.key") << "V9SOOHqV4KdAL6utGnvEtA==\n";
    ASSERT_TRUE(add_key_folder(keys, (folder.path() / "AS1" / "keys").string()).ok());
    ASSERT_TRUE(add_key_folder(keys, (folder.path() / "AS1").string()).ok());
    ASSERT_TRUE(add_key_folder(keys, folder.path().string() + "/").ok());
    ASSERT_TRUE(add_key_folder(keys, "1-ff00:0:1=" + (folder.path() / "AS1").string()).ok());
    // As `rhumb-scion make` writes them: a folder for each AS, with one for each router.
    std::filesystem::create_directories(folder.path() / "lab" / "1-ff00_0_1");
    std::filesystem::rename(folder.path() / "AS1", folder.path() / "lab" / "1-ff00_0_1" / "br1");
    ASSERT_TRUE(add_key_folder(keys, (folder.path() / "lab").string()).ok());
    ASSERT_EQ(keys.size(), 8U);
    for (const explain::as_key& one : keys) {
        EXPECT_EQ(one.as, scion::parse_isd_as("1-ff00:0:1"));
        EXPECT_EQ(one.key.k1.bytes, keys[2].key.k1.bytes);
    }
    EXPECT_FALSE(add_master_key(keys, "V9SOOHqV4KdAL6utGnvEtA==").ok());
    EXPECT_FALSE(add_master_key(keys, "1-ff00:0:1=V9S!").ok());
    EXPECT_FALSE(add_hop_key(keys, "1-ff00:0:1=AAAA").ok());
    EXPECT_FALSE(add_key_folder(keys, (folder.path() / "none").string()).ok());
}

TEST(ScionExplainTool, EndsWithAStatusThatTellsWhatWasFound) {
    const std::string good = hex_of(make_scion(small()));
    EXPECT_EQ(run({good}), 0);
    EXPECT_EQ(run({good, "--strict"}), 1);  // no checksum
    EXPECT_EQ(run({good.substr(0, 60)}), 1);
    EXPECT_EQ(run({good, "--nonsense"}), 2);
    EXPECT_EQ(run({good, "--packet", "2"}), 2);
    EXPECT_EQ(run({good, "--key", "x"}), 2);
    EXPECT_EQ(run({good, "--now", "soon"}), 2);
    EXPECT_EQ(run({"/no/such/file"}), 4);
    std::string text;
    EXPECT_EQ(run({"--help"}, &text), 0);
    EXPECT_NE(text.find("--hop-key"), std::string::npos);
}

TEST(ScionExplainTool, WritesOneJsonDocumentForAllPackets) {
    temporary_folder folder;
    const std::string path = (folder.path() / "two.pcap").string();
    const auto length = static_cast<std::uint32_t>(make_scion(small()).size());
    std::vector<byte> file = packets::write_pcap(std::vector<packets::captured>{
        {0, length, make_scion(small())}, {1'000'000'000, length, make_scion(small())}});
    file[20] = 147;
    std::ofstream out(path, std::ios::binary);
    std::copy(file.begin(), file.end(), std::ostreambuf_iterator<char>(out));
    out.close();
    std::string text;
    ASSERT_EQ(run({path, "--json"}, &text), 0);
    const auto all = nlohmann::json::parse(text);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1]["packet"], 2);
    EXPECT_TRUE(all[1]["faults"].empty());
    const auto& header = all[1]["layers"][0];
    EXPECT_EQ(header["name"], "SCION common header");
    EXPECT_EQ(header["fields"][2]["name"], "FlowID");
    EXPECT_EQ(header["fields"][2]["value"], 0xbeef);
    ASSERT_EQ(run({path, "--json", "--packet", "1"}, &text), 0);
    EXPECT_EQ(nlohmann::json::parse(text).size(), 1U);
}

}  // namespace
}  // namespace rhumb::test
