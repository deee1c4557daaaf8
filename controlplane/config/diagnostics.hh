// The errors of a file: readers report here and go on with a default, so that reading is a straight
// line; whoever started them looks once at the end, at the first one or at all. Threads: control.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/config.hh"
#include "rhumb/result.hh"

namespace rhumb::config {

class diagnostics {
public:
    // `file` is empty for text that comes from none.
    diagnostics(std::string file, std::uint16_t file_index)
        : file_(std::move(file)), file_index_(file_index) {}

    // Columns beyond what a position holds are cut.
    [[nodiscard]] position at(std::uint32_t line, std::size_t column) const {
        return {line, static_cast<std::uint16_t>(std::min<std::size_t>(column, 0xffff)),
                file_index_};
    }

    void fail(position where, std::string message) {
        if (errors_.size() < max_errors) {
            errors_.push_back({std::move(message), {file_, where.line, where.column}});
        }
    }

    [[nodiscard]] bool failed() const { return !errors_.empty(); }
    // The first. Precondition: failed().
    [[nodiscard]] const error& why() const { return errors_.front(); }
    // In the order in which they were found; the first ones where there are very many.
    [[nodiscard]] const std::vector<error>& all() const { return errors_; }

private:
    static constexpr std::size_t max_errors = 100;

    std::string file_;
    std::uint16_t file_index_ = 0;
    std::vector<error> errors_;
};

}  // namespace rhumb::config
