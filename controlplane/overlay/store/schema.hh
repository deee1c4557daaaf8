// The file that the store keeps: how it is recognised, its tables, and how files of earlier
// versions are brought to this one. Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "controlplane/overlay/store/sqlite.hh"
#include "controlplane/overlay/wire/ids.hh"
#include "rhumb/result.hh"

namespace rhumb::overlay {

// Messages are clustered by feed and sequence: the row number, their place, is both.
inline constexpr int sequence_bits = 31;
inline constexpr std::int64_t max_stored_sequence = (std::int64_t{1} << sequence_bits) - 1;

[[nodiscard]] constexpr std::int64_t place_of(std::int64_t feed_number,
                                              std::int64_t sequence) noexcept {
    return (feed_number << sequence_bits) | sequence;
}

// The key in a column; false, and `to` unchanged, where it is no key.
inline bool copy_key(std::span<const std::uint8_t> from, key32& to) noexcept {
    if (from.size() != to.size()) {
        return false;
    }
    std::ranges::copy(from, to.begin());
    return true;
}

// With the tables of this version; made if there is no file. Errors name it: not ours, of a newer
// version, in use.
[[nodiscard]] result<sqlite::database> open_store_file(const std::string& file);

}  // namespace rhumb::overlay
