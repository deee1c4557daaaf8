// The subcommands of rhumb-scion. Each has a file of its own, reads its own options and its own
// --help, and returns the exit status; what goes wrong it throws. Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rhumb/result.hh"
#include "tools/rhumbctl/failure.hh"

namespace rhumb::scion::tool {

using ctl::exit_status;  // refused: there is no path, or a packet did not arrive
using ctl::failure;

// The value, or a failure with the error's place.
template <class T>
[[nodiscard]] T value_or_failure(result<T> from, exit_status status = exit_status::file) {
    if (!from) {
        throw failure(status, from.why().text());
    }
    return std::move(from).value();
}

using words = std::vector<std::string>;

struct subcommand {
    std::string_view name;
    std::string_view arguments;
    std::string_view summary;
    exit_status (*run)(const words& line);  // without the program's and the subcommand's name
};

exit_status make(const words& line);
exit_status show(const words& line);
exit_status list_paths(const words& line);
exit_status packet(const words& line);
exit_status walk(const words& line);

}  // namespace rhumb::scion::tool
