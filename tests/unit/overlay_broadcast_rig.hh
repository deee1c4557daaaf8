// Services that broadcast, over loopback, for tests: what each of them hears, and a peer that says
// whatever a test likes. Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/overlay/wire/peer_link.hh"
#include "tests/support/overlay_services.hh"

namespace rhumb::overlay::test {

class overlay_broadcast : public overlay_services {
protected:
    [[nodiscard]] service_settings speaking(
        const std::string& name, broadcast::spreading way = broadcast::spreading::plumtree) const {
        service_settings made = settings(name);
        made.broadcast.emplace().way = way;
        return made;
    }
    static std::size_t neighbours(const service& at) {
        return static_cast<std::size_t>(std::popcount(at.spread()->node().peers().neighbours()));
    }
    static std::uint64_t dropped(const service& at, broadcast::drop_reason why) {
        return at.spread()->node().counts().of(why);
    }
    // From now on what it hears is kept.
    void listen(service& at) {
        at.request("overlay.listen", {{"follow", true}},
                   {[](const result<json>&) {},
                    [this, &at](std::string_view event) {
                        heard_[&at].push_back(json::parse(event));
                        return true;
                    }});
    }
    json say(service& by, const std::string& text) {
        return ask(by, "overlay.broadcast", {{"text", text}});
    }
    [[nodiscard]] std::size_t count_heard(const service& at, const std::string& text) {
        return static_cast<std::size_t>(std::ranges::count_if(
            heard_[&at], [&](const json& event) { return event.value("text", "") == text; }));
    }
    // Services that all know only the first one.
    std::vector<service*> start_star(std::size_t count, broadcast::spreading way, bool retransmit) {
        std::vector<service*> all;
        for (std::size_t n = 0; n < count; ++n) {
            service_settings with = speaking(std::string(1, static_cast<char>('a' + n)), way);
            with.broadcast->retransmit = retransmit;
            with.broadcast->in_order = retransmit;
            if (n != 0) {
                with.peers = {target(*all[0])};
            }
            all.push_back(&start(with));
            listen(*all.back());
        }
        run_until([&] {
            return std::ranges::all_of(all, [](const service* s) { return neighbours(*s) != 0; });
        });
        return all;
    }
    void expect_all_hear(const std::vector<service*>& all, service& from, const std::string& text) {
        say(from, text);
        run_until([&] {
            return std::ranges::all_of(
                all, [&](const service* s) { return s == &from || count_heard(*s, text) != 0; });
        });
        for (const service* s : all) {
            EXPECT_EQ(count_heard(*s, text), s == &from ? 0U : 1U);
        }
    }

    std::map<const service*, std::vector<json>> heard_;
};

// A peer that says whatever a test likes.
class raw_peer final : public session_handler {
public:
    raw_peer(boost::asio::io_context& io, const network_key& network, const identity& own,
             const peer_target& to)
        : socket_(io), link_(handshake::client(network, own, to.key), *this) {
        socket_.connect({boost::asio::ip::make_address(to.at.host), to.at.port});
        write();
        read();
    }
    // Who is called, and takes everybody.
    raw_peer(boost::asio::ip::tcp::socket from, const network_key& network, const identity& own)
        : socket_(std::move(from)), link_(handshake::server(network, own), *this) {
        write();
        read();
    }
    ~raw_peer() override { *alive_ = false; }

    [[nodiscard]] bool is_open() const { return link_.now() == peer_link::state::open; }
    void open(std::string_view arguments = R"([{"version":1}])") {
        stream_ = link_.calls().open(call_type::duplex, "rhumb.broadcast", arguments, 1 << 16);
        write();
    }
    void send(std::span<const byte> frame, body_type type = body_type::binary) {
        link_.calls().send(stream_, type,
                           {reinterpret_cast<const char*>(frame.data()), frame.size()});
        write();
    }

    void end(std::string_view why) {
        link_.calls().fail(stream_, why);
        write();
    }

    std::vector<std::vector<byte>> frames;
    std::optional<std::string> ended;
    std::size_t calls = 0;  // of rhumb.broadcast
    bool is_cut = false;    // or about to be

private:
    using tcp = boost::asio::ip::tcp;
    bool on_call(session&, const incoming_call& call) override {
        const bool is_known = call.name == "rhumb.broadcast";
        if (is_known) {
            stream_ = call.id;
            ++calls;
        }
        return is_known;
    }
    void on_data(session&, stream_id id, body_type, std::string_view body) override {
        if (id == stream_) {
            const auto* const from = reinterpret_cast<const byte*>(body.data());
            frames.emplace_back(from, from + body.size());
        }
    }
    void on_end(session&, stream_id id, std::optional<std::string_view> error) override {
        if (id == stream_) {
            ended = error.value_or("");
        }
    }
    void write() {
        for (auto out = link_.output(); !out.empty(); out = link_.output()) {
            boost::asio::write(socket_, boost::asio::buffer(out.data(), out.size()));
            link_.sent(out.size());
        }
    }
    void read() {
        socket_.async_read_some(
            boost::asio::buffer(input_),
            [this, alive = alive_](const boost::system::error_code& failed, std::size_t count) {
                if (!*alive) {
                    return;
                }
                is_cut = is_cut || failed;
                if (!failed) {
                    link_.feed(std::span(input_).first(count));
                    if (link_.now() == peer_link::state::wants_answer) {
                        link_.accept();
                    }
                    is_cut = is_cut || link_.now() == peer_link::state::ended;
                    write();
                    read();
                }
            });
    }

    tcp::socket socket_;
    peer_link link_;
    stream_id stream_ = 0;
    std::array<byte, 4096> input_{};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rhumb::overlay::test
