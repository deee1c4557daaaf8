#include "controlplane/scion_paths/combinator.hh"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace rhumb::scion::paths {

namespace {

// Where segments meet: an AS, or a peering link as seen from the source's side.
using vertex = std::tuple<isd_as, std::uint16_t, isd_as, std::uint16_t>;
vertex at_as(isd_as ia) { return {ia, std::uint16_t{0}, isd_as(), std::uint16_t{0}}; }

// A segment, or what is left of it: entries `cut` to the last, over peer entry `peer` - 1 at the
// cut if that is not 0.
struct edge {
    segment_kind kind = segment_kind::up;
    const segment* of = nullptr;
    segment_digest digest{};
    vertex from;
    vertex to;
    unsigned weight = 0;
    std::size_t cut = 0;
    std::size_t peer = 0;
};

void add_core_edge(const segment& s, std::vector<edge>& to) {
    to.push_back({segment_kind::core, &s, digest_of(s), at_as(s.entries.back().ia),
                  at_as(s.entries.front().ia), static_cast<unsigned>(s.entries.size() - 1), 0, 0});
}

void add_edges(segment_kind kind, const segment& s, std::vector<edge>& to) {
    const segment_digest digest = digest_of(s);
    const std::size_t last = s.entries.size() - 1;
    const bool up = kind == segment_kind::up;
    const vertex pinned = at_as(s.entries[last].ia);
    const auto add = [&](const vertex& other, unsigned weight, std::size_t cut, std::size_t peer) {
        to.push_back(
            {kind, &s, digest, up ? pinned : other, up ? other : pinned, weight, cut, peer});
    };
    for (std::size_t n = last + 1; n-- > 0;) {
        const segment_entry& entry = s.entries[n];
        const auto links = static_cast<unsigned>(last - n);
        if (n != last) {
            add(at_as(entry.ia), links, n, 0);
        }
        for (std::size_t p = 0; p < entry.peers.size(); ++p) {
            const peer_entry& peer = entry.peers[p];
            // Both halves meet only if both sides know the link. It is counted once.
            if (up) {
                add({entry.ia, peer.hop.ingress, peer.peer, peer.peer_interface}, links, n, p + 1);
            } else {
                add({peer.peer, peer.peer_interface, entry.ia, peer.hop.ingress}, links + 1, n,
                    p + 1);
            }
        }
    }
}

struct solution {
    std::vector<const edge*> edges;
    unsigned weight = 0;
    std::size_t order = 0;  // of being found, which decides between equals
};

bool comes_before(const solution& a, const solution& b) {
    if (a.weight != b.weight || a.edges.size() != b.edges.size()) {
        return std::tuple(a.weight, a.edges.size()) < std::tuple(b.weight, b.edges.size());
    }
    for (std::size_t n = 0; n < a.edges.size(); ++n) {
        const edge& x = *a.edges[n];
        const edge& y = *b.edges[n];
        const auto key = [](const edge& e) { return std::tie(e.digest, e.cut, e.peer); };
        if (key(x) != key(y)) {
            return key(x) < key(y);
        }
    }
    return a.order < b.order;
}

// All walks from one AS to another, kinds of segments in their order.
class search {
public:
    search(const std::vector<edge>& edges, isd_as to) : target_(at_as(to)) {
        for (const edge& e : edges) {
            from_[e.from].push_back(&e);
        }
    }
    std::vector<solution> run(isd_as from) {
        go(at_as(from), -1);
        std::sort(found_.begin(), found_.end(), comes_before);
        return std::move(found_);
    }

private:
    void go(const vertex& at, int last_kind) {
        const auto known = from_.find(at);
        if (known == from_.end()) {
            return;
        }
        for (const edge* e : known->second) {
            if (static_cast<int>(e->kind) <= last_kind) {
                continue;
            }
            way_.edges.push_back(e);
            way_.weight += e->weight;
            if (e->to == target_) {
                way_.order = found_.size();
                found_.push_back(way_);
            } else {
                go(e->to, static_cast<int>(e->kind));
            }
            way_.weight -= e->weight;
            way_.edges.pop_back();
        }
    }

    vertex target_;
    std::map<vertex, std::vector<const edge*>> from_;
    solution way_;
    std::vector<solution> found_;
};

// SegID as the path starts: what the first router on the way is to find.
std::uint16_t first_segment_id(const edge& e) {
    const std::vector<segment_entry>& entries = e.of->entries;
    const std::size_t last = entries.size() - 1;
    std::size_t count = last;
    if (e.kind == segment_kind::down) {
        count = e.cut + (e.peer != 0 ? 1 : 0);
    } else if (e.peer != 0 && e.cut == last) {
        count = last + 1;  // the peering hop is the first one
    }
    std::uint16_t id = e.of->id;
    for (std::size_t n = 0; n < count; ++n) {
        id = chained(id, entries[n].hop);
    }
    return id;
}

void lower(std::uint16_t& mtu, std::uint16_t to) {
    if (to != 0 && (mtu == 0 || to < mtu)) {
        mtu = to;
    }
}

// Adds what an edge contributes.
void append(path& to, const edge& e) {
    path_part part;
    part.kind = e.kind;
    part.construction = e.kind == segment_kind::down;
    part.peering = e.peer != 0;
    part.segment_id = first_segment_id(e);
    part.timestamp = e.of->timestamp;
    std::vector<path_interface> passed;
    for (std::size_t n = e.of->entries.size(); n-- > e.cut;) {
        const segment_entry& entry = e.of->entries[n];
        const bool over_peering = n == e.cut && e.peer != 0;
        // Where a segment is cut, the link towards the core is not used.
        const bool shortcut = n == e.cut && e.peer == 0;
        const peer_entry* const peer = over_peering ? &entry.peers[e.peer - 1] : nullptr;
        const hop_field& hop = peer != nullptr ? peer->hop : entry.hop;
        if (hop.egress != 0) {
            passed.push_back({entry.ia, hop.egress});
        }
        if (hop.ingress != 0 && !shortcut) {
            passed.push_back({entry.ia, hop.ingress});
        }
        lower(to.mtu, entry.mtu);
        lower(to.mtu, shortcut          ? std::uint16_t{0}
                      : peer != nullptr ? peer->mtu
                                        : entry.ingress_mtu);
        const std::uint64_t good_until =
            std::uint64_t{part.timestamp} * 1000 + (std::uint64_t{hop.exp_time} + 1) * 337'500;
        to.good_until_ms = std::min(to.good_until_ms, good_until);
        part.hops.push_back(hop);
    }
    if (part.construction) {
        std::reverse(part.hops.begin(), part.hops.end());
        std::reverse(passed.begin(), passed.end());
    }
    to.interfaces.insert(to.interfaces.end(), passed.begin(), passed.end());
    to.parts.push_back(std::move(part));
}

// PathMeta has room for the lengths, and its pointer for all hops.
bool fits(const path& p) {
    return p.hop_count() <= most_hops &&
           std::all_of(p.parts.begin(), p.parts.end(),
                       [](const path_part& part) { return part.hops.size() < most_hops; });
}

// An AS that is passed twice shows more than two interfaces.
bool has_loop(const path& p) {
    std::map<isd_as, unsigned> seen;
    return std::any_of(p.interfaces.begin(), p.interfaces.end(),
                       [&seen](const path_interface& i) { return ++seen[i.ia] > 2; });
}

}  // namespace

std::string_view to_string(segment_kind kind) {
    constexpr std::array<std::string_view, 3> names{"up", "core", "down"};
    return names[static_cast<std::size_t>(kind)];
}

std::size_t path::hop_count() const {
    std::size_t count = 0;
    for (const path_part& part : parts) {
        count += part.hops.size();
    }
    return count;
}

std::vector<isd_as> path::ases_of_hops() const {
    std::vector<isd_as> made;
    isd_as at = from;
    std::size_t links = 0;  // passed so far; each has two interfaces
    for (std::size_t n = 0; n < parts.size(); ++n) {
        for (std::size_t hop = 0; hop < parts[n].hops.size(); ++hop) {
            // Between segments there is a link only where it is a peering one.
            const bool over_link = hop != 0 || (n != 0 && parts[n].peering);
            if (over_link && 2 * links + 1 < interfaces.size()) {
                at = interfaces[2 * links + 1].ia;
                ++links;
            }
            made.push_back(at);
        }
    }
    return made;
}

std::vector<byte> path::bytes() const {
    std::vector<byte> made(meta_bytes + parts.size() * info_bytes + hop_count() * hop_bytes);
    std::array<unsigned, most_segments> lengths{};
    byte* info = made.data() + meta_bytes;
    byte* hop = info + parts.size() * info_bytes;
    for (std::size_t n = 0; n < parts.size() && n < lengths.size(); ++n) {
        const path_part& part = parts[n];
        lengths[n] = static_cast<unsigned>(part.hops.size());
        info[0] = static_cast<byte>((part.construction ? info_construction : 0) |
                                    (part.peering ? info_peering : 0));
        store_be16(info + 2, part.segment_id);
        store_be32(info + 4, part.timestamp);
        info += info_bytes;
        for (const hop_field& field : part.hops) {
            write_hop(hop, field);
            hop += hop_bytes;
        }
    }
    store_be32(made.data(), make_meta(0, 0, lengths[0], lengths[1], lengths[2]));
    return made;
}

segment_digest path::fingerprint() const {
    std::vector<byte> text(interfaces.size() * 2 * sizeof(std::uint64_t));
    for (std::size_t n = 0; n < interfaces.size(); ++n) {
        store_isd_as(&text[16 * n], interfaces[n].ia);
        store_be64(&text[16 * n + 8], interfaces[n].id);
    }
    return sha256(text);
}

std::vector<path> without_duplicates(std::vector<path> all) {
    std::map<std::vector<path_interface>, std::size_t> best;
    for (std::size_t n = 0; n < all.size(); ++n) {
        const auto [known, is_new] = best.try_emplace(all[n].interfaces, n);
        if (!is_new && all[n].good_until_ms > all[known->second].good_until_ms) {
            known->second = n;
        }
    }
    std::vector<path> kept;
    for (std::size_t n = 0; n < all.size(); ++n) {
        if (best.at(all[n].interfaces) == n) {
            kept.push_back(all[n]);
        }
    }
    return kept;
}

std::vector<path> combine(isd_as from, isd_as to, std::span<const segment* const> ups,
                          std::span<const segment* const> cores,
                          std::span<const segment* const> downs) {
    std::vector<edge> edges;
    for (const segment* s : ups) {
        add_edges(segment_kind::up, *s, edges);
    }
    for (const segment* s : cores) {
        add_core_edge(*s, edges);
    }
    for (const segment* s : downs) {
        add_edges(segment_kind::down, *s, edges);
    }
    std::vector<path> made;
    if (from == to) {
        return made;
    }
    for (const solution& found : search(edges, to).run(from)) {
        path p;
        p.from = from;
        p.to = to;
        p.weight = found.weight;
        p.good_until_ms = ~std::uint64_t{0};
        for (const edge* e : found.edges) {
            append(p, *e);
        }
        if (!has_loop(p) && fits(p)) {
            made.push_back(std::move(p));
        }
    }
    return without_duplicates(std::move(made));
}

}  // namespace rhumb::scion::paths
