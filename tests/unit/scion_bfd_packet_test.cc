// BFD control packets on the wire.
#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "rhumb/wire/bfd.hh"
#include "tests/support/packet_text.hh"

namespace rhumb::bfd {
namespace {

using test::packet;
using bytes_of = test::packet_bytes;
constexpr std::size_t wire_bytes = bfd::packet_bytes;

// What a session says that is up: multiplier 3, 200 ms both.
bytes_of good() { return packet("hex 20c0 0318 01020304 05060708 00030d40 00030d40 00000000"); }

fault fault_with(std::size_t at, byte value) {
    bytes_of bytes = good();
    bytes[at] = value;
    EXPECT_EQ(parse(bytes).has_value(), fault_of(bytes) == fault::none);
    return fault_of(bytes);
}

TEST(bfd_packet, every_field_is_read_from_its_place) {
    const auto read = parse(packet("hex 23 48 05 18 01020304 05060708 090a0b0c 0d0e0f10 00000000"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->state, state::down);
    EXPECT_EQ(read->diagnostic, diagnostic::neighbor_signaled_down);
    EXPECT_TRUE(read->control_plane_independent);
    EXPECT_EQ(read->detect_multiplier, 5);
    EXPECT_EQ(read->my_discriminator, 0x01020304U);
    EXPECT_EQ(read->your_discriminator, 0x05060708U);
    EXPECT_EQ(read->desired_min_tx, 0x090a0b0cU);
    EXPECT_EQ(read->required_min_rx, 0x0d0e0f10U);
}

TEST(bfd_packet, what_is_written_is_read_again) {
    for (const state said : {state::admin_down, state::down, state::init, state::up}) {
        for (unsigned why = 0; why < 32; ++why) {
            const control_packet sent{.state = said,
                                      .diagnostic = static_cast<diagnostic>(why),
                                      .control_plane_independent = why % 2 == 0,
                                      .detect_multiplier = static_cast<byte>(1 + why),
                                      .my_discriminator = 0xffffffff - why,
                                      .your_discriminator = 0x80000000 + why,
                                      .desired_min_tx = 1000000,
                                      .required_min_rx = why};
            std::array<byte, wire_bytes> bytes{};
            bytes.fill(0xff);
            store(bytes.data(), sent);
            ASSERT_EQ(fault_of(bytes), fault::none);
            EXPECT_EQ(parse(bytes), sent);
        }
    }
}

TEST(bfd_packet, it_is_written_as_the_rfc_draws_it) {
    std::array<byte, wire_bytes> bytes{};
    bytes.fill(0xff);
    store(bytes.data(), {.state = state::up,
                         .detect_multiplier = 3,
                         .my_discriminator = 0x01020304,
                         .your_discriminator = 0x05060708,
                         .desired_min_tx = 200000,
                         .required_min_rx = 200000});
    EXPECT_EQ(bytes_of(bytes.begin(), bytes.end()), good());
}

TEST(bfd_packet, each_check_of_the_rfc_has_its_fault) {
    EXPECT_EQ(fault_of(good()), fault::none);
    EXPECT_EQ(fault_with(0, 0x00), fault::version);
    EXPECT_EQ(fault_with(0, 0x40), fault::version);
    EXPECT_EQ(fault_with(1, 0xc1), fault::multipoint);
    EXPECT_EQ(fault_with(2, 0), fault::detect_multiplier);
    EXPECT_EQ(fault_with(3, 23), fault::length);
    EXPECT_EQ(fault_with(3, 25), fault::length);
    EXPECT_EQ(fault_of(packet("hex 20c0 0318 00000000 05060708 00030d40 00030d40 00000000")),
              fault::my_discriminator);
}

TEST(bfd_packet, only_a_peer_that_is_down_may_not_know_our_discriminator) {
    const std::array<std::pair<byte, fault>, 4> rows{{{0x00, fault::none},
                                                      {0x40, fault::none},
                                                      {0x80, fault::your_discriminator},
                                                      {0xc0, fault::your_discriminator}}};
    for (const auto& [flags, expected] : rows) {
        bytes_of bytes = packet("hex 2000 0318 01020304 00000000 00030d40 00030d40 00000000");
        bytes[1] = flags;
        EXPECT_EQ(fault_of(bytes), expected) << unsigned{flags};
    }
}

TEST(bfd_packet, what_is_not_supported_is_a_fault) {
    EXPECT_EQ(fault_with(1, 0xc4), fault::authentication);
    EXPECT_EQ(fault_with(1, 0xe0), fault::poll_sequence);
    EXPECT_EQ(fault_with(1, 0xd0), fault::poll_sequence);
    EXPECT_EQ(fault_with(1, 0xc2), fault::demand);
    EXPECT_EQ(fault_with(23, 1), fault::echo);
    EXPECT_EQ(fault_with(1, 0xc8), fault::none) << "control plane independent is a remark";
}

TEST(bfd_packet, one_cut_short_is_truncated_and_bytes_behind_it_do_not_matter) {
    bytes_of bytes = good();
    bytes.push_back(0xff);
    EXPECT_EQ(fault_of(bytes), fault::none);
    bytes[3] = 25;  // a length that counts the byte behind
    EXPECT_EQ(fault_of(bytes), fault::none);
    for (std::size_t n = 0; n < wire_bytes; ++n) {
        const bytes_of cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
        EXPECT_EQ(fault_of(cut), fault::truncated) << n;
    }
}

}  // namespace
}  // namespace rhumb::bfd
