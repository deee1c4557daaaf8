#include "controlplane/api/http_listener.hh"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <utility>

#include "controlplane/api/http_client.hh"
#include "rhumb/wire/isd_as.hh"

namespace rhumb::api {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds accept_pause{100};

struct wanted_address {
    std::optional<asio::ip::address> host;  // none: all there are
    std::uint16_t port = 0;
};

// "HOST:PORT" with a literal HOST, an IPv6 one in brackets, or none.
std::optional<wanted_address> parse(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return std::nullopt;
    }
    wanted_address wanted;
    const auto port = scion::parse_digits(std::string_view(text).substr(colon + 1), 10, 0xffff);
    if (!port) {
        return std::nullopt;
    }
    wanted.port = static_cast<std::uint16_t>(*port);
    if (colon == 0) {
        return wanted;
    }
    const bool in_brackets = text.front() == '[' && text[colon - 1] == ']';
    const std::string host = in_brackets ? text.substr(1, colon - 2) : text.substr(0, colon);
    error_code failed;
    wanted.host = asio::ip::make_address(host, failed);
    if (failed || wanted.host->is_v6() != in_brackets) {
        return std::nullopt;
    }
    return wanted;
}

error_code open(tcp::acceptor& acceptor, const tcp::endpoint& at) {
    error_code failed;
    acceptor.open(at.protocol(), failed);
    if (!failed) {
        acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    }
    if (!failed) {
        acceptor.bind(at, failed);
    }
    if (!failed) {
        acceptor.listen(asio::socket_base::max_listen_connections, failed);
    }
    if (failed) {
        error_code ignored;
        acceptor.close(ignored);
    }
    return failed;
}

}  // namespace

http_service::http_service(asio::io_context& io, std::vector<page> pages, const http_limits& limits,
                           std::function<void(std::string_view)> warn)
    : pages_(std::move(pages)),
      limits_(limits),
      warn_(std::move(warn)),
      acceptor_(io),
      accept_timer_(io) {}

result<void> http_service::listen(const std::string& address) {
    const auto fail = [&](const std::string& why) {
        return error{"HTTP address " + address + ": " + why, {}};
    };
    const auto wanted = parse(address);
    if (!wanted) {
        return fail("it is no literal address and port, as in 127.0.0.1:30442 or [::1]:30442");
    }
    error_code failed;
    if (wanted->host) {
        failed = open(acceptor_, {*wanted->host, wanted->port});
    } else {
        // The IPv6 socket takes IPv4 clients as well. Where there is no IPv6, those are all.
        failed = open(acceptor_, {tcp::v6(), wanted->port});
        if (failed == asio::error::address_family_not_supported ||
            failed == boost::system::errc::address_not_available) {
            failed = open(acceptor_, {tcp::v4(), wanted->port});
        }
    }
    if (failed) {
        return fail(failed.message());
    }
    accept();
    return {};
}

std::string http_service::address() const {
    error_code failed;
    const tcp::endpoint at = acceptor_.local_endpoint(failed);
    if (failed) {
        return {};
    }
    const std::string host = at.address().to_string(failed);
    return (at.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(at.port());
}

const page* http_service::find(std::string_view path) const {
    const auto found = std::ranges::find(pages_, path, &page::path);
    return found == pages_.end() ? nullptr : &*found;
}

std::size_t http_service::unsent() const {
    std::size_t sum = 0;
    for (const auto& client : clients_) {
        sum += client->unsent();
    }
    return sum;
}

// With as many clients as there may be, others stay in the kernel's queue.
void http_service::accept() {
    accepts_ = acceptor_.is_open() && clients_.size() < limits_.clients;
    if (!accepts_) {
        return;
    }
    acceptor_.async_accept([self = shared_from_this()](error_code failed, tcp::socket socket) {
        if (!self->acceptor_.is_open()) {
            return;
        }
        if (failed) {
            return self->accept_later(failed);
        }
        self->accept_fails_ = false;
        self->clients_.push_back(std::make_shared<http_client>(std::move(socket), *self));
        self->clients_.back()->start();
        self->accept();
    });
}

// Without a free file descriptor the client stays in the queue, and accept fails at once again.
void http_service::accept_later(error_code why) {
    if (!accept_fails_ && warn_) {
        warn_("HTTP clients of " + address() + " must wait: " + why.message());
    }
    accept_fails_ = true;
    accept_timer_.expires_after(accept_pause);
    accept_timer_.async_wait([self = shared_from_this()](error_code failed) {
        if (!failed) {
            self->accept();
        }
    });
}

void http_service::forget(http_client* gone) {
    clients_.remove_if([&](const auto& client) { return client.get() == gone; });
    if (!accepts_) {
        accept();
    }
}

void http_service::close() {
    error_code ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
    while (!clients_.empty()) {
        const auto client = clients_.front();
        client->close();
    }
}

http_listener::http_listener(asio::io_context& io, std::vector<page> pages, http_limits limits,
                             std::function<void(std::string_view)> warn)
    : io_(io), pages_(std::move(pages)), limits_(limits), warn_(std::move(warn)) {}

http_listener::~http_listener() { close(); }

result<void> http_listener::listen(const std::string& address) {
    if (service_) {
        return error{
            "HTTP address " + address + ": it listens on " + service_->address() + " already", {}};
    }
    const auto made = std::make_shared<http_service>(io_, pages_, limits_, warn_);
    if (auto opened = made->listen(address); !opened) {
        return opened;
    }
    service_ = made;
    return {};
}

std::string http_listener::address() const { return service_ ? service_->address() : ""; }

void http_listener::close() {
    if (const auto closing = std::exchange(service_, nullptr)) {
        closing->close();
    }
}

}  // namespace rhumb::api
