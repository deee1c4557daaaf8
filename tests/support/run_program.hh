// A program as people and scripts run it: its exit status and what it prints. Threads: any.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace rhumb::test {

class program {
public:
    struct result {
        int status = -1;
        std::string output;  // standard error as well, unless it was asked for JSON
    };

    explicit program(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] result run(const std::string& line) const {
        const bool as_json = line.find("--json") != std::string::npos;
        const std::string command = path_ + ' ' + line + (as_json ? " 2>/dev/null" : " 2>&1");
        std::FILE* const pipe = popen(command.c_str(), "r");
        result got;
        if (pipe == nullptr) {
            return got;
        }
        char part[4096];
        for (std::size_t count = 0; (count = std::fread(part, 1, sizeof part, pipe)) != 0;) {
            got.output.append(part, count);
        }
        const int status = pclose(pipe);
        got.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return got;
    }

    void expect(const std::string& line, int status, const std::vector<std::string>& parts) const {
        const result got = run(line);
        EXPECT_EQ(got.status, status) << line << '\n' << got.output;
        for (const std::string& part : parts) {
            EXPECT_NE(got.output.find(part), std::string::npos) << line << '\n' << got.output;
        }
    }

private:
    std::string path_;
};

}  // namespace rhumb::test
