// Any frame through the whole pipeline, in front of a table with something of everything.
//
// The first four bytes of the input say how: port, headroom, what is down, and how much of the
// frame is made right, so that the fuzzer gets past MAC address, ethertype and checksum; the rest
// is the frame. Whatever comes in:
//   - one verdict, never `again`; a punted frame is as it came in; nothing outside the buffer is
//     written, and, AddressSanitizer sees to that, nothing outside the frame is read
//   - nothing is sent with TTL 0
//   - a stack that had a bottom has one, and below it stands the payload that came in: its TTL (and
//     checksum, which stays right) may have changed, and padding may be gone, nothing else
//   - the outcome depends on the frame alone, not on what lies around it, nor on being traced
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "rhumb/bytes.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/mpls.hh"
#include "tests/support/packet_text.hh"
#include "tests/support/rig.hh"

namespace rhumb::test {

namespace {

constexpr std::string_view configuration = R"(
[node]
name = "fuzz"
msd = 16
static = ["16-99"]
max_label_lookups = 5
[ports.west]
device = "none0"
mac = "02:00:00:00:01:01"
vlans = [200]
[ports.east]
device = "none1"
mac = "02:00:00:00:01:02"
promiscuous = true

[nexthops.r2]
port = "east"
mac = "02:00:00:00:02:01"
backup = { nexthop = "r3", push = [16002, 16003] }
[nexthops.r3]
port = "west"
mac = "02:00:00:00:03:01"
vlan = 100
mtu = 600
[nexthops.r4]
port = "west"
mac = "02:00:00:00:04:01"
ttl = "pipe"
backup = { nexthop = "r2", push = [16002] }

[[labels]]
label = 16
op = "next"
[[labels]]
label = 17
op = "next"
ttl = "pipe"
[[labels]]
label = 18
op = "continue"
out = 1018
via = ["r2"]
[[labels]]
label = 19
op = "continue"
via = [{ nexthop = "r2", out = 1019 }, { nexthop = "r3", out = 2019, weight = 3 }, { nexthop = "r4", out = 0 }]
tc = 5
[[labels]]
label = 20
op = "pop"
via = ["r4"]
[[labels]]
label = 21
op = "pop"
via = ["r2", "r3"]
ttl = "pipe"
[[labels]]
label = 22
op = "push"
segments = [1022]
via = ["r3"]
[[labels]]
label = 23
op = "push"
segments = [31, 32, 33, 34, 35, 36, 37, 38, 39, 40]
via = ["r2", "r3"]
ttl = "pipe"

[[prefixes]]
match = "0.0.0.0/0"
via = ["r2", "r4"]
[[prefixes]]
match = "10.0.0.0/8"
segments = [1001, 1002, 1003]
via = ["r3"]
[[prefixes]]
match = "10.1.2.0/23"
segments = [1001]
via = ["r4", "r3"]
ttl = "pipe"
tc = 1
[[prefixes]]
match = "10.1.2.3/32"
via = ["r3"]
[[prefixes]]
match = "::/0"
via = ["r2", "r3"]
[[prefixes]]
match = "2000::/3"
segments = [1006, 2]
via = ["r4"]
)";

[[noreturn]] void fail(std::string_view why, const packet_bytes& in, const outcome& out) {
    std::fprintf(stderr, "%.*s\n  in:  %s\n  out: %s\n%s", static_cast<int>(why.size()), why.data(),
                 describe_packet(in).c_str(), describe_packet(out.bytes).c_str(),
                 packet_difference(in, out.bytes).c_str());
    std::abort();
}

std::unique_ptr<rig> make_router() {
    auto made = rig::from_text(configuration, "fuzz.toml");
    if (!made) {
        std::fprintf(stderr, "%s\n", made.why().text().c_str());
        std::abort();
    }
    return std::move(*made);
}

// The network layer of a frame: where the labels stand, whether they have a bottom, and what is
// below it.
struct layers {
    std::uint16_t type = 0;
    std::size_t labels = 0;
    bool has_bottom = false;
    bool has_implicit_null = false;
    mpls::lse top = 0;
    std::span<const byte> payload;
};

std::optional<layers> read(std::span<const byte> frame) {
    layers found;
    std::size_t at = ethernet::type_offset;
    if (frame.size() < at + 2) {
        return std::nullopt;
    }
    found.type = load_be16(&frame[at]);
    at += 2;
    if (found.type == ethernet::type_vlan && frame.size() >= at + 4) {
        found.type = load_be16(&frame[at + 2]);
        at += 4;
    }
    if (found.type == ethernet::type_mpls) {
        while (!found.has_bottom && frame.size() >= at + mpls::lse_bytes) {
            const mpls::lse entry = load_be32(&frame[at]);
            found.top = found.labels == 0 ? entry : found.top;
            found.has_bottom = mpls::is_bottom(entry);
            found.has_implicit_null |= mpls::label_of(entry) == mpls::implicit_null;
            ++found.labels;
            at += mpls::lse_bytes;
        }
    }
    found.payload = frame.subspan(at);
    return found;
}

bool is_ipv4(std::span<const byte> p) {
    return p.size() >= 20 && p[0] >> 4 == 4 && ipv4::header_bytes(p.data()) >= 20 &&
           ipv4::header_bytes(p.data()) <= p.size();
}

// Whether byte `n` of a payload may change on its way: TTL and checksum, hop limit.
bool may_change(std::span<const byte> payload, std::size_t n) {
    const unsigned version = payload[0] >> 4;
    return version == 4 ? n == 8 || n == 10 || n == 11 : version == 6 && n == 7;
}

void check_sent(const packet_bytes& in, const outcome& out) {
    const auto before = read(in);
    const auto after = read(out.bytes);
    if (!before || !after) {
        fail("a frame without a header was sent", in, out);
    }
    if (after->type == ethernet::type_mpls) {
        if (after->labels == 0 || mpls::ttl_of(after->top) == 0) {
            fail("sent with MPLS TTL 0", in, out);
        }
        if (after->has_implicit_null && !before->has_implicit_null) {
            fail("implicit null was imposed", in, out);
        }
    } else if (after->payload.size() < 20 ||
               (after->type == ethernet::type_ipv4 && after->payload[8] == 0) ||
               (after->type == ethernet::type_ipv6 && after->payload[7] == 0)) {
        fail("sent with IP TTL 0", in, out);
    }
    const bool had_bottom = before->type != ethernet::type_mpls || before->has_bottom;
    if (!had_bottom) {
        return;
    }
    if (after->type == ethernet::type_mpls && !after->has_bottom) {
        fail("the bottom of the stack is gone", in, out);
    }
    if (after->payload.size() > before->payload.size()) {
        fail("the payload has grown", in, out);
    }
    for (std::size_t n = 0; n < after->payload.size(); ++n) {
        if (after->payload[n] != before->payload[n] && !may_change(before->payload, n)) {
            fail("the payload has changed", in, out);
        }
    }
    if (is_ipv4(before->payload) && is_ipv4(after->payload) &&
        ipv4::checksum_holds(before->payload.data()) &&
        !ipv4::checksum_holds(after->payload.data())) {
        fail("a right checksum was made wrong", in, out);
    }
}

// Makes parts of the frame right, as `how` says.
packet_bytes make_frame(unsigned how, std::span<const byte> data) {
    constexpr std::array<std::uint16_t, 4> types{0, ethernet::type_mpls, ethernet::type_ipv4,
                                                 ethernet::type_ipv6};
    constexpr std::array<std::uint16_t, 4> vlans{0, 0, 100, 200};
    const std::uint16_t type = types[how & 3];
    packet_bytes frame;
    if (type != 0) {
        frame.resize(18);
        const byte port = how >> 7 & 1 ? 2 : 1;
        frame.resize(ethernet::write_header(frame.data(), {2, 0, 0, 0, 1, port}, {2, 0, 0, 0, 9, 1},
                                            vlans[how >> 2 & 3], type));
    }
    std::size_t at = frame.size();
    frame.insert(frame.end(), data.begin(), data.end());
    if (type == ethernet::type_mpls && (how >> 4 & 1) != 0) {
        // Labels that the table has, or nearly.
        for (bool bottom = false; !bottom && at + mpls::lse_bytes <= frame.size();) {
            const mpls::lse entry = load_be32(&frame[at]);
            bottom = mpls::is_bottom(entry);
            store_be32(&frame[at], (entry & 0xfff) | (mpls::label_of(entry) % 25) << 12);
            at += mpls::lse_bytes;
        }
    }
    if ((how >> 5 & 1) != 0 && at + ipv4::min_header_bytes <= frame.size()) {
        byte* const ip = &frame[at];
        const std::size_t header = (how >> 6 & 1) != 0 ? 20 : ipv4::header_bytes(ip);
        if ((how >> 6 & 1) != 0) {
            ip[0] = 0x45;
            store_be16(ip + 2, static_cast<std::uint16_t>(frame.size() - at));
        }
        if (header >= 20 && at + header <= frame.size()) {
            store_be16(ip + 10, 0);
            store_be16(ip + 10, checksum_of(ip, header));
        }
    }
    return frame;
}

void set_states(rig& router, unsigned down) {
    unsigned bit = 0;
    for (const char* const port : {"west", "east"}) {
        (void)router.set({true, port, (down >> bit++ & 1) == 0, 0});
    }
    for (const char* const hop : {"r2", "r3", "r4"}) {
        (void)router.set({false, hop, (down >> bit++ & 1) == 0, 0});
    }
}

// The frame and others that are made of it, in bursts of one protocol and of several: each fares as
// it does alone.
void among_others(rig& router, std::uint8_t port, const packet_bytes& frame, const outcome& alone,
                  std::size_t headroom) {
    static no_trace nothing;
    std::vector<packet_bytes> others(8, frame);
    others[1].front() ^= 2;  // for another station
    others[2].resize((frame.size() + 1) / 2);
    others[3].resize(std::min<std::size_t>(frame.size(), 15));
    for (const auto& [n, type] : {std::pair{4U, ethernet::type_mpls},
                                  {5U, ethernet::type_ipv4},
                                  {6U, ethernet::type_ipv6},
                                  {7U, ethernet::type_vlan}}) {
        if (frame.size() >= ethernet::header_bytes) {
            store_be16(&others[n][ethernet::type_offset], type);
        }
    }
    std::vector<outcome> wanted;
    for (const packet_bytes& one : others) {
        wanted.push_back(router.run(port, {&one, 1}, {headroom, 0x22, 0, 1, false}, nothing).at(0));
    }
    if (wanted[0] != alone) {
        fail("the outcome differs from one time to the next", frame, wanted[0]);
    }
    // One protocol: the frame alone, over and over, and with one that is cut short now and then.
    // Several: all of them in turns.
    const std::vector<std::vector<std::size_t>> patterns{
        {0}, {0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, {0, 1, 2, 3, 4, 5, 6, 7}};
    for (const std::vector<std::size_t>& pattern : patterns) {
        std::vector<packet_bytes> burst;
        for (std::size_t n = 0; n < 40; ++n) {
            burst.push_back(others[pattern[n % pattern.size()]]);
        }
        const bool ahead = pattern.size() == 1;
        const auto got = router.run(port, burst, {headroom, 0x33, 0, 40, ahead}, nothing);
        for (std::size_t n = 0; n < got.size(); ++n) {
            if (got[n] != wanted[pattern[n % pattern.size()]]) {
                fail("the outcome depends on the neighbours", burst[n], got[n]);
            }
        }
    }
}

void run(std::span<const byte> data) {
    static const std::unique_ptr<rig> router = make_router();
    static no_trace nothing;
    static const auto log = std::make_unique<trace_log>();
    if (data.size() < 4 || data.size() > 4000) {
        return;
    }
    const unsigned how = load_be16(data.data());
    const packet_bytes frame = make_frame(how, data.subspan(4));
    if (frame.empty()) {
        return;  // stands for a frame in pieces
    }
    set_states(*router, data[2]);
    const std::size_t headroom = data[3] % 4 == 0 ? 128U : data[3];
    const auto port = static_cast<std::uint8_t>(how >> 7 & 1);

    const auto send = [&](byte poison, std::size_t gap, auto& trace) {
        const placement where{headroom, poison, gap, 1, gap != 0};
        outcome out = router->run(port, {&frame, 1}, where, trace).at(0);
        if (!out.broken.empty()) {
            fail(out.broken, frame, out);
        }
        return out;
    };
    const outcome out = send(0x00, 0, nothing);
    if (out.fate == verdict::forward) {
        check_sent(frame, out);
    }
    for (const byte poison : {byte{0x47}, byte{0xff}}) {
        if (send(poison, 64, nothing) != out) {
            fail("the outcome depends on what lies around the frame", frame, out);
        }
    }
    if (send(0x11, 0, *log) != out) {
        fail("the outcome depends on being traced", frame, out);
    }
    among_others(*router, port, frame, out, headroom);
}

}  // namespace

}  // namespace rhumb::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    rhumb::test::run({data, size});
    return 0;
}
