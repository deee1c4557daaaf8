// Notes of EBT replication as they are sent: one JSON object from feed ids to integers, or such an
// object under the key `clock`. What the integers mean is not known here. One stream carries
// messages and notes; a message begins with `previous`. Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/overlay/wire/ids.hh"
#include "controlplane/overlay/wire/json_scanner.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

struct note_entry {
    key32 feed{};
    std::int64_t value = 0;
    friend bool operator==(const note_entry&, const note_entry&) = default;
};

struct notes_limits {
    std::size_t bytes = std::size_t{4} << 20;
    std::size_t entries = std::size_t{1} << 16;
    std::size_t foreign = 64;  // entries whose keys are no feed ids
};

// Whether a frame is to be read as a message: no valid one begins otherwise, and no notes do so.
[[nodiscard]] bool begins_message(std::string_view text);

class notes_reader {
public:
    explicit notes_reader(notes_limits most = {});

    // Replaces what `into` holds, in the order of the text; a feed that stands twice has the last
    // value at the first place. What is no integer, or beyond 2^53, comes out as -1: not
    // replicated.
    [[nodiscard]] result<void> read(std::string_view text, std::vector<note_entry>& into);
    // Keys of the last frame that are no feed ids of this format; they are passed over.
    [[nodiscard]] std::size_t foreign() const noexcept { return foreign_; }

private:
    [[nodiscard]] result<void> read_entries(std::vector<note_entry>& into, bool is_outer);
    [[nodiscard]] result<void> read_entry(std::vector<note_entry>& into, bool is_outer);
    [[nodiscard]] result<void> skip(json_token token);
    [[nodiscard]] result<void> malformed(const char* what);
    void put(std::vector<note_entry>& into, const note_entry& entry);
    [[nodiscard]] std::size_t slot_of(const std::vector<note_entry>& in, const key32& feed) const;

    notes_limits limits_;
    json_scanner scanner_;
    std::size_t foreign_ = 0;
    bool has_clock_ = false;
    std::array<byte, 16> hash_key_{};   // so that nobody can choose ids that collide
    std::vector<std::uint32_t> slots_;  // places in `into`, from 1 on; a power of two of them
};

// Appends a frame with as many entries as fit into about `most` bytes, one at least where there is
// one; how many those are. No entries are {}, which is a frame, too.
std::size_t append_notes(std::string& to, std::span<const note_entry> entries,
                         std::size_t most = std::size_t{64} << 10);

}  // namespace rhumb::overlay
