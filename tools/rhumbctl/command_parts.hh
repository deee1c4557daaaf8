// What the making of commands from words is made of, and commands that have a file of their own.
// Threads: any.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "tools/rhumbctl/arguments.hh"
#include "tools/rhumbctl/command.hh"
#include "tools/rhumbctl/failure.hh"

namespace rhumb::ctl {

// Wrong usage.
[[nodiscard]] failure wrong(const std::string& message);

// Refuses options that mean nothing to a command.
void allow(const arguments& given, std::initializer_list<std::string_view> options);

// Refuses any other number of words; `form` says what the command looks like.
void expect_words(const arguments& given, std::size_t min, std::size_t max, const char* form);

// The option as a number in the request.
void put_number(const char* name, const std::optional<std::string>& text, std::uint64_t least,
                std::uint64_t most, nlohmann::json& params);

[[nodiscard]] command call(const char* method, nlohmann::json params, std::string done);

// `rhumbctl overlay ...`: overlay_command.cc.
[[nodiscard]] command overlay_command(const arguments& given);

}  // namespace rhumb::ctl
