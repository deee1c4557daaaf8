// How rhumbctl fails: every failure ends the program with one of the statuses of its manual page
// (docs/rhumbctl.md), so it is an exception, and only main() catches it. Threads: any.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "rhumb/result.hh"

namespace rhumb::ctl {

enum class exit_status : int {
    done = 0,
    refused = 1,        // by the router
    usage = 2,          // wrong arguments
    no_connection = 3,  // none, or it broke off, or what came makes no sense
    file = 4,           // a file, or standard output, cannot be read or written
};

class failure : public std::runtime_error {
public:
    failure(exit_status status, const std::string& message)
        : std::runtime_error(message), status_(status) {}
    [[nodiscard]] exit_status status() const noexcept { return status_; }

private:
    exit_status status_;
};

// What came from the router is not what the protocol allows.
[[nodiscard]] inline failure nonsense(const std::string& what) {
    return {exit_status::no_connection, "the router's answer makes no sense: " + what};
}

// The router said no, and perhaps where in the TOML text.
class refusal : public failure {
public:
    explicit refusal(error why) : failure(exit_status::refused, why.text()), why_(std::move(why)) {}
    [[nodiscard]] const error& why() const noexcept { return why_; }

private:
    error why_;
};

}  // namespace rhumb::ctl
