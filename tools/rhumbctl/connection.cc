#include "tools/rhumbctl/connection.hh"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "tools/rhumbctl/failure.hh"

namespace rhumb::ctl {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t read_bytes = std::size_t{256} << 10;

failure lost(const std::string& message) { return {exit_status::no_connection, message}; }

std::string reason(int code) { return std::generic_category().message(code); }

// How long poll() may still wait; -1: for ever.
int remaining(patience wait, clock::time_point start) {
    if (wait.count() == 0) {
        return -1;
    }
    const auto spent = std::chrono::duration_cast<patience>(clock::now() - start);
    const auto left = std::clamp<patience::rep>((wait - spent).count(), 0, 3'600'000);
    return static_cast<int>(left);
}

enum class woken { socket, interrupt, nothing };

woken wait_for(int socket, short events, int interrupt, int milliseconds) {
    std::array<pollfd, 2> watched{{{socket, events, 0}, {interrupt, POLLIN, 0}}};
    const int count = poll(watched.data(), interrupt < 0 ? 1 : 2, milliseconds);
    if (count < 0 && errno != EINTR) {
        throw lost("cannot wait for the router: " + reason(errno));
    }
    if (count <= 0) {
        return woken::nothing;
    }
    return interrupt >= 0 && watched[1].revents != 0 ? woken::interrupt : woken::socket;
}

bool is_usable(const std::filesystem::path& path, bool shared) {
    struct stat status{};
    return lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) &&
           (shared ? status.st_uid == geteuid() : access(path.c_str(), W_OK) == 0);
}

// Whether somebody listens: a router that was killed leaves its socket behind.
bool is_alive(const std::string& path) {
    try {
        (void)connection::open(path, std::chrono::seconds(1));
        return true;
    } catch (const failure&) {
        return false;
    }
}

std::vector<std::string> all_sockets(const std::vector<socket_place>& places) {
    std::vector<std::string> found;
    for (const socket_place& place : places) {
        std::error_code missing;
        for (const auto& entry : std::filesystem::directory_iterator(place.folder, missing)) {
            const std::string name = entry.path().filename().string();
            if (name.starts_with(place.prefix) && name.ends_with(".sock") &&
                is_usable(entry.path(), place.shared)) {
                found.push_back(entry.path().string());
            }
        }
    }
    std::ranges::sort(found);
    return found;
}

std::string patterns(const std::vector<socket_place>& places, const std::string& node) {
    std::string result;
    for (const socket_place& place : places) {
        result += fmt::format("{}{}/{}{}.sock", result.empty() ? "" : ", ", place.folder,
                              place.prefix, node);
    }
    return result;
}

std::string socket_of(const std::string& node, const std::vector<socket_place>& places) {
    for (const socket_place& place : places) {
        const std::string path = fmt::format("{}/{}{}.sock", place.folder, place.prefix, node);
        if (is_usable(path, place.shared)) {
            return path;
        }
    }
    throw lost(fmt::format("no router {} runs here: no socket that we may use at {}", node,
                           patterns(places, node)));
}

}  // namespace

connection::~connection() {
    if (socket_ >= 0) {
        close(socket_);
    }
}

connection connection::open(const std::string& path, patience wait) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        throw lost(fmt::format("{}: a socket's path has 1 to {} bytes", path,
                               sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    connection made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (made.socket_ < 0) {
        throw lost("cannot make a socket: " + reason(errno));
    }
    // Bounds connect() and send(), where the router's queue is full.
    const timeval limit{wait.count() / 1000, wait.count() % 1000 * 1000};
    (void)setsockopt(made.socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the socket API wants
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (connect(made.socket_, generic, sizeof address) != 0) {
        const int code = errno;
        throw lost(
            fmt::format("{}: cannot connect: {}{}", path, reason(code),
                        code == ECONNREFUSED || code == ENOENT ? " (does rhumbd run?)" : ""));
    }
    return made;
}

void connection::send_line(std::string_view line, patience wait) {
    const auto start = clock::now();
    std::string message(line);
    message += '\n';
    std::string_view left = message;
    while (!left.empty()) {
        const ssize_t count = send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            throw lost("the connection to the router broke: " + reason(errno));
        }
        left.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
        if (!left.empty() && remaining(wait, start) == 0) {
            throw lost("the router does not read the request");
        }
    }
}

std::optional<std::string> connection::read_line(patience wait, int interrupt) {
    const auto start = clock::now();
    for (;;) {
        if (auto line = take_line()) {
            return line;
        }
        const int milliseconds = remaining(wait, start);
        switch (wait_for(socket_, POLLIN, interrupt, milliseconds)) {
            case woken::socket: receive(); break;
            case woken::interrupt: return std::nullopt;
            case woken::nothing:
                if (remaining(wait, start) == 0) {
                    throw lost(fmt::format("the router has not answered for {:.3g} seconds",
                                           static_cast<double>(wait.count()) / 1000.0));
                }
                break;
        }
    }
}

// The first line of what has come, if it has come whole.
std::optional<std::string> connection::take_line() {
    const std::size_t newline = buffer_.find('\n', searched_);
    const std::size_t end = std::min(newline, buffer_.size());
    if (end - start_ > limit_) {
        throw lost(fmt::format("the router sent a line longer than {} bytes", limit_));
    }
    searched_ = end;
    if (newline == std::string::npos) {
        return std::nullopt;
    }
    std::string line = buffer_.substr(start_, end - start_);
    start_ = searched_ = end + 1;
    return line;
}

void connection::receive() {
    buffer_.erase(0, start_);
    searched_ -= start_;
    start_ = 0;
    const std::size_t used = buffer_.size();
    buffer_.resize(used + read_bytes);
    const ssize_t count = recv(socket_, buffer_.data() + used, read_bytes, 0);
    const int code = errno;
    buffer_.resize(used + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count == 0) {
        throw lost(used == 0 ? "the router closed the connection"
                             : "the router closed the connection in the middle of a line");
    }
    if (count < 0 && code != EINTR && code != EAGAIN) {
        throw lost("the connection to the router broke: " + reason(code));
    }
}

std::vector<socket_place> socket_places() {
    std::vector<socket_place> places{{"/run/rhumb", "", false}};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    if (const char* folder = std::getenv("XDG_RUNTIME_DIR"); folder != nullptr && *folder == '/') {
        places.push_back({folder, "rhumb-", true});
    }
    places.push_back({"/tmp", "rhumb-", true});
    return places;
}

std::string find_socket(const std::optional<std::string>& node,
                        const std::vector<socket_place>& places) {
    if (node) {
        return socket_of(*node, places);
    }
    std::vector<std::string> found = all_sockets(places);
    if (found.size() > 1) {
        std::vector<std::string> alive;
        std::ranges::copy_if(found, std::back_inserter(alive), is_alive);
        found = alive.empty() ? found : alive;
    }
    if (found.empty()) {
        throw lost(
            fmt::format("no router runs here: no socket that we may use at {}; say which "
                        "with -s SOCKET",
                        patterns(places, "*")));
    }
    if (found.size() > 1) {
        throw lost(fmt::format("{} routers run here; say which with -n NODE or -s SOCKET: {}",
                               found.size(), fmt::join(found, ", ")));
    }
    return found.front();
}

}  // namespace rhumb::ctl
