// SQLite as this project uses it: a database and its prepared statements, closed by themselves,
// with errors that name the file. Threads: one at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rhumb/result.hh"

namespace rhumb::overlay::sqlite {

struct closer {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

class database {
public:
    // A file that does not exist is made, readable by its owner alone.
    [[nodiscard]] static result<database> open(const std::string& file);

    // Statements without results or parameters, several in one text.
    [[nodiscard]] result<void> run(const char* statements);
    // The first column of the first row as a number.
    [[nodiscard]] result<std::int64_t> number(const char* query);

    // What SQLite said last, as an error of this file.
    [[nodiscard]] error why() const;
    [[nodiscard]] const std::string& file() const noexcept { return file_; }
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

private:
    std::string file_;
    std::unique_ptr<sqlite3, closer> handle_;
};

// A statement that is run again and again: bind all parameters (from 1), then step. Bound bytes
// must live until reset().
class statement {
public:
    statement() = default;
    [[nodiscard]] static result<statement> prepare(const database& in, const char* text);

    void bind(int parameter, std::int64_t value) noexcept;
    void bind(int parameter, std::span<const std::uint8_t> bytes) noexcept;
    void bind(int parameter, std::string_view text) noexcept;

    // True: there is a row. After false or an error the statement can be bound anew.
    [[nodiscard]] result<bool> step(const database& of);
    // All rows, until `each` says false.
    template <class F>
    [[nodiscard]] result<void> rows(const database& of, F&& each) {
        for (;;) {
            const auto row = step(of);
            if (!row) {
                return row.why();
            }
            if (!row.value()) {
                return {};
            }
            if (!each(*this)) {
                reset();
                return {};
            }
        }
    }
    // A statement that yields no rows.
    [[nodiscard]] result<void> run(const database& of);
    // Lets go of a row that is not read to the end.
    void reset() noexcept { sqlite3_reset(handle_.get()); }

    [[nodiscard]] std::int64_t number(int column) const noexcept;
    // Valid until the next step.
    [[nodiscard]] std::span<const std::uint8_t> bytes(int column) const noexcept;
    [[nodiscard]] std::string_view text(int column) const noexcept;

private:
    std::unique_ptr<sqlite3_stmt, closer> handle_;
};

}  // namespace rhumb::overlay::sqlite
