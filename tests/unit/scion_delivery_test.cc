// SCION packets for hosts and services of the own AS: which address and port, or why not.
#include <gtest/gtest.h>

#include <set>

#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

std::string at_port(border& b, const layer4_spec& what) {
    packet_spec spec = inbound(true, 131);
    spec.layer4 = what;
    const std::string fate = b.tell(131, spec);
    const std::string host = "host 10.0.0.51 ";
    return fate.starts_with(host) ? fate.substr(host.size()) : fate;
}

TEST(ScionDelivery, ToThePortOfTheTransportHeader) {
    border b;
    EXPECT_EQ(at_port(b, udp(5, 21000, 0)), "21000");
    EXPECT_EQ(at_port(b, tcp(5, 22000)), "22000");
    layer4_spec cut = udp(5, 21000, 0);
    cut.bytes.pop_back();
    EXPECT_EQ(at_port(b, cut), "drop scion_bad_layer4");
    cut = tcp(5, 22000);
    cut.bytes.pop_back();
    EXPECT_EQ(at_port(b, cut), "drop scion_bad_layer4");
    EXPECT_EQ(at_port(b, {scion::next_experiment_1, {}}), "30041");
    EXPECT_EQ(at_port(b, {scion::next_bfd, {1, 2, 3}}), "30041");
    EXPECT_EQ(at_port(b, {99, {1, 2, 3, 4}}).substr(0, 4), "drop") << "unknown from the start";
}

TEST(ScionDelivery, BehindExtensionHeaders) {
    border b;
    packet_spec spec = inbound(true, 131);
    spec.extensions = {{scion::next_hop_by_hop, {0, 1, 0}},
                       {scion::next_end_to_end, {1, 1, 4, 0, 0, 0, 0}}};
    EXPECT_EQ(b.tell(131, spec), "host 10.0.0.51 21000");
    spec.extensions.pop_back();
    EXPECT_EQ(b.tell(131, spec), "host 10.0.0.51 21000");
}

TEST(ScionDelivery, OutsideOfTheDispatchedPortsToTheDispatcher) {
    border b;
    EXPECT_EQ(at_port(b, udp(5, 1023)), "30041");
    EXPECT_EQ(at_port(b, udp(5, 1024)), "1024");
    EXPECT_EQ(at_port(b, udp(5, 40000)), "40000");
    EXPECT_EQ(at_port(b, udp(5, 40001)), "30041");
    EXPECT_EQ(at_port(b, tcp(5, 40001)), "30041");
    EXPECT_EQ(at_port(b, echo(scmp::echo_reply, 40001)), "30041");
    EXPECT_EQ(at_port(b, udp(5, 0)), "30041");
    b.rig.own.any_port = true;
    EXPECT_EQ(at_port(b, udp(5, 1023)), "1023");
    EXPECT_EQ(at_port(b, udp(5, 65535)), "65535");
    b.rig.own.any_port = false;
    b.rig.own.first_port = b.rig.own.last_port = 0;
    EXPECT_EQ(at_port(b, udp(5, 21000)), "30041");
    EXPECT_EQ(at_port(b, udp(5, 0)), "30041") << "no range has no port 0 either";
}

TEST(ScionDelivery, ScmpRequestsGoToTheDispatcherAndRepliesToWhoAsked) {
    border b;
    EXPECT_EQ(at_port(b, echo(scmp::echo_request, 2000)), "30041");
    EXPECT_EQ(at_port(b, traceroute(scmp::traceroute_request, 2000)), "30041");
    EXPECT_EQ(at_port(b, echo(scmp::echo_reply, 2000)), "2000");
    EXPECT_EQ(at_port(b, traceroute(scmp::traceroute_reply, 2000)), "2000");
    // A request is the dispatcher's to judge; a reply must be whole.
    EXPECT_EQ(at_port(b, scmp_message(scmp::echo_request, 0, {})), "30041");
    EXPECT_EQ(at_port(b, scmp_message(scmp::echo_reply, 0, {7, 208, 0})), "drop scion_bad_layer4");
    layer4_spec cut = traceroute(scmp::traceroute_reply, 2000);
    cut.bytes.pop_back();
    EXPECT_EQ(at_port(b, cut), "drop scion_bad_layer4");
    EXPECT_EQ(at_port(b, {scion::next_scmp, {128, 0, 0}}), "drop scion_bad_layer4");
    for (const byte type : {byte{0}, byte{3}, byte{7}, byte{127}, byte{132}, byte{255}}) {
        EXPECT_EQ(at_port(b, scmp_message(type, 0, std::vector<byte>(100))),
                  "drop scion_bad_layer4");
    }
}

// An SCMP error about a packet that a host of this AS had sent.
layer4_spec about(byte type, const std::vector<byte>& quote) {
    const std::size_t before = scmp::quote_offset(type) - scmp::header_bytes;
    std::vector<byte> rest(before + quote.size());
    std::copy(quote.begin(), quote.end(), rest.begin() + static_cast<long>(before));
    return scmp_message(type, 0, rest);
}

TEST(ScionDelivery, ScmpErrorsGoToTheSourceOfWhatTheyQuote) {
    border b;
    packet_spec quoted = outbound(true, 141);
    for (const byte type :
         {scmp::destination_unreachable, scmp::packet_too_big, scmp::parameter_problem,
          scmp::external_interface_down, scmp::internal_connectivity_down}) {
        quoted.layer4 = udp(3000, 9);
        EXPECT_EQ(at_port(b, about(type, make_scion(quoted))), "3000");
        quoted.layer4 = echo(scmp::echo_request, 3001);
        EXPECT_EQ(at_port(b, about(type, make_scion(quoted))), "3001");
        quoted.layer4 = traceroute(scmp::traceroute_request, 3002);
        EXPECT_EQ(at_port(b, about(type, make_scion(quoted))), "3002");
    }
    for (const layer4_spec& other :
         {udp(0, 9), tcp(3000, 9), echo(scmp::echo_reply, 3000),
          traceroute(scmp::traceroute_reply, 3000), scmp_message(4, 0, std::vector<byte>(90)),
          layer4_spec{scion::next_experiment_1, std::vector<byte>(20, 9)}}) {
        quoted.layer4 = other;
        EXPECT_EQ(at_port(b, about(4, make_scion(quoted))), "drop scion_bad_layer4") << other.next;
    }
}

TEST(ScionDelivery, QuotesMayBeCutAnywhere) {
    border b;
    struct row {
        layer4_spec layer4;
        std::size_t needed;  // bytes of it
    };
    for (const row& r : std::vector<row>{{udp(3000, 9, 20), 8},
                                         {echo(scmp::echo_request, 3000), 8},
                                         {traceroute(scmp::traceroute_request, 3000), 24}}) {
        for (const scion::path_type type : {scion::path_type::scion, scion::path_type::epic,
                                            scion::path_type::one_hop, scion::path_type::empty}) {
            packet_spec quoted = outbound(true, 141);
            quoted.type = type;
            quoted.segments[0].hops.resize(type == scion::path_type::one_hop ? 1 : 2);
            quoted.layer4 = r.layer4;
            quoted.extensions = {{scion::next_hop_by_hop, {0, 1, 0}},
                                 {scion::next_end_to_end, {0, 1, 0}}};
            const std::vector<byte> whole = make_scion(quoted);
            const std::size_t enough = whole.size() - r.layer4.bytes.size() + r.needed;
            for (std::size_t length = 0; length <= whole.size(); ++length) {
                const std::vector<byte> quote(whole.begin(),
                                              whole.begin() + static_cast<long>(length));
                ASSERT_EQ(at_port(b, about(1, quote)),
                          length < enough ? "drop scion_bad_layer4" : "3000")
                    << length << " of " << whole.size();
            }
        }
    }
}

TEST(ScionDelivery, HostsThatCannotBe) {
    border b;
    for (const auto& [destination, fate] : std::vector<std::pair<host_spec, std::string>>{
             {host("0.0.0.0"), "scion_no_route 4/34 at 0"},
             {host("::"), "scion_no_route 4/34 at 0"},
             {host("::ffff:10.0.0.51"), "scion_no_route 4/34 at 0"},
             {{0b0001, std::vector<byte>(8, 1)}, "scion_no_route 4/34 at 0"},
             {{0b1000, std::vector<byte>(4, 1)}, "scion_no_route 4/34 at 0"},
             {{0b0111, std::vector<byte>(16, 1)}, "scion_no_route 4/34 at 0"},
             {host("2001:db8::51"), "drop scion_no_route"}}) {
        packet_spec spec = inbound(true, 131);
        spec.destination = destination;
        EXPECT_EQ(b.tell(131, spec), fate) << destination.type;
        // Before there is a look at the port.
        spec.layer4.bytes.clear();
        if (fate.find("4/34") != std::string::npos) {
            EXPECT_EQ(b.tell(131, spec), fate) << destination.type;
        }
    }
}

TEST(ScionDelivery, ServicesHavePortsOfTheirOwn) {
    border b;
    packet_spec spec = inbound(true, 131);
    for (const unsigned number : {0x0002U, 0x8002U}) {
        std::set<std::string> seen;
        for (std::uint32_t flow = 1; flow < 100; ++flow) {
            spec.destination = service_host(number);
            spec.flow = flow;
            seen.insert(b.tell(131, spec));
            EXPECT_EQ(b.tell(131, spec), b.tell(131, spec)) << "a flow stays together";
        }
        EXPECT_EQ(seen, (std::set<std::string>{"host 10.0.0.71 20001", "host 10.0.0.72 20002",
                                               "host 10.0.0.73 20003"}));
    }
    spec.layer4 = {scion::next_udp, {}};
    EXPECT_EQ(b.tell(131, spec).substr(0, 10), "host 10.0.") << "no port is wanted of it";
    for (const unsigned number : {0x0001U, 0x8001U, 0x0010U, 0x0003U, 0xffffU, 0U}) {
        spec.destination = service_host(number);
        EXPECT_EQ(b.tell(131, spec), "scion_no_route 1/0 at 0") << number;
    }
}

TEST(ScionDelivery, LinkTypesDoNotMatterAtTheEnd) {
    border b;
    for (const std::uint16_t in :
         {std::uint16_t{121}, std::uint16_t{131}, std::uint16_t{141}, std::uint16_t{161}}) {
        EXPECT_EQ(b.tell(in, inbound(true, in)), "host 10.0.0.51 21000");
        EXPECT_EQ(b.tell(in, inbound(false, in)), "host 10.0.0.51 21000");
    }
}

}  // namespace
}  // namespace rhumb::test
