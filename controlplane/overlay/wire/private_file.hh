// Reading a file that holds a secret: a key, a passphrase. One that others may read, or could have
// written, is refused with a word on what to do. What was read stands in the caller's memory alone,
// so that he can wipe it. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "rhumb/result.hh"

namespace rhumb::overlay {

// What of a file is read: what it is called in errors, and whether it must stand under its own name
// (no symbolic link, no pipe).
struct private_file {
    std::string_view what;
    bool must_be_itself = true;
};

// How much was read into `to`; what does not fit is left. Errors begin with the path.
[[nodiscard]] result<std::size_t> read_private_file(const std::string& path, private_file how,
                                                    std::span<char> to);

// What went wrong last (errno), of a file.
[[nodiscard]] error file_error(const std::string& path, std::string_view what);

}  // namespace rhumb::overlay
