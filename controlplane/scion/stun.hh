// Answers to STUN Binding Requests (RFC 8489), for the internal address of a SCION border router:
// it tells a host behind a NAT its address and port as they are seen here, and nothing else. What
// is no such request gets no answer, as in the reference implementation; where RFC 8489 would have
// an error response, that is a drop, too. Threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rhumb/bytes.hh"
#include "rhumb/wire/stun.hh"

namespace rhumb::stun {

// A Binding Success message: the longest is that to IPv6.
class response {
public:
    static constexpr std::size_t max_bytes = header_bytes + attribute_header_bytes + 4 + 16;

    [[nodiscard]] std::span<const byte> bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    friend std::optional<response> answer(std::span<const byte> request,
                                          std::span<const byte> address,
                                          std::uint16_t port) noexcept;
    std::array<byte, max_bytes> bytes_{};
    std::size_t size_ = 0;
};

// The answer to `request`, a whole UDP payload, from the source address (4 or 16 bytes, network
// order) and UDP port (host order) of its sender: XOR-MAPPED-ADDRESS alone. nullopt where there is
// nothing to answer.
[[nodiscard]] std::optional<response> answer(std::span<const byte> request,
                                             std::span<const byte> address,
                                             std::uint16_t port) noexcept;

}  // namespace rhumb::stun
