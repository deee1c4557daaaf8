// Any bytes as what comes to a SCION border router's slow path.
//   - as a BFD packet: discarded, or written again as it came
//   - as a row of BFD packets with pauses between: whatever a peer says, the session has a deadline
//     ahead, sends what can be parsed, and never more often than it may
//   - as a STUN message, as it is and with its length and fingerprint made right: no answer, or one
//     that has the sender's address in it
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/scion/bfd.hh"
#include "controlplane/scion/stun.hh"

namespace rhumb {
namespace {

void expect(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void bfd_packet(std::span<const byte> bytes) {
    const auto read = bfd::parse(bytes);
    expect(read.has_value() == (bfd::fault_of(bytes) == bfd::fault::none));
    if (!read) {
        return;
    }
    std::array<byte, bfd::packet_bytes> again{};
    bfd::store(again.data(), *read);
    again[3] = bytes[3];  // may be longer than ours
    expect(std::ranges::equal(again, bytes.first(again.size())));
}

class peer {
public:
    explicit peer(byte multiplier)
        : own_(
              {.discriminator = 1, .detect_multiplier = multiplier},
              [this] { return random_ = random_ * 1664525U + 1013904223U; }, now_) {}

    // Two bytes of pause, in milliseconds, before 24 of packet.
    void one(std::span<const byte> bytes) {
        const auto end = now_ + std::chrono::milliseconds(load_be16(bytes.data()));
        for (int ticks = 0; own_.next_deadline() <= end; ++ticks) {
            expect(ticks < 10000);
            now_ = std::max(now_, own_.next_deadline());
            follow(own_.tick(now_));
            expect(own_.next_deadline() > now_);
        }
        now_ = end;
        if (const auto read = bfd::parse(bytes.subspan(2))) {
            follow(own_.received(*read, now_));
        }
    }

private:
    void follow(const bfd::outcome& out) {
        if (out.change) {
            expect(out.change->from == state_ && out.change->to != state_);
            state_ = out.change->to;
        }
        expect(own_.status().state == state_);
        if (!out.send) {
            return;
        }
        std::array<byte, bfd::packet_bytes> bytes{};
        bfd::store(bytes.data(), *out.send);
        // A peer that is heard has a discriminator, so that all that we say stands.
        expect(bfd::parse(bytes) == *out.send);
        expect(out.send->state == state_);
        expect(!sent_at_ || now_ >= *sent_at_ + bfd::shortest_gap);
        sent_at_ = now_;
    }

    bfd::time_point now_{std::chrono::hours(1)};
    std::optional<bfd::time_point> sent_at_;
    bfd::state state_ = bfd::state::down;
    std::uint32_t random_ = 1;
    bfd::session own_;
};

void stun_message(std::span<const byte> bytes, std::span<const byte> address) {
    const auto made = stun::answer(bytes, address, 0x1234);
    expect(made.has_value() == stun::is_binding_request(bytes));
    if (!made) {
        return;
    }
    const auto out = made->bytes();
    expect(out.size() == 28 + address.size());
    expect(load_be16(out.data() + 2) == out.size() - stun::header_bytes);
    expect(std::ranges::equal(out.subspan(4, 16), bytes.subspan(4, 16)));
    for (std::size_t n = 0; n < address.size(); ++n) {
        expect((out[28 + n] ^ out[4 + n]) == address[n]);
    }
}

// The same attributes as a request that is right but for them.
void stun_attributes(std::span<const byte> attributes, std::span<const byte> address) {
    std::vector<byte> message(stun::header_bytes);
    store_be16(message.data(), stun::binding_request);
    store_be32(message.data() + 4, stun::magic_cookie);
    message.insert(message.end(), attributes.begin(), attributes.end());
    const std::size_t before = message.size();
    message.resize(before + stun::fingerprint_bytes);
    store_be16(message.data() + 2, static_cast<std::uint16_t>(message.size() - stun::header_bytes));
    store_be16(message.data() + before, stun::attribute_fingerprint);
    store_be16(message.data() + before + 2, 4);
    store_be32(message.data() + before + 4, stun::fingerprint({message.data(), before}));
    stun_message(message, address);
}

}  // namespace
}  // namespace rhumb

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rhumb;
    const std::span bytes(data, size);
    constexpr std::array<byte, 16> address{0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8};
    bfd_packet(bytes);
    stun_message(bytes, address);
    stun_attributes(bytes, std::span(address).first(4));
    if (size != 0) {
        peer one(std::max<byte>(1, data[0]));
        for (auto rest = bytes.subspan(1); rest.size() >= 2 + bfd::packet_bytes;
             rest = rest.subspan(2 + bfd::packet_bytes)) {
            one.one(rest.first(2 + bfd::packet_bytes));
        }
    }
    return 0;
}
