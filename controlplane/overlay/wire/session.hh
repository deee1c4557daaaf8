// Calls between two peers over one byte stream (muxrpc over packet-stream): each side calls
// procedures of the other, by name, with JSON arguments. An async call has one answer; a source,
// sink or duplex is a stream of frames, which is gone when both sides have ended it. Either side
// ends all of it with a goodbye. Bytes in, bytes out: no sockets, no clock; limits are kept,
// whatever the peer sends.
//
// Streams and calls are named by the number that our frames about them bear: 1, 2, 3 … where we
// called, -1, -2, -3 … where the peer did. Every stream that was opened gets one on_end, every
// async call one on_answer, unless the session is destroyed before. A handler may call the session
// from within, but for feed().
//
// Keep-alive: keep_alive() calls `manifest`, which every peer answers. Peers that call
// `gossip.ping` (duplex) want a number for each number: send(id, body_type::json, milliseconds
// since 1970).
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/byte_queue.hh"
#include "controlplane/overlay/wire/json.hh"
#include "controlplane/overlay/wire/mux_frame.hh"
#include "rhumb/bytes.hh"

namespace rhumb::overlay {

using stream_id = std::int32_t;  // never 0

enum class call_type : std::uint8_t { async, source, sink, duplex };

struct incoming_call {
    stream_id id = 0;
    std::string_view name;  // "ebt.replicate"
    call_type type = call_type::async;
    // An array; nothing where there was none. Good during on_call only, as is the name.
    std::optional<json_value> arguments;
};

struct session_limits {
    std::size_t body = std::size_t{64}
                       << 10;  // of a frame, where the stream has no limit of its own
    std::size_t large = std::size_t{4} << 20;      // of any frame, also of those that nobody reads
    std::size_t calls = 64;                        // open at the same time
    std::size_t answers = std::size_t{256} << 10;  // that the peer makes us give, and does not take
};

class session;

class session_handler {
public:
    session_handler() = default;
    session_handler(const session_handler&) = delete;
    session_handler& operator=(const session_handler&) = delete;
    virtual ~session_handler() = default;

    // False: there is no such procedure; the session says so. Nothing else may be said of the call
    // then.
    virtual bool on_call(session& by, const incoming_call& call) = 0;
    // `body` is good during this call only.
    virtual void on_data(session& by, stream_id id, body_type type, std::string_view body) = 0;
    // The stream is gone. Without an error: both sides have ended it in peace.
    virtual void on_end(session& by, stream_id id, std::optional<std::string_view> error) = 0;
    // Of an async call of ours. Where it failed, `body` says why.
    virtual void on_answer(session& /*by*/, stream_id /*id*/, bool /*ok*/, body_type /*type*/,
                           std::string_view /*body*/) {}
};

class session {
public:
    enum class state : std::uint8_t {
        open,
        closing,  // we have said goodbye, the peer has not
        closed,   // both have
        failed    // why(): the connection is to be cut
    };

    // `manifest` is JSON, the answer to who asks what there is to call. Empty: none.
    explicit session(session_handler& handler, session_limits limits = {},
                     std::string manifest = {});
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    // All of the bytes, in order.
    state feed(std::span<const byte> bytes);
    // The stream has ended. Before the goodbyes that is a failure.
    state hang_up();

    // Calls of ours: their number, 0 where the session is not open. `arguments` is a JSON array.
    // `largest` is the limit of the peer's frames, 0 for the session's.
    stream_id open(call_type type, std::string_view name, std::string_view arguments,
                   std::size_t largest = 0);
    stream_id call(std::string_view name, std::string_view arguments = "[]");
    void keep_alive();
    // Also for a stream that the peer has opened.
    void allow(stream_id id, std::size_t largest);

    // False, and nothing is sent, where the stream is gone or has been ended by us, and for bodies
    // that harm JavaScript's peers: empty ones, and `null`.
    bool send(stream_id id, body_type type, std::string_view body);
    bool end(stream_id id);
    bool fail(stream_id id, std::string_view message);
    // The answer to an async call of the peer.
    bool answer(stream_id id, body_type type, std::string_view body);
    bool refuse(stream_id id, std::string_view message);

    // Ends all streams and says goodbye.
    void close();

    // What is to be sent. Its size is what back-pressure goes by: send no more while it is large.
    [[nodiscard]] byte_queue& output() noexcept { return output_; }
    [[nodiscard]] std::size_t bytes_pending() const noexcept { return output_.size(); }

    [[nodiscard]] state now() const noexcept { return state_; }
    [[nodiscard]] std::size_t open_calls() const noexcept { return calls_.size(); }
    // Why it failed.
    [[nodiscard]] const std::string& why() const noexcept { return why_; }

private:
    struct open_call {
        stream_id id = 0;
        bool is_async = false;
        bool is_silent = false;  // nobody waits for the answer
        bool ended = false;      // by us
        std::size_t largest = 0;
    };

    [[nodiscard]] open_call* find(stream_id id) noexcept;
    void forget(stream_id id) noexcept;
    [[nodiscard]] open_call* writable(stream_id id, bool is_async) noexcept;
    stream_id start(const open_call& as, std::string_view body);
    [[nodiscard]] stream_id next_id() noexcept;
    void put(stream_id id, bool is_stream, bool is_end, body_type type, std::string_view body);
    void put_own(stream_id id, bool is_stream, bool is_end, std::string_view body);

    [[nodiscard]] bool is_new_call(const frame_header& header) const noexcept;
    void on_header(const frame_header& header);
    void on_frame(const frame_header& header, std::string_view body);
    void on_new_call(const frame_header& header, std::string_view body);
    void offer(const frame_header& header, const json_value& call);
    void turn_down(const frame_header& header, std::string_view message);
    void on_answer_frame(const open_call& of, const frame_header& header, std::string_view body);
    void on_stream_end(const open_call& of, const frame_header& header, std::string_view body);
    [[nodiscard]] std::string error_text(std::string_view body);
    void on_goodbye();
    void end_all(std::string_view why);
    void cut(std::string_view why);

    session_handler* handler_;
    session_limits limits_;
    std::string manifest_;
    state state_ = state::open;
    mux_reader reader_;
    byte_queue output_;
    std::vector<open_call> calls_;
    stream_id last_own_ = 0;
    std::int32_t last_of_peer_ = 0;
    std::size_t answer_bytes_ = 0;  // of what the session itself has said, at most
    json_document document_;
    std::string why_;
};

// The body of an error, as JavaScript's peers write it.
[[nodiscard]] std::string error_body(std::string_view message);

// Whether an error says that the peer does not know `ebt.replicate`: two texts are known for that.
[[nodiscard]] bool says_no_ebt(std::string_view error) noexcept;
// The same of rhumb.broadcast.
[[nodiscard]] bool says_no_broadcast(std::string_view error) noexcept;

}  // namespace rhumb::overlay
