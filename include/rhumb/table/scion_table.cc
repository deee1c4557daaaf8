#include "rhumb/table/scion_table.hh"

#include <algorithm>

#include "rhumb/checksum.hh"

namespace rhumb::scion {

link_finder::key link_finder::make_key(const endpoint& local, const endpoint& remote) {
    key made{};
    auto* const words = reinterpret_cast<byte*>(made.words.data());
    if (local.address_bytes == 4) {
        std::copy_n(remote.address.begin(), 4, words);
        std::copy_n(local.address.begin(), 4, words + 4);
    } else {
        std::copy_n(remote.address.begin(), 16, words);
        std::copy_n(local.address.begin(), 16, words + 16);
    }
    std::array<byte, 4> ports{};
    store_be16(ports.data(), remote.port);
    store_be16(ports.data() + 2, local.port);
    made.ports = load_wire32(ports.data());
    return made;
}

void link_finder::add(const endpoint& local, const endpoint& remote, std::uint16_t link) {
    if (4 * (used_ + 1) > slots_.size()) {  // a quarter full at most: misses end soon
        std::vector<slot> before(slots_.size() * 4);
        before.swap(slots_);
        mask_ = slots_.size() - 1;
        used_ = 0;
        for (const slot& one : before) {
            if (one.link != nothing) {
                put(one.what, one.link);
            }
        }
    }
    put(make_key(local, remote), link);
}

void link_finder::put(const key& what, std::uint16_t link) {
    std::size_t n = hash(what);
    while (slots_[n & mask_].link != nothing && slots_[n & mask_].what != what) {
        ++n;
    }
    used_ += slots_[n & mask_].link == nothing ? std::size_t{1} : 0;
    slots_[n & mask_] = {what, link};
}

void set_outer(link& to, const endpoint& local, const endpoint& remote) {
    byte* const ip = to.outer.data();
    to.outer.fill(0);
    std::size_t udp = ipv4::min_header_bytes;
    if (local.address_bytes == 4) {
        ip[0] = 0x45;
        ip[6] = 0x40;  // do not fragment
        ip[8] = 64;
        ip[9] = 17;
        std::copy_n(local.address.begin(), 4, ip + 12);
        std::copy_n(remote.address.begin(), 4, ip + 16);
        to.header_sum = wire_sum(ip, ipv4::min_header_bytes);
        to.pseudo_sum = wire_sum(ip + 12, 8);
    } else {
        udp = ipv6::header_bytes;
        ip[0] = 0x60;
        ip[6] = 17;
        ip[7] = 64;
        std::copy_n(local.address.begin(), 16, ip + 8);
        std::copy_n(remote.address.begin(), 16, ip + 24);
        to.pseudo_sum = wire_sum(ip + 8, 32);
    }
    store_be16(ip + udp, local.port);
    store_be16(ip + udp + 2, remote.port);
    to.pseudo_sum += load_wire32(ip + udp);
    to.outer_bytes = static_cast<std::uint8_t>(udp + udp_bytes);
}

void table::finish() {
    for (link& l : links) {
        const bool is_ipv4 = l.outer_bytes == ipv4::min_header_bytes + udp_bytes;
        const bool has_limit = packet_too_big && l.mtu != 0;
        l.most_over_ipv4 = static_cast<std::uint16_t>(!is_ipv4 ? 0 : has_limit ? l.mtu : 0xffff);
        const link_type in = l.interface == 0 ? link_type::none : type_of(l.interface);
        l.passes_to = l.interface == 0 ? 0xff : 0;  // what comes from inside came in elsewhere
        l.switches_to = 0;
        for (unsigned t = 0; t <= static_cast<unsigned>(link_type::peer); ++t) {
            const auto out = static_cast<link_type>(t);
            l.passes_to |= static_cast<std::uint8_t>((may_pass(in, out) ? 1U : 0U) << t);
            l.switches_to |= static_cast<std::uint8_t>((may_switch(in, out) ? 1U : 0U) << t);
        }
    }
}

}  // namespace rhumb::scion
