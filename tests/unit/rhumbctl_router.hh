// A router of the tests' own, on a socket in a temporary folder: slow, broken or hostile, as told.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/temporary_folder.hh"
#include "tests/unit/rhumbctl_words.hh"
#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/connection.hh"

namespace rhumb::ctl {

// A folder for sockets and captures.
class rhumbctl_files : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

    const test::temporary_folder folder_;
};

// A router that does as it is told: one connection, handed to `behave`.
class fake_router {
public:
    // What a connection can do.
    class peer {
    public:
        explicit peer(int socket) : socket_(socket) {}
        ~peer() { close(); }
        peer(const peer&) = delete;
        peer& operator=(const peer&) = delete;

        // The next request; null when the client has gone.
        json request() {
            std::string line;
            for (char c = 0; c != '\n'; line += c) {
                if (recv(socket_, &c, 1, 0) != 1) {
                    return nullptr;
                }
            }
            return json::parse(line);
        }
        // Whether the client still takes it.
        bool send(std::string_view text) {
            while (!text.empty()) {
                const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
                if (count <= 0) {
                    return false;
                }
                text.remove_prefix(static_cast<std::size_t>(count));
            }
            return true;
        }
        void answer(const json& to, const json& result) {
            send(json{{"id", to.at("id")}, {"result", result}}.dump() + "\n");
        }
        void event(const json& to, const json& what) {
            send(json{{"id", to.at("id")}, {"event", what}}.dump() + "\n");
        }
        // Reads nothing until the client has gone.
        void wait_to_go(patience time) const {
            pollfd gone{socket_, 0, 0};
            EXPECT_EQ(poll(&gone, 1, static_cast<int>(time.count())), 1);
        }
        void close() {
            if (socket_ >= 0) {
                ::close(std::exchange(socket_, -1));
            }
        }

    private:
        int socket_;
    };
    using behaviour = std::function<void(peer&)>;

    fake_router(const std::string& path, behaviour behave) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(listener_, 1), 0);
        thread_ = std::thread([this, behave = std::move(behave)] {
            peer client(accept(listener_, nullptr, nullptr));
            behave(client);
        });
    }
    ~fake_router() {
        thread_.join();
        ::close(listener_);
    }
    fake_router(const fake_router&) = delete;
    fake_router& operator=(const fake_router&) = delete;

private:
    int listener_;
    std::thread thread_;
};

class rhumbctl_router : public rhumbctl_files {
protected:
    [[nodiscard]] client connected(patience wait = std::chrono::seconds(5)) const {
        return {connection::open(path("r1.sock"), wait), wait};
    }
    // What a reload says when the router behaves like this.
    std::string reload(const fake_router::behaviour& behave,
                       patience wait = std::chrono::seconds(5)) {
        const fake_router router(path("r1.sock"), behave);
        const std::string what =
            thrown([&] { (void)connected(wait).call("reload", json::object()); });
        std::filesystem::remove(path("r1.sock"));
        return what;
    }
    // The same, for an answer that is this text.
    std::string reload_answered(const std::string& text) {
        return reload([&text](fake_router::peer& peer) {
            (void)peer.request();
            peer.send(text);
        });
    }
};

}  // namespace rhumb::ctl
