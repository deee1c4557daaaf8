// The SCION packet authenticator option on SCMP messages (SPAO; the reference's specification and,
// where the two differ, its code), with the reference router's stand-in for keys. Threads: control.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "controlplane/scion/reply.hh"
#include "dataplane/scion/packet.hh"

namespace rhumb::scion {

// An end-to-end extension header with this option alone.
inline constexpr std::size_t authenticator_bytes = 32;

// For a message that this router sends: `header` is the whole SCION header.
[[nodiscard]] std::array<byte, authenticator_bytes> make_authenticator(
    std::span<const byte> header, std::span<const byte> message, const reply_options& how);

// Whether a request carries an authenticator that is right, and of now.
[[nodiscard]] bool is_authentic(const packet& request, const reply_options& how);

// What the authenticator is made over: fields of `option` and of the SCION header, a path without
// what routers change, and the message, which is of `protocol`.
[[nodiscard]] std::vector<byte> authenticated_data(std::span<const byte> header,
                                                   std::span<const byte> option, unsigned protocol,
                                                   std::span<const byte> message);

}  // namespace rhumb::scion
