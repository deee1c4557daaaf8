#include "controlplane/control/line_server.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace rhumb::control {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds accept_pause{100};

// Whether somebody answers on the socket at `path`.
bool in_use(asio::io_context& io, const std::string& path) {
    stream_protocol::socket probe(io);
    error_code failed;
    probe.connect(stream_protocol::endpoint(path), failed);
    return !failed;
}

}  // namespace

void line_client::read() {
    auto chunk = std::make_shared<std::array<char, 65536>>();
    socket_.async_read_some(asio::buffer(*chunk),
                            [self = shared_from_this(), chunk](error_code failed, std::size_t n) {
                                if (failed == asio::error::eof) {
                                    return self->end_input();
                                }
                                if (failed || self->owner_ == nullptr) {
                                    return self->close();
                                }
                                self->input_.append(chunk->data(), n);
                                self->handle_lines();
                                if (self->owner_ != nullptr) {
                                    self->read();
                                }
                            });
}

// The client has sent all it will. It may still read: then it gets its answers.
void line_client::end_input() {
    if (owner_ == nullptr) {
        return;
    }
    ended_ = true;
    if (!input_.empty() && input_.back() != '\n') {
        input_ += '\n';
    }
    handle_lines();
    if (owner_ == nullptr || is_done()) {
        return close();
    }
    // A client that has closed hangs up, one that has only stopped sending does not. With nothing
    // to send, as in a trace that no packet comes for, nothing else would tell.
    socket_.async_wait(asio::socket_base::wait_error,
                       [self = shared_from_this()](error_code) { self->close(); });
}

// Lines are taken off the input when all have been answered: answers come later only from timers,
// so nothing in here gets back to here. Changes that come together are published together, and
// answered after that.
void line_client::handle_lines() {
    constexpr std::size_t enough = std::size_t{1} << 20;
    std::size_t begin = 0;
    std::string replies;
    while (!waiting_ && owner_ != nullptr) {
        const std::size_t end = input_.find('\n', begin);
        if (end == std::string::npos) {
            break;
        }
        const std::string_view line = std::string_view(input_).substr(begin, end - begin);
        begin = end + 1;
        if (line.empty()) {
            continue;
        }
        auto reply = on_line(line);
        waiting_ = !reply.has_value();
        if (reply) {
            replies += *reply;
            replies += '\n';
        }
        if (replies.size() > enough) {
            answer_with(std::exchange(replies, {}));
        }
    }
    if (!replies.empty()) {
        answer_with(std::move(replies));
    }
    input_.erase(0, begin);
    if (input_.size() > max_line) {
        close();
    }
}

void line_client::answer_with(std::string lines) {
    if (owner_ != nullptr) {
        before_answers();
        send_lines(std::move(lines));
    }
}

void line_client::answered() {
    waiting_ = false;
    handle_lines();
}

void line_client::send(std::string line) { send_lines(std::move(line) + '\n'); }

void line_client::send_lines(std::string lines) {
    if (owner_ == nullptr) {
        return;
    }
    unsent_ += lines.size();
    output_.push_back(std::move(lines));
    if (unsent_ > max_unsent) {
        owner_->warn("control client does not read: disconnected", "");
        close();
    } else if (output_.size() == 1) {
        write();
    }
}

void line_client::write() {
    asio::async_write(socket_, asio::buffer(output_.front()),
                      [self = shared_from_this()](error_code failed, std::size_t) {
                          if (failed) {
                              return self->close();
                          }
                          self->unsent_ -= self->output_.front().size();
                          self->output_.pop_front();
                          if (!self->output_.empty()) {
                              self->write();
                          } else if (self->is_done()) {
                              self->close();
                          }
                      });
}

void line_client::close() {
    if (owner_ != nullptr) {
        line_server* const owner = owner_;
        owner_ = nullptr;
        error_code ignored;
        socket_.close(ignored);
        on_close();
        owner->forget(this);
    }
}

line_server::line_server(asio::io_context& io, make_function make, warn_function warn)
    : io_(io), make_(std::move(make)), warn_(std::move(warn)), acceptor_(io), accept_timer_(io) {}

result<void> line_server::listen(const std::string& path) {
    const auto fail = [&](const std::string& why) {
        return error{"control socket " + path + ": " + why, {}};
    };
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        return fail("the path is too long for a Unix socket");
    }
    std::error_code ignored;
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) {
        std::filesystem::create_directories(folder, ignored);
    }
    if (std::filesystem::is_socket(path, ignored)) {
        if (in_use(io_, path)) {
            return fail(
                "another process answers there; give this node another node.name or "
                "runtime.socket");
        }
        std::filesystem::remove(path, ignored);
    }
    error_code failed;
    acceptor_.open(stream_protocol(), failed);
    // The mode must hold from the first moment on.
    const mode_t before = ::umask(0177);
    if (!failed) {
        acceptor_.bind(stream_protocol::endpoint(path), failed);
    }
    ::umask(before);
    if (!failed) {
        path_ = path;
        acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    }
    if (failed) {
        return fail(failed.message());
    }
    accept();
    return {};
}

void line_server::accept() {
    acceptor_.async_accept([this](error_code failed, stream_protocol::socket socket) {
        if (failed == asio::error::operation_aborted) {
            return;
        }
        if (failed) {
            return accept_later(failed.message());
        }
        accept_fails_ = false;
        clients_.push_back(make_(std::move(socket)));
        clients_.back()->start();
        accept();
    });
}

// Without a free file descriptor the client stays in the queue, and accept fails at once again.
void line_server::accept_later(const std::string& why) {
    if (!accept_fails_) {
        accept_fails_ = true;
        warn_("control clients must wait", why);
    }
    accept_timer_.expires_after(accept_pause);
    accept_timer_.async_wait([this](error_code failed) {
        if (!failed) {
            accept();
        }
    });
}

void line_server::close() {
    error_code ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
    while (!clients_.empty()) {
        clients_.front()->close();
    }
    if (!path_.empty()) {
        ::unlink(path_.c_str());
        path_.clear();
    }
}

void line_server::forget(line_client* gone) {
    clients_.remove_if([&](const auto& client) { return client.get() == gone; });
}

std::string default_socket(const std::string& node) {
    if (::geteuid() == 0) {
        return "/run/rhumb/" + node + ".sock";
    }
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    return std::string(runtime != nullptr && *runtime != '\0' ? runtime : "/tmp") + "/rhumb-" +
           node + ".sock";
}

}  // namespace rhumb::control
