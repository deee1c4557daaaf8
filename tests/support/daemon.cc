#include "tests/support/daemon.hh"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace rhumb::test {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

std::optional<client> client::connect(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path.string();
    if (name.size() >= sizeof address.sun_path) {
        return std::nullopt;
    }
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    client made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return std::nullopt;
    }
    made.wait_to_send(patience);
    return made;
}

client::client(client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), unread_(std::move(other.unread_)) {}

client& client::operator=(client&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(unread_, other.unread_);
    return *this;
}

client::~client() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void client::wait_to_send(std::chrono::milliseconds wait) {
    timeval limit{};
    limit.tv_sec = wait.count() / 1000;
    limit.tv_usec = wait.count() % 1000 * 1000;
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

void client::end_input() const { ::shutdown(fd_, SHUT_WR); }

bool client::receive(clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0) {
        return false;
    }
    std::array<char, 65536> chunk;
    const ssize_t n = ::recv(fd_, chunk.data(), chunk.size(), 0);
    unread_.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return n > 0;
}

nlohmann::json client::message(std::chrono::milliseconds wait) {
    const auto until = clock::now() + wait;
    std::size_t searched = 0;
    std::size_t end = 0;
    while ((end = unread_.find('\n', searched)) == std::string::npos) {
        searched = unread_.size();
        if (!receive(until)) {
            return nullptr;
        }
    }
    auto parsed = nlohmann::json::parse(unread_.substr(0, end));
    unread_.erase(0, end + 1);
    return parsed;
}

nlohmann::json client::ask(const std::string& method, const nlohmann::json& params) {
    if (!send(nlohmann::json{{"id", 1}, {"method", method}, {"params", params}}.dump() + '\n')) {
        return {{"error", {{"message", "the daemon closed the connection"}}}};
    }
    const nlohmann::json answer = message();
    if (answer.is_null()) {
        return {{"error", {{"message", "no answer"}}}};
    }
    return answer.contains("result") ? answer["result"] : answer;
}

bool client::is_closed(std::chrono::milliseconds wait) {
    const auto until = clock::now() + wait;
    while (receive(until)) {
        unread_.clear();
    }
    return clock::now() < until;
}

std::string rhumbd_path() {
    const char* const named = std::getenv("RHUMBD");
    return named != nullptr ? named : RHUMBD;
}

daemon::daemon(const temporary_folder& folder, const std::vector<std::string>& arguments,
               daemon_options options)
    : folder_(folder), options_(std::move(options)) {
    // Everything that allocates comes before fork(): the test may have threads.
    std::vector<std::string> line{options_.program.empty() ? rhumbd_path() : options_.program};
    line.insert(line.end(), arguments.begin(), arguments.end());
    std::vector<std::string> variables;
    for (const auto& [name, value] : options_.environment) {
        variables.push_back(name + '=' + value);
    }
    for (char** one = environ; *one != nullptr; ++one) {
        variables.emplace_back(*one);  // of two with the same name, the first counts
    }
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> list;
        for (std::string& text : texts) {
            list.push_back(text.data());
        }
        list.push_back(nullptr);
        return list;
    };
    const std::vector<char*> argv = pointers(line);
    const std::vector<char*> envp = pointers(variables);
    const std::string folder_name = folder.path().string();
    const std::string log_name = folder_name + '/' + options_.log;
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        const int log = ::open(log_name.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
        const bool other_user = options_.user.has_value();
        if (::chdir(folder_name.c_str()) == 0 && log >= 0 &&
            (!other_user || (::setgroups(0, nullptr) == 0 && ::setgid(*options_.user) == 0 &&
                             ::setuid(*options_.user) == 0)) &&
            ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent) {
            ::dup2(log, STDOUT_FILENO);
            ::dup2(log, STDERR_FILENO);
            ::execve(argv[0], argv.data(), envp.data());
        }
        ::_exit(127);
    }
}

daemon::~daemon() {
    if (runs()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

bool daemon::runs() {
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return pid_ > 0 && !status_;
}

int daemon::wait(std::chrono::seconds patience) {
    const auto until = clock::now() + patience;
    while (runs() && clock::now() < until) {
        std::this_thread::sleep_for(5ms);
    }
    return status_.value_or(-1);
}

bool daemon::connect(const std::string& socket, std::chrono::seconds patience) {
    const auto until = clock::now() + patience;
    client_.reset();
    while (!client_ && runs() && clock::now() < until) {
        client_ = client::connect(folder_.path() / socket);
        if (!client_) {
            std::this_thread::sleep_for(20ms);
        }
    }
    return client_.has_value();
}

nlohmann::json daemon::ask(const std::string& method, const nlohmann::json& params) {
    return client_->ask(method, params);
}

bool daemon::says(const std::string& text, std::chrono::seconds patience) {
    const auto until = clock::now() + patience;
    while (log().find(text) == std::string::npos) {
        if (!runs() || clock::now() > until) {
            return log().find(text) != std::string::npos;
        }
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

void daemon::signal(int number) const {
    if (pid_ > 0 && !status_) {
        ::kill(pid_, number);
    }
}

}  // namespace rhumb::test
