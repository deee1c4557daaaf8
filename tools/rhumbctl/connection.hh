// A Unix stream socket that carries lines: finding it, sending a line, reading lines of a bounded
// length. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rhumb::ctl {

inline constexpr std::size_t max_line_bytes = std::size_t{16} << 20;  // without the newline

// 0: for ever.
using patience = std::chrono::milliseconds;

class connection {
public:
    // `limit` is how long a line may be that comes in.
    explicit connection(int socket, std::size_t limit = max_line_bytes)
        : socket_(socket), limit_(limit) {}
    connection(connection&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)),
          limit_(other.limit_),
          buffer_(std::move(other.buffer_)),
          start_(other.start_),
          searched_(other.searched_) {}
    connection& operator=(connection&&) = delete;
    ~connection();

    // Throws failure{no_connection}, as the others do.
    [[nodiscard]] static connection open(const std::string& path, patience wait);

    // Sends `line` and a newline. Precondition: no newline in it.
    void send_line(std::string_view line, patience wait);

    // The next line, without its newline; nullopt if `interrupt`, a descriptor, turned readable
    // (-1: none). A line that does not come whole within `wait` is a failure.
    [[nodiscard]] std::optional<std::string> read_line(patience wait, int interrupt = -1);

private:
    [[nodiscard]] std::optional<std::string> take_line();
    void receive();

    int socket_;
    std::size_t limit_;
    std::string buffer_;
    std::size_t start_ = 0;     // of what is not yet taken
    std::size_t searched_ = 0;  // from there to here is no newline
};

// A folder where sockets lie, as PREFIX NODE .sock.
struct socket_place {
    std::string folder;
    std::string prefix;
    bool shared = false;  // anyone may write there: only sockets of our own count
};

// /run/rhumb, $XDG_RUNTIME_DIR, /tmp
[[nodiscard]] std::vector<socket_place> socket_places();

// The socket of `node`; without one, the only socket there is. Throws failure{no_connection}.
[[nodiscard]] std::string find_socket(const std::optional<std::string>& node,
                                      const std::vector<socket_place>& places = socket_places());

}  // namespace rhumb::ctl
