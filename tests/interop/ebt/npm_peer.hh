// An npm peer as a child process, and a connection to it over a blocking socket. Threads: one.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/classic_message.hh"
#include "controlplane/overlay/wire/notes.hh"
#include "controlplane/overlay/wire/peer_link.hh"
#include "tests/support/temporary_folder.hh"

namespace rhumb::test {

inline constexpr std::chrono::seconds patience{10};

class npm_peer {
public:
    explicit npm_peer(std::uint16_t port);
    npm_peer(const npm_peer&) = delete;
    npm_peer& operator=(const npm_peer&) = delete;
    ~npm_peer();

    [[nodiscard]] bool runs() const noexcept { return process_ > 0; }
    [[nodiscard]] const overlay::key32& id() const noexcept { return id_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    void command(const std::string& line) const;
    // The next line that begins so; empty after some seconds.
    std::string line(std::string_view beginning);
    void publish(int count);
    // How many messages of a feed it has; waits for `expected`.
    std::int64_t clock_of(const overlay::key32& feed, std::int64_t expected);

private:
    bool fill();

    temporary_folder folder_;
    std::uint16_t port_;
    int process_ = -1;
    int in_ = -1;
    int out_ = -1;
    std::string text_;
    overlay::key32 id_{};
};

// A socket's number, -1 where that failed.
[[nodiscard]] int dial(std::uint16_t port);
[[nodiscard]] int listen_on(std::uint16_t port);
[[nodiscard]] int accept_one(int listener);
// One that nobody uses now.
[[nodiscard]] std::uint16_t free_port();

// What the peer says on a connection, and the connection.
class npm_link : public overlay::session_handler {
public:
    npm_link(int socket, overlay::handshake shake);
    npm_link(const npm_link&) = delete;
    npm_link& operator=(const npm_link&) = delete;
    ~npm_link() override;

    // Sends and receives until `done`, or for some seconds; whether it is done.
    bool run_until(const std::function<bool()>& done);
    // Whether it is open; a server lets everybody in.
    bool open();
    overlay::stream_id replicate(int version = 3);
    void send_notes(std::vector<overlay::note_entry> notes);

    bool on_call(overlay::session& by, const overlay::incoming_call& call) override;
    void on_data(overlay::session& by, overlay::stream_id id, overlay::body_type type,
                 std::string_view body) override;
    void on_end(overlay::session& by, overlay::stream_id id,
                std::optional<std::string_view> error) override;
    void on_answer(overlay::session& by, overlay::stream_id id, bool ok, overlay::body_type type,
                   std::string_view body) override;

    overlay::peer_link& link() noexcept { return link_; }
    overlay::stream_id ebt = 0;
    std::vector<std::string> calls;
    std::vector<overlay::note_entry> notes;  // all of them
    std::vector<overlay::classic_message> messages;
    std::vector<std::string> ends;  // "1", or "1: why"
    std::vector<std::string> answers;
    bool hung_up = false;

private:
    bool exchange(int milliseconds);

    int socket_;
    overlay::peer_link link_;
    overlay::message_reader reader_;
    overlay::notes_reader notes_reader_;
    std::array<byte, 65536> input_{};
};

}  // namespace rhumb::test
