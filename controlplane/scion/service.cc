#include "controlplane/scion/service.hh"

#include <algorithm>
#include <array>

#include "controlplane/scion/reply.hh"
#include "controlplane/scion/stun.hh"
#include "dataplane/scion/packet.hh"
#include "rhumb/checksum.hh"
#include "rhumb/wire/scion.hh"

namespace rhumb::scion {

namespace {

bfd::settings settings_of(const control::bfd_settings& from, std::uint32_t discriminator) {
    const auto microseconds = [](std::chrono::nanoseconds interval) {
        return std::chrono::duration_cast<bfd::microseconds>(interval);
    };
    return {discriminator, from.detect_mult, microseconds(from.desired_min_tx_interval),
            microseconds(from.required_min_rx_interval)};
}

// The payload of an IP packet whose UDP checksum is right, or absent over IPv4; else empty.
std::span<const byte> udp_payload(std::span<const byte> packet) {
    const bool v4 = packet[0] >> 4 == 4;
    const std::size_t header = v4 ? ipv4::header_bytes(packet.data()) : ipv6::header_bytes;
    if (packet.size() < header + udp_bytes) {
        return {};
    }
    const std::span<const byte> udp = packet.subspan(header);
    const std::size_t length = load_be16(&udp[4]);
    if (length < udp_bytes || length > udp.size()) {
        return {};
    }
    if (load_be16(&udp[6]) != 0 || !v4) {
        const std::size_t addresses = v4 ? 12 : 8;
        const std::size_t address_bytes = v4 ? 8 : 32;
        constexpr std::uint64_t protocol = 17;
        const std::uint64_t sum = checksum_sum(&packet[addresses], address_bytes) + protocol +
                                  length + checksum_sum(udp.data(), length);
        if (checksum_fold(sum) != 0xffff) {
            return {};
        }
    }
    return udp.subspan(udp_bytes, length - udp_bytes);
}

}  // namespace

void slow_service::use(std::shared_ptr<const setup> next, const moment& now) {
    const std::shared_ptr<const setup> previous = std::exchange(setup_, std::move(next));
    const std::size_t count = setup_->links.size();
    std::vector<std::optional<bfd::session>> before = std::exchange(sessions_, {});
    before.resize(std::max(before.size(), count));
    sessions_.resize(count);
    for (std::size_t n = 0; n < count; ++n) {
        const link_description& link = setup_->links[n];
        if (link.bfd) {
            const bool stays = before[n] && previous != nullptr && n < previous->links.size() &&
                               link.has_session_of(previous->links[n]);
            if (stays) {
                sessions_[n] = std::move(before[n]);
            } else {
                std::uint32_t discriminator = random_();
                discriminator += discriminator == 0 ? 1 : 0;
                sessions_[n].emplace(settings_of(*link.bfd, discriminator), random_, now.steady);
            }
        }
        watcher_(static_cast<std::uint16_t>(n), is_up(n));
    }
}

bool slow_service::is_up(std::size_t link) const {
    return !sessions_[link] || sessions_[link]->is_up();
}

std::optional<bfd::status> slow_service::session_of(std::size_t link) const {
    return link < sessions_.size() && sessions_[link] ? std::optional(sessions_[link]->status())
                                                      : std::nullopt;
}

void slow_service::handle(const slow_request& what, std::span<const byte> packet,
                          const moment& now) {
    if (setup_ == nullptr || what.link >= setup_->links.size() ||
        packet.size() < ipv4::min_header_bytes) {
        return;
    }
    switch (what.task) {
        case slow_task::bfd: return handle_session(what, packet, now);
        case slow_task::other: return handle_other(what, packet);
        case slow_task::scmp_error:
        case slow_task::traceroute: {
            reply_options how;
            how.authenticate = setup_->files.settings.features.experimental_scmp_authentication;
            how.now_ns = now.since_1970_ns;
            if (auto reply = make_reply(setup_->own, what, packet, how)) {
                out_.push_back({what.link, std::move(*reply)});
            }
            return;
        }
        default: return;
    }
}

void slow_service::handle_session(const slow_request& what, std::span<const byte> packet,
                                  const moment& now) {
    const std::span<const byte> payload = udp_payload(packet);
    if (!sessions_[what.link] || payload.size() < least_bytes ||
        payload.size() < common_bytes + address_bytes(payload.data())) {
        return;
    }
    scion::packet p;
    p.scion = const_cast<byte*>(payload.data());  // only read
    p.bytes = payload.size();
    if (!find_parts(p) || p.next != next_bfd) {
        return;
    }
    if (const auto control = bfd::parse({p.layer4, p.layer4_bytes()})) {
        act(what.link, sessions_[what.link]->received(*control, now.steady), now);
    }
}

void slow_service::handle_other(const slow_request& what, std::span<const byte> packet) {
    const std::span<const byte> payload = udp_payload(packet);
    const endpoint sender = sender_of(packet);
    if (const auto answer = stun::answer(
            payload, std::span(sender.address).first(sender.address_bytes), sender.port)) {
        out_.push_back(
            {what.link, underlay_packet(setup_->own.links[what.link], &sender, answer->bytes())});
    }
}

void slow_service::tick(const moment& now) {
    for (std::size_t n = 0; n < sessions_.size(); ++n) {
        if (sessions_[n] && sessions_[n]->next_deadline() <= now.steady) {
            act(static_cast<std::uint16_t>(n), sessions_[n]->tick(now.steady), now);
        }
    }
}

void slow_service::act(std::uint16_t link, const bfd::outcome& done, const moment& now) {
    if (done.change) {
        watcher_(link, is_up(link));
    }
    if (done.send) {
        session_out_.push_back({link, underlay_packet(setup_->own.links[link], nullptr,
                                                      session_packet(link, *done.send, now))});
    }
}

// In front of a BFD packet: to a neighbour a one-hop path, as there is no other yet; to a sibling
// none. Hosts are the underlay addresses of the link.
std::vector<byte> slow_service::session_packet(std::uint16_t link,
                                               const bfd::control_packet& packet,
                                               const moment& now) const {
    constexpr std::uint32_t traffic_class_and_flow = 0xb8U << 20 | 0xdead;
    const link_description& to = setup_->links[link];
    const bool outside = to.scope == link_scope::external;
    const std::size_t host = to.local.address_bytes;
    const unsigned type = host == 4 ? host_ipv4 : host_ipv6;
    const std::size_t header = hosts_offset + 2 * host + (outside ? one_hop_path_bytes : 0);
    std::vector<byte> made(header + bfd::packet_bytes);
    byte* const h = made.data();
    store_be32(h, traffic_class_and_flow);
    h[4] = static_cast<byte>(next_bfd);
    h[5] = static_cast<byte>(header / 4);
    store_be16(h + 6, static_cast<std::uint16_t>(bfd::packet_bytes));
    h[8] = static_cast<byte>(outside ? path_type::one_hop : path_type::empty);
    h[9] = static_cast<byte>(type << 4 | type);
    store_be64(h + destination_offset, to.neighbour.value());
    store_be64(h + source_offset, setup_->own.isd_as);
    std::copy_n(to.remote.address.begin(), host, h + hosts_offset);
    std::copy_n(to.local.address.begin(), host, h + hosts_offset + host);
    if (outside) {
        constexpr std::uint64_t ten_seconds_ago = 10;
        constexpr byte six_hours = 63;
        byte* const info = h + hosts_offset + 2 * host;
        byte* const hop = info + info_bytes;
        info[0] = info_construction;
        store_be32(info + 4,
                   static_cast<std::uint32_t>(now.since_1970_ns / 1'000'000'000 - ten_seconds_ago));
        hop[1] = six_hours;
        store_be16(hop + 4, to.interface);
        crypto::block input{};
        write_mac_input(input.bytes.data(), 0, info, hop);
        crypto::block tag{};
        crypto::cmac_blocks(*setup_->own.key, &input, &tag, 1);
        std::copy_n(tag.bytes.begin(), mac_bytes, hop + 6);
    }
    bfd::store(h + header, packet);
    return made;
}

}  // namespace rhumb::scion
