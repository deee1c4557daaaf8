#include "rhumb/packet/flow_hash.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "tests/support/packet_text.hh"

namespace rhumb {
namespace {

using test::packet;
using test::packet_bytes;

std::uint32_t of_ip(const packet_bytes& bytes, std::uint64_t seed = 1) {
    return flow_hash_ip(seed, bytes.data(), bytes.size());
}
std::uint32_t of_labels(const packet_bytes& bytes, std::uint64_t seed = 1) {
    return flow_hash_mpls(seed, bytes.data(), bytes.size());
}
std::uint32_t ip(std::string_view text) { return of_ip(packet(text)); }
std::uint32_t labels(std::string_view text) { return of_labels(packet(text)); }

TEST(flow_hash, each_part_of_the_five_tuple_counts) {
    const std::set<std::uint32_t> hashes{ip("ipv4 10.0.0.1 > 10.2.0.1 | udp 1000 > 2000"),
                                         ip("ipv4 10.0.0.2 > 10.2.0.1 | udp 1000 > 2000"),
                                         ip("ipv4 10.0.0.1 > 10.2.0.2 | udp 1000 > 2000"),
                                         ip("ipv4 10.0.0.1 > 10.2.0.1 | udp 1001 > 2000"),
                                         ip("ipv4 10.0.0.1 > 10.2.0.1 | udp 1000 > 2001"),
                                         ip("ipv4 10.0.0.1 > 10.2.0.1 | tcp 1000 > 2000"),
                                         ip("ipv6 2001:db8::1 > 2001:db8::2 | udp 1000 > 2000"),
                                         ip("ipv6 2001:db8::3 > 2001:db8::2 | udp 1000 > 2000"),
                                         ip("ipv6 2001:db8:1::1 > 2001:db8::2 | udp 1000 > 2000"),
                                         ip("ipv6 2001:db8::1 > 2001:db8::3 | udp 1000 > 2000"),
                                         ip("ipv6 2001:db8::1 > 2001:db9::2 | udp 1000 > 2000"),
                                         ip("ipv6 2001:db8::1 > 2001:db8::2 | udp 1001 > 2000"),
                                         ip("ipv6 2001:db8::1 > 2001:db8::2 | udp 1000 > 2001"),
                                         ip("ipv6 2001:db8::1 > 2001:db8::2 | tcp 1000 > 2000")};
    EXPECT_EQ(hashes.size(), 14U);
}

TEST(flow_hash, the_rest_of_the_header_does_not) {
    const auto flow = ip("ipv4 10.0.0.1 > 10.2.0.1 | udp 1000 > 2000");
    EXPECT_EQ(flow, ip("ipv4 10.0.0.1 > 10.2.0.1 ttl 3 dscp 46 ecn 1 id 9 df | udp 1000 > 2000"));
    EXPECT_EQ(flow, ip("ipv4 10.0.0.1 > 10.2.0.1 options 94040000 | udp 1000 > 2000 | data 100"));
    EXPECT_EQ(ip("ipv6 2001:db8::1 > 2001:db8::2 | udp 1000 > 2000"),
              ip("ipv6 2001:db8::1 > 2001:db8::2 hop-limit 3 flow-label 5 traffic-class 9"
                 " | udp 1000 > 2000 | data 9"));
}

TEST(flow_hash, protocols_without_ports_and_fragments_have_no_ports) {
    EXPECT_EQ(ip("ipv4 10.0.0.1 > 10.2.0.1 protocol 47 | hex 11 11 11 11"),
              ip("ipv4 10.0.0.1 > 10.2.0.1 protocol 47 | hex 22 22 22 22"));
    EXPECT_EQ(ip("ipv4 10.0.0.1 > 10.2.0.1 protocol 17 mf | hex 11 11 11 11"),
              ip("ipv4 10.0.0.1 > 10.2.0.1 protocol 17 offset 9 | hex 22 22 22 22"));
    for (const char* const with_ports : {"6", "17", "33", "132", "136"}) {
        const std::string start = std::string("ipv4 10.0.0.1 > 10.2.0.1 protocol ") + with_ports;
        EXPECT_NE(ip(start + " | hex 11 11 11 11"), ip(start + " | hex 22 22 22 22"));
    }
}

TEST(flow_hash, labels_count_but_not_their_ttl_tc_and_bottom_bit) {
    const auto one = labels("mpls 16001 | mpls 500 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2");
    EXPECT_EQ(one, labels("mpls 16001 ttl 1 tc 7 | mpls 500 ttl 2 tc 3"
                          " | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2"));
    EXPECT_NE(one, labels("mpls 16002 | mpls 500 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2"));
    EXPECT_NE(one, labels("mpls 16001 | mpls 501 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2"));
    EXPECT_NE(one, labels("mpls 500 | mpls 16001 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2"));
    EXPECT_NE(one, labels("mpls 16001 | mpls 500 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 3"));
}

TEST(flow_hash, reserved_labels_never_count) {
    const auto plain = labels("mpls 16001 | mpls 500 | ipv4 10.0.0.1 > 10.2.0.1");
    for (unsigned reserved = 0; reserved < 16; ++reserved) {
        if (reserved == mpls::entropy_label_indicator) {
            continue;
        }
        const std::string label = "mpls " + std::to_string(reserved);
        EXPECT_EQ(plain,
                  labels("mpls 16001 | " + label + " | mpls 500 | ipv4 10.0.0.1 > 10.2.0.1"));
        EXPECT_EQ(plain,
                  labels("mpls 16001 | mpls 500 | " + label + " | ipv4 10.0.0.1 > 10.2.0.1"));
    }
}

TEST(flow_hash, the_label_behind_7_is_all_that_counts) {
    const auto entropy = labels("mpls 16001 | mpls 7 | mpls 300000 | ipv4 10.0.0.1 > 10.2.0.1");
    EXPECT_EQ(entropy, labels("mpls 7 | mpls 300000 ttl 9 tc 3"));
    EXPECT_EQ(entropy, labels("mpls 1 | mpls 2 | mpls 7 | mpls 300000 | mpls 7 | mpls 5"));
    EXPECT_EQ(entropy, labels("mpls 16002 | mpls 7 ttl 5 | mpls 300000 | hex 99"));
    EXPECT_NE(entropy, labels("mpls 16001 | mpls 7 | mpls 300001 | ipv4 10.0.0.1 > 10.2.0.1"));
    EXPECT_NE(entropy, labels("mpls 16001 | mpls 300000 | ipv4 10.0.0.1 > 10.2.0.1"));
    EXPECT_NE(entropy, labels("mpls 16001 | mpls 8 | mpls 300000 | ipv4 10.0.0.1 > 10.2.0.1"));
}

TEST(flow_hash, an_indicator_at_the_bottom_has_no_label) {
    EXPECT_EQ(labels("mpls 16001 | mpls 7 | ipv4 10.0.0.1 > 10.2.0.1"),
              labels("mpls 16001 | ipv4 10.0.0.1 > 10.2.0.1"));
    EXPECT_EQ(labels("mpls 16001 | mpls 7 not-bottom"), labels("mpls 16001 not-bottom"));
}

TEST(flow_hash, the_seed_counts) {
    const auto bytes = packet("mpls 16001 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2");
    EXPECT_NE(of_labels(bytes, 1), of_labels(bytes, 2));
    const auto entropy = packet("mpls 16001 | mpls 7 | mpls 300000 | ipv4 10.0.0.1 > 10.2.0.1");
    EXPECT_NE(of_labels(entropy, 1), of_labels(entropy, 2));
    const auto inner = packet("ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2");
    EXPECT_NE(of_ip(inner, 1), of_ip(inner, 2));
}

// At every length, the bytes behind the end have no say: heap blocks that end with the packet let
// AddressSanitizer see a read, and different bytes behind the end let everybody see it.
TEST(flow_hash, reads_nothing_beyond_the_end) {
    for (const char* const text :
         {"mpls 16001 | mpls 500 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2 | data 4",
          "mpls 16001 | mpls 500 | ipv6 2001:db8::1 > 2001:db8::2 | udp 1 > 2 | data 4",
          "mpls 16001 | mpls 7 | mpls 300000 | ipv4 10.0.0.1 > 10.2.0.1 | udp 1 > 2",
          "mpls 16001 not-bottom | mpls 500 not-bottom | mpls 501 not-bottom",
          "mpls 500 | ipv4 10.0.0.1 > 10.2.0.1 ihl 15 | udp 1 > 2 | data 40",
          "mpls 500 | ipv4 10.0.0.1 > 10.2.0.1 ihl 0 | udp 1 > 2"}) {
        const auto whole = packet(text);
        for (std::size_t length = 0; length <= whole.size(); ++length) {
            const auto exact = std::make_unique<byte[]>(length);
            if (length != 0) {
                std::memcpy(exact.get(), whole.data(), length);
            }
            packet_bytes longer(whole.size() + 64, 0xff);
            std::copy_n(whole.begin(), length, longer.begin());
            EXPECT_EQ(flow_hash_mpls(1, exact.get(), length),
                      flow_hash_mpls(1, longer.data(), length));
            if (length > 8) {
                EXPECT_EQ(flow_hash_ip(1, exact.get() + 8, length - 8),
                          flow_hash_ip(1, longer.data() + 8, length - 8));
            }
        }
    }
}

// Pearson's chi-square over the buckets that path groups use, for inputs that differ little:
// consecutive ports, addresses, entropy labels. 1023 degrees of freedom: mean 1023, standard
// deviation 45; a hash that is not flat is off by thousands.
template <class Hash>
void expect_flat(const char* what, Hash&& hash) {
    constexpr std::size_t buckets = 1024;
    constexpr std::size_t flows = 64 * buckets;
    std::vector<std::size_t> seen(buckets);
    std::vector<std::size_t> upper(64);
    for (std::size_t n = 0; n < flows; ++n) {
        const std::uint32_t value = hash(n);
        ++seen[value % buckets];
        ++upper[value / buckets % upper.size()];  // what spreads the flows of a path that is down
    }
    const auto chi_square = [](const std::vector<std::size_t>& counts) {
        const double expected = static_cast<double>(flows) / static_cast<double>(counts.size());
        double sum = 0;
        for (const std::size_t count : counts) {
            const double off = static_cast<double>(count) - expected;
            sum += off * off / expected;
        }
        return sum;
    };
    EXPECT_LT(chi_square(seen), 1023 + 5 * 45) << what;
    EXPECT_LT(chi_square(upper), 63 + 5 * 12) << what;
}

TEST(flow_hash, spreads_flows_evenly) {
    auto v4 = packet("ipv4 10.0.0.1 > 10.2.0.1 | udp 1000 > 2000");
    expect_flat("source ports", [&](std::size_t n) {
        store_be16(&v4[20], static_cast<std::uint16_t>(n));
        return of_ip(v4);
    });
    expect_flat("destination addresses", [&](std::size_t n) {
        store_be32(&v4[16], 0x0a020000 + static_cast<std::uint32_t>(n));
        return of_ip(v4);
    });
    auto v6 = packet("ipv6 2001:db8::1 > 2001:db8::2 | udp 1000 > 2000");
    expect_flat("IPv6 subnets", [&](std::size_t n) {
        store_be32(&v6[28], static_cast<std::uint32_t>(n));
        return of_ip(v6);
    });
    auto stack = packet("mpls 16001 | mpls 500 | hex 00");
    expect_flat("labels", [&](std::size_t n) {
        store_be32(&stack[4], mpls::make(static_cast<mpls::label>(n + 16), 0, true, 64));
        return of_labels(stack);
    });
    auto entropy = packet("mpls 16001 | mpls 7 | mpls 500 | hex 00");
    expect_flat("entropy labels", [&](std::size_t n) {
        store_be32(&entropy[8], mpls::make(static_cast<mpls::label>(n + 16), 0, true, 0));
        return of_labels(entropy);
    });
    expect_flat("seeds", [&](std::size_t n) { return of_ip(v4, n); });
}

}  // namespace
}  // namespace rhumb
