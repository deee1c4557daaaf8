#include "controlplane/api/connection.hh"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "controlplane/api/server.hh"
#include "controlplane/api/show_parts.hh"
#include "controlplane/controller/report_json.hh"
#include "dataplane/io/log.hh"

namespace rhumb::api {

namespace asio = boost::asio;
using boost::system::error_code;

void connection::read() {
    auto chunk = std::make_shared<std::array<char, 65536>>();
    socket_.async_read_some(asio::buffer(*chunk),
                            [self = shared_from_this(), chunk](error_code failed, std::size_t n) {
                                if (failed == asio::error::eof) {
                                    return self->end_input();
                                }
                                if (failed || self->server_ == nullptr) {
                                    return self->close();
                                }
                                self->input_.append(chunk->data(), n);
                                self->handle_lines();
                                if (self->server_ != nullptr) {
                                    self->read();
                                }
                            });
}

// The client has sent all it will. It may still read: then it gets its answers.
void connection::end_input() {
    if (server_ == nullptr) {
        return;
    }
    ended_ = true;
    if (!input_.empty() && input_.back() != '\n') {
        input_ += '\n';
    }
    handle_lines();
    if (server_ == nullptr || is_done()) {
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
void connection::handle_lines() {
    constexpr std::size_t enough = std::size_t{1} << 20;
    std::size_t begin = 0;
    std::string replies;
    while (!waiting_ && server_ != nullptr) {
        const std::size_t end = input_.find('\n', begin);
        if (end == std::string::npos) {
            break;
        }
        const std::string_view line = std::string_view(input_).substr(begin, end - begin);
        begin = end + 1;
        if (line.empty()) {
            continue;
        }
        const auto reply = answer(line, *this);
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

void connection::answer_with(std::string lines) {
    if (server_ != nullptr) {
        server_->running().publish_pending();
        send_lines(std::move(lines));
    }
}

void connection::answered() {
    waiting_ = false;
    handle_lines();
}

void connection::send(std::string line) { send_lines(std::move(line) + '\n'); }

void connection::send_lines(std::string lines) {
    if (server_ == nullptr) {
        return;
    }
    unsent_ += lines.size();
    output_.push_back(std::move(lines));
    if (unsent_ > max_unsent) {
        io::log(io::log_level::warning, "control client does not read: disconnected");
        close();
    } else if (output_.size() == 1) {
        write();
    }
}

void connection::write() {
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

void connection::close() {
    if (server_ != nullptr) {
        server* const owner = server_;
        server_ = nullptr;
        error_code ignored;
        socket_.close(ignored);
        owner->forget(this);
    }
}

result<json> connection::show(const json& params) {
    server_->running().publish_pending();
    return api::show(server_->running(), params, pages_);
}

result<json> connection::apply(const publish::changes& batch) {
    if (auto done = server_->running().apply(batch); !done) {
        return done.why();
    }
    return json{{"generation", server_->running().generation()}};
}

result<json> connection::reload() {
    if (auto done = server_->running().reload(); !done) {
        return done.why();
    }
    return json{{"generation", server_->running().tables().generation()}};
}

result<json> connection::set_port(const std::string& name, bool up) {
    if (auto done = server_->running().set_port(name, up); !done) {
        return done.why();
    }
    return json::object();
}

result<json> connection::set_nexthop(const std::string& name, bool up) {
    if (auto done = server_->running().set_nexthop(name, up); !done) {
        return done.why();
    }
    return json::object();
}

result<json> connection::reoptimise(const reoptimise_request& wanted) {
    router& running = server_->running();
    if (auto done = check_controller(running); !done) {
        return done.why();
    }
    controller::reoptimise_options options = running.reoptimise_options();
    if (wanted.target) {
        options.target = static_cast<double>(*wanted.target) / 100;
    }
    options.most_moves = wanted.moves.value_or(options.most_moves);
    const auto plan = running.reoptimise(options, wanted.apply);
    if (!plan) {
        return plan.why();
    }
    json answer = controller::report::to_json(plan.value());
    answer["applied"] = wanted.apply;
    return answer;
}

result<json> connection::revert_moves() {
    if (auto done = check_controller(server_->running()); !done) {
        return done.why();
    }
    return json{{"reverted", server_->running().revert_moves()}};
}

result<json> connection::shut_down() {
    server_->shut_down();
    return json::object();
}

std::optional<error> connection::start_trace(const json& id, const trace_request& wanted) {
    return server_->start_trace(*this, id, wanted);
}

std::optional<error> connection::start_capture(const json& id, const capture_request& wanted) {
    return server_->start_capture(*this, id, wanted);
}

}  // namespace rhumb::api
