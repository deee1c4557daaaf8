// What all tests of rhumbctl want: from words to a command, or to what is wrong with them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "tools/rhumbctl/arguments.hh"
#include "tools/rhumbctl/command.hh"
#include "tools/rhumbctl/failure.hh"
#include "tools/rhumbctl/frame.hh"

namespace rhumb::ctl {

// What `act` throws: "2 message", or "nothing".
inline std::string thrown(const std::function<void()>& act) {
    try {
        act();
    } catch (const failure& why) {
        return std::to_string(static_cast<int>(why.status())) + " " + why.what();
    }
    return "nothing";
}

inline command parsed(const std::vector<std::string>& line) {
    return parse_command(parse_arguments(line));
}

inline std::string usage_error(const std::vector<std::string>& line) {
    return thrown([&line] { (void)parsed(line); });
}

inline frame_bytes bytes_of(std::string_view hex) {
    std::string digits;
    std::ranges::copy_if(hex, std::back_inserter(digits), [](char c) { return c != ' '; });
    const auto bytes = parse_hex(digits);
    EXPECT_TRUE(bytes);
    return bytes.value_or(frame_bytes{});
}

}  // namespace rhumb::ctl
