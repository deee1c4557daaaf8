// Pushing labels in front of a packet (RFC 3031 section 3.10, RFC 8402 PUSH). Threads: worker.
#pragma once

#include <cstddef>

#include "rhumb/bytes.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb {

// Puts `count` labels (top first, count != 0) in front of packet `i`, each with this TC and TTL.
// Over an IP packet the deepest gets the bottom-of-stack bit; over labels none does. Drops the
// packet and returns false where the buffer has no room.
[[nodiscard]] inline bool impose_labels(burst& b, std::size_t i, const mpls::label* labels,
                                        std::size_t count, unsigned tc, unsigned ttl) noexcept {
    const bool over_ip = b.kind[i] != protocol::mpls;
    if (!b.push(i, count * mpls::lse_bytes)) [[unlikely]] {
        b.drop(i, drop_reason::no_headroom);
        return false;
    }
    byte* to = b.front[i];
    for (std::size_t n = 0; n < count; ++n, to += mpls::lse_bytes) {
        store_be32(to, mpls::make(labels[n], tc, over_ip && n + 1 == count, ttl));
    }
    b.kind[i] = protocol::mpls;
    return true;
}

}  // namespace rhumb
