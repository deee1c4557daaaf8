// Broadcast at work: a node (broadcast/node.hh), and around it what it asks for. Each connection to
// a peer that speaks it has one stream of frames, `rhumb.broadcast`; the hub dials whom the node
// wants for a neighbour. Signatures are verified on another thread.
//
//     frame ──> node ──> may it speak, is it fresh ──> verifier ──> node ──> delivered, links
//                └─ dial, release ──> hub
//
// Nothing here grows with what peers send: frames wait for a stream in bounded numbers, a peer that
// does not take what is sent to it loses its stream, and of messages at the verifier the node keeps
// so many and no more.
// Threads: control.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/broadcast/node.hh"
#include "controlplane/overlay/service/address.hh"
#include "controlplane/overlay/service/envelope.hh"
#include "controlplane/overlay/service/ordered_pool.hh"
#include "controlplane/overlay/service/settings.hh"
#include "controlplane/overlay/wire/handshake.hh"
#include "controlplane/overlay/wire/identity.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

// Where a stream of rhumb.broadcast goes out. None of these may call the broadcasts back.
class broadcast_link {
public:
    broadcast_link() = default;
    broadcast_link(const broadcast_link&) = delete;
    broadcast_link& operator=(const broadcast_link&) = delete;
    virtual ~broadcast_link() = default;

    virtual void send_frame(std::span<const byte> frame) = 0;
    virtual void end_broadcast(std::string_view why) = 0;
    // Bytes that the socket has not taken yet.
    [[nodiscard]] virtual std::size_t unsent() const = 0;
};

// Who has the connections.
class broadcast_dialler {
public:
    broadcast_dialler() = default;
    broadcast_dialler(const broadcast_dialler&) = delete;
    broadcast_dialler& operator=(const broadcast_dialler&) = delete;
    virtual ~broadcast_dialler() = default;

    // Has a connection made, unless there is one that may yet get a stream. False: there will be
    // none; otherwise there comes opened() or unreached().
    [[nodiscard]] virtual bool reach(const key32& peer, const std::optional<host_port>& at) = 0;
    // Closes it, if it was made for this alone.
    virtual void let_go(const key32& peer) = 0;
    // Whether messages of this origin are taken and passed on.
    [[nodiscard]] virtual bool may_speak(const key32& origin) const = 0;
    // Where the peer is dialled, if it is.
    [[nodiscard]] virtual std::optional<host_port> address_of(const key32& peer) const = 0;
};

// A message that is valid, and came for the first time. `content` is good during the call.
struct heard_broadcast {
    key32 origin{};
    std::uint64_t sequence = 0;
    std::uint16_t hops = 0;
    envelope said;
};

class broadcasts {
public:
    broadcasts(boost::asio::io_context& io, const identity& own, const network_key& network,
               const broadcast_settings& chosen, const broadcast::options& with);
    // What the settings mean to a node.
    [[nodiscard]] static broadcast::options options_of(const broadcast_settings& chosen);
    // The longest frame that a peer may send.
    static constexpr std::size_t largest_frame = std::size_t{64} << 10;

    // Before anything else.
    void use(broadcast_dialler& dialler) { dialler_ = &dialler; }
    // Where it listens, for others to dial, unless the settings say more.
    void tell_address(const host_port& at);
    // Nothing is sent any more.
    void stop();

    // A stream. `is_caller`: we have opened it. A peer's newer one ends the older.
    void opened(const key32& peer, broadcast_link& link, bool is_caller);
    void frame(const key32& peer, broadcast_link& link, std::span<const byte> bytes);
    void closed(const key32& peer, broadcast_link& link);
    // There is no connection to this peer, and nobody tries any more.
    void unreached(const key32& peer);

    // The sequence.
    [[nodiscard]] result<std::uint64_t> send(broadcast_kind kind, std::span<const byte> content);
    void on_heard(std::function<void(const heard_broadcast&)> heard) { heard_ = std::move(heard); }

    [[nodiscard]] const broadcast::node& node() const noexcept { return node_; }
    [[nodiscard]] const broadcast_settings& settings() const noexcept { return settings_; }
    // Peers that have a stream.
    [[nodiscard]] std::size_t links() const noexcept { return links_.size(); }
    // Messages at the verifier, and so many that nothing more should be read for now.
    [[nodiscard]] std::size_t verifying() const noexcept { return verifying_; }
    [[nodiscard]] bool is_busy() const noexcept { return verifying_ >= most_verifying; }
    // Frames that had no stream to go out on, and streams that were ended because the peer did not
    // take what was sent.
    [[nodiscard]] std::uint64_t unsendable() const noexcept { return unsendable_; }
    [[nodiscard]] std::uint64_t overflows() const noexcept { return overflows_; }

private:
    static constexpr std::size_t most_verifying = 256;
    // A message at the verifier.
    struct candidate {
        std::uint64_t ticket = 0;
        key32 origin{};
        signature64 signature{};
        std::vector<byte> text;
        bool is_valid = false;
    };

    void settle();
    void perform(const broadcast::action& what, std::span<const byte> bytes);
    void dial(const key32& peer, std::span<const byte> at);
    void send_frame(const key32& peer, std::span<const byte> bytes);
    void release(const key32& peer);
    void drop_link(const key32& peer, std::string_view why);
    void verify(const broadcast::action& what, std::span<const byte> bytes);
    void deliver(const broadcast::action& what, std::span<const byte> payload);
    void wait();
    [[nodiscard]] bool is_wanted(const key32& peer) const;

    const identity& own_;
    const network_key network_;
    const broadcast_settings settings_;
    broadcast::node node_;
    broadcast_dialler* dialler_ = nullptr;
    std::map<key32, broadcast_link*> links_;
    std::map<key32, std::vector<std::vector<byte>>> waiting_;  // frames, for a stream to come
    std::vector<key32> lost_;                                  // of which the node is to be told
    broadcast::outbox out_;
    broadcast::outbox doing_;
    bool settling_ = false;
    bool stopped_ = false;
    std::vector<candidate> to_verify_;
    std::size_t verifying_ = 0;
    std::uint64_t unsendable_ = 0;
    std::uint64_t overflows_ = 0;
    double allowance_;  // messages of our own that may be sent now
    std::chrono::steady_clock::time_point allowed_at_ = std::chrono::steady_clock::now();
    std::function<void(const heard_broadcast&)> heard_;
    boost::asio::steady_timer timer_;
    ordered_pool<candidate> pool_;
};

}  // namespace rhumb::overlay
