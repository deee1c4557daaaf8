// ISD-AS numbers: text both ways, and on the wire.
#include "rhumb/wire/isd_as.hh"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace rhumb::scion {
namespace {

static_assert(parse_isd_as("1-ff00:0:110") == isd_as(1, 0xff0000000110));
static_assert(parse_isd_as("1-ff00:0:110")->value() == 0x0001ff0000000110);
static_assert(!parse_isd_as("1-ff00:0"));

TEST(isd_as, has_its_parts_where_the_wire_has_them) {
    constexpr isd_as ia(0x0102, 0x030405060708);
    std::array<byte, isd_as::bytes> wire{};
    store_isd_as(wire.data(), ia);
    EXPECT_EQ(wire, (std::array<byte, 8>{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(load_isd_as(wire.data()), ia);
    EXPECT_EQ(ia.isd(), 0x0102);
    EXPECT_EQ(ia.as(), 0x030405060708U);
    EXPECT_EQ(isd_as(7, ~std::uint64_t{0}).isd(), 7) << "an AS cannot spill into the ISD";
}

struct pair_of_forms {
    const char* text;
    isd_as ia;
};

TEST(isd_as, what_is_written_is_read_back) {
    for (const auto& [text, ia] : {
             pair_of_forms{"0-0", isd_as()},
             {"1-0", isd_as(1, 0)},
             {"0-559", isd_as(0, 559)},
             {"64-559", isd_as(64, 559)},
             {"65535-4294967295", isd_as(65535, 0xffffffff)},
             {"1-1:0:0", isd_as(1, 0x100000000)},
             {"1-ff00:0:110", isd_as(1, 0xff0000000110)},
             {"65535-ffff:ffff:ffff", isd_as(0xffffffffffffffff)},
             {"2-2000:ab:c", isd_as(2, 0x200000ab000c)},
         }) {
        EXPECT_EQ(to_string(ia), text);
        EXPECT_EQ(parse_isd_as(text), ia) << text;
    }
}

TEST(isd_as, every_form_that_the_reference_reads_is_read) {
    EXPECT_EQ(parse_isd_as("1-FF00:0:aBc"), isd_as(1, 0xff0000000abc));
    EXPECT_EQ(parse_isd_as("001-0ff00:0:0110"), isd_as(1, 0xff0000000110));
    EXPECT_EQ(parse_isd_as("1-0:0:10"), isd_as(1, 16)) << "small numbers may come in groups";
    EXPECT_EQ(to_string(isd_as(1, 16)), "1-16");
}

TEST(isd_as, anything_else_is_refused) {
    for (const std::string text : {"",
                                   "-",
                                   "1",
                                   "1-",
                                   "-1",
                                   "1_1",
                                   "65536-1",
                                   "1-4294967296",
                                   "1-18446744073709551617",
                                   "1-1-1",
                                   "+1-1",
                                   "1-+1",
                                   " 1-1",
                                   "1-1 ",
                                   "1-0x10",
                                   "a-1",
                                   "1-f",
                                   "1-ff00:110",
                                   "1-ff00::110",
                                   "1-ff00:0:",
                                   "1-:0:110",
                                   "1-ff00:0:110:1",
                                   "1-10000:0:0",
                                   "1-0:0:10000",
                                   "1-ff00:0:11g",
                                   "1-ff00:-0:110",
                                   "184467440737095516161-1"}) {
        EXPECT_FALSE(parse_isd_as(text)) << text;
    }
    EXPECT_FALSE(parse_isd_as(std::string_view("1-1\0", 4)));
}

TEST(isd_as, either_part_may_be_the_wildcard) {
    EXPECT_TRUE(isd_as().is_wildcard());
    EXPECT_TRUE(isd_as(1, 0).is_wildcard());
    EXPECT_TRUE(isd_as(0, 1).is_wildcard());
    EXPECT_FALSE(isd_as(1, 1).is_wildcard());
}

}  // namespace
}  // namespace rhumb::scion
