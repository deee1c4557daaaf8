#include "tests/interop/ebt/npm_peer.hh"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "controlplane/overlay/wire/json.hh"

namespace rhumb::test {
namespace {

using namespace overlay;
using clock_type = std::chrono::steady_clock;

sockaddr_in address_of(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

const sockaddr* as_generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

bool is_ready(int number, short events, int milliseconds) {
    pollfd waits{.fd = number, .events = events, .revents = 0};
    return ::poll(&waits, 1, milliseconds) > 0;
}

}  // namespace

npm_peer::npm_peer(std::uint16_t port) : port_(port) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) {
        return;
    }
    std::vector<std::string> words{
        "node",      RHUMB_NPM_PEER,      RHUMB_NPM_PACKAGES, folder_.path().string(),
        "127.0.0.1", std::to_string(port)};
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    const int failed = posix_spawnp(&process_, "node", &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
    json_document said;
    const std::string first = failed == 0 ? line("{") : std::string();
    if (said.read(first)) {
        id_ = parse_feed_id(said.root().find_text("id").value_or(std::string_view()))
                  .value_or(key32{});
    }
    EXPECT_NE(id_, key32{}) << "the npm peer does not begin";
}

npm_peer::~npm_peer() {
    ::close(in_);  // which ends it
    if (process_ > 0) {
        for (int n = 0; n < 300 && ::waitpid(process_, nullptr, WNOHANG) == 0; ++n) {
            ::usleep(10000);
            if (n == 299) {
                ::kill(process_, SIGKILL);
                ::waitpid(process_, nullptr, 0);
            }
        }
    }
    ::close(out_);
}

void npm_peer::command(const std::string& line) const {
    const std::string whole = line + '\n';
    EXPECT_EQ(::write(in_, whole.data(), whole.size()), static_cast<ssize_t>(whole.size()));
}

bool npm_peer::fill() {
    std::array<char, 4096> part{};
    if (!is_ready(out_, POLLIN, 100)) {
        return true;
    }
    const ssize_t count = ::read(out_, part.data(), part.size());
    text_.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return count > 0;
}

std::string npm_peer::line(std::string_view beginning) {
    const auto end = clock_type::now() + 3 * patience;
    for (bool more = true; more && clock_type::now() < end; more = fill()) {
        for (std::size_t at = 0; (at = text_.find('\n')) != std::string::npos;) {
            std::string found = text_.substr(0, at);
            text_.erase(0, at + 1);
            if (found.starts_with(beginning)) {
                return found;
            }
        }
    }
    return {};
}

void npm_peer::publish(int count) {
    for (int n = 0; n < count; ++n) {
        command("publish message " + std::to_string(n));
        EXPECT_EQ(line("PUBLISHED"), "PUBLISHED");
    }
}

std::int64_t npm_peer::clock_of(const key32& feed, std::int64_t expected) {
    std::int64_t at = 0;
    for (const auto end = clock_type::now() + patience;
         clock_type::now() < end && at != expected;) {
        command("clock");
        const std::string said = line("CLOCK ");
        std::vector<note_entry> clock;
        notes_reader reader;
        EXPECT_TRUE(reader.read(
            std::string_view(said).substr(std::min<std::size_t>(6, said.size())), clock))
            << said;
        for (const note_entry& entry : clock) {
            at = entry.feed == feed ? entry.value : at;
        }
    }
    return at;
}

int dial(std::uint16_t port) {
    const int number = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = address_of(port);
    const bool connected =
        number >= 0 && ::connect(number, as_generic(address), sizeof address) == 0;
    return connected ? number : (::close(number), -1);
}

int listen_on(std::uint16_t port) {
    const int number = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = address_of(port);
    const bool listens =
        ::bind(number, as_generic(address), sizeof address) == 0 && ::listen(number, 1) == 0;
    return listens ? number : (::close(number), -1);
}

int accept_one(int listener) {
    constexpr int milliseconds = 10000;
    return is_ready(listener, POLLIN, milliseconds)
               ? ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)
               : -1;
}

std::uint16_t free_port() {
    const int number = listen_on(0);
    if (number < 0) {
        return 0;
    }
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(number, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(number);
    return ntohs(address.sin_port);
}

npm_link::npm_link(int socket, handshake shake) : socket_(socket), link_(std::move(shake), *this) {}

npm_link::~npm_link() { ::close(socket_); }

// One step; false where nothing more can come.
bool npm_link::exchange(int milliseconds) {
    while (!link_.output().empty()) {
        const auto bytes = link_.output();
        const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) {
            return false;
        }
        link_.sent(static_cast<std::size_t>(count));
    }
    if (!is_ready(socket_, POLLIN, milliseconds)) {
        return true;
    }
    const ssize_t count = ::read(socket_, input_.data(), input_.size());
    if (count <= 0) {
        hung_up = true;
        link_.hang_up();
        return false;
    }
    link_.feed(std::span(input_).first(static_cast<std::size_t>(count)));
    link_.accept();
    return true;
}

bool npm_link::run_until(const std::function<bool()>& done) {
    const auto end = clock_type::now() + patience;
    while (!done() && clock_type::now() < end && exchange(20)) {
    }
    return done();
}

bool npm_link::open() {
    return run_until([&] { return link_.now() == peer_link::state::open; });
}

stream_id npm_link::replicate(int version) {
    ebt =
        link_.calls().open(call_type::duplex, "ebt.replicate",
                           "[{\"version\":" + std::to_string(version) + R"(,"format":"classic"}])",
                           std::size_t{4} << 20);
    return ebt;
}

void npm_link::send_notes(std::vector<note_entry> entries) {
    std::string text;
    append_notes(text, entries);
    EXPECT_TRUE(link_.calls().send(ebt, body_type::json, text));
}

bool npm_link::on_call(session& by, const incoming_call& call) {
    calls.emplace_back(call.name);
    const bool takes = call.name == "ebt.replicate" && call.type == call_type::duplex;
    if (takes) {
        ebt = call.id;
        by.allow(call.id, std::size_t{4} << 20);
    }
    return takes;
}

void npm_link::on_data(session& /*by*/, stream_id /*id*/, body_type type, std::string_view body) {
    EXPECT_EQ(type, body_type::json);
    if (begins_message(body)) {
        classic_message message;
        const auto done = reader_.read(body, message);
        EXPECT_TRUE(done) << done.why().message << ": " << body;
        EXPECT_TRUE(verify(message)) << body;
        messages.push_back(std::move(message));
        return;
    }
    std::vector<note_entry> more;
    const auto done = notes_reader_.read(body, more);
    EXPECT_TRUE(done) << done.why().message << ": " << body;
    notes.insert(notes.end(), more.begin(), more.end());
}

void npm_link::on_end(session& /*by*/, stream_id id, std::optional<std::string_view> error) {
    ends.push_back(std::to_string(id) + (error ? ": " + std::string(*error) : std::string()));
}

void npm_link::on_answer(session& /*by*/, stream_id id, bool ok, body_type /*type*/,
                         std::string_view body) {
    answers.push_back(std::to_string(id) + (ok ? " " : " refused: ") + std::string(body));
}

}  // namespace rhumb::test
