#include "tests/support/daemon.hh"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace rhumb::test {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

temporary_folder::temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "rhumb-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no temporary folder: " + name);
    }
    path_ = name;
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void temporary_folder::write(const std::string& name, const std::string& text) const {
    // Renamed into place, so that a reload never reads half a file.
    const auto fresh = path_ / (name + ".new");
    std::ofstream(fresh, std::ios::binary) << text;
    std::filesystem::rename(fresh, path_ / name);
}

std::string temporary_folder::read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
    return text.str();
}

daemon::daemon(const temporary_folder& folder, const std::vector<std::string>& arguments)
    : folder_(folder) {
    std::vector<std::string> line{RHUMBD};
    line.insert(line.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : line) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    const std::string folder_name = folder.path().string();
    const std::string log_name = folder_name + "/rhumbd.log";
    pid_ = ::fork();
    if (pid_ == 0) {
        const int log = ::open(log_name.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
        if (::chdir(folder_name.c_str()) == 0 && log >= 0) {
            ::dup2(log, STDOUT_FILENO);
            ::dup2(log, STDERR_FILENO);
            ::execv(argv[0], argv.data());
        }
        ::_exit(127);
    }
}

daemon::~daemon() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

int daemon::wait(std::chrono::seconds patience) {
    const auto until = clock::now() + patience;
    int status = 0;
    while (pid_ > 0 && clock::now() < until) {
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        std::this_thread::sleep_for(5ms);
    }
    return -1;
}

bool daemon::connect(const std::string& socket, std::chrono::seconds patience) {
    const std::string path = (folder_.path() / socket).string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return false;
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const auto until = clock::now() + patience;
    while (clock::now() < until && ::waitpid(pid_, nullptr, WNOHANG) == 0) {
        socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
            return true;
        }
        ::close(socket_);
        socket_ = -1;
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

nlohmann::json daemon::ask(const std::string& method, const nlohmann::json& params) {
    const std::string line =
        nlohmann::json{{"id", 1}, {"method", method}, {"params", params}}.dump() + '\n';
    for (std::size_t sent = 0; sent < line.size();) {
        const ssize_t n = ::send(socket_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            return {{"error", {{"message", std::strerror(errno)}}}};
        }
        sent += static_cast<std::size_t>(n);
    }
    std::size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) {
        std::array<char, 65536> chunk;
        const ssize_t n = ::recv(socket_, chunk.data(), chunk.size(), 0);
        if (n <= 0) {
            return {{"error", {{"message", "the daemon closed the connection"}}}};
        }
        unread_.append(chunk.data(), static_cast<std::size_t>(n));
    }
    const auto answer = nlohmann::json::parse(unread_.substr(0, end));
    unread_.erase(0, end + 1);
    return answer.contains("result") ? answer["result"] : answer;
}

void daemon::signal(int number) const {
    if (pid_ > 0) {
        ::kill(pid_, number);
    }
}

}  // namespace rhumb::test
