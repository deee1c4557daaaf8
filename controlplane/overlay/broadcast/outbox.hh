// What a node wants done: one list for one event, with the bytes in one piece. The host performs
// the actions in their order and clears it; nothing in it outlives that.
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/overlay/broadcast/counters.hh"
#include "controlplane/overlay/broadcast/identity.hh"
#include "controlplane/overlay/broadcast/options.hh"

namespace rhumb::overlay::broadcast {

enum class action_kind : std::uint8_t {
    dial,        // have a link to `peer`, at the address in the bytes (empty: the host's own idea)
    send,        // the bytes are one frame for `peer`, in order with others
    release,     // once all is sent: this overlay needs the link to `peer` no more
    verify,      // bytes: signature, payload of (`peer`, `sequence`); answer with node::verified
    deliver,     // bytes: payload of (`peer`, `sequence`), after `hops`
    misbehaved,  // `peer` broke the rules: `why`
};

struct action {
    action_kind kind = action_kind::send;
    drop_reason why = drop_reason::none;
    std::uint16_t hops = 0;
    peer_key peer{};  // the origin, of verify and deliver
    std::uint64_t sequence = 0;
    std::uint64_t ticket = 0;  // of verify
    std::size_t offset = 0;    // of the bytes
    std::size_t length = 0;
};

class outbox {
public:
    [[nodiscard]] const std::vector<action>& actions() const noexcept { return actions_; }
    [[nodiscard]] std::span<const byte> bytes(const action& of) const noexcept {
        return {bytes_.data() + of.offset, of.length};
    }
    void clear() noexcept {
        actions_.clear();
        bytes_.clear();
    }

    // `write(std::vector<byte>&)` appends the bytes. The action stays valid until the next one.
    template <class Write>
    action& add(action_kind kind, const peer_key& peer, const Write& write) {
        const std::size_t offset = bytes_.size();
        write(bytes_);
        action& made = actions_.emplace_back();
        made.kind = kind;
        made.peer = peer;
        made.offset = offset;
        made.length = bytes_.size() - offset;
        return made;
    }

private:
    std::vector<action> actions_;
    std::vector<byte> bytes_;
};

// One event: when it is, where actions go, and what counts.
struct turn {
    time_point now;
    outbox& out;
    counters& counts;

    // `write` appends one frame.
    template <class Write>
    void send(const peer_key& to, const Write& write) const {
        std::size_t type = 0;
        const action& made = out.add(action_kind::send, to, [&](std::vector<byte>& bytes) {
            const std::size_t at = bytes.size();
            write(bytes);
            type = bytes[at + 1];
        });
        ++counts.sent[type];
        counts.sent_bytes += made.length;
    }
    void dial(const contact& who) const {
        out.add(action_kind::dial, who.key, [&](std::vector<byte>& bytes) {
            const std::span<const byte> text = who.where.view();
            bytes.insert(bytes.end(), text.begin(), text.end());
        });
    }
    void release(const peer_key& peer) const {
        out.add(action_kind::release, peer, [](std::vector<byte>&) {});
    }
};

}  // namespace rhumb::overlay::broadcast
