// The EBT machine with all that passes between two of them as JSON, as in the reference's script
// with the argument `json` (docs/ebt.md), which tools/bench/ebt.py runs beside this. Every message
// is written from its value by the one who sends it, and parsed in whole by the one who gets it,
// who keeps its text (`written`); or it goes out as the text that the log has, which is what the
// overlay does (`kept`). Notes are written and parsed in both. No signatures, no sockets.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/overlay/ebt/machine.hh"
#include "controlplane/overlay/service/machine_ids.hh"
#include "controlplane/overlay/wire/classic_message.hh"
#include "controlplane/overlay/wire/ids.hh"
#include "controlplane/overlay/wire/json.hh"
#include "controlplane/overlay/wire/json_writer.hh"
#include "controlplane/overlay/wire/notes.hh"
#include "tools/bench/ebt_pair.hh"

namespace rhumb::overlay::ebt {
namespace {

key32 key_of_feed(int n) {
    key32 key{};
    for (std::size_t i = 0; i < 4; ++i) {
        key[i] = static_cast<byte>(n >> (8 * (3 - i)));
        key[4 + i] = static_cast<byte>(static_cast<unsigned>(n) * 2654435761U >> (8 * (3 - i)));
    }
    return key;
}

// The reference's script makes the same ones.
std::string message_text(const key32& author, int sequence) {
    std::string text = R"({"previous":)";
    text += sequence > 1 ? "\"%" + std::string(44, 'p') + ".sha256\"" : "null";
    text += R"(,"sequence":)" + std::to_string(sequence) + R"(,"author":")" + feed_id_text(author);
    text += R"(","timestamp":)" + std::to_string(1'500'000'000'000 + sequence);
    text += R"(,"hash":"sha256","content":{"type":"post","text":"message number )";
    text += std::to_string(sequence) + R"("},"signature":")" + std::string(88, 'x');
    return text + R"(.sig.ed25519"})";
}

enum class sent_as : std::uint8_t { written, kept };

class json_nodes : public linked_nodes {
public:
    json_nodes(int feeds, int messages, sent_as how) : how_(how) {
        for (int n = 0; n < feeds; ++n) {
            const key32 key = key_of_feed(n);
            begin_feed(std::string(id_of(key)), messages,
                       [&](int sequence) { return body_of(message_text(key, sequence)); });
        }
    }
    traffic exchange() { return run_until_quiet(*this); }

    void message(node& into, stream from, std::string_view /*author*/, ebt::message& what) {
        auto text = std::make_shared<std::string>();
        if (how_ == sent_as::kept) {
            *text = *static_cast<const std::string*>(what.body.get());
        } else {
            text->reserve(512);
            const auto& value = *static_cast<const json_document*>(what.body.get());
            good_ &= write_json(value.root(), json_style::compact, *text, max_message_bytes);
        }
        bytes_ += text->size();
        const auto claim = read_claim(*text);
        if (!claim || !read_.read(*text)) {
            good_ = false;
            return;
        }
        const auto size = static_cast<std::uint32_t>(text->size());
        (void)into.m.receive(from, id_of(claim->author), claim->sequence, size, std::move(text));
    }

    void notes(node& into, stream from, std::span<const note> frame) {
        entries_.clear();
        for (const note& each : frame) {
            entries_.push_back({key_of(each.feed), each.value});
        }
        text_.clear();
        good_ &= append_notes(text_, entries_, std::size_t{4} << 20) == entries_.size();
        bytes_ += text_.size();
        good_ &= reader_.read(text_, entries_).ok();
        said_.clear();
        for (const note_entry& each : entries_) {
            said_.push_back({id_of(each.feed), each.value});
        }
        into.m.notes(from, said_);
    }

    [[nodiscard]] bool is_good() const { return good_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    [[nodiscard]] std::shared_ptr<const void> body_of(std::string text) {
        if (how_ == sent_as::kept) {
            return std::make_shared<const std::string>(std::move(text));
        }
        auto made = std::make_shared<json_document>();
        good_ &= made->read(text).ok();
        return made;
    }

    sent_as how_;
    bool good_ = true;
    std::size_t bytes_ = 0;
    json_document read_;
    notes_reader reader_;
    std::string text_;
    std::vector<note_entry> entries_;
    std::vector<note> said_;
};

// The first session: all of a's log to b; then the next one, in which all notes are said again.
void measure(benchmark::State& state, sent_as how, int sessions_before) {
    const auto feeds = static_cast<int>(state.range(0));
    const auto messages = static_cast<int>(state.range(1));
    traffic all;
    std::size_t bytes = 0;
    for ([[maybe_unused]] auto each : state) {
        json_nodes nodes(feeds, messages, how);
        for (int n = 0; n < sessions_before; ++n) {
            nodes.connect();
            (void)nodes.exchange();
            nodes.close();
        }
        const std::size_t before = nodes.bytes();
        const auto start = std::chrono::steady_clock::now();
        nodes.connect();
        all = nodes.exchange();
        state.SetIterationTime(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        bytes = nodes.bytes() - before;
        const auto expected = sessions_before == 0 ? static_cast<std::uint64_t>(feeds) *
                                                         static_cast<std::uint64_t>(messages)
                                                   : 0;
        if (!nodes.is_good() || all.messages != expected) {
            state.SkipWithError("messages are missing, or malformed");
            return;
        }
    }
    state.counters["messages"] = static_cast<double>(all.messages);
    state.counters["notes"] = static_cast<double>(all.notes);
    state.counters["bytes"] = static_cast<double>(bytes);
}

void written(benchmark::State& state) { measure(state, sent_as::written, 0); }
void kept(benchmark::State& state) { measure(state, sent_as::kept, 0); }
void reconnect(benchmark::State& state) { measure(state, sent_as::kept, 1); }

BENCHMARK(written)
    ->Args({1000, 100})
    ->Args({10000, 10})
    ->UseManualTime()
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(kept)
    ->Args({1000, 100})
    ->Args({10000, 10})
    ->UseManualTime()
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(reconnect)
    ->Args({10000, 10})
    ->UseManualTime()
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rhumb::overlay::ebt

BENCHMARK_MAIN();
