#include "tools/rhumbctl/load_view.hh"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {

namespace {

using nlohmann::json;

std::string text_of(const json& row, std::string_view key) { return value_text(member(row, key)); }

// "r1:eth0"
std::string link_name(const json& link) {
    return link.is_object() ? text_of(link, "node") + ':' + text_of(link, "link") : "-";
}

const json& rows_of(const json& report, std::string_view key) {
    static const json none = json::array();
    const json& rows = member(report, key);
    return rows.is_array() ? rows : none;
}

std::string count_of(const json& row, std::string_view key) {
    return std::to_string(rows_of(row, key).size());
}

std::string links_text(const json& links) {
    const bool measured =
        std::ranges::any_of(links, [](const json& l) { return member(l, "measured").is_number(); });
    std::vector<column> columns{
        {"LINK"}, {"TO"}, {"LOAD MBIT/S", true}, {"CAPACITY MBIT/S", true}, {"FULL %", true}};
    if (measured) {
        columns.push_back({"MEASURED MBIT/S", true});
    }
    std::vector<text_table::row> cells;
    cells.reserve(links.size());
    for (const json& l : links) {
        cells.push_back({link_name(l), text_of(l, "remote"), mbits_text(member(l, "load")),
                         mbits_text(member(l, "capacity")),
                         percent_text(member(l, "utilisation"))});
        if (measured) {
            cells.back().push_back(mbits_text(member(l, "measured")));
        }
    }
    return text_table(std::move(columns)).render(cells);
}

std::string unroutable_text(const json& demands) {
    std::string text;
    for (const json& d : demands) {
        const json& policy = member(d, "policy");
        text += fmt::format("no way for {} Mbit/s from {} to {}{}\n", mbits_text(member(d, "rate")),
                            text_of(d, "from"), text_of(d, "to"),
                            policy.is_null() ? "" : " by " + value_text(policy));
    }
    return text;
}

// The worst first: by what has no way, then by the fullest link.
std::string failures_text(const json& failures) {
    struct entry {
        double no_way;
        double fullest;
        std::string kind;
        std::string what;
        const json* row;
    };
    std::vector<entry> entries;
    entries.reserve(failures.size());
    for (const json& f : failures) {
        entries.push_back({number_of(member(f, "unroutable_rate")),
                           number_of(member(member(f, "worst"), "utilisation")), text_of(f, "kind"),
                           text_of(f, "what"), &f});
    }
    std::ranges::sort(entries, [](const entry& a, const entry& b) {
        return std::tie(b.no_way, b.fullest, a.kind, a.what) <
               std::tie(a.no_way, a.fullest, b.kind, b.what);
    });
    std::vector<text_table::row> cells;
    cells.reserve(entries.size());
    for (const entry& e : entries) {
        const json& worst = member(*e.row, "worst");
        cells.push_back({e.kind, e.what, link_name(worst),
                         percent_text(member(worst, "utilisation")), count_of(*e.row, "overloaded"),
                         count_of(*e.row, "unroutable"),
                         mbits_text(member(*e.row, "unroutable_rate")),
                         mbits_text(member(*e.row, "lost_rate")), text_of(*e.row, "moved")});
    }
    return text_table({{"FAILS"},
                       {"WHAT"},
                       {"WORST LINK"},
                       {"FULL %", true},
                       {"TOO FULL", true},
                       {"NO WAY", true},
                       {"NO WAY MBIT/S", true},
                       {"LOST MBIT/S", true},
                       {"MOVED", true}})
               .render(cells) +
           "TOO FULL: links beyond the limit; NO WAY: demands that nothing leads on; LOST: what "
           "begins or ends at a node that fails; MOVED: demands that take other lists\n";
}

std::string lists_of(const json& move) {
    std::string text;
    for (const json& list : rows_of(move, "lists")) {
        text += (text.empty() ? "" : "; ") + value_text(list);
    }
    return text;
}

}  // namespace

std::string report_text(const json& report) {
    const json& failures = rows_of(report, "failures");
    return links_text(rows_of(report, "links")) + unroutable_text(rows_of(report, "unroutable")) +
           (failures.empty() ? "" : '\n' + failures_text(failures));
}

std::string plan_text(const json& plan) {
    const json& worst = member(plan, "worst");
    std::string text =
        fmt::format("fullest link before: {} %, after: {} %{}; {}\n",
                    percent_text(member(plan, "before")), percent_text(member(plan, "after")),
                    worst.is_null() ? "" : " (" + link_name(worst) + ")", text_of(plan, "why"));
    std::vector<text_table::row> cells;
    for (const json& m : rows_of(plan, "moves")) {
        const json& demand = member(m, "demand");
        cells.push_back({std::to_string(cells.size() + 1), text_of(demand, "from"),
                         text_of(demand, "to"), text_of(demand, "policy"),
                         mbits_text(member(demand, "rate")), lists_of(m),
                         percent_text(member(m, "during")), percent_text(member(m, "after"))});
    }
    if (!cells.empty()) {
        text += '\n' + text_table({{"", true},
                                   {"FROM"},
                                   {"TO"},
                                   {"POLICY"},
                                   {"MBIT/S", true},
                                   {"NEW LISTS"},
                                   {"FULL % DURING", true},
                                   {"AFTER", true}})
                           .render(cells);
    }
    return text;
}

}  // namespace rhumb::ctl
