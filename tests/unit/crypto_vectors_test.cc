// rhumb/crypto against vectors of the SCION reference implementation: keys and MACs of hop fields,
// EPIC's hop validation fields, DRKey's derivations, the MACs of authenticated packets. Read from
// $RHUMB_VECTORS, or from shared/vectors beside the project; skipped where there are none.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/equal.hh"
#include "rhumb/crypto/pbkdf2.hh"
#include "tests/support/from_hex.hh"

namespace rhumb::crypto {
namespace {

using nlohmann::json;
using test::block_from_hex;
using test::from_hex;

std::filesystem::path vectors() {
    const char* const given = std::getenv("RHUMB_VECTORS");
    const std::filesystem::path root = given != nullptr ? given : RHUMB_ROOT "/../shared/vectors";
    return root / "scion";
}

class vector_file : public testing::Test {
protected:
    explicit vector_file(const char* name) : file_(vectors() / name) {}
    void SetUp() override {
        if (!std::filesystem::exists(file_)) {
            GTEST_SKIP() << "no " << file_ << "; RHUMB_VECTORS says where vectors are";
        }
        read_ = json::parse(std::ifstream(file_));
    }
    json read_;

private:
    std::filesystem::path file_;
};
struct hop_field_vectors : vector_file {
    hop_field_vectors() : vector_file("mac-keys.json") {}
};
struct epic_vectors : vector_file {
    epic_vectors() : vector_file("epic.json") {}
};
struct spao_vectors : vector_file {
    spao_vectors() : vector_file("spao.json") {}
};
struct drkey_vectors : vector_file {
    drkey_vectors() : vector_file("drkey.json") {}
};

cmac_key mac_key(const json& hex) {
    cmac_key key;
    expand(key, from_hex(hex.get<std::string>()).data());
    return key;
}
std::vector<byte> bytes_of(const json& hex) { return from_hex(hex.get<std::string>()); }

// draft-dekater-scion-dataplane, the input of a hop field's MAC.
block hop_input(std::uint32_t seg_id, std::uint32_t timestamp, const json& hop) {
    block in{};
    store_be16(&in.bytes[2], static_cast<std::uint16_t>(seg_id));
    store_be32(&in.bytes[4], timestamp);
    in.bytes[9] = hop.at("exp_time").get<byte>();
    store_be16(&in.bytes[10], hop.at("cons_ingress").get<std::uint16_t>());
    store_be16(&in.bytes[12], hop.at("cons_egress").get<std::uint16_t>());
    return in;
}
std::uint32_t number(const json& text) {
    return static_cast<std::uint32_t>(std::stoul(text.get<std::string>(), nullptr, 16));
}

TEST_F(hop_field_vectors, KeysComeFromMasterSecrets) {
    ASSERT_EQ(read_.at("master_to_hf_key").size(), 4U);
    for (const json& one : read_.at("master_to_hf_key")) {
        const auto key = hop_key(bytes_of(one.at("master_hex")));
        ASSERT_TRUE(key);
        EXPECT_EQ(*key.value(),
                  block_from_hex(one.at("hop_field_key_hex").get<std::string>()).bytes);
    }
}

TEST_F(hop_field_vectors, EachHopFieldHasItsMac) {
    ASSERT_FALSE(read_.at("hop_macs").empty());
    for (const json& one : read_.at("hop_macs")) {
        const cmac_key key = mac_key(one.at("key_hex"));
        const block in = hop_input(one.at("seg_id"), one.at("timestamp"), one);
        EXPECT_EQ(in.bytes, block_from_hex(one.at("input_hex").get<std::string>()).bytes);
        block out;
        cmac_blocks(key, &in, &out, 1);
        EXPECT_EQ(out.bytes, block_from_hex(one.at("cmac_hex").get<std::string>()).bytes);
        const std::vector<byte> mac = bytes_of(one.at("hop_mac_hex"));
        ASSERT_EQ(mac.size(), 6U);
        EXPECT_TRUE(constant_time_equal(out.bytes.data(), mac.data(), 6));
        if (one.contains("next_beta")) {
            const auto seg_id = one.at("seg_id").get<std::uint32_t>();
            EXPECT_EQ(seg_id ^ load_be16(mac.data()), number(one.at("next_beta")));
        }
    }
}

TEST_F(hop_field_vectors, TheMacsOfASegmentAreChained) {
    const json& segment = read_.at("chained_segment");
    std::uint32_t beta = number(segment.at("initial_seg_id"));
    for (const json& entry : segment.at("entries")) {
        EXPECT_EQ(beta, number(entry.at("beta")));
        const auto derived = hop_key(bytes_of(entry.at("master_hex")));
        ASSERT_TRUE(derived);
        EXPECT_EQ(std::vector<byte>(derived.value()->begin(), derived.value()->end()),
                  bytes_of(entry.at("hop_field_key_hex")));
        cmac_key key;
        expand(key, derived.value()->data());
        block mac = hop_input(beta, segment.at("timestamp"), entry);
        cmac_blocks(key, &mac, &mac, 1);
        EXPECT_TRUE(constant_time_equal(mac.bytes.data(), bytes_of(entry.at("mac")).data(), 6));
        beta ^= load_be16(mac.bytes.data());
    }
    EXPECT_EQ(beta, number(segment.at("beta_after_last")));
}

TEST_F(hop_field_vectors, MessagesOfRfc4493HaveTheirTags) {
    ASSERT_FALSE(read_.at("aes_cmac_rfc4493").empty());
    for (const json& one : read_.at("aes_cmac_rfc4493")) {
        EXPECT_EQ(cmac(mac_key(one.at("key")), bytes_of(one.at("msg"))).bytes,
                  block_from_hex(one.at("tag").get<std::string>()).bytes);
    }
}

TEST_F(epic_vectors, HopValidationFieldsAreCbcMacs) {
    ASSERT_FALSE(read_.at("hvf").empty());
    for (const json& one : read_.at("hvf")) {
        const auto authenticator = one.at("authenticator_ascii").get<std::string>();
        ASSERT_EQ(authenticator.size(), key_bytes);
        aes128_key key;
        expand(key, std::vector<byte>(authenticator.begin(), authenticator.end()).data());
        const std::vector<byte> input = bytes_of(one.at("input_hex"));
        std::vector<block> blocks;
        for (std::size_t n = 0; n < input.size(); n += block_bytes) {
            blocks.push_back(load_block(&input[n]));
        }
        const block full = cbc_mac(key, blocks);
        EXPECT_EQ(full.bytes, block_from_hex(one.at("full_hex").get<std::string>()).bytes);
        EXPECT_TRUE(constant_time_equal(full.bytes.data(), bytes_of(one.at("hvf_hex")).data(), 4));
    }
}

TEST_F(spao_vectors, AuthenticatedPacketsHaveTheirMacs) {
    const cmac_key key = mac_key(read_.at("key_hex"));
    ASSERT_FALSE(read_.at("vectors").empty());
    for (const json& one : read_.at("vectors")) {
        EXPECT_EQ(cmac(key, bytes_of(one.at("mac_input_hex"))).bytes,
                  block_from_hex(one.at("cmac_hex").get<std::string>()).bytes)
            << one.at("name");
    }
}

// DRKey's derivations, as the reference implementation documents them. All addresses of these
// vectors are IPv4, whose type is 0.
enum derivation : byte { as_as = 0, as_host = 1, host_as = 2, host_host = 3 };
using drkey = std::array<byte, key_bytes>;

void append_be(std::vector<byte>& to, std::uint64_t value, std::size_t bytes) {
    while (bytes-- != 0) {
        to.push_back(static_cast<byte>(value >> 8 * bytes));
    }
}

drkey secret_value(const std::vector<byte>& as_secret, std::uint64_t protocol,
                   std::uint64_t epoch_begin, std::uint64_t epoch_end) {
    std::vector<byte> password;
    append_be(password, as_secret.size(), 8);
    password.insert(password.end(), as_secret.begin(), as_secret.end());
    append_be(password, protocol, 2);
    append_be(password, epoch_begin, 4);
    append_be(password, epoch_end, 4);
    const std::string salt = "Derive DRKey Key";
    drkey out;
    pbkdf2_hmac_sha256(password, std::vector<byte>(salt.begin(), salt.end()), 1000, out);
    return out;
}

// One block is enough for all but IPv6 hosts.
drkey derive(const drkey& from, const std::vector<byte>& input) {
    aes128_key key;
    expand(key, from.data());
    block padded{};
    EXPECT_LE(input.size(), block_bytes);
    std::copy(input.begin(), input.end(), padded.bytes.begin());
    return cbc_mac(key, {&padded, 1}).bytes;
}

drkey level_1(const drkey& secret, std::uint64_t destination) {
    std::vector<byte> input{as_as};
    append_be(input, destination, 8);
    return derive(secret, input);
}
drkey specific(const drkey& from, derivation type, const std::vector<byte>& host) {
    std::vector<byte> input{type, 0};
    input.insert(input.end(), host.begin(), host.end());
    return derive(from, input);
}
drkey generic(const drkey& from, derivation type, std::uint64_t protocol,
              const std::vector<byte>& host) {
    std::vector<byte> input{type};
    append_be(input, protocol, 2);
    input.push_back(0);
    input.insert(input.end(), host.begin(), host.end());
    return derive(from, input);
}
drkey wanted(const json& hex) { return block_from_hex(hex.get<std::string>()).bytes; }

TEST_F(drkey_vectors, TheSecretValueComesFromTheSecretOfTheAs) {
    ASSERT_FALSE(read_.at("secret_value").empty());
    for (const json& one : read_.at("secret_value")) {
        EXPECT_EQ(secret_value(bytes_of(one.at("as_secret_hex")), one.at("proto"),
                               one.at("epoch")[0], one.at("epoch")[1]),
                  wanted(one.at("key_hex")));
    }
}

TEST_F(drkey_vectors, EachLevelComesFromTheOneBefore) {
    ASSERT_EQ(read_.at("dst_ia"), "1-ff00:0:112");
    ASSERT_EQ(read_.at("src_host"), "127.0.0.2");
    ASSERT_EQ(read_.at("dst_host"), "127.0.0.1");
    const std::uint64_t destination = 0x0001'ff00'0000'0112;
    const std::vector<byte> source_host{127, 0, 0, 2};
    const std::vector<byte> destination_host{127, 0, 0, 1};
    const std::vector<byte> as_secret = bytes_of(read_.at("as_secret_for_level1_hex"));
    const json& epoch = read_.at("epoch");

    const drkey scmp = level_1(secret_value(as_secret, 1, epoch[0], epoch[1]), destination);
    const drkey any = level_1(secret_value(as_secret, 0, epoch[0], epoch[1]), destination);
    EXPECT_EQ(scmp, wanted(read_.at("level1")[0].at("key_hex")));
    EXPECT_EQ(any, wanted(read_.at("level1")[1].at("key_hex")));

    const json& own = read_.at("specific");
    EXPECT_EQ(specific(scmp, as_host, destination_host), wanted(own.at("as_host")));
    const drkey own_host = specific(scmp, host_as, source_host);
    EXPECT_EQ(own_host, wanted(own.at("host_as")));
    EXPECT_EQ(specific(own_host, host_host, destination_host), wanted(own.at("host_host")));

    const json& shared = read_.at("generic");
    const std::uint64_t protocol = shared.at("proto_id");
    EXPECT_EQ(generic(any, as_host, protocol, destination_host), wanted(shared.at("as_host")));
    const drkey shared_host = generic(any, host_as, protocol, source_host);
    EXPECT_EQ(shared_host, wanted(shared.at("host_as")));
    EXPECT_EQ(specific(shared_host, host_host, destination_host), wanted(shared.at("host_host")));
}

}  // namespace
}  // namespace rhumb::crypto
