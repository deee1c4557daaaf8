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

std::string message_text(const json& event) {
    const json& value = member(event, "value");
    const json& content = member(value, "content");
    const double milliseconds = number_of(member(value, "timestamp"));
    constexpr double last_second = 253402300799;  // of the year 9999
    std::string when = "-";
    if (milliseconds >= 0 && milliseconds / 1000 <= last_second) {
        when = fmt::format("{:%Y-%m-%d %H:%M:%S}",
                           fmt::gmtime(static_cast<std::time_t>(milliseconds / 1000)));
    }
    const json& type = member(content, "type");
    return fmt::format("{}  {}  {}  {}\n", printable(value_text(member(value, "sequence"))), when,
                       type.is_string() ? printable(type.get_ref<const std::string&>()) : "-",
                       printable(content.dump(-1, ' ', false, json::error_handler_t::replace)));
}

void read_feed(client& node, const command& what, bool as_json, int interrupt, std::ostream& out) {
    (void)node.follow(
        what.method, what.params,
        [&](const json& event) {
            out << (as_json ? event.dump(-1, ' ', true) + '\n' : message_text(event));
            out.flush();
        },
        interrupt);
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
        "[{}{}] {:3.0f} %  {} of {}; {} messages received, {} being verified, {} "
        "being stored",
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
