// Which link a SCION packet may take after which, and what is done on the way: switches of
// segments, peering, siblings, alerts, links that are down.
#include <gtest/gtest.h>

#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

using scion::link_type;

std::string at_hop(const packet_spec& spec, unsigned hop) {
    return " at " + std::to_string(hop_at(spec, hop));
}

struct kind_of_link {
    link_type type;
    std::uint16_t in;
    std::uint16_t out;  // another one
};
constexpr std::array<kind_of_link, 4> kinds{{{link_type::core, 161, 171},
                                             {link_type::parent, 131, 132},
                                             {link_type::child, 141, 151},
                                             {link_type::peer, 121, 122}}};

// What the path says about itself: SegID of each segment, CurrINF, CurrHF.
struct pointers {
    std::vector<std::uint16_t> ids;
    unsigned info = 0;
    unsigned hop = 0;
    friend bool operator==(const pointers&, const pointers&) = default;
    friend void PrintTo(const pointers& p, std::ostream* to) {
        *to << p.info << ' ' << p.hop << ':';
        for (const unsigned id : p.ids) {
            *to << ' ' << std::hex << id;
        }
    }
};
pointers pointers_of(const packet_spec& spec, std::span<const byte> scion) {
    const std::uint32_t meta = load_be32(&scion[info_at(spec, 0) - scion::meta_bytes]);
    pointers found{{}, scion::current_info(meta), scion::current_hop(meta)};
    for (unsigned n = 0; n < spec.segments.size(); ++n) {
        found.ids.push_back(scion::segment_id(&scion[info_at(spec, n)]));
    }
    return found;
}
// Those that the next router wants to see.
pointers wanted_at(packet_spec spec, unsigned hop, bool from_outside) {
    spec.hop = hop;
    spec.from_outside = from_outside;
    return pointers_of(spec, make_scion(spec));
}

TEST(ScionLinks, WithinASegmentFiveWaysLeadThrough) {
    border b;
    for (const bool construction : {true, false}) {
        for (const kind_of_link& in : kinds) {
            for (const kind_of_link& out : kinds) {
                using enum link_type;
                const bool may = (in.type == core && out.type == core) ||
                                 (in.type == child && out.type == parent) ||
                                 (in.type == parent && out.type == child) ||
                                 (in.type == child && out.type == peer) ||
                                 (in.type == peer && out.type == child);
                const packet_spec spec = transit(construction, in.in, out.out);
                EXPECT_EQ(b.tell(in.in, spec), may ? "out " + std::to_string(out.out)
                                                   : "scion_invalid 4/48" + at_hop(spec, 1))
                    << construction << ' ' << in.in << ' ' << out.out;
            }
        }
    }
}

TEST(ScionLinks, BetweenSegmentsThreeWaysLeadThrough) {
    border b;
    for (const unsigned directions : {0U, 1U, 2U, 3U}) {
        for (const kind_of_link& in : kinds) {
            for (const kind_of_link& out : kinds) {
                using enum link_type;
                const bool may = (in.type == core && out.type == child) ||
                                 (in.type == child && out.type == core) ||
                                 (in.type == child && out.type == child);
                const packet_spec spec =
                    switching((directions & 1) != 0, in.in, (directions & 2) != 0, out.out);
                EXPECT_EQ(b.tell(in.in, spec),
                          may ? "out " + std::to_string(out.out)
                              : "scion_invalid 4/53 at " + std::to_string(info_at(spec, 1)))
                    << directions << ' ' << in.in << ' ' << out.out;
            }
        }
    }
}

TEST(ScionLinks, FromInsideThereIsNoSwitch) {
    border b;
    packet_spec spec = switching(false, 141, true, 151);
    spec.from = here;
    spec.segments[0].hops = {{0, 0, own_as}, {0, 0, own_as}};
    spec.hop = 0;
    EXPECT_EQ(b.tell(0, spec).substr(0, 14), "scion_no_route");
    spec = switching(false, 241, true, 151);
    EXPECT_EQ(b.tell(13, spec), "scion_invalid 4/53 at " + std::to_string(info_at(spec, 1)));
}

TEST(ScionLinks, AHostsFirstHopMayLeaveByAnyLink) {
    border b;
    for (const kind_of_link& out : kinds) {
        EXPECT_EQ(b.tell(0, outbound(true, out.out)), "out " + std::to_string(out.out));
    }
}

TEST(ScionLinks, WhatIsForwardedStandsWhereTheNextRouterWantsIt) {
    border b;
    struct row {
        const char* what;
        unsigned by;
        packet_spec spec;
        std::string fate;
        unsigned hop;       // then
        bool from_outside;  // for the next router
    };
    packet_spec up_out = switching(false, 141, false, 161);
    const std::vector<row> rows{
        {"down", 131, transit(true, 131, 141), "out 141", 2, true},
        {"up", 141, transit(false, 141, 131), "out 131", 2, true},
        {"down, from a host", 0, outbound(true, 141), "out 141", 1, true},
        {"up, from a host", 0, outbound(false, 131), "out 131", 1, true},
        {"up, down", 141, switching(false, 141, true, 151), "out 151", 3, true},
        {"up, core", 141, up_out, "out 161", 3, true},
        {"core, down", 161, switching(false, 161, true, 141), "out 141", 3, true},
        {"core as constructed, down", 161, switching(true, 161, true, 141), "out 141", 3, true},
        {"down, to a sibling", 131, transit(true, 131, 241), "sibling 13", 1, false},
        {"up, to a sibling", 141, transit(false, 141, 231), "sibling 13", 1, false},
        {"down, from a sibling", 13, transit(true, 231, 141), "out 141", 2, true},
        {"up, from a sibling", 13, transit(false, 241, 131), "out 131", 2, true},
        {"up, down, to a sibling", 141, switching(false, 141, true, 242), "sibling 14", 2, false},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.what);
        const scion_outcome got = b.run(r.by, r.spec);
        ASSERT_EQ(told(got), r.fate);
        EXPECT_EQ(pointers_of(r.spec, got.payload()), wanted_at(r.spec, r.hop, r.from_outside));
        EXPECT_EQ(what_is_wrong_with(got.packet), "");
        // Nothing else has changed.
        packet_spec then = r.spec;
        then.hop = r.hop;
        then.from_outside = r.from_outside;
        EXPECT_EQ(to_hex(got.payload()), to_hex(make_scion(then)));
    }
}

// An up segment and a down one that meet over a peering link; this AS is at one end of it.
packet_spec over_peering(unsigned hop, std::uint16_t in, std::uint16_t out, std::size_t up = 2,
                         std::size_t down = 2) {
    packet_spec spec;
    segment_spec first{false, std::vector<hop_spec>(up, {8, 9}), true, 0x3333};
    segment_spec second{true, std::vector<hop_spec>(down, {8, 9}), true, 0x4444};
    first.hops.front().in = 0;
    second.hops.back().out = 0;
    (hop < up ? first.hops[hop] : second.hops[hop - up]) = {in, out, own_as};
    spec.segments = {first, second};
    spec.hop = hop;
    return spec;
}

TEST(ScionLinks, PeeringHopsLeaveTheSegmentIdAlone) {
    border b;
    struct row {
        const char* what;
        unsigned by;
        packet_spec spec;
        std::string fate;
    };
    std::vector<row> rows{
        {"before the peering hop, up", 141, over_peering(1, 141, 131, 3), "out 131"},
        {"out by the peering link", 141, over_peering(1, 141, 121), "out 121"},
        {"in by the peering link", 121, over_peering(2, 121, 151), "out 151"},
        {"behind the peering hop, down", 131, over_peering(3, 131, 141, 2, 3), "out 141"},
        {"segments of one hop, out", 0, over_peering(0, 0, 121, 1, 1), "out 121"},
    };
    rows.back().spec.from = here;
    for (const row& r : rows) {
        SCOPED_TRACE(r.what);
        const scion_outcome got = b.run(r.by, r.spec);
        ASSERT_EQ(told(got), r.fate);
        EXPECT_EQ(pointers_of(r.spec, got.payload()), wanted_at(r.spec, r.spec.hop + 1, true));
    }
    packet_spec last = over_peering(1, 121, 0, 1, 1);
    last.to = here;
    EXPECT_EQ(b.tell(121, last), "host 10.0.0.51 21000");
}

TEST(ScionLinks, PeeringHopsToAndFromSiblings) {
    border b;
    const packet_spec out = over_peering(1, 141, 221);
    EXPECT_EQ(b.tell(141, out), "sibling 13");
    EXPECT_EQ(b.tell(13, over_peering(1, 241, 121)), "out 121");
    EXPECT_EQ(b.tell(13, over_peering(2, 221, 141)), "out 141") << "no look back over the link";
    EXPECT_EQ(b.tell(14, over_peering(2, 221, 141)), "drop scion_wrong_router");
}

TEST(ScionLinks, ThePeeringFlagMustBeTheCurrentSegments) {
    border b;
    // Only the other segment has it: a switch as any other, and its MACs do not fit that.
    packet_spec spec = over_peering(1, 141, 121);
    spec.segments[0].peering = false;
    spec.segments[1].hops[0] = {0, 121, own_as};
    EXPECT_EQ(b.tell(141, spec), "scion_invalid 4/53 at " + std::to_string(info_at(spec, 1)));
}

TEST(ScionLinks, ShortcutsHaveInterfacesThatNobodyLooksAt) {
    border b;
    EXPECT_EQ(b.tell(141, inbound(false, 141, 131)), "host 10.0.0.51 21000");
    EXPECT_EQ(b.tell(141, inbound(false, 141, 999)), "host 10.0.0.51 21000");
    packet_spec spec = switching(false, 141, true, 151);
    spec.segments[0].hops[1].out = 131;
    spec.segments[1].hops[0].in = 999;
    EXPECT_EQ(b.tell(141, spec), "out 151");
    spec = outbound(true, 141);
    spec.segments[0].hops[0].in = 131;
    EXPECT_EQ(b.tell(0, spec), "out 141");
}

TEST(ScionLinks, TransitComesFromTheSiblingWhereItEntered) {
    border b;
    for (const bool construction : {true, false}) {
        const packet_spec spec = transit(construction, 231, 141);
        EXPECT_EQ(b.tell(13, spec), "out 141");
        EXPECT_EQ(b.tell(14, spec), "drop scion_wrong_router");
        EXPECT_EQ(b.tell(0, spec), "drop scion_wrong_router");
    }
    EXPECT_EQ(b.tell(13, transit(true, 131, 141)), "drop scion_wrong_router") << "it is our own";
    EXPECT_EQ(b.tell(13, transit(true, 999, 141)), "drop scion_wrong_router");
    // Once the sibling has switched segments, it is the hop before that says where.
    packet_spec switched = switching(false, 241, true, 141);
    switched.hop = 2;
    EXPECT_EQ(b.tell(13, switched), "out 141");
    EXPECT_EQ(b.tell(14, switched), "drop scion_wrong_router");
    // This check comes after the length and before the addresses.
    packet_spec spec = transit(true, 231, 141);
    spec.to = here;
    EXPECT_EQ(b.tell(14, spec), "drop scion_wrong_router");
    EXPECT_EQ(b.tell(13, spec), "scion_invalid 4/34 at 12");
    spec.payload_length = 1;
    EXPECT_EQ(b.tell(14, spec), "scion_invalid 4/19 at 0");
}

TEST(ScionLinks, FromASiblingNothingGoesToASibling) {
    border b;
    const packet_spec spec = transit(true, 231, 242);
    EXPECT_EQ(b.tell(13, spec), "scion_no_route 4/50" + at_hop(spec, 1));
    const packet_spec up = transit(false, 241, 231);
    EXPECT_EQ(b.tell(13, up), "scion_no_route 4/49" + at_hop(up, 1));
}

TEST(ScionLinks, AReplyOfASiblingMayBeginAnywhereInItsPath) {
    border b;
    // The source is this AS, the hop is not the first.
    packet_spec spec = transit(true, 231, 141);
    spec.from = here;
    EXPECT_EQ(b.tell(13, spec), "out 141");
}

TEST(ScionLinks, LinksThatAreDown) {
    border b;
    b.rig.live.set_link(b.link(141), false);
    b.rig.live.set_link(b.link(241), false);
    const packet_spec out = transit(true, 131, 141);
    EXPECT_EQ(b.tell(131, out), "scion_link_down 5/0 of 141");
    EXPECT_EQ(b.tell(131, transit(true, 131, 241)), "scion_link_down 6/0 of 241");
    EXPECT_EQ(b.tell(0, outbound(true, 141)), "scion_link_down 5/0 of 141");
    EXPECT_EQ(b.tell(141, transit(false, 141, 131)), "out 131") << "coming by it is no harm";
    EXPECT_EQ(b.tell(141, inbound(false, 141)), "host 10.0.0.51 21000");
    b.rig.live.set_link(b.link(141), true);
    EXPECT_EQ(b.tell(131, out), "out 141");
}

TEST(ScionLinks, TooLongForTheNextLink) {
    border b;
    packet_spec spec = transit(true, 131, 141);
    const std::size_t bytes = make_scion(spec).size();
    for (const std::uint16_t out : {std::uint16_t{141}, std::uint16_t{241}}) {
        spec.segments[0].hops[1].out = out;
        std::uint16_t& mtu = b.rig.own.links[b.link(out)].mtu;
        mtu = static_cast<std::uint16_t>(bytes);
        EXPECT_EQ(b.run(131, spec).fate, verdict::forward);
        --mtu;
        EXPECT_EQ(b.tell(131, spec), "scion_too_big 2/0 at " + std::to_string(bytes - 1));
        mtu = 0;
    }
    b.rig.own.links[0].mtu = 60;
    EXPECT_EQ(b.tell(131, inbound(true, 131)), "scion_too_big 2/0 at 60");
}

}  // namespace
}  // namespace rhumb::test
