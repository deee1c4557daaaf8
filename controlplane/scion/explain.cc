#include "controlplane/scion/explain.hh"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/scion/explain_parts.hh"
#include "rhumb/wire/ethernet.hh"
#include "rhumb/wire/ipv4.hh"
#include "rhumb/wire/ipv6.hh"
#include "rhumb/wire/stun.hh"

namespace rhumb::scion::explain {

bool reader::has(std::size_t offset, std::size_t count, std::string_view what) {
    if (left(offset) >= count) {
        return true;
    }
    bad(std::min(offset, bytes.size()),
        fmt::format("{} wants {}, and {} left", what, count_of(count, "byte"),
                    left(offset) == 1 ? "1 is" : fmt::format("{} are", left(offset))));
    return false;
}

field& open(fields& into, std::size_t offset, std::string name) {
    field& made = into.emplace_back();
    made.offset = offset;
    made.name = std::move(name);
    return made;
}

field& add(field& in, std::size_t offset, std::size_t bytes, std::string name, std::string value,
           std::string meaning) {
    field& made = open(in.inside, offset, std::move(name));
    made.bytes = bytes;
    made.value = std::move(value);
    made.meaning = std::move(meaning);
    return made;
}

field& add_number(field& in, std::size_t offset, std::size_t bytes, std::string name,
                  std::uint64_t number, std::string meaning) {
    field& made =
        add(in, offset, bytes, std::move(name), std::to_string(number), std::move(meaning));
    made.number = number;
    return made;
}

field& add_hex(field& in, std::size_t offset, std::size_t bytes, std::string name,
               std::uint64_t number, int digits, std::string meaning) {
    field& made = add(in, offset, bytes, std::move(name), fmt::format("0x{:0{}x}", number, digits),
                      std::move(meaning));
    made.number = number;
    return made;
}

field& add_bytes(field& in, const reader& r, std::size_t offset, std::size_t bytes,
                 std::string name, std::string meaning) {
    constexpr std::size_t most = 32;
    const std::size_t shown = std::min(bytes, most);
    return add(in, offset, bytes, std::move(name),
               to_hex({r.at(offset), shown}) + (shown < bytes ? "..." : ""), std::move(meaning));
}

field& say(field& in, std::size_t offset, std::string name, std::string value, std::string meaning,
           verdict judged) {
    field& made = add(in, offset, 0, std::move(name), std::move(value), std::move(meaning));
    made.judged = judged;
    return made;
}

namespace {

bool any_wrong(const fields& of) {
    return std::ranges::any_of(
        of, [](const field& one) { return one.judged == verdict::wrong || any_wrong(one.inside); });
}

// A SCION header whose lengths fit all of the bytes: chance does not make one.
bool is_scion_to_the_byte(std::span<const byte> bytes) {
    if (bytes.size() < least_bytes) {
        return false;
    }
    const byte* const h = bytes.data();
    return h[0] >> 4 == 0 && is_known_next_header(next_header(h)) &&
           header_bytes(h) >= common_bytes + address_bytes(h) && header_bytes(h) <= bytes.size() &&
           header_bytes(h) + payload_length(h) == bytes.size();
}

bool is_ip(std::span<const byte> bytes) {
    return !bytes.empty() &&
           ((bytes.size() >= ipv4::min_header_bytes && ipv4::version(bytes.data()) == 4 &&
             ipv4::header_bytes(bytes.data()) >= ipv4::min_header_bytes) ||
            (bytes.size() >= ipv6::header_bytes && ipv6::version(bytes.data()) == 6));
}

// Tags and labels are passed over, too: what comes after an EtherType that is known must fit it.
bool is_ethernet(std::span<const byte> bytes) {
    std::size_t at = ethernet::type_offset;
    for (; bytes.size() >= at + 2; at += 4) {
        const unsigned type = load_be16(bytes.data() + at);
        if (type == ethernet::type_ipv4 || type == ethernet::type_ipv6) {
            return is_ip(bytes.subspan(at + 2));
        }
        if (type == ethernet::type_arp || type == ethernet::type_mpls) {
            return true;
        }
        if (type != ethernet::type_vlan && type != 0x88a8) {
            return false;
        }
    }
    return false;
}

start find_start(std::span<const byte> bytes) {
    if (is_scion_to_the_byte(bytes)) {
        return start::scion;
    }
    if (is_ethernet(bytes)) {
        return start::ethernet;
    }
    if (is_ip(bytes)) {
        return start::ip;
    }
    return bytes.size() >= stun::header_bytes && load_be32(bytes.data() + 4) == stun::magic_cookie
               ? start::stun
               : start::scion;
}

}  // namespace

bool listing::has_wrong() const { return any_wrong(layers); }

listing read(std::span<const byte> bytes, const options& how) {
    listing out;
    out.bytes = bytes.size();
    reader r{bytes, &how, &out.faults};
    switch (how.from == start::automatic ? find_start(bytes) : how.from) {
        case start::ethernet: ethernet(r, 0, out.layers); break;
        case start::ip: ip(r, 0, out.layers); break;
        case start::stun: stun_message(r, 0, out.layers); break;
        default: scion_packet(r, 0, out.layers);
    }
    return out;
}

}  // namespace rhumb::scion::explain
