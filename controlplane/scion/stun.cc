#include "controlplane/scion/stun.hh"

#include <algorithm>

namespace rhumb::stun {

std::optional<response> answer(std::span<const byte> request, std::span<const byte> address,
                               std::uint16_t port) noexcept {
    const bool is_ipv4 = address.size() == 4;
    if ((!is_ipv4 && address.size() != 16) || !is_binding_request(request)) {
        return std::nullopt;
    }
    response made;
    const std::size_t value_bytes = 4 + address.size();
    made.size_ = header_bytes + attribute_header_bytes + value_bytes;
    byte* const to = made.bytes_.data();
    store_be16(to, binding_success);
    store_be16(to + 2, static_cast<std::uint16_t>(attribute_header_bytes + value_bytes));
    store_be32(to + 4, magic_cookie);
    std::copy_n(request.data() + transaction_id_at, transaction_id_bytes, to + transaction_id_at);

    byte* const attribute = to + header_bytes;
    store_be16(attribute, attribute_xor_mapped_address);
    store_be16(attribute + 2, static_cast<std::uint16_t>(value_bytes));
    attribute[5] = is_ipv4 ? 1 : 2;
    store_be16(attribute + 6, static_cast<std::uint16_t>(port ^ magic_cookie >> 16));
    // Cookie and transaction id lie in the header as they are needed: one behind the other.
    for (std::size_t n = 0; n < address.size(); ++n) {
        attribute[8 + n] = static_cast<byte>(address[n] ^ to[4 + n]);
    }
    return made;
}

}  // namespace rhumb::stun
