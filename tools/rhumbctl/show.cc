#include "tools/rhumbctl/show.hh"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <ostream>
#include <sstream>
#include <thread>
#include <utility>

#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/text.hh"

namespace rhumb::ctl {
namespace {

// What tells a row from the others in a sample of rates.
std::string key_of(const json& row, const view& how, const field& of) {
    std::string key;
    for (const std::string_view name : how.identity) {
        key += cell(row, {"", name}) + '\n';
    }
    return key.append(of.key);
}

std::vector<column> columns_of(const view& how, bool with_rates) {
    std::vector<column> columns;
    for (const field& f : how.fields) {
        columns.push_back({std::string(f.header), is_right(f.kind)});
        if (with_rates && f.with_rate) {
            columns.push_back({fmt::format("{}/S", f.header), true});
        }
    }
    return columns;
}

text_table::row cells_of(const json& row, const view& how, rates* counting) {
    text_table::row cells;
    for (const field& f : how.fields) {
        cells.push_back(cell(row, f));
        if (counting != nullptr && f.with_rate) {
            const auto value = counted(row, f);
            cells.push_back(value ? counting->of(key_of(row, how, f), *value) : "-");
        }
    }
    return cells;
}

// [row,
//  row]
bool show_json(client& router, const command& what, row_limit limit, std::ostream& out) {
    const char* before = "[";
    const bool more = for_each_page(router, what.params, limit, [&](const json& rows) {
        for (const json& row : rows) {
            out << before << row.dump(-1, ' ', true);
            before = ",\n";
        }
    });
    out << (*before == '[' ? "[]\n" : "]\n");
    return more;
}

bool show_table(client& router, const command& what, const view& how, row_limit limit,
                rates* counting, std::ostream& out) {
    text_table table(columns_of(how, counting != nullptr));
    bool is_empty = true;
    const bool more = for_each_page(router, what.params, limit, [&](const json& rows) {
        std::vector<text_table::row> cells;
        for (const json& row : rows) {
            cells.push_back(cells_of(row, how, counting));
        }
        is_empty &= cells.empty();
        if (!is_empty) {
            out << table.render(cells);
        }
    });
    if (is_empty) {
        out << "none\n";
    }
    return more;
}

const std::string& toml_of(const json& row) {
    const auto toml = row.find("toml");
    if (toml == row.end() || !toml->is_string()) {
        throw nonsense("a piece of a file is no text");
    }
    return toml->get_ref<const std::string&>();
}

// The running configuration as text that rhumbd reads.
bool show_config(client& router, const command& what, row_limit limit, std::ostream& out) {
    return for_each_page(router, what.params, limit, [&out](const json& rows) {
        for (const json& row : rows) {
            out << printable(toml_of(row), keep::lines);
        }
    });
}

// Rows that bring their own lines.
bool show_words(client& router, const command& what, row_limit limit, std::ostream& out) {
    bool first = true;
    return for_each_page(router, what.params, limit, [&](const json& rows) {
        for (const json& row : rows) {
            out << (std::exchange(first, false) ? "" : "\n");
            const auto words = row.find("words");
            if (words == row.end() || !words->is_array()) {
                throw nonsense("an explanation has no words");
            }
            for (const json& line : *words) {
                out << value_text(line) << '\n';
            }
        }
    });
}

// Height of the terminal; 0 if standard output is none.
std::size_t screen_lines() {
    winsize size{};
    if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
        return 0;
    }
    return size.ws_row;
}

// Draws over what was there, line by line, so that nothing flickers. Lines that are too long, and
// those behind the first `lines`, are cut.
std::string framed(std::string_view text, std::size_t lines) {
    std::string frame = "\x1b[H\x1b[?7l";
    for (std::size_t n = 0; n < lines && !text.empty(); ++n) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        frame.append(text.substr(0, end)).append("\x1b[K\n");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return frame + "\x1b[J\x1b[?7h";
}

}  // namespace

std::string topology_file(client& router) {
    std::string text;
    (void)for_each_page(router, {{"what", "topology_file"}}, {}, [&text](const json& rows) {
        for (const json& row : rows) {
            text += toml_of(row);
        }
    });
    return text;
}

json load_report(client& router, const command& what) {
    json report{
        {"links", json::array()}, {"unroutable", json::array()}, {"failures", json::array()}};
    constexpr std::array<std::pair<const char*, const char*>, 3> kinds{
        {{"link", "links"}, {"unroutable", "unroutable"}, {"failure", "failures"}}};
    (void)for_each_page(router, what.params, {}, [&](const json& rows) {
        for (const json& row : rows) {
            for (const auto& [kind, list] : kinds) {
                if (const json& one = member(row, kind); one.is_object()) {
                    report[list].push_back(one);
                }
            }
        }
    });
    return report;
}

bool for_each_page(client& router, const json& params, row_limit limit,
                   const std::function<void(const json& rows)>& page) {
    json asked = params;
    std::uint64_t left = limit.value_or(UINT64_MAX);
    for (;;) {
        asked["limit"] = std::min<std::uint64_t>(left, page_rows);
        json answer = router.call("show", asked);
        const auto rows = answer.is_object() ? answer.find("rows") : answer.end();
        if (rows == answer.end() || !rows->is_array()) {
            throw nonsense("it has no rows");
        }
        if (!std::ranges::all_of(*rows, [](const json& row) { return row.is_object(); })) {
            throw nonsense("a row is no object");
        }
        const bool is_cut = rows->size() > left;  // short lists come whole, whatever the limit
        while (rows->size() > left) {
            rows->erase(rows->size() - 1);
        }
        page(*rows);
        left -= rows->size();
        const auto next = answer.find("next");
        if (next == answer.end() || next->is_null()) {
            return is_cut;
        }
        if (left == 0) {
            return true;
        }
        if (rows->empty() || (asked.contains("from") && asked["from"] == *next)) {
            throw nonsense("its pages do not end");
        }
        asked["from"] = *next;
    }
}

void rates::start(clock::time_point now) {
    const bool is_first = since_ == clock::time_point{};
    seconds_ = is_first ? 0 : std::chrono::duration<double>(now - since_).count();
    since_ = now;
    last_ = std::move(now_);
    now_.clear();
}

std::string rates::of(const std::string& key, std::uint64_t value) {
    now_[key] = value;
    const auto before = last_.find(key);
    if (before == last_.end() || before->second > value || seconds_ <= 0) {
        return "-";
    }
    const double rate = static_cast<double>(value - before->second) / seconds_;
    return rate < 10 && rate > 0 ? fmt::format("{:.1f}", rate)
                                 : grouped(static_cast<std::uint64_t>(std::llround(rate)));
}

bool show(client& router, const command& what, row_limit limit, bool as_json, rates* counting,
          std::ostream& out) {
    const std::string name = what.params.at("what").get<std::string>();
    const view& how = *view_of(name);
    if (as_json) {
        return show_json(router, what, limit, out);
    }
    if (name == "config") {
        return show_config(router, what, limit, out);
    }
    if (what.params.contains("destination")) {
        return show_words(router, what, limit, out);
    }
    const bool is_single = counting == nullptr && name == "ports" && what.params.contains("port");
    if (how.fields.empty() || is_single) {
        return for_each_page(router, what.params, limit, [&out](const json& rows) {
            for (const json& row : rows) {
                out << upright(row);
            }
        });
    }
    return show_table(router, what, how, limit, counting, out);
}

void watch(client& router, const command& what, row_limit limit, bool as_json,
           std::chrono::milliseconds interval, std::ostream& out) {
    constexpr std::size_t other_lines = 4;  // title, headers, a mark that there is more, the cursor
    rates counting;
    bool is_first = true;
    auto due = rates::clock::now();
    for (;; std::this_thread::sleep_until(due)) {
        due = std::max(due + interval, rates::clock::now());
        const std::size_t lines = as_json ? 0 : screen_lines();
        const std::uint64_t fitting = std::max(lines, other_lines + 1) - other_lines;
        const row_limit rows = lines == 0 ? limit : std::min(limit.value_or(UINT64_MAX), fitting);
        counting.start(rates::clock::now());
        std::ostringstream text;
        const bool more = show(router, what, rows, as_json, &counting, text);
        if (as_json) {
            out << text.str();
        } else {
            // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
            const std::tm now = fmt::localtime(std::time(nullptr));
            const std::string title =
                fmt::format("{:%F %T}  {}  every {:.3g} s\n", now,
                            command_of(what.params.at("what").get<std::string>()),
                            static_cast<double>(interval.count()) / 1000.0);
            const std::string page = title + text.str() + (more ? "...\n" : "");
            out << (lines == 0 ? (is_first ? "" : "\n") + page
                               : (is_first ? "\x1b[2J" : "") + framed(page, lines - 1));
        }
        is_first = false;
        out.flush();
        if (!out) {
            throw failure(exit_status::file, "cannot write to standard output");
        }
    }
}

}  // namespace rhumb::ctl
