#include "tools/rhumbctl/table.hh"

#include <algorithm>
#include <utility>

#include "tools/rhumbctl/text.hh"

namespace rhumb::ctl {

text_table::text_table(std::vector<column> columns)
    : columns_(std::move(columns)), widths_(columns_.size()) {}

std::string text_table::render(const std::vector<row>& rows) {
    row headers;
    if (!has_header_) {
        std::ranges::transform(columns_, std::back_inserter(headers), &column::header);
        fit(headers);
        has_header_ = true;
    }
    for (const row& cells : rows) {
        fit(cells);
    }
    std::string text = headers.empty() ? "" : line(headers);
    for (const row& cells : rows) {
        text += line(cells);
    }
    return text;
}

void text_table::fit(const row& cells) {
    for (std::size_t n = 0; n < std::min(cells.size(), widths_.size()); ++n) {
        widths_[n] = std::max(widths_[n], width_of(cells[n]));
    }
}

std::string text_table::line(const row& cells) const {
    std::string text;
    for (std::size_t n = 0; n < std::min(cells.size(), widths_.size()); ++n) {
        const std::string blanks(widths_[n] - width_of(cells[n]), ' ');
        text += n == 0 ? "" : "  ";
        text += columns_[n].right ? blanks + cells[n] : cells[n] + blanks;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + '\n';
}

}  // namespace rhumb::ctl
