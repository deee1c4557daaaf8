// Any bytes as SCION packets for a border router with every kind of link, by any of them.
//   first bytes: by which link, in which state the router is, and what of the packet is made right,
//   so that the deeper checks are reached: lengths, addresses, times, interfaces, MACs
//   - one verdict, and the same one for each packet of a burst of copies
//   - what is forwarded has right lengths and checksums, and is as long as it was
//   - replies too, and they quote no more than they may
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "dataplane/scion/packet.hh"
#include "rhumb/wire/scmp.hh"
#include "tests/support/scion_border.hh"

namespace rhumb::test {
namespace {

void expect(bool holds) {
    if (!holds) {
        std::abort();
    }
}

struct wishes {
    explicit wishes(std::uint32_t bits) : bits_(bits) {}
    bool has(unsigned bit) const { return (bits_ >> bit & 1) != 0; }

    std::uint32_t bits_;
};

constexpr std::array<unsigned, 11> links{0, 13, 14, 121, 122, 131, 132, 141, 151, 161, 171};

// The hop's MAC for some beta, and SegID as a packet has it before this router.
void sign(byte* info, byte* hop, bool taken_back, byte key) {
    const std::uint16_t beta = scion::segment_id(info);
    const auto tag = mac_of(as_key(key), beta, info, hop);
    std::copy_n(tag.bytes.begin(), scion::mac_bytes, hop + 6);
    if (taken_back) {
        store_be16(info + 2, static_cast<std::uint16_t>(beta ^ load_be16(hop + 6)));
    }
}

void mend_path(scion::packet& p, unsigned by, const wishes& wish) {
    if (scion::current_hop(p.meta) >= p.hops) {
        return;
    }
    const unsigned n = scion::current_hop(p.meta);
    const unsigned segment = scion::segment_of(p.meta, n);
    p.path[0] = static_cast<byte>(segment << 6 | n);
    byte* const info = p.info(segment);
    byte* const hop = p.hop(n);
    const bool construction = (info[0] & scion::info_construction) != 0;
    const auto is_peering = [&] {
        return (info[0] & scion::info_peering) != 0 && is_peering_hop(p, n);
    };
    if (wish.has(8)) {  // not expired
        for (unsigned s = 0; s < p.segments; ++s) {
            store_be32(p.info(s) + 4, static_cast<std::uint32_t>(clock_ms / 1000 - 60));
        }
    }
    if (wish.has(9) && by >= 100) {
        store_be16(hop + (construction ? 2 : 4), static_cast<std::uint16_t>(by));
    }
    const unsigned before = n + 1 < p.hops ? n + 1 : n;
    if (wish.has(10)) {
        const bool crosses = scion::segment_of(p.meta, before) != segment && !is_peering();
        if (crosses) {
            sign(p.info(segment + 1), p.hop(before), false, own_as);
        }
        sign(info, hop, !construction && by >= 100 && !is_peering(),
             wish.has(11) ? byte{3} : own_as);
    }
}

// Makes right what is wished for.
void mend(std::vector<byte>& scion, unsigned by, const wishes& wish) {
    if (scion.size() < scion::least_bytes) {
        return;
    }
    if (wish.has(0)) {
        constexpr std::array<byte, 8> next{6, 17, 200, 201, 202, 203, 202, 17};
        scion[4] = next[scion[4] % next.size()];
    }
    if (wish.has(1)) {
        scion[8] = static_cast<byte>(scion[8] % 4);
    }
    if (wish.has(2)) {
        constexpr std::array<byte, 4> types{0x00, 0x30, 0x03, 0x40};
        scion[9] = types[scion[9] % types.size()];
    }
    if (wish.has(3)) {
        store_be64(&scion[scion::source_offset], isd_as_of(by == 0 ? here : nearby));
    }
    if (wish.has(4)) {
        store_be64(&scion[scion::destination_offset], isd_as_of(wish.has(5) ? here : nearby));
    }
    if (wish.has(6)) {
        scion[5] = static_cast<byte>(std::min<std::size_t>(scion.size() / 4, 9 + scion[5] % 60));
    }
    if (wish.has(7) && scion.size() >= scion::header_bytes(scion.data())) {
        store_be16(&scion[6],
                   static_cast<std::uint16_t>(scion.size() - scion::header_bytes(scion.data())));
    }
    scion::packet p;
    p.scion = scion.data();
    p.bytes = scion.size();
    if (p.bytes < scion::common_bytes + scion::address_bytes(p.scion) || !find_parts(p)) {
        return;
    }
    if (p.type == scion::path_type::scion || p.type == scion::path_type::epic) {
        mend_path(p, by, wish);
    } else if (p.type == scion::path_type::one_hop && wish.has(10)) {
        sign(p.path, p.path + scion::info_bytes, false, own_as);
    }
}

void check_reply(border& b, const scion_outcome& got, bool authenticate) {
    const auto reply = b.rig.reply(got, authenticate);
    if (got.asked.task != slow_task::scmp_error && got.asked.task != slow_task::traceroute) {
        return;
    }
    if (!reply) {
        return;
    }
    expect(what_is_wrong_with(*reply).empty());
    scion_outcome sent;
    sent.packet = *reply;
    const auto scion = sent.payload();
    const std::size_t header = scion::header_bytes(scion.data());
    expect(header < scion.size());
    expect(scion::payload_length(scion.data()) == scion.size() - header);
    expect(got.asked.task == slow_task::traceroute || scion.size() <= scmp::most_error_bytes);
    expect(authenticate || layer4_checksum_holds(scion));
    scion::packet p;
    std::vector<byte> copy(scion.begin(), scion.end());
    p.scion = copy.data();
    p.bytes = copy.size();
    expect(find_parts(p) && p.next == scion::next_scmp);
}

void one(std::span<const byte> data) {
    static border b;
    static const bool prepared = [] {
        b.rig.own.links[b.link(151)].mtu = 200;
        b.rig.live.set_link(b.link(171), false);
        b.rig.own.links[b.link(131)].has_session = b.rig.own.links[b.link(241)].has_session = true;
        return true;
    }();
    (void)prepared;
    const unsigned by = links[data[0] % links.size()];
    const wishes wish(load_be32(&data[1]));
    b.rig.own.former_key = nullptr;
    if (wish.has(12)) {
        b.rig.set_former_key(as_key(3));
    }
    b.rig.own.any_port = wish.has(13);
    std::vector<byte> scion(data.begin() + 5, data.end());
    mend(scion, by, wish);
    std::vector<byte> packet = border::packet_by(by, scion);
    const bool has_checksum = !wish.has(14);
    if (!has_checksum) {
        packet[26] = packet[27] = 0;
    }
    if (wish.has(15)) {
        packet.insert(packet.end(), 7, 0xee);  // behind the datagram
    }

    const std::size_t copies = 1 + data[0] / links.size() % 4;
    const auto outcomes = b.rig.run_all(std::vector<std::vector<byte>>(copies, packet));
    const scion_outcome& got = outcomes[0];
    for (const scion_outcome& other : outcomes) {
        expect(other == got);
    }
    expect(got.fate != verdict::again);
    if (got.fate == verdict::forward) {
        expect(what_is_wrong_with(got.packet).empty());
        expect(got.payload().size() == scion.size());
        expect(has_checksum == (load_be16(&got.packet[26]) != 0));
    }
    if (got.fate == verdict::slow) {
        expect(got.payload().size() == scion.size());
        check_reply(b, got, wish.has(16));
    }
}

}  // namespace
}  // namespace rhumb::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size >= 5 && size < 9000) {
        rhumb::test::one({data, size});
    }
    return 0;
}
