// The MACs of hop fields, along the chain of segment ids (draft-dekater-scion-dataplane, hop field
// MAC computation), and EPIC's validation fields.
//
// beta(i + 1) = beta(i) ^ the first two bytes of MAC(i), in the order of construction; a peering
// hop's MAC is made with the beta of the hop next to it, and adds nothing. SegID is the beta of one
// hop field, from which the chain is walked both ways:
//   - of a segment that is behind: the last one; of one ahead: the first one
//   - of the current one: the current hop field. Only where that is not the first of its segment,
//     and the direction is against construction, SegID is one step further until the packet is in
//     the AS.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/scion/explain_parts.hh"
#include "rhumb/crypto/equal.hh"

namespace rhumb::scion::explain {

namespace {

std::uint16_t head_of_mac(const reader& r, const path_view& path, unsigned hop) {
    return load_be16(mac(r.at(path.hop_at(hop))));
}
// What a hop adds to the chain.
std::uint16_t step(const reader& r, const path_view& path, unsigned hop) {
    return path.is_peering(r, hop) ? std::uint16_t{0} : head_of_mac(r, path, hop);
}

// The hop field that a segment's SegID belongs to.
unsigned owner_of(const path_view& path, unsigned segment) {
    const unsigned current = path.current();
    const unsigned last = path.first(segment) + path.length(segment) - 1;
    if (current >= path.hops || path.segment_of(current) > segment) {
        return last;
    }
    return path.segment_of(current) == segment ? current : path.first(segment);
}

bool is_ambiguous(const reader& r, const path_view& path, unsigned segment, unsigned owner) {
    if (path.is_one_hop) {  // SegID is changed on the way out, and nothing tells
        return true;
    }
    return owner == path.current() && owner != path.first(segment) &&
           !path.is_construction(r, segment) && !path.is_peering(r, owner);
}

void walk(const reader& r, const path_view& path, unsigned segment, unsigned owner,
          std::uint16_t beta, std::vector<mac_check>& checks) {
    const unsigned first = path.first(segment);
    const unsigned end = first + path.length(segment);
    // Between hops n and n + 1 lies what the one that was constructed first adds.
    const unsigned shift = path.is_construction(r, segment) ? 0 : 1;
    checks[owner].segment_id = beta;
    for (unsigned n = owner; n + 1 < end; ++n) {
        checks[n + 1].segment_id =
            static_cast<std::uint16_t>(checks[n].segment_id ^ step(r, path, n + shift));
    }
    for (unsigned n = owner; n > first; --n) {
        checks[n - 1].segment_id =
            static_cast<std::uint16_t>(checks[n].segment_id ^ step(r, path, n - 1 + shift));
    }
}

crypto::block tag_of(const reader& r, const path_view& path, unsigned hop, std::uint16_t beta,
                     const crypto::cmac_key& key) {
    crypto::block input{};
    write_mac_input(input.bytes.data(), beta, r.at(path.info_at(path.segment_of(hop))),
                    r.at(path.hop_at(hop)));
    crypto::block tag{};
    crypto::cmac_blocks(key, &input, &tag, 1);
    return tag;
}

void check(const reader& r, const path_view& path, unsigned hop, mac_check& of) {
    const bool is_named = of.as && !of.as_by_key;
    of.is_checked = of.is_right = of.as_by_key = false;
    if (!is_named) {
        of.as.reset();
    }
    for (const as_key& one : r.how->keys) {
        if (is_named && one.as != *of.as) {
            continue;
        }
        const crypto::block tag = tag_of(r, path, hop, of.segment_id, one.key);
        const bool fits =
            crypto::constant_time_equal(tag.bytes.data(), mac(r.at(path.hop_at(hop))), mac_bytes);
        if (fits || is_named) {
            of.tag = tag;
            of.is_checked = true;
            of.is_right = fits;
            of.as = one.as;
            of.as_by_key = !is_named;
            if (fits) {
                return;
            }
        }
    }
}

unsigned check_segment(const reader& r, const path_view& path, unsigned segment,
                       std::vector<mac_check>& checks) {
    unsigned right = 0;
    for (unsigned n = path.first(segment); n < path.first(segment) + path.length(segment); ++n) {
        check(r, path, n, checks[n]);
        right += checks[n].is_right ? 1U : 0U;
    }
    return right;
}

// Names the AS of hop fields: of each, or of each AS on the way.
void name_hops(const reader& r, const path_view& path, isd_as source, isd_as destination,
               std::vector<mac_check>& checks) {
    const std::vector<isd_as>& names = r.how->hops;
    unsigned switches = 0;
    for (unsigned n = 0; n < path.hops; ++n) {
        switches += path.switches_at(r, n) ? 1U : 0U;
    }
    if (r.quotes == 0 && (names.size() == path.hops || names.size() == path.hops - switches)) {
        const bool each = names.size() == path.hops;
        for (unsigned n = 0, name = 0; n < path.hops; ++n) {
            if (!names[name].is_wildcard()) {
                checks[n].as = names[name];
            }
            name += each || !path.switches_at(r, n) ? 1U : 0U;
        }
    }
    const auto default_to = [&](unsigned n, isd_as as) {
        if (!checks[n].as && !as.is_wildcard()) {
            checks[n].as = as;
        }
    };
    default_to(0, source);
    default_to(path.hops - 1, destination);
}

// A wrong MAC whose first two bytes are in the way from the hop that SegID belongs to.
void find_misled(const reader& r, const path_view& path, unsigned segment, unsigned owner,
                 std::vector<mac_check>& checks) {
    const unsigned shift = path.is_construction(r, segment) ? 0 : 1;
    for (unsigned n = path.first(segment); n < path.first(segment) + path.length(segment); ++n) {
        const bool is_between = shift == 0 ? n < owner : n > owner;
        checks[n].is_own_beta =
            (is_between || checks[n].taken == place::outside) && !path.is_peering(r, n);
        const unsigned from = std::min(n, owner) + shift;
        const unsigned to = std::max(n, owner) + shift;
        for (unsigned k = from; k < to && checks[n].is_checked && !checks[n].is_right; ++k) {
            if (k != n && checks[k].is_checked && !checks[k].is_right &&
                load_be16(checks[k].tag.bytes.data()) != step(r, path, k)) {
                // The nearest to SegID's own hop: those behind it are misled themselves.
                checks[n].misled_by = n > owner ? checks[n].misled_by.value_or(k) : k;
            }
        }
    }
}

void check_one_segment(const reader& r, const path_view& path, unsigned segment,
                       std::vector<mac_check>& checks) {
    const unsigned owner = owner_of(path, segment);
    const std::uint16_t inside = segment_id(r.at(path.info_at(segment)));
    if (!is_ambiguous(r, path, segment, owner)) {
        walk(r, path, segment, owner, inside, checks);
        (void)check_segment(r, path, segment, checks);
    } else {
        const auto outside = static_cast<std::uint16_t>(inside ^ head_of_mac(r, path, owner));
        const auto try_place = [&](place taken) {
            walk(r, path, segment, owner, taken == place::outside ? outside : inside, checks);
            checks[owner].taken = taken;
            return check_segment(r, path, segment, checks);
        };
        place taken = r.how->taken;
        if (taken == place::unknown) {
            const unsigned right_outside = try_place(place::outside);
            taken = try_place(place::inside) > right_outside ? place::inside : place::outside;
        }
        (void)try_place(taken);
    }
    find_misled(r, path, segment, owner, checks);
}

// The block that an EPIC validation field is the CBC-MAC of, under the whole tag of a hop field.
crypto::block validation_of(const reader& r, const header_view& header,
                            const crypto::block& sigma) {
    const byte* const h = r.at(header.at);
    const byte* const epic = r.at(header.path->meta_at - epic_bytes);
    std::array<crypto::block, 3> input{};
    const std::size_t host = host_bytes(source_type(h));
    std::array<byte, 48> text{static_cast<byte>(source_type(h) & 3)};
    std::copy_n(r.at(header.path->info_at(0)) + 4, 4, &text[1]);
    std::copy_n(epic, 8, &text[5]);
    std::copy_n(h + source_offset, isd_as_bytes, &text[13]);
    std::copy_n(source_host(h), host, &text[21]);
    std::copy_n(h + 6, 2, &text[21 + host]);
    for (std::size_t n = 0; n < input.size(); ++n) {
        std::copy_n(&text[n * crypto::block_bytes], crypto::block_bytes, input[n].bytes.begin());
    }
    const std::size_t blocks = (23 + host + crypto::block_bytes - 1) / crypto::block_bytes;
    crypto::aes128_key key;
    crypto::expand(key, sigma.bytes.data());
    return crypto::cbc_mac(key, std::span(input).first(blocks));
}

void validation_field(const reader& r, const header_view& header, std::size_t at, const char* name,
                      const mac_check* of, field& in) {
    field& f = add_bytes(in, r, at, 4, name);
    f.meaning = of == nullptr ? "no hop field is there for it"
                              : fmt::format("hop field {}'s validation, not checked",
                                            of - header.macs.data());
    if (of != nullptr && of->is_checked) {
        const crypto::block right = validation_of(r, header, of->tag);
        f.judged = crypto::constant_time_equal(right.bytes.data(), r.at(at), 4) ? verdict::right
                                                                                : verdict::wrong;
        f.meaning = f.judged == verdict::right
                        ? "right"
                        : fmt::format("wrong: {} is right", to_hex({right.bytes.data(), 4}));
    }
}

}  // namespace

std::vector<mac_check> check_macs(const reader& r, const path_view& path, isd_as source,
                                  isd_as destination) {
    std::vector<mac_check> checks(path.hops);
    if (path.hops == 0) {
        return checks;
    }
    name_hops(r, path, source, destination, checks);
    for (unsigned n = 0; n < path.segments; ++n) {
        check_one_segment(r, path, n, checks);
    }
    return checks;
}

void epic_fields(const reader& r, const header_view& header, field& in) {
    const std::size_t at = header.at + common_bytes + header.addresses_bytes;
    field& f = add(in, at, epic_bytes, "EPIC", "");
    const std::uint32_t steps = load_be32(r.at(at));
    std::string sent = "steps of 21 us from the first segment's timestamp";
    if (header.path && header.path->segments != 0) {
        const std::uint64_t from = timestamp(r.at(header.path->info_at(0)));
        sent = "sent " + date_text(from * 1000 + (std::uint64_t{steps} + 1) * 21 / 1000);
    }
    add_number(f, at, 4, "PktID timestamp", steps, std::move(sent));
    const std::uint32_t counter = load_be32(r.at(at + 4));
    add_hex(f, at + 4, 4, "PktID counter", counter, 8,
            fmt::format("core {}, packet {}", counter >> 24, counter & 0xffffff));
    const std::size_t hops = header.macs.size();
    validation_field(r, header, at + 8, "PHVF", hops > 1 ? &header.macs[hops - 2] : nullptr, f);
    validation_field(r, header, at + 12, "LHVF", hops > 0 ? &header.macs[hops - 1] : nullptr, f);
}

}  // namespace rhumb::scion::explain
