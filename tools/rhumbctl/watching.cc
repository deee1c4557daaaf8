#include "tools/rhumbctl/watching.hh"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <string_view>

#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/frame.hh"
#include "tools/rhumbctl/pcap.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {
namespace {

using clock = std::chrono::steady_clock;

std::string_view raw_text(const json& event, const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string()
               ? std::string_view(found->get_ref<const std::string&>())
               : std::string_view();
}

std::string text(const json& event, const char* key) { return printable(raw_text(event, key)); }

std::uint64_t number(const json& event, const char* key) {
    const auto found = event.find(key);
    return found == event.end() ? 0 : unsigned_of(*found).value_or(0);
}

struct frame {
    frame_bytes bytes;
    std::size_t length = 0;  // on the wire
};

frame frame_of(const json& event, const char* key, const char* length_key) {
    auto bytes = parse_hex(raw_text(event, key));
    const std::uint64_t length = number(event, length_key);
    if (!bytes || length < bytes->size() || length > max_frame_bytes) {
        throw nonsense(fmt::format("{} and {} are no frame", key, length_key));
    }
    return {std::move(*bytes), static_cast<std::size_t>(length)};
}

std::string frame_text(std::string_view title, const frame& f) {
    const std::size_t hidden = f.length - f.bytes.size();
    return fmt::format("  {} {}\n{}{}", title, frame_summary(f.bytes, f.length),
                       hex_dump(f.bytes, "      "),
                       hidden == 0 ? "" : fmt::format("      and {} bytes more\n", hidden));
}

std::string steps_text(const json& event) {
    const auto steps = event.find("steps");
    std::string lines;
    if (steps != event.end() && steps->is_array()) {
        for (const json& step : *steps) {
            lines += fmt::format("    - {}\n", step.is_string()
                                                   ? printable(step.get_ref<const std::string&>())
                                                   : printable(step.dump()));
        }
    }
    return lines;
}

std::string verdict_text(const json& event) {
    const std::string verdict = text(event, "verdict");
    const std::string reason = text(event, "reason");
    const std::string sentence = text(event, "sentence");
    if (event.contains("out_port")) {
        return fmt::format("  {} to {}, {} bytes\n", verdict, text(event, "out_port"),
                           number(event, "out_length"));
    }
    return fmt::format("  {}{}{}\n", verdict, reason.empty() ? "" : ": " + reason,
                       sentence.empty() ? "" : ". " + sentence);
}

std::string packets_text(std::uint64_t count) {
    return fmt::format("{} packet{}", grouped(count), count == 1 ? "" : "s");
}

std::string missed_text(const json& result) {
    const std::uint64_t missed = number(result, "missed");
    return missed == 0 ? "" : fmt::format(", {} missed", grouped(missed));
}

// Packets from events into a file, with a count of them.
class recorder {
public:
    recorder(const std::string& path, bool live, std::ostream& progress)
        : file_(path), live_(live), progress_(progress) {}

    void write(const json& event) {
        const frame f = frame_of(event, "frame", "length");
        file_.write(number(event, "nanoseconds"), static_cast<std::uint32_t>(f.length), f.bytes);
        ++packets_;
        bytes_ += f.length;
        if (live_ && clock::now() - shown_ > std::chrono::milliseconds(200)) {
            shown_ = clock::now();
            progress_ << '\r' << counts() << std::flush;
        }
    }

    void finish(const std::string& remark) {
        progress_ << (live_ ? "\r" : "") << counts() << remark << '\n';
    }

private:
    [[nodiscard]] std::string counts() const {
        return fmt::format("{}, {} bytes captured", packets_text(packets_), grouped(bytes_));
    }

    pcap_writer file_;
    bool live_;
    std::ostream& progress_;
    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
    clock::time_point shown_;
};

// Before a file is overwritten for it.
void check_port(client& router, const json& port) {
    const json answer = router.call("show", {{"what", "ports"}, {"port", port}});
    if (!answer.is_object() || !answer.contains("rows") || answer["rows"].empty()) {
        throw refusal({fmt::format("there is no port {}", port.get<std::string>()), {}});
    }
}

}  // namespace

std::string trace_text(const json& event, std::uint64_t number_of_it) {
    const frame in = frame_of(event, "frame", "length");
    std::string lines =
        fmt::format("packet {}: in {}, {} bytes\n", number_of_it, text(event, "port"), in.length);
    lines += frame_text("before", in);
    lines += steps_text(event);
    lines += verdict_text(event);
    if (event.contains("out_frame")) {
        lines += frame_text("after ", frame_of(event, "out_frame", "out_length"));
    }
    return lines;
}

void trace(client& router, const command& what, bool as_json, std::ostream& out,
           std::ostream& progress) {
    std::uint64_t count = 0;
    const auto result = router.follow(what.method, what.params, [&](const json& event) {
        ++count;
        out << (as_json ? event.dump(-1, ' ', true) : trace_text(event, count)) << '\n'
            << std::flush;
    });
    progress << fmt::format("{} traced{}\n", packets_text(count), missed_text(*result));
}

void capture(client& router, const command& what, int interrupt, bool live,
             std::ostream& progress) {
    check_port(router, what.params.at("port"));
    recorder record(what.file, live, progress);
    try {
        const auto result = router.follow(
            what.method, what.params, [&record](const json& event) { record.write(event); },
            interrupt);
        record.finish(result ? missed_text(*result) : "");
    } catch (const failure&) {
        record.finish(" before it ended");
        throw;
    }
}

}  // namespace rhumb::ctl
