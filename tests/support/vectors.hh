// Data from real systems, which lies in $RHUMB_VECTORS or beside the project, or is not there.
// Threads: any.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace rhumb::test {

// Null, and the test is to be skipped, where the vectors are absent.
inline nlohmann::json load_vectors(const std::string& name) {
    const char* const folder = std::getenv("RHUMB_VECTORS");
    const std::filesystem::path path =
        std::filesystem::path(folder != nullptr ? folder : RHUMB_VECTORS_DEFAULT) / "scion" / name;
    std::ifstream file(path);
    return file ? nlohmann::json::parse(file) : nlohmann::json();
}

}  // namespace rhumb::test

#define LOAD_OR_SKIP(variable, name)                                   \
    const nlohmann::json variable = ::rhumb::test::load_vectors(name); \
    if (variable.is_null()) {                                          \
        GTEST_SKIP() << "there are no vectors: " << (name);            \
    }                                                                  \
    static_assert(true)
