#include "controlplane/scion/path_reversal.hh"

#include <algorithm>

namespace rhumb::scion {

std::vector<byte> path_back(const packet& p, bool from_outside) {
    const unsigned segments = p.segments;
    const unsigned hops = p.hops;
    if (current_info(p.meta) >= segments || current_hop(p.meta) >= hops) {
        return {};
    }
    std::vector<byte> back(meta_bytes + segments * info_bytes + hops * hop_bytes);
    packet reply;
    reply.path = back.data();
    reply.segments = p.segments;
    reply.hops = p.hops;
    std::array<unsigned, most_segments> lengths{};
    for (unsigned n = 0; n < segments; ++n) {
        const unsigned other = segments - 1 - n;
        lengths[n] = segment_length(p.meta, other);
        std::copy_n(p.info(other), info_bytes, reply.info(n));
        // Reserved bits are not sent back, here and below.
        reply.info(n)[0] =
            (reply.info(n)[0] ^ info_construction) & (info_construction | info_peering);
        reply.info(n)[1] = 0;
    }
    for (unsigned n = 0; n < hops; ++n) {
        std::copy_n(p.hop(hops - 1 - n), hop_bytes, reply.hop(n));
        reply.hop(n)[0] &= hop_egress_alert | hop_ingress_alert;
    }
    reply.meta = make_meta(segments - 1 - current_info(p.meta), hops - 1 - current_hop(p.meta),
                           lengths[0], lengths[1], lengths[2]);
    store_be32(back.data(), reply.meta);

    const bool is_peering = (reply.info(current_info(reply.meta))[0] & info_peering) != 0 &&
                            is_peering_hop(reply, current_hop(reply.meta));
    // A switch of segments that was done on the way here is done again on the way back.
    const unsigned hop = current_hop(reply.meta);
    if (hop + 1 < hops && segment_of(reply.meta, hop + 1) != segment_of(reply.meta, hop) &&
        !is_peering && !advance(reply)) {
        return {};
    }
    if (from_outside) {
        const hop_view at = reply.current();
        if (at.construction() && !is_peering) {
            chain_segment_id(reply, at);
        }
        if (!advance(reply)) {
            return {};
        }
    }
    return back;
}

}  // namespace rhumb::scion
