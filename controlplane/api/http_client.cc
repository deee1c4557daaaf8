#include "controlplane/api/http_client.hh"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <ctime>
#include <limits>
#include <utility>

namespace rhumb::api {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds retry_time{10};
// How long, and for how much, a client is listened to after the last answer.
constexpr std::chrono::milliseconds leave_time{1000};
constexpr std::size_t leave_bytes = std::size_t{256} << 10;

// Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 section 5.6.7). rhumbd is in the C locale.
std::string date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    std::array<char, 32> text{};
    gmtime_r(&now, &parts);
    return {text.data(),
            std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

// "/metrics" of "/metrics?name=x" and of "http://router:30442/metrics" (RFC 9112 section 3.2.2).
std::string_view path_of(std::string_view target) {
    constexpr std::string_view scheme = "http://";
    if (target.starts_with(scheme)) {
        target.remove_prefix(std::min(target.find('/', scheme.size()), target.size()));
    }
    return target.substr(0, target.find('?'));
}

template <class Request>
http::status wrong_with(const Request& asked, bool has_body) {
    if (asked.version() == 11 && asked.count(http::field::host) != 1) {
        return http::status::bad_request;
    }
    if (asked.method() != http::verb::get && asked.method() != http::verb::head) {
        return http::status::method_not_allowed;
    }
    return has_body ? http::status::payload_too_large : http::status::ok;
}

template <class Response>
Response made_error(http::status why) {
    Response answer(why, 11);
    answer.set(http::field::content_type, "text/plain; charset=utf-8");
    if (why == http::status::method_not_allowed) {
        answer.set(http::field::allow, "GET, HEAD");
    }
    if (why == http::status::service_unavailable) {
        answer.set(http::field::retry_after, "1");
    }
    answer.body() = std::to_string(static_cast<unsigned>(why)) + " " +
                    std::string(http::obsolete_reason(why)) + "\n";
    return answer;
}

}  // namespace

http_client::http_client(tcp::socket socket, http_service& owner)
    : socket_(std::move(socket)),
      owner_(&owner),
      timer_(socket_.get_executor()),
      buffer_(owner.limits().header_bytes) {}

void http_client::close() {
    if (owner_ != nullptr) {
        http_service* const owner = std::exchange(owner_, nullptr);
        timer_.cancel();
        error_code ignored;
        socket_.close(ignored);
        owner->forget(this);
    }
}

// Begins a phase that must not take longer. The timer before this may have gone off already.
void http_client::allow(phase what, std::chrono::milliseconds time) {
    phase_ = what;
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](error_code failed) {
        if (!failed && self->owner_ != nullptr && self->timer_.expiry() <= clock::now()) {
            self->out_of_time();
        }
    });
}

void http_client::out_of_time() {
    if (phase_ != phase::reading) {
        return close();
    }
    // on_request() gets to know. If reading is just between two steps there is nothing to cancel:
    // then the next time.
    is_late_ = true;
    error_code failed;
    socket_.cancel(failed);
    allow(phase::reading, retry_time);
}

void http_client::read() {
    allow(phase::reading, owner_->limits().request_time);
    parser_.emplace();
    parser_->header_limit(owner_->limits().header_bytes);
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // answer() looks at it
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](error_code failed, std::size_t bytes) {
                                self->on_request(failed, bytes);
                            });
}

void http_client::on_request(error_code failed, std::size_t header_bytes) {
    if (owner_ == nullptr) {
        return;
    }
    // The parser itself holds the first line and the fields to the limit one by one.
    if (!failed && header_bytes > owner_->limits().header_bytes) {
        failed = http::error::header_limit;
    }
    if (!failed) {
        return answer(parser_->get(), !parser_->is_done());
    }
    if (failed == asio::error::operation_aborted && parser_->got_some()) {
        return refuse(status::request_timeout);
    }
    if (failed == http::error::end_of_stream ||
        failed.category() != make_error_code(http::error::end_of_stream).category()) {
        return close();
    }
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow) {
        return refuse(status::request_header_fields_too_large);
    }
    refuse(status::bad_request);
}

void http_client::answer(const request& asked, bool has_body) {
    const status wrong = wrong_with(asked, has_body);
    const std::string_view target(asked.target().data(), asked.target().size());
    response answer =
        wrong == status::ok ? made_page(path_of(target)) : made_error<response>(wrong);
    if (owner_ == nullptr) {
        return;  // closed by the page
    }
    const bool is_understood = wrong == status::ok || wrong == status::method_not_allowed;
    answer.version(asked.version());
    answer.keep_alive(asked.keep_alive() && is_understood && !has_body && !is_late_);
    answer.prepare_payload();
    if (asked.method() == http::verb::head) {
        answer.body().clear();  // its length stays in the header
    }
    write(std::move(answer));
}

http_client::response http_client::made_page(std::string_view path) {
    const auto service = owner_->shared_from_this();  // stays, even if the page closes it
    const page* const found = service->find(path);
    if (found == nullptr) {
        return made_error<response>(status::not_found);
    }
    if (service->unsent() > service->limits().unsent_bytes) {
        return made_error<response>(status::service_unavailable);
    }
    try {
        response answer(status::ok, 11);
        answer.set(http::field::content_type, found->content_type);
        answer.body() = found->make();
        return answer;
    } catch (...) {
        return made_error<response>(status::internal_server_error);
    }
}

// What came cannot be understood, so nothing after it can.
void http_client::refuse(status why) {
    auto answer = made_error<response>(why);
    answer.keep_alive(false);
    answer.prepare_payload();
    write(std::move(answer));
}

void http_client::write(response answer) {
    allow(phase::writing, owner_->limits().answer_time);
    answer.set(http::field::date, date());
    answer_.emplace(std::move(answer));
    http::async_write(
        socket_, *answer_,
        [self = shared_from_this()](error_code failed, std::size_t) { self->on_written(failed); });
}

void http_client::on_written(error_code failed) {
    if (owner_ == nullptr) {
        return;
    }
    const bool goes_on = answer_->keep_alive();
    answer_.reset();
    if (failed) {
        close();
    } else if (goes_on) {
        read();
    } else {
        leave();
    }
}

// To close at once could take the answer away again: where bytes come that nobody reads, the kernel
// resets the connection (RFC 9112 section 9.6).
void http_client::leave() {
    error_code failed;
    socket_.shutdown(tcp::socket::shutdown_send, failed);
    if (failed) {
        return close();
    }
    allow(phase::leaving, leave_time);
    discard();
}

void http_client::discard() {
    socket_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](
                                                          error_code failed, std::size_t count) {
        self->discarded_bytes_ += count;
        if (failed || self->owner_ == nullptr || self->discarded_bytes_ > leave_bytes) {
            self->close();
        } else {
            self->discard();
        }
    });
}

}  // namespace rhumb::api
