// dataplane/ip/prepare: eight headers at once against one header at a time, written out.
#include "dataplane/ip/prepare.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "rhumb/checksum.hh"
#include "rhumb/wire/ipv4.hh"
#include "tests/support/dice.hh"
#include "tests/support/rfc1624.hh"

namespace rhumb::ip {
namespace {

// A header that the stage settles without a closer look, in 46 to 109 bytes.
std::vector<byte> good_packet(test::dice& roll) {
    std::vector<byte> packet(46 + roll() % 64);
    std::generate(packet.begin(), packet.end(), [&] { return static_cast<byte>(roll()); });
    packet[0] = 0x45;
    const std::size_t padding = roll() % 27;
    store_be16(&packet[2], static_cast<std::uint16_t>(packet.size() - padding));
    packet[8] = static_cast<byte>(2 + roll() % 254);
    packet[12] = packet[16] = 10;
    return packet;
}

void set_checksum(std::vector<byte>& packet) {
    store_be16(&packet[10], 0);
    store_be16(&packet[10], checksum_of(packet.data(), 20));
}

// One thing wrong, unusual or at a limit, or nothing.
void spoil(std::vector<byte>& packet, byte& limit, test::dice& roll) {
    constexpr std::array<byte, 10> firsts{0, 1, 126, 127, 128, 168, 169, 170, 223, 224};
    const auto any = static_cast<byte>(roll());
    limit = 0;
    switch (roll() % 12) {
        case 0: packet[0] = any; break;
        case 1: store_be16(&packet[2], static_cast<std::uint16_t>(roll() % 120)); break;
        case 2: packet[8] = static_cast<byte>(roll() % 4); break;
        case 3: packet[12] = firsts[roll() % firsts.size()]; break;
        case 4: packet[16] = firsts[roll() % firsts.size()]; break;
        case 5: limit = any; break;
        case 6: limit = packet[8]; break;
        default: break;
    }
    set_checksum(packet);
    switch (roll() % 16) {
        case 0: packet[roll() % 20] ^= static_cast<byte>(1U << roll() % 8); break;
        case 1: packet.resize(roll() % 24); break;
        case 2:  // -0 and its neighbours, whose carry goes around the end
            packet[4] = packet[5] = 0;
            set_checksum(packet);
            store_be16(&packet[4], load_be16(&packet[10]));
            set_checksum(packet);
            break;
        default: break;
    }
}

// What prepare() is to find: nothing, or the header to leave with.
std::vector<byte> settled(const std::vector<byte>& packet, byte limit) {
    if (packet.size() < ipv4::min_header_bytes || packet[0] != 0x45) {
        return {};
    }
    const byte* const ip = packet.data();
    const unsigned left = limit == 0 ? ipv4::ttl(ip) - 1 : std::min<unsigned>(limit, ipv4::ttl(ip));
    const auto closer_look = [](byte first) {
        return first == 0 || first == 127 || first == 169 || first >= 224;
    };
    if (ipv4::total_length(ip) < 20 || ipv4::total_length(ip) > packet.size() ||
        !ipv4::checksum_holds(ip) || closer_look(ip[12]) || closer_look(ip[16]) ||
        ipv4::ttl(ip) == 0 || left == 0) {
        return {};
    }
    std::vector<byte> header(ip, ip + 20);
    test::set_ttl(header.data(), left);
    return header;
}

struct packets {
    std::vector<std::vector<byte>> frames;
    std::unique_ptr<burst> b = std::make_unique<burst>();

    packets(std::size_t count, unsigned spoilt_in_100, test::dice& roll) {
        std::memset(static_cast<void*>(b.get()), 0xa5, sizeof *b);
        b->count = static_cast<std::uint16_t>(count);
        for (std::size_t i = 0; i < count; ++i) {
            frames.push_back(good_packet(roll));
            byte limit = 0;
            set_checksum(frames[i]);
            if (roll() % 100 < spoilt_in_100) {
                spoil(frames[i], limit, roll);
            }
            frames[i].shrink_to_fit();  // AddressSanitizer knows its end
            b->put(i, frames[i].data(), frames[i].size(), 0);
            b->ttl[i] = limit;
        }
    }
};

class Prepare : public testing::TestWithParam<isa> {
protected:
    prepare_function prepare_ = nullptr;
    void SetUp() override {
        if (GetParam() > isa_of_processor()) {
            GTEST_SKIP() << "this processor has no " << name_of(GetParam());
        }
        prepare_ = prepare_for(GetParam());
        ASSERT_NE(prepare_, nullptr);
    }
};

TEST_P(Prepare, FindsWhatOneHeaderAtATimeFinds) {
    test::dice roll(1);
    std::size_t settled_ones = 0;
    for (int round = 0; round < 4000; ++round) {
        const packets in(roll() % (burst::capacity + 1), round % 4 == 0 ? 100 : 5, roll);
        const auto before = in.frames;
        prepared out;
        prepare_(*in.b, out);
        EXPECT_EQ(in.frames, before);
        for (std::size_t i = 0; i < in.frames.size(); ++i) {
            const auto header = settled(in.frames[i], in.b->ttl[i]);
            const byte* const front = in.frames[i].data();
            if (out.ttl_word[i] == 0) {  // always allowed: the stage looks closer
                EXPECT_EQ(in.b->end[i], front + in.frames[i].size());
                continue;
            }
            ++settled_ones;
            ASSERT_FALSE(header.empty()) << "round " << round << ", packet " << i;
            EXPECT_EQ(out.ttl_word[i], ipv4::ttl_word(header.data()));
            EXPECT_EQ(in.b->end[i], front + ipv4::total_length(front));
        }
    }
    EXPECT_GT(settled_ones, 300'000U);
}

// Else the stage would be right, but no faster.
TEST_P(Prepare, SettlesAllOfAnOrdinaryBurst) {
    test::dice roll(2);
    for (const std::size_t count : {8U, 64U, 256U}) {
        const packets in(count, 0, roll);
        prepared out;
        prepare_(*in.b, out);
        EXPECT_EQ(std::count(out.ttl_word.begin(), out.ttl_word.begin() + in.b->count, 0U), 0)
            << count << " packets";
    }
}

INSTANTIATE_TEST_SUITE_P(Isa, Prepare, testing::Values(isa::avx512),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST(Isa, NamesAndLevelsAreInTheSameOrder) {
    EXPECT_EQ(isa_named("portable"), isa::portable);
    EXPECT_EQ(isa_named("aesni"), isa::aesni);
    EXPECT_EQ(isa_named("vaes"), isa::vaes);
    EXPECT_EQ(isa_named("avx512"), isa::avx512);
    EXPECT_FALSE(isa_named("AVX512"));
    EXPECT_LT(isa::portable, isa::aesni);
    EXPECT_LT(isa::aesni, isa::vaes);
    EXPECT_LT(isa::vaes, isa::avx512);
}

TEST(Isa, TheEnvironmentAsksForLess) {
    const char* const given = std::getenv("RHUMB_ISA");
    const std::string before = given == nullptr ? "" : given;
    setenv("RHUMB_ISA", "portable", 1);
    EXPECT_EQ(isa_in_use(), isa::portable);
    setenv("RHUMB_ISA", "vaes", 1);
    EXPECT_EQ(isa_in_use(), std::min(isa::vaes, isa_of_processor()));
    unsetenv("RHUMB_ISA");
    EXPECT_EQ(isa_in_use(), isa_of_processor());
    if (given != nullptr) {
        setenv("RHUMB_ISA", before.c_str(), 1);
    }
}

}  // namespace
}  // namespace rhumb::ip
