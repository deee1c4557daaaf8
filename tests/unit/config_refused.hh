// Texts that parse() must refuse, and its words for each. Threads: any.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "controlplane/config/load.hh"

namespace rhumb::config {

struct bad_text {
    const char* text;
    const char* why;  // without the file's name
};

inline void expect_refused(std::span<const bad_text> texts) {
    for (const bad_text& bad : texts) {
        const auto made = parse(bad.text, "r1.toml", "");
        ASSERT_FALSE(made.ok()) << bad.text;
        EXPECT_EQ(made.why().text(), "r1.toml:" + std::string(bad.why)) << bad.text;
    }
}

}  // namespace rhumb::config
