#include "controlplane/api/report.hh"

#include <ostream>

#include "controlplane/api/explain.hh"
#include "controlplane/api/show.hh"
#include "tools/rhumbctl/table.hh"
#include "tools/rhumbctl/view.hh"
#include "tools/rhumbctl/watching.hh"

namespace rhumb::api {

namespace {

constexpr std::size_t most_rows = 40;  // of a table; rhumbctl shows the rest of a router that runs

void print_table(const router& running, const char* what, std::ostream& out) {
    const ctl::view* const view = ctl::view_of(what);
    long_answers none;
    const auto shown = show(running, {{"what", what}, {"limit", most_rows}}, none);
    if (view == nullptr || !shown || shown.value()["rows"].empty()) {
        return;
    }
    std::vector<ctl::column> columns;
    for (const ctl::field& field : view->fields) {
        columns.push_back({std::string(field.header), ctl::is_right(field.kind)});
    }
    std::vector<ctl::text_table::row> rows;
    for (const auto& row : shown.value()["rows"]) {
        rows.emplace_back();
        for (const ctl::field& field : view->fields) {
            rows.back().push_back(ctl::cell(row, field));
        }
    }
    ctl::text_table table(std::move(columns));
    out << '\n' << what << '\n' << table.render(rows);
    if (shown.value().contains("next")) {
        out << "... and more\n";
    }
}

}  // namespace

void print_traces(router& running, std::ostream& out) {
    std::vector<std::string> names;
    for (const auto& port : running.engine().ports()) {
        names.push_back(port->name());
    }
    std::uint64_t number = 0;
    for (const auto& w : running.engine().workers()) {
        auto& queue = w->tap().traces;
        while (io::trace_record* const record = queue.pop()) {
            out << ctl::trace_text(trace_json(*record, running.tables(), names), ++number);
            queue.give_back(record);
        }
    }
}

void print_summary(const router& running, std::ostream& out) {
    for (const char* what : {"ports", "nexthops", "labels", "prefixes", "drops"}) {
        print_table(running, what, out);
    }
    out.flush();
}

}  // namespace rhumb::api
