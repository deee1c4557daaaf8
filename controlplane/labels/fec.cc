#include "controlplane/labels/fec.hh"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <tuple>

namespace rhumb::labels {

namespace {

// RFC 8660 2.5.1, step 1.
unsigned rank_of(const claim& c) {
    constexpr unsigned last = 256;
    if (c.what.type == fec_type::policy) {
        return last;
    }
    return c.is_explicit ? 0 : c.administrative_distance;
}

}  // namespace

std::size_t winner_of(std::span<const claim> claims) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < claims.size(); ++i) {
        const unsigned rank = rank_of(claims[i]);
        const unsigned least = rank_of(claims[best]);
        if (rank < least || (rank == least && claims[i].what < claims[best].what)) {
            best = i;
        }
    }
    return best;
}

std::string to_text(const ip_prefix& prefix) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(prefix.af == family::ipv4 ? AF_INET : AF_INET6, prefix.address.data(), text.data(),
              text.size());
    return std::string(text.data()) + '/' + std::to_string(prefix.length);
}

}  // namespace rhumb::labels
