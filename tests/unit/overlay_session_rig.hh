// Sessions under test: one that gets bytes as a peer writes them, and two that talk to each other.
// Threads: one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/overlay/wire/session.hh"

namespace rhumb::test {

using namespace overlay;

inline std::span<const byte> bytes_of(std::string_view text) {
    return {reinterpret_cast<const byte*>(text.data()), text.size()};
}

// What happens, in words.
class listener : public session_handler {
public:
    bool on_call(session& by, const incoming_call& call) override {
        constexpr std::array types{"async", "source", "sink", "duplex"};
        heard.push_back("call " + std::to_string(call.id) + ' ' + std::string(call.name) + ' ' +
                        types[static_cast<std::size_t>(call.type)] + ' ' +
                        (call.arguments ? std::to_string(call.arguments->size()) : "none"));
        return takes ? takes(by, call) : call.name.starts_with("known");
    }
    void on_data(session& by, stream_id id, body_type type, std::string_view body) override {
        heard.push_back("data " + std::to_string(id) + ' ' +
                        std::to_string(static_cast<int>(type)) + ' ' + std::string(body));
        if (on_body) {
            on_body(by, id);
        }
    }
    void on_end(session& by, stream_id id, std::optional<std::string_view> error) override {
        heard.push_back("end " + std::to_string(id) +
                        (error ? ": " + std::string(*error) : std::string()));
        if (on_gone) {
            on_gone(by, id);
        }
    }
    void on_answer(session& /*by*/, stream_id id, bool ok, body_type /*type*/,
                   std::string_view body) override {
        heard.push_back((ok ? "answer " : "refusal ") + std::to_string(id) + ' ' +
                        std::string(body));
    }

    std::vector<std::string> take() { return std::exchange(heard, {}); }

    std::vector<std::string> heard;
    std::function<bool(session&, const incoming_call&)> takes;
    std::function<void(session&, stream_id)> on_body;
    std::function<void(session&, stream_id)> on_gone;
};

using words = std::vector<std::string>;

// A frame as a peer writes it.
inline std::string frame(unsigned flags, std::int32_t request, std::string_view body) {
    std::string out(9, '\0');
    byte* const to = reinterpret_cast<byte*>(out.data());
    to[0] = static_cast<byte>(flags);
    store_be32(to + 1, static_cast<std::uint32_t>(body.size()));
    store_be32(to + 5, static_cast<std::uint32_t>(request));
    return out + std::string(body);
}

inline std::string said(session& by) {
    const auto waiting = by.output().waiting();
    std::string text(waiting.begin(), waiting.end());
    by.output().clear();
    return text;
}

inline std::string call_of(std::string_view name, std::string_view type = "duplex") {
    return R"({"name":[")" + std::string(name) + R"("],"args":[],"type":")" + std::string(type) +
           "\"}";
}

inline constexpr const char* refusal =
    R"({"name":"Error","message":"method:foo,bar is not in list of allowed methods","stack":""})";
inline constexpr const char* parent =
    R"({"name":"Error","message":"unexpected end of parent stream","stack":""})";
inline const std::string goodbye(9, '\0');

struct one {
    listener hears;
    session by{hears};
    session::state feed(const std::string& text) { return by.feed(bytes_of(text)); }
};

// Both sides, and what passes between them.
struct two {
    listener alice_hears;
    listener bob_hears;
    session alice{alice_hears};
    session bob{bob_hears};

    void run(std::size_t piece = 100000) {
        while (alice.bytes_pending() + bob.bytes_pending() != 0) {
            pass(alice, bob, piece);
            pass(bob, alice, piece);
        }
    }
    static void pass(session& from, session& to, std::size_t piece) {
        const std::string text = said(from);
        for (std::string_view left = text; !left.empty();) {
            to.feed(bytes_of(left.substr(0, piece)));
            left.remove_prefix(std::min(piece, left.size()));
        }
    }
};

}  // namespace rhumb::test
