#include "controlplane/overlay/broadcast/options.hh"

#include <string>

#include "controlplane/overlay/broadcast/frames.hh"
#include "controlplane/overlay/broadcast/origins.hh"

namespace rhumb::overlay::broadcast {
namespace {

struct range {
    const char* name;
    std::size_t value;
    std::size_t least;
    std::size_t most;
};

result<void> check_ranges(const options& o) {
    constexpr std::size_t tags = std::size_t{1} << 16;
    constexpr std::size_t many = std::size_t{1} << 24;
    constexpr std::size_t gigabyte = std::size_t{1} << 30;
    const range all[] = {
        {"active", o.membership.active, 1, most_neighbours},
        {"passive", o.membership.passive, 0, most_passive},
        {"shuffle_active", o.membership.shuffle_active, 0, most_neighbours},
        {"shuffle_passive", o.membership.shuffle_passive, 0, most_neighbours - 1},
        {"announce_batch", o.tree.announce_batch, 1, most_announcements},
        {"announce_recent", o.tree.announce_recent, 0, most_announcements - o.tree.announce_batch},
        {"prune_after", o.tree.prune_after, 1, many},
        {"missing_per_peer", o.tree.missing_per_peer, 1, many},
        {"gossip_fanout", o.gossip_fanout, 1, most_neighbours + most_passive},
        {"attempts", o.retransmission.attempts, 1, 16},
        {"outstanding", o.retransmission.outstanding, 1, tags - 1},
        {"window", o.order.window, 1, origins::window},
        {"bytes", o.order.bytes, 1, gigabyte},
        {"ids", o.memory.ids, 1, many},
        {"payload_bytes", o.memory.payload_bytes, 2 * (body_head + o.payload), gigabyte},
        {"origins", o.memory.origins, 1, many},
        {"unverified", o.memory.unverified, 1, many},
        {"unverified_per_peer", o.memory.unverified_per_peer, 1, many},
        {"unverified_bytes", o.memory.unverified_bytes, body_head + o.payload, gigabyte},
        {"peers", o.rate.peers, 1, many},
        {"payload", o.payload, 0, most_payload},
        {"hop_limit", o.hop_limit, 1, 0xfffe},
    };
    for (const range& r : all) {
        if (r.value < r.least || r.value > r.most) {
            return error{std::string("broadcast: ") + r.name + " is " + std::to_string(r.value) +
                             ", and must be from " + std::to_string(r.least) + " to " +
                             std::to_string(r.most),
                         {}};
        }
    }
    return {};
}

struct wait {
    const char* name;
    duration value;
    bool may_be_zero = false;
};

// An hour: it is doubled and multiplied, and must not overflow.
result<void> check_times(const options& o) {
    constexpr duration longest = std::chrono::hours(1);
    const wait all[] = {
        {"shuffle_period", o.membership.shuffle_period},
        {"neighbour_timeout", o.membership.neighbour_timeout},
        {"first_wait", o.tree.first_wait, true},
        {"graft_wait", o.tree.graft_wait},
        {"announce_delay", o.tree.announce_delay, true},
        {"wait", o.retransmission.wait},
        {"gap_wait", o.order.gap_wait},
        {"id_age", o.memory.id_age},
        {"payload_age", o.memory.payload_age},
    };
    for (const wait& w : all) {
        if (w.value < duration::zero() || (w.value == duration::zero() && !w.may_be_zero) ||
            w.value > longest) {
            return error{
                std::string("broadcast: ") + w.name + " must be more than 0 and an hour at most",
                {}};
        }
    }
    if (o.memory.payload_age > o.memory.id_age) {
        return error{"broadcast: payload_age must not be more than id_age", {}};
    }
    return {};
}

result<void> check_rates(const rate_options& r) {
    const bool frames = r.frames_per_second == 0 || r.frames_burst != 0;
    const bool bytes =
        r.bytes_per_second == 0 || r.bytes_burst >= gossip_head + body_head + most_payload;
    const bool membership = r.membership_per_second == 0 || r.membership_burst != 0;
    if (!frames || !bytes || !membership) {
        return error{"broadcast: a burst must hold one frame of the longest", {}};
    }
    return {};
}

}  // namespace

result<void> check(const options& wanted) {
    for (const auto& part : {check_ranges(wanted), check_times(wanted), check_rates(wanted.rate)}) {
        if (!part) {
            return part;
        }
    }
    return {};
}

}  // namespace rhumb::overlay::broadcast
