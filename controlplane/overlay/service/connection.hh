// One connection to a peer over TCP: the socket of a peer_link, and the streams of EBT and of
// broadcast over it. What the peer sends is read only while its budget lasts and the verifiers keep
// up.
//
// Threads: control.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/overlay/service/address.hh"
#include "controlplane/overlay/service/broadcasts.hh"
#include "controlplane/overlay/service/budget.hh"
#include "controlplane/overlay/service/replicator.hh"
#include "controlplane/overlay/wire/handshake.hh"
#include "controlplane/overlay/wire/peer_link.hh"

namespace rhumb::overlay {

class connection;

// Who has the connections.
class connection_owner {
public:
    connection_owner() = default;
    connection_owner(const connection_owner&) = delete;
    connection_owner& operator=(const connection_owner&) = delete;
    virtual ~connection_owner() = default;

    // Whether who has proven to be `peer` is let in.
    [[nodiscard]] virtual bool admits(const key32& peer) = 0;
    // The handshake is done. False: there is another connection to this peer, which is kept.
    [[nodiscard]] virtual bool opened(connection& which) = 0;
    // The socket is closed; the last thing that a connection says.
    virtual void closed(connection& which) = 0;
    // Whether we have dialled for broadcast alone.
    [[nodiscard]] virtual bool is_for_broadcast(const connection& which) const = 0;
};

struct connection_settings {
    network_key network = main_network;
    std::chrono::milliseconds handshake_timeout{5000};
    budget::rates rates{20'000, 20'000, std::uint64_t{64} << 20};
    broadcasts* spread = nullptr;  // null: this node does not broadcast
};

class connection final : public std::enable_shared_from_this<connection>,
                         private session_handler,
                         private replication_link,
                         private broadcast_link {
public:
    using tcp = boost::asio::ip::tcp;

    // `dialled`: we are the client, and the peer must have that key.
    connection(tcp::socket socket, connection_owner& owner, replicator& feeds, const identity& own,
               const connection_settings& chosen, const std::optional<key32>& dialled);

    void start();

    // Says goodbye and closes, at once where the peer does not listen.
    void close(std::string why);
    // The owner is gone.
    void cut();

    [[nodiscard]] const key32& peer() const noexcept { return peer_; }
    [[nodiscard]] bool is_client() const noexcept { return is_client_; }
    [[nodiscard]] bool is_open() const noexcept { return is_open_; }
    // It has said goodbye.
    [[nodiscard]] bool is_closing() const noexcept { return is_closing_; }
    [[nodiscard]] bool replicates() const noexcept { return ebt_ != 0; }
    [[nodiscard]] bool broadcasts_too() const noexcept { return broadcast_ != 0; }
    // An address and a port.
    [[nodiscard]] const host_port& remote() const noexcept { return remote_; }
    // Why it was or will be closed; empty while nothing is wrong.
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
    [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
    // Calls that are open, of both sides.
    [[nodiscard]] std::size_t open_calls() const noexcept { return link_.calls().open_calls(); }
    [[nodiscard]] std::chrono::steady_clock::time_point since() const noexcept { return since_; }

private:
    // session_handler
    bool on_call(session& by, const incoming_call& call) override;
    void on_data(session& by, stream_id id, body_type type, std::string_view body) override;
    void on_end(session& by, stream_id id, std::optional<std::string_view> error) override;

    // replication_link
    void send_message(const message_text& text) override;
    void send_notes(std::span<const note_entry> notes) override;
    void end(ebt::end_reason why) override;
    [[nodiscard]] std::size_t unsent() const override;
    void flush_later() override;

    // broadcast_link; unsent() is the same
    void send_frame(std::span<const byte> frame) override;
    void end_broadcast(std::string_view why) override;

    void read();
    void take(std::size_t count);
    void become_open();
    // Has what waits written soon: once, for all that comes until then.
    void write_soon();
    void write();
    void written(std::size_t count);
    void wait_for_life();
    void shut(std::string why);
    // connection_replication.cc
    void call_replication();
    void answer_replicate(const incoming_call& call);
    void open_replication(stream_id id, int version);
    void stop_replication();
    void stream_ended();
    void take_replication(body_type type, std::string_view body);
    void take_frame(std::string_view json);
    void take_backlog();
    void frame_taken(const result<void>& how);
    // connection_broadcast.cc
    void answer_broadcast(const incoming_call& call);
    void call_broadcast();
    void open_broadcast(stream_id id);
    void stop_broadcast();
    void broadcast_ended();
    void take_broadcast(body_type type, std::string_view body);

    tcp::socket socket_;
    connection_owner* owner_;  // null once closed
    replicator& feeds_;
    broadcasts* const spread_;
    const std::chrono::milliseconds handshake_timeout_;
    boost::asio::steady_timer read_timer_;  // the budget's, and the handshake's
    boost::asio::steady_timer life_timer_;
    boost::asio::steady_timer flush_timer_;
    boost::asio::steady_timer again_timer_;  // until rhumb.broadcast is called once more
    std::array<byte, std::size_t{32} << 10> input_;
    peer_link link_;
    std::vector<byte> sending_;  // what is being written
    budget budget_;
    key32 peer_{};
    const bool is_client_;
    bool is_open_ = false;  // the handshake is done
    bool is_closing_ = false;
    bool write_is_due_ = false;
    bool flush_is_due_ = false;
    stream_id ebt_ = 0;  // the stream of ebt.replicate
    std::optional<ebt::stream> replication_;
    stream_id broadcast_ = 0;          // of rhumb.broadcast
    bool knows_no_broadcast_ = false;  // the peer has said so
    std::chrono::seconds again_after_{0};
    std::chrono::steady_clock::time_point called_;  // rhumb.broadcast, the last time
    std::deque<std::string> backlog_;               // frames behind notes that are being worked off
    bool is_busy_ = false;                          // with these
    host_port remote_;
    std::string why_;
    std::string notes_text_;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t bytes_sent_ = 0;
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point heard_ = since_;
};

}  // namespace rhumb::overlay
