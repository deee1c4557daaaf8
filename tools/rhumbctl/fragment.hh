// TOML text for `apply` from KEY=VALUE words. What a key means, and whether the keys go together,
// is for the router to say; here they only become well-formed TOML. All throw failure{usage}.
// Threads: any.
#pragma once

#include <span>
#include <string>

namespace rhumb::ctl {

using words = std::span<const std::string>;

// `what`: label, prefix or nexthop; `name`: which one.
[[nodiscard]] std::string set_fragment(const std::string& what, const std::string& name,
                                       words settings);
[[nodiscard]] std::string remove_fragment(const std::string& what, words names);

}  // namespace rhumb::ctl
