#include "controlplane/scion/authenticator.hh"

#include <algorithm>

#include "rhumb/crypto/cmac.hh"
#include "rhumb/crypto/equal.hh"

namespace rhumb::scion {

namespace {

// The option, as it lies in the extension header:
//   type 2, length 28 | SPI (4) | algorithm (1) 0 | timestamp (6) | authenticator (16)
constexpr byte option_type = 2;
constexpr byte option_length = 28;
constexpr std::size_t option_offset = 2;  // in the extension header
constexpr std::size_t spi_offset = 2;
constexpr std::size_t algorithm_offset = 6;
constexpr std::size_t timestamp_offset = 8;
constexpr std::size_t tag_offset = 14;
constexpr byte algorithm_cmac = 0;

// Security parameter indices up to 2^21 - 1 name keys of DRKey: the protocol, and who derived it.
constexpr std::uint32_t drkey_limit = 1U << 21;
constexpr std::uint32_t receiver_side = 1U << 16;
constexpr std::uint32_t host_to_host = 1U << 17;
constexpr std::uint32_t spi_scmp = 1;

constexpr std::array<byte, crypto::key_bytes> stand_in_key{};

// Not inlined: g++ 12 takes growing for overflowing (GCC bug 105329).
[[gnu::noinline]] void append(std::vector<byte>& to, std::span<const byte> what) {
    to.insert(to.end(), what.begin(), what.end());
}

// A path without what routers change.
void append_path(std::vector<byte>& to, std::span<const byte> header) {
    const std::size_t start = to.size();
    const std::size_t before = common_bytes + address_bytes(header.data());
    append(to, header.subspan(before));
    byte* path = to.data() + start;
    const auto type = static_cast<path_type>(type_of_path(header.data()));
    if (type == path_type::one_hop) {
        store_be16(path + 2, 0);
        path[info_bytes] = 0;
        std::fill_n(path + info_bytes + hop_bytes, hop_bytes, byte{0});
        return;
    }
    if (type == path_type::empty) {
        return;
    }
    path += type == path_type::epic ? epic_bytes : 0;
    const std::uint32_t meta = load_be32(path);
    path[0] = 0;
    byte* field = path + meta_bytes;
    unsigned hops = 0;
    for (unsigned n = 0; n < most_segments; ++n) {
        if (const unsigned length = segment_length(meta, n); length != 0) {
            store_be16(field + 2, 0);
            field += info_bytes;
            hops += length;
        }
    }
    for (unsigned n = 0; n < hops; ++n, field += hop_bytes) {
        field[0] = 0;
    }
}

crypto::block tag_of(std::span<const byte> header, std::span<const byte> option, unsigned protocol,
                     std::span<const byte> message) {
    crypto::cmac_key key;
    crypto::expand(key, stand_in_key.data());
    return crypto::cmac(key, authenticated_data(header, option, protocol, message));
}

// The option of an end-to-end extension header, or empty.
std::span<const byte> find_option(std::span<const byte> extension) {
    std::size_t at = option_offset;
    while (at < extension.size()) {
        if (extension[at] == 0) {  // Pad1
            ++at;
            continue;
        }
        if (extension.size() - at < 2 || extension.size() - at - 2 < extension[at + 1]) {
            return {};
        }
        const std::size_t bytes = std::size_t{extension[at + 1]} + 2;
        if (extension[at] == option_type) {
            return extension[at + 1] == option_length ? extension.subspan(at, bytes)
                                                      : std::span<const byte>{};
        }
        at += bytes;
    }
    return {};
}

}  // namespace

std::vector<byte> authenticated_data(std::span<const byte> header, std::span<const byte> option,
                                     unsigned protocol, std::span<const byte> message) {
    // The reference keeps the lower six bits of the traffic class, where its document has the
    // upper six.
    constexpr std::uint32_t without_upper_two = 0xf3ffffff;
    std::array<byte, 20> first{header[5], static_cast<byte>(protocol)};
    store_be16(&first[2], static_cast<std::uint16_t>(message.size()));
    first[4] = option[algorithm_offset];
    std::copy_n(&option[timestamp_offset], 6, &first[6]);
    store_be32(&first[12], load_be32(header.data()) & without_upper_two);
    first[16] = header[8];
    first[17] = header[9];
    std::vector<byte> data;
    append(data, first);
    const std::uint32_t spi = load_be32(&option[spi_offset]);
    const bool is_drkey = spi != 0 && spi < drkey_limit;
    const unsigned to = destination_type(header.data());
    const unsigned from = source_type(header.data());
    if (!is_drkey) {
        append(data, header.subspan(destination_offset, 2 * isd_as_bytes));
    }
    if (!is_drkey || ((spi & host_to_host) == 0 && (spi & receiver_side) != 0)) {
        append(data, {destination_host(header.data()), host_bytes(to)});
    }
    if (!is_drkey || (spi & (host_to_host | receiver_side)) == 0) {
        append(data, {source_host(header.data()), host_bytes(from)});
    }
    append_path(data, header);
    append(data, message);
    return data;
}

std::array<byte, authenticator_bytes> make_authenticator(std::span<const byte> header,
                                                         std::span<const byte> message,
                                                         const reply_options& how) {
    std::array<byte, authenticator_bytes> extension{next_scmp, authenticator_bytes / 4 - 1,
                                                    option_type, option_length};
    byte* const option = &extension[option_offset];
    store_be32(option + spi_offset, spi_scmp);
    option[algorithm_offset] = algorithm_cmac;
    const std::uint64_t since_epoch = how.now_ns % how.epoch_ns;
    store_be16(option + timestamp_offset, static_cast<std::uint16_t>(since_epoch >> 32));
    store_be32(option + timestamp_offset + 2, static_cast<std::uint32_t>(since_epoch));
    const crypto::block tag =
        tag_of(header, std::span(extension).subspan(option_offset), next_scmp, message);
    std::copy(tag.bytes.begin(), tag.bytes.end(), option + tag_offset);
    return extension;
}

bool is_authentic(const packet& request, const reply_options& how) {
    const std::size_t header = header_bytes(request.scion);
    std::span<const byte> extensions(
        request.scion + header, static_cast<std::size_t>(request.layer4 - request.scion) - header);
    if (next_header(request.scion) == next_hop_by_hop) {
        extensions = extensions.subspan((std::size_t{extensions[1]} + 1) * 4);
    }
    const std::span<const byte> option = find_option(extensions);
    // The reference looks neither at SPI nor at algorithm, and its own acceptance test has no SPI.
    if (option.empty()) {
        return false;
    }
    const std::uint64_t sent = std::uint64_t{load_be16(&option[timestamp_offset])} << 32 |
                               load_be32(&option[timestamp_offset + 2]);
    // The request names no epoch: the current one, or one that ended or begins about now.
    const std::uint64_t now = how.now_ns % how.epoch_ns;
    const std::uint64_t apart = now > sent ? now - sent : sent - now;
    if (std::min(apart, how.epoch_ns - std::min(apart, how.epoch_ns)) > how.window_ns) {
        return false;
    }
    const crypto::block tag = tag_of({request.scion, header}, option, request.next,
                                     {request.layer4, request.layer4_bytes()});
    return crypto::constant_time_equal(tag.bytes.data(), &option[tag_offset], crypto::block_bytes);
}

}  // namespace rhumb::scion
