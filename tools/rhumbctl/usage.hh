// Of the help of all commands, what one command needs. Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rhumb::ctl {

// The lines of `usage` that are about the command that the words begin, or if there are none about
// these words, about the first of them; "" where nothing is. Such lines begin with two blanks, what
// belongs to them with more.
[[nodiscard]] std::string usage_of_command(std::string_view usage,
                                           std::span<const std::string> words);

// The options of that command, by their long names, without those of all commands.
[[nodiscard]] std::span<const std::string_view> options_of_command(
    std::span<const std::string> words);
// Of all commands.
[[nodiscard]] std::span<const std::string_view> options_of_all();

}  // namespace rhumb::ctl
