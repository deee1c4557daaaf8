// A rhumbd of the test's own: in a folder of its own, talked to over its control socket, and ended
// by its process id. Threads: one at a time, but ask() from any one thread at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rhumb::test {

// A folder that is gone with the object.
class temporary_folder {
public:
    temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder();
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    void write(const std::string& name, const std::string& text) const;
    [[nodiscard]] std::string read(const std::string& name) const;

private:
    std::filesystem::path path_;
};

class daemon {
public:
    // Starts `rhumbd ARGUMENTS...` in the folder; its output goes to rhumbd.log there.
    daemon(const temporary_folder& folder, const std::vector<std::string>& arguments);
    daemon(const daemon&) = delete;
    daemon& operator=(const daemon&) = delete;
    // Kills it if it still runs.
    ~daemon();

    // Waits for it to end by itself: its exit status; 128 + signal if one ended it; -1 if it did not
    // end in time.
    [[nodiscard]] int wait(std::chrono::seconds patience = std::chrono::seconds(30));
    // Connects to its control socket (a path in the folder), once it is there.
    [[nodiscard]] bool connect(const std::string& socket,
                               std::chrono::seconds patience = std::chrono::seconds(20));
    // One request; its `result`, or {"error": ...}.
    nlohmann::json ask(const std::string& method,
                       const nlohmann::json& params = nlohmann::json::object());
    void signal(int number) const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] std::string log() const { return folder_.read("rhumbd.log"); }

private:
    const temporary_folder& folder_;
    pid_t pid_ = -1;
    int socket_ = -1;
    std::string unread_;
};

}  // namespace rhumb::test
