// Rows of text as an aligned table that can be written page by page: a column keeps the greatest
// width that it has had, so a million rows need no memory. Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace rhumb::ctl {

struct column {
    std::string header;
    bool right = false;  // numbers
};

class text_table {
public:
    using row = std::vector<std::string>;  // one cell a column, safe to show

    explicit text_table(std::vector<column> columns);

    // Lines of the rows; the first call's begin with the headers.
    [[nodiscard]] std::string render(const std::vector<row>& rows);

private:
    void fit(const row& cells);
    [[nodiscard]] std::string line(const row& cells) const;

    std::vector<column> columns_;
    std::vector<std::size_t> widths_;
    bool has_header_ = false;
};

}  // namespace rhumb::ctl
