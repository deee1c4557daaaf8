#include "tools/rhumbctl/overlay.hh"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <ostream>
#include <thread>

#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/text.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {

namespace {

// Of milliseconds since 1970, in UTC.
std::string time_text(const json& given) {
    const double milliseconds = number_of(given);
    constexpr double last_second = 253402300799;  // of the year 9999
    return given.is_number() && milliseconds >= 0 && milliseconds / 1000 <= last_second
               ? fmt::format("{:%Y-%m-%d %H:%M:%S}Z",
                             fmt::gmtime(static_cast<std::time_t>(milliseconds / 1000)))
               : "-";
}

}  // namespace

std::string json_text(const json& event) { return event.dump(-1, ' ', true) + '\n'; }

std::string broadcast_text(const json& event) {
    const json& text = member(event, "text");
    const json& link = member(event, "link");
    const json& missed = member(event, "missed");
    return printable(fmt::format("{}  {}  {}  {}", time_text(member(event, "sent_ms")),
                                 value_text(member(event, "origin")),
                                 value_text(member(event, "kind")),
                                 text.is_string()   ? text.get_ref<const std::string&>()
                                 : link.is_string() ? link.get_ref<const std::string&>()
                                                    : "")) +
           (missed.is_number() ? fmt::format("  ({} before it were missed)", value_text(missed))
                               : "") +
           '\n';
}

std::string sent_text(const json& sent) {
    const json& neighbours = member(sent, "neighbours");
    return printable(fmt::format("sent to {} neighbour{}, sequence {}", value_text(neighbours),
                                 unsigned_of(neighbours) == 1U ? "" : "s",
                                 value_text(member(sent, "sequence")))) +
           '\n';
}

std::string message_text(const json& event) {
    const json& value = member(event, "value");
    const json& content = member(value, "content");
    const std::string when = time_text(member(value, "timestamp"));
    const json& type = member(content, "type");
    return fmt::format("{}  {}  {}  {}\n", printable(value_text(member(value, "sequence"))), when,
                       type.is_string() ? printable(type.get_ref<const std::string&>()) : "-",
                       printable(content.dump(-1, ' ', false, json::error_handler_t::replace)));
}

json follow_events(client& node, const command& what, std::string (*in_words)(const json&),
                   int interrupt, std::ostream& out) {
    const auto answer = node.follow(
        what.method, what.params,
        [&](const json& event) {
            out << in_words(event);
            out.flush();
        },
        interrupt);
    return answer.value_or(json());
}

std::string progress_text(const json& row) {
    constexpr std::size_t width = 30;
    const double total = number_of(member(row, "total"));
    const double current = std::clamp(number_of(member(row, "current")), 0.0, std::max(total, 0.0));
    const double share = total > 0 ? current / total : 1;
    const auto full = static_cast<std::size_t>(share * width);
    const auto count = [&](const char* key) {
        return grouped(unsigned_of(member(row, key)).value_or(0));
    };
    return fmt::format(
        "[{}{}] {:3.0f} %  {} of {} notes and messages; messages: {} received, {} being verified, "
        "{} being stored",
        std::string(full, '#'), std::string(width - full, '.'), share * 100, count("current"),
        count("total"), count("messages_received"), count("verifying"), count("storing"));
}

void show_progress(client& node, const command& what,
                   std::optional<std::chrono::milliseconds> interval, bool live,
                   std::ostream& out) {
    for (;;) {
        const json answer = node.call(what.method, what.params);
        const json& rows = member(answer, "rows");
        if (!rows.is_array() || rows.empty() || !rows.front().is_object()) {
            throw nonsense("it has no progress");
        }
        const json& row = rows.front();
        const bool is_done = member(row, "current") == member(row, "total") &&
                             number_of(member(row, "verifying")) == 0;
        const bool is_last = !interval || is_done;
        out << (live ? "\r" : "") << progress_text(row) << (live ? "\x1b[K" : "")
            << (live && !is_last ? "" : "\n") << std::flush;
        if (is_last) {
            return;
        }
        std::this_thread::sleep_for(*interval);
    }
}

}  // namespace rhumb::ctl
