// Any bytes as the frames of a peer, in any pieces, while we call, answer and end: the session
// keeps its books. Each stream of ours that was opened ends once, and what we send are frames.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "controlplane/overlay/wire/session.hh"
#include "tests/fuzz/check.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;
using test::check;

class keeper : public session_handler {
public:
    bool on_call(session& by, const incoming_call& call) override {
        check(call.id < 0);
        const bool takes = call.name.size() % 2 == 1;
        if (takes && call.type != call_type::async) {
            check(open_.emplace(call.id, true).second);
            by.allow(call.id, call.name.size() * 1000);
        }
        return takes;
    }
    void on_data(session& by, stream_id id, body_type type, std::string_view body) override {
        check(open_.contains(id) && !body.empty());
        switch (body.size() % 5) {
            case 0: by.send(id, type, body); break;
            case 1: by.end(id); break;
            case 2: by.fail(id, "enough"); break;
            case 3: by.answer(id, type, body); break;
            default: by.keep_alive(); break;
        }
    }
    void on_end(session& by, stream_id id, std::optional<std::string_view> /*error*/) override {
        check(open_.erase(id) == 1);
        check(!by.end(id) && !by.send(id, body_type::text, "x"));
    }
    void on_answer(session& /*by*/, stream_id id, bool /*ok*/, body_type /*type*/,
                   std::string_view /*body*/) override {
        check(open_.erase(id) == 1);
    }
    std::map<stream_id, bool> open_;
};

void check_frames(session& by) {
    mux_reader reader;
    std::span<const byte> bytes = by.output().waiting();
    for (auto event = reader.read(bytes); event != mux_reader::event::none;
         event = reader.read(bytes)) {
        check(event != mux_reader::event::failed);
    }
    check(bytes.empty());
    by.output().clear();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    keeper handler;
    session by(handler, {.body = 3000, .large = 9000, .calls = 6, .answers = 5000});
    handler.open_.emplace(by.open(call_type::duplex, "ebt.replicate", "[]", 5000), true);
    handler.open_.emplace(by.call("x.y"), true);
    std::span<const byte> bytes(data, size);
    while (!bytes.empty()) {
        const std::size_t piece = std::min<std::size_t>(bytes[0] + 1, bytes.size());
        by.feed(bytes.subspan(1, piece - 1));
        if (bytes[0] == 7) {
            by.close();
        }
        if (bytes[0] % 2 == 0) {
            check_frames(by);
        }
        bytes = bytes.subspan(piece);
    }
    check_frames(by);
    by.hang_up();
    check(by.now() == session::state::closed || by.now() == session::state::failed);
    check(handler.open_.empty());
    return 0;
}
