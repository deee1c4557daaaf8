// The first error of a file: readers report here and go on with a default, so that reading is a
// straight line; whoever started them looks once at the end. Threads: control.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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
        if (!first_) {
            first_ = error{std::move(message), {file_, where.line, where.column}};
        }
    }

    [[nodiscard]] bool failed() const { return first_.has_value(); }
    // Precondition: failed().
    [[nodiscard]] const error& why() const { return *first_; }

private:
    std::string file_;
    std::uint16_t file_index_ = 0;
    std::optional<error> first_;
};

}  // namespace rhumb::config
