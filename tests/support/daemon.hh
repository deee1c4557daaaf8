// A rhumbd of the test's own: in a folder of its own, talked to over its control socket, and ended
// by its process id. Threads: one at a time, but a client from any one thread at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/temporary_folder.hh"

namespace rhumb::test {

// One connection to a control socket. A bounded wait for everything, so that no test hangs.
class client {
public:
    static constexpr std::chrono::seconds patience{60};

    // Nothing where nobody answers at `path`.
    [[nodiscard]] static std::optional<client> connect(const std::filesystem::path& path);
    client(client&& other) noexcept;
    client& operator=(client&& other) noexcept;
    ~client();

    // False once the daemon has closed the connection.
    bool send(std::string_view bytes);
    // Sends no more, but reads on, as `nc -N` does.
    void end_input() const;
    // The next message; null where the connection is closed, or nothing comes in time.
    [[nodiscard]] nlohmann::json message(std::chrono::milliseconds wait = patience);
    // One request; its `result`, or {"error": ...}.
    nlohmann::json ask(const std::string& method,
                       const nlohmann::json& params = nlohmann::json::object());
    // Whether the daemon closes the connection in time; what it still sends is thrown away.
    [[nodiscard]] bool is_closed(std::chrono::milliseconds wait = std::chrono::seconds(10));
    // From now on, how long is waited for room to send.
    void wait_to_send(std::chrono::milliseconds wait);

private:
    explicit client(int fd) : fd_(fd) {}
    // More bytes into unread_; false where there are none in time.
    bool receive(std::chrono::steady_clock::time_point until);

    int fd_;
    std::string unread_;
};

// The rhumbd to test: what the environment variable RHUMBD names, else the one just built.
[[nodiscard]] std::string rhumbd_path();

struct daemon_options {
    std::optional<uid_t> user;                                     // else the test's own
    std::vector<std::pair<std::string, std::string>> environment;  // added to the test's own
    std::string log = "rhumbd.log";
    std::string program;  // else rhumbd_path()
};

class daemon {
public:
    // Starts `rhumbd ARGUMENTS...` in the folder; its output goes to the log there. It ends with
    // the test, however that ends.
    daemon(const temporary_folder& folder, const std::vector<std::string>& arguments,
           daemon_options options = {});
    daemon(const daemon&) = delete;
    daemon& operator=(const daemon&) = delete;
    // Kills it if it still runs.
    ~daemon();

    // Waits for it to end by itself: its exit status; 128 + signal if one ended it; -1 if it did
    // not end in time.
    [[nodiscard]] int wait(std::chrono::seconds patience = std::chrono::seconds(30));
    // Connects to its control socket (a path in the folder), once it is there.
    [[nodiscard]] bool connect(const std::string& socket,
                               std::chrono::seconds patience = std::chrono::seconds(20));
    // One request; its `result`, or {"error": ...}. Precondition: connect().
    nlohmann::json ask(const std::string& method,
                       const nlohmann::json& params = nlohmann::json::object());
    void signal(int number) const;
    // Waits until its log has the text.
    [[nodiscard]] bool says(const std::string& text,
                            std::chrono::seconds patience = std::chrono::seconds(20));
    [[nodiscard]] bool runs();
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] std::string log() const { return folder_.read(options_.log); }

private:
    const temporary_folder& folder_;
    const daemon_options options_;
    pid_t pid_ = -1;
    std::optional<int> status_;
    std::optional<client> client_;
};

}  // namespace rhumb::test
