#include "controlplane/overlay/store/sqlite.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rhumb::overlay::sqlite {

result<database> database::open(const std::string& file) {
    // SQLite would make the file with the process's umask; messages may be private to a network.
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0) {
        return error{std::string("cannot open: ") + std::strerror(errno), {file}};
    }
    ::close(made);
    database opened;
    opened.file_ = file;
    sqlite3* handle = nullptr;
    const int status = sqlite3_open_v2(file.c_str(), &handle,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    opened.handle_.reset(handle);
    if (status != SQLITE_OK) {
        return opened.why();
    }
    sqlite3_extended_result_codes(handle, 1);
    return opened;
}

result<void> database::run(const char* statements) {
    if (sqlite3_exec(handle_.get(), statements, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return why();
    }
    return {};
}

result<std::int64_t> database::number(const char* query) {
    auto asked = statement::prepare(*this, query);
    if (!asked) {
        return asked.why();
    }
    const auto row = asked->step(*this);
    if (!row) {
        return row.why();
    }
    return row.value() ? asked->number(0) : 0;
}

error database::why() const {
    const int code = handle_ ? sqlite3_errcode(handle_.get()) : SQLITE_NOMEM;
    std::string said = handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory";
    if (code == SQLITE_BUSY) {
        said = "the store is in use by another process";
    } else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
        said += "; restore it from a copy, or move it away and let peers fill a new one";
    }
    return error{std::move(said), {file_}};
}

result<statement> statement::prepare(const database& in, const char* text) {
    sqlite3_stmt* handle = nullptr;
    if (sqlite3_prepare_v3(in.handle(), text, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr) !=
        SQLITE_OK) {
        return in.why();
    }
    statement prepared;
    prepared.handle_.reset(handle);
    return prepared;
}

void statement::bind(int parameter, std::int64_t value) noexcept {
    sqlite3_bind_int64(handle_.get(), parameter, value);
}

void statement::bind(int parameter, std::span<const std::uint8_t> bytes) noexcept {
    // An empty span may have no address, which SQLite would take for NULL.
    sqlite3_bind_blob64(handle_.get(), parameter,
                        bytes.empty() ? static_cast<const void*>("") : bytes.data(), bytes.size(),
                        SQLITE_STATIC);
}

void statement::bind(int parameter, std::string_view text) noexcept {
    sqlite3_bind_text64(handle_.get(), parameter, text.empty() ? "" : text.data(), text.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
}

result<bool> statement::step(const database& of) {
    const int status = sqlite3_step(handle_.get());
    if (status == SQLITE_ROW) {
        return true;
    }
    if (status == SQLITE_DONE) {
        sqlite3_reset(handle_.get());
        return false;
    }
    const error why = of.why();
    sqlite3_reset(handle_.get());
    return why;
}

result<void> statement::run(const database& of) {
    const auto row = step(of);
    reset();
    if (!row) {
        return row.why();
    }
    return {};
}

std::int64_t statement::number(int column) const noexcept {
    return sqlite3_column_int64(handle_.get(), column);
}

std::span<const std::uint8_t> statement::bytes(int column) const noexcept {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
    const int size = sqlite3_column_bytes(handle_.get(), column);
    return data == nullptr ? std::span<const std::uint8_t>{}
                           : std::span(data, static_cast<std::size_t>(size));
}

std::string_view statement::text(int column) const noexcept {
    const auto got = bytes(column);
    return {reinterpret_cast<const char*>(got.data()), got.size()};
}

}  // namespace rhumb::overlay::sqlite
