// A value, or why there is none: the control plane's way to report errors. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace rhumb {

// Where an error stands, 0 and empty where that means nothing. Lines and columns count from 1.
struct source_position {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

struct error {
    std::string message;  // what is wrong and what to do about it, no full stop
    source_position where;

    // "file:line:column: message", or "line 2, column 5: message" where there is no file.
    [[nodiscard]] std::string text() const {
        std::string place = where.file;
        if (where.line != 0) {
            place += (where.file.empty() ? "line " : ":") + std::to_string(where.line);
        }
        if (where.column != 0) {
            place += (where.file.empty() ? ", column " : ":") + std::to_string(where.column);
        }
        return place.empty() ? message : place + ": " + message;
    }
};

template <class T>
class [[nodiscard]] result {
public:
    result(T value) : value_(std::move(value)) {}
    result(error why) : value_(std::move(why)) {}

    [[nodiscard]] bool ok() const noexcept { return value_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    // Precondition: ok().
    [[nodiscard]] T& value() & { return *std::get_if<0>(&value_); }
    [[nodiscard]] const T& value() const& { return *std::get_if<0>(&value_); }
    [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&value_)); }
    T* operator->() { return &value(); }
    T& operator*() & { return value(); }

    // Precondition: !ok().
    [[nodiscard]] const error& why() const { return *std::get_if<1>(&value_); }

private:
    std::variant<T, error> value_;
};

// Done, or why not.
template <>
class [[nodiscard]] result<void> {
public:
    result() = default;
    result(error why) : error_(std::move(why)) {}
    [[nodiscard]] bool ok() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const error& why() const { return *error_; }

private:
    std::optional<error> error_;
};

}  // namespace rhumb
