// Messages whose signatures the host looks at. Several copies that say to be the same message but
// differ wait side by side, and the host sees one after the other: a forged copy that comes first
// does not keep the true one out. Bounded by number, bytes, and number of one peer.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/overlay/broadcast/frames.hh"
#include "controlplane/overlay/broadcast/outbox.hh"

namespace rhumb::overlay::broadcast {

class unverified {
public:
    struct message {
        std::uint64_t ticket = 0;
        std::uint64_t name = 0;
        message_id id;
        std::uint16_t hops = 0;
        peer_key from{};
        bool shown = false;  // to the host
        std::vector<byte> body;
    };

    explicit unverified(const memory_options& wanted) : options_(wanted) {}

    enum class outcome : std::uint8_t { waits, duplicate, full };
    // A copy of a message that is not here yet. duplicate: byte by byte the same waits already.
    outcome add(const peer_key& from, std::uint64_t name, const frame& gossip, const turn& t);
    // The host's answer. A message: it is valid, and its other copies are gone. Otherwise the next
    // copy is shown; `why` says whether who brought this one is to blame (bad_signature) or not.
    std::optional<message> answered(std::uint64_t ticket, drop_reason why, const turn& t);

    [[nodiscard]] bool waits(std::uint64_t name) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    static void show(message& m, const turn& t);
    void erase(std::size_t number);

    memory_options options_;
    std::vector<message> waiting_;  // in order of arrival
    std::size_t bytes_ = 0;
    std::uint64_t next_ticket_ = 1;
};

}  // namespace rhumb::overlay::broadcast
