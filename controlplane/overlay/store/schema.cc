#include "controlplane/overlay/store/schema.hh"

#include <utility>

namespace rhumb::overlay {
namespace {

// "Rhum": so that the file is recognised, and no other database is written to.
constexpr std::int64_t application_id = 0x5268756d;
constexpr std::int64_t schema_version = 2;

constexpr const char* schema = R"(
BEGIN;
CREATE TABLE feeds (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
    sequence INTEGER NOT NULL DEFAULT 0, id BLOB NOT NULL DEFAULT x'',
    followed INTEGER NOT NULL DEFAULT 0, frozen INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE messages (place INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL,
    id BLOB NOT NULL, raw TEXT NOT NULL) STRICT;
CREATE TABLE forks (author BLOB PRIMARY KEY, found_ms INTEGER NOT NULL,
    ours TEXT NOT NULL, theirs TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE blocks (who BLOB NOT NULL, target BLOB NOT NULL,
    PRIMARY KEY (who, target)) STRICT, WITHOUT ROWID;
CREATE TABLE peers (key BLOB PRIMARY KEY, address TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE clocks (peer BLOB PRIMARY KEY, entries BLOB NOT NULL) STRICT;
PRAGMA application_id = 0x5268756d;
PRAGMA user_version = 1;
COMMIT;
)";
constexpr const char* from_version_1 = R"(
BEGIN;
CREATE TABLE node (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
COMMIT;
)";

}  // namespace

result<sqlite::database> open_store_file(const std::string& file) {
    auto database = sqlite::database::open(file);
    if (!database) {
        return database.why();
    }
    // EXCLUSIVE: one process at a time, and no shared memory beside the file. FULL: a commit is on
    // the disk when it returns.
    if (auto set = database->run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
                                 "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192;"
                                 "BEGIN IMMEDIATE; COMMIT;");
        !set) {
        return set.why();
    }
    const auto application = database->number("PRAGMA application_id");
    const auto version = database->number("PRAGMA user_version");
    const auto tables = database->number("SELECT count(*) FROM sqlite_schema");
    for (const auto* asked : {&application, &version, &tables}) {
        if (!*asked) {
            return asked->why();
        }
    }
    const bool is_new = tables.value() == 0;
    if (is_new) {
        if (auto made = database->run(schema); !made) {
            return made.why();
        }
    } else if (application.value() != application_id) {
        return error{"an SQLite database, but not one of this program's", {file}};
    } else if (version.value() != 1 && version.value() != schema_version) {
        return error{"of version " + std::to_string(version.value()) +
                         ", this program knows version " + std::to_string(schema_version),
                     {file}};
    }
    if (is_new || version.value() == 1) {
        if (auto made = database->run(from_version_1); !made) {
            return made.why();
        }
    }
    return database;
}

}  // namespace rhumb::overlay
