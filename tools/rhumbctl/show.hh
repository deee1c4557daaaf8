// `show`: asks for rows page by page and writes them as a table, as JSON, or again and again.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <unordered_map>

#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/command.hh"
#include "tools/rhumbctl/view.hh"

namespace rhumb::ctl {

// Rows asked for at once: few enough that a page of the longest rows fits a message.
inline constexpr std::size_t page_rows = 1000;

using row_limit = std::optional<std::uint64_t>;

// Calls `page` with the rows of each answer until there are no more, or `limit` of them.
// Returns whether some are left.
bool for_each_page(client& router, const nlohmann::json& params, row_limit limit,
                   const std::function<void(const nlohmann::json& rows)>& page);

// The controller's report, in one piece: {"links", "unroutable", "failures"}.
[[nodiscard]] nlohmann::json load_report(client& router, const command& what);

// The router's map as a topology file.
[[nodiscard]] std::string topology_file(client& router);

// What counters gain a second between two samples.
class rates {
public:
    using clock = std::chrono::steady_clock;

    // A new sample begins.
    void start(clock::time_point now);
    // `value` is what `key` counts now; `-` where the last sample has none, or more.
    [[nodiscard]] std::string of(const std::string& key, std::uint64_t value);

private:
    using sample = std::unordered_map<std::string, std::uint64_t>;
    sample last_;
    sample now_;
    clock::time_point since_;
    double seconds_ = 0;  // 0: there was no sample before
};

// Once. `counting`, if any, adds the rates.
bool show(client& router, const command& what, row_limit limit, bool as_json, rates* counting,
          std::ostream& out);

// Every `interval`, until a failure or a signal ends it. On a terminal the screen is drawn anew.
[[noreturn]] void watch(client& router, const command& what, row_limit limit, bool as_json,
                        std::chrono::milliseconds interval, std::ostream& out);

}  // namespace rhumb::ctl
