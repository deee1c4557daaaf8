#include "controlplane/scion_paths/beaconing.hh"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

namespace rhumb::scion::paths {

namespace {

// A beacon that goes from AS to AS, and a copy of it registered at each.
class beacon {
public:
    beacon(const network& in, const key_ring& keys, const beacon_options& how,
           std::vector<segment>& registered)
        : in_(in), keys_(keys), how_(how), registered_(registered) {
        for (std::size_t n = 0; n < in.ases.size(); ++n) {
            sides_.push_back(in.sides(n));
        }
    }

    // Along links of `kind`, away from the parent where they have one. False: too many.
    [[nodiscard]] bool originate(std::size_t as, link_kind kind) {
        kind_ = kind;
        return extend(as, nullptr);
    }

private:
    bool extend(std::size_t as, const link_side* came_by) {
        way_.push_back({as, came_by});
        if (way_.size() > 1) {
            if (registered_.size() == how_.most_segments) {
                return false;
            }
            registered_.push_back(made());
        }
        for (const link_side& side : sides_[as]) {
            const bool onwards = side.link->kind == kind_ && (kind_ != link_kind::parent_child ||
                                                              side.near == &side.link->ends[0]);
            if (onwards && way_.size() < how_.most_ases && !was_in(side.far->as)) {
                way_.back().leaves_by = &side;
                if (!extend(side.far->as, &side)) {
                    return false;
                }
            }
        }
        way_.pop_back();
        return true;
    }

    [[nodiscard]] bool was_in(std::size_t as) const {
        return std::any_of(way_.begin(), way_.end(), [as](const leg& l) { return l.as == as; });
    }

    [[nodiscard]] segment made() const {
        segment out;
        out.timestamp = how_.timestamp;
        for (std::size_t n = 0; n < way_.size(); ++n) {
            const leg& at = way_[n];
            const bool last = n + 1 == way_.size();
            segment_entry& entry = out.entries.emplace_back();
            entry.ia = in_.ases[at.as].ia;
            entry.mtu = in_.ases[at.as].mtu;
            entry.hop.exp_time = how_.exp_time;
            if (at.came_by != nullptr) {
                entry.ingress_mtu = at.came_by->link->mtu;
                entry.hop.ingress = at.came_by->far->interface;
            }
            entry.hop.egress = last ? std::uint16_t{0} : at.leaves_by->near->interface;
            if (kind_ == link_kind::parent_child) {
                add_peers(entry, at.as);
            }
        }
        out.id = segment_id(out);
        sign(out, [this](isd_as ia) -> const crypto::cmac_key& {
            return keys_[in_.find(ia).value_or(0)].hop;
        });
        return out;
    }

    void add_peers(segment_entry& entry, std::size_t as) const {
        for (const link_side& side : sides_[as]) {
            if (side.link->kind == link_kind::peer) {
                peer_entry& peer = entry.peers.emplace_back();
                peer.peer = in_.ases[side.far->as].ia;
                peer.peer_interface = side.far->interface;
                peer.mtu = side.link->mtu;
                peer.hop = {entry.hop.exp_time, side.near->interface, entry.hop.egress, {}};
            }
        }
    }

    [[nodiscard]] std::uint16_t segment_id(const segment& of) const {
        if (!how_.seed) {
            return static_cast<std::uint16_t>(randombytes_uniform(0x10000));
        }
        const segment_digest digest = digest_of(of);
        const std::string name(digest.begin(), digest.end());
        return load_be16(derived_bytes(*how_.seed, "segment " + name).data());
    }

    struct leg {
        std::size_t as = 0;
        const link_side* came_by = nullptr;
        const link_side* leaves_by = nullptr;
    };

    const network& in_;
    const key_ring& keys_;
    const beacon_options& how_;
    std::vector<segment>& registered_;
    std::vector<std::vector<link_side>> sides_;  // by AS
    std::vector<leg> way_;
    link_kind kind_ = link_kind::core;
};

}  // namespace

result<segment_store> make_segments(const network& of, const key_ring& keys,
                                    const beacon_options& how) {
    if (sodium_init() < 0) {
        return error{"libsodium cannot be used: there are no random numbers", {}};
    }
    segment_store made;
    beacon cores(of, keys, how, made.cores);
    beacon downs(of, keys, how, made.downs);
    for (std::size_t n = 0; n < of.ases.size(); ++n) {
        if (of.ases[n].core &&
            !(cores.originate(n, link_kind::core) && downs.originate(n, link_kind::parent_child))) {
            return error{fmt::format("more than {} segments; allow fewer ASes in a segment than {}",
                                     how.most_segments, how.most_ases),
                         {}};
        }
    }
    return made;
}

segment_store::found segment_store::look_up(isd_as from, isd_as to) const {
    found all;
    std::vector<isd_as> near{from};  // ends of core segments
    std::vector<isd_as> far{to};
    for (const segment& s : downs) {
        if (s.entries.back().ia == from) {
            all.ups.push_back(&s);
            near.push_back(s.entries.front().ia);
        }
        if (s.entries.back().ia == to) {
            all.downs.push_back(&s);
            far.push_back(s.entries.front().ia);
        }
    }
    const auto has = [](const std::vector<isd_as>& list, isd_as ia) {
        return std::find(list.begin(), list.end(), ia) != list.end();
    };
    for (const segment& s : cores) {
        if (has(near, s.entries.back().ia) && has(far, s.entries.front().ia)) {
            all.cores.push_back(&s);
        }
    }
    return all;
}

}  // namespace rhumb::scion::paths
