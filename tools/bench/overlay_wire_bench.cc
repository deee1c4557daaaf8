// The overlay's wire: handshakes, box streams, messages, JSON, notes, and how much of a message's
// cost is its signature. One core; the best of some rounds.
//
//   build-bench/tools/bench/overlay_wire_bench [--quick]
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/classic_message.hh"
#include "controlplane/overlay/wire/json_writer.hh"
#include "controlplane/overlay/wire/notes.hh"
#include "controlplane/overlay/wire/peer_link.hh"

namespace {

using namespace rhumb;
using namespace rhumb::overlay;

int rounds = 9;

// Of this process alone, whatever else the machine does.
double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The shortest time that `work` took; it says whether it went well.
template <class Work>
double seconds(Work&& work) {
    double best = std::numeric_limits<double>::max();
    for (int n = 0; n < rounds; ++n) {
        const double start = processor_seconds();
        if (!work()) {
            std::puts("IT DID NOT WORK");
            return best;
        }
        best = std::min(best, processor_seconds() - start);
    }
    return best;
}

void row(const char* what, double rate, const char* unit) {
    std::printf("%-42s %12.1f %s\n", what, rate, unit);
}

identity key_of(byte filler) {
    key32 seed{};
    seed.fill(filler);
    return identity::from_seed(seed).value();
}

class silent : public session_handler {
public:
    bool on_call(session& /*by*/, const incoming_call& /*call*/) override { return true; }
    void on_data(session& /*by*/, stream_id /*id*/, body_type /*type*/,
                 std::string_view body) override {
        bytes += body.size();
    }
    void on_end(session& /*by*/, stream_id /*id*/,
                std::optional<std::string_view> /*error*/) override {}
    std::size_t bytes = 0;
};

bool shake(const identity& alice, const identity& bob) {
    auto client = handshake::client(main_network, alice, bob.id());
    auto server = handshake::server(main_network, bob);
    for (int n = 0; n < 2; ++n) {
        std::span<const byte> bytes = client.output();
        server.feed(bytes);
        server.accept();
        bytes = server.output();
        client.feed(bytes);
    }
    return client.state() == handshake_state::done;
}

void bench_handshake() {
    constexpr int count = 100;
    const identity alice = key_of(1);
    const identity bob = key_of(2);
    const double took = seconds([&] {
        bool good = true;
        for (int n = 0; n < count; ++n) {
            good = good && shake(alice, bob);
        }
        return good;
    });
    row("handshakes, both sides", count / took, "a second");
}

void bench_box() {
    constexpr std::size_t size = std::size_t{4} << 20;
    const stream_key key{1};
    const stream_nonce nonce{};
    const std::vector<byte> plain(size, 7);
    byte_queue sealed;
    const double sealing = seconds([&] {
        sealed.clear();
        box_writer fresh(key, nonce);
        fresh.seal(plain, sealed);
        return true;
    });
    std::vector<byte> copy(sealed.waiting().begin(), sealed.waiting().end());
    const std::vector<byte> original = copy;
    double opening = std::numeric_limits<double>::max();
    for (int n = 0; n < rounds; ++n) {
        copy = original;  // it is decrypted in place
        const double start = processor_seconds();
        box_reader reader(key, nonce);
        std::size_t got = 0;
        for (std::span<byte> left = copy; reader.read(left) == box_reader::event::data;) {
            got += reader.plain().size();
        }
        const double took = processor_seconds() - start;
        opening = got == size ? std::min(opening, took) : opening;
    }
    row("box stream, sealing", size / sealing / 1e6, "MB a second");
    row("box stream, opening", size / opening / 1e6, "MB a second");
}

void bench_messages() {
    constexpr int count = 1000;
    const identity author = key_of(3);
    message_reader reader;
    chain_position at;
    std::vector<std::string> wires;
    for (int n = 0; n < count; ++n) {
        const auto made =
            reader.make(author, at, 1.5e12 + n,
                        R"({"type":"post","text":"the link to the north is down again"})");
        at = {made.value().sequence, made.value().id};
        wires.push_back(made.value().wire);
    }
    classic_message message;
    const auto all = [&](bool verifies) {
        return seconds([&] {
            bool good = true;
            for (const std::string& wire : wires) {
                good = good && reader.read(wire, message).ok() && (!verifies || verify(message));
            }
            return good;
        });
    };
    const double reading = all(false);
    const double verifying = all(true);
    const double signature = seconds([&] {
        bool good = true;
        for (int n = 0; n < count; ++n) {
            good = good && verify(message);
        }
        return good;
    });
    row("messages read, canonical text and id", count / reading, "a second");
    row("messages read and verified", count / verifying, "a second");
    row("signatures verified, and nothing else", count / signature, "a second");
    json_document document;
    std::size_t bytes = 0;
    const double parsing = seconds([&] {
        bool good = true;
        bytes = 0;
        for (const std::string& wire : wires) {
            good = good && document.read(wire).ok();
            bytes += wire.size();
        }
        return good;
    });
    row("JSON of messages into documents", static_cast<double>(bytes) / parsing / 1e6,
        "MB a second");
}

void bench_notes() {
    std::vector<note_entry> notes(10000);
    for (std::size_t n = 0; n < notes.size(); ++n) {
        store_be32(notes[n].feed.data(), static_cast<std::uint32_t>(n * 2654435761u));
        notes[n].value = static_cast<std::int64_t>(2 * n);
    }
    std::string text;
    const double writing = seconds([&] {
        text.clear();
        return append_notes(text, notes, std::size_t{4} << 20) == notes.size();
    });
    notes_reader reader;
    std::vector<note_entry> back;
    const double reading = seconds([&] { return reader.read(text, back).ok() && back == notes; });
    row("10,000 notes written", writing * 1e3, "ms");
    row("10,000 notes read", reading * 1e3, "ms");
}

// Messages of 300 bytes from one connection to another, handshake done before.
void bench_link() {
    constexpr int count = 20000;
    const identity alice = key_of(1);
    const identity bob = key_of(2);
    silent hears;
    silent others;
    peer_link from(handshake::client(main_network, alice, bob.id()), others);
    peer_link to(handshake::server(main_network, bob), hears);
    const auto pass = [](peer_link& out, peer_link& in) {
        std::vector<byte> bytes(out.output().begin(), out.output().end());
        out.sent(bytes.size());
        in.feed(bytes);
        in.accept();
        return !bytes.empty();
    };
    for (int n = 0; n < 3; ++n) {
        pass(from, to);
        pass(to, from);
    }
    const stream_id id = from.calls().open(call_type::duplex, "x", "[]");
    const std::string body(300, '1');
    const double took = seconds([&] {
        hears.bytes = 0;
        for (int n = 0; n < count; ++n) {
            from.calls().send(id, body_type::json, body);
            if (n % 200 == 199) {
                while (pass(from, to)) {
                }
            }
        }
        return hears.bytes == count * body.size();
    });
    row("frames of 300 bytes through a link", count / took, "a second");
}

}  // namespace

int main(int argc, char** argv) {
    rounds = argc > 1 && std::strcmp(argv[1], "--quick") == 0 ? 1 : 9;
    bench_handshake();
    bench_box();
    bench_messages();
    bench_notes();
    bench_link();
    return 0;
}
