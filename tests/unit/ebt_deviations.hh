// Where the machine may do otherwise than the reference, and nowhere else: docs/ebt.md has the same
// list with reasons. A rule looks at the step and says which leaves of the state may differ.
// Threads: any.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace rhumb::overlay::ebt {

// A state as leaves, "/peers/bob/notes/alice" -> "6"; what the reference leaves out is filled in.
std::map<std::string, std::string> leaves_of(const nlohmann::ordered_json& state);
// Those in which the two differ.
std::set<std::string> differing(const nlohmann::ordered_json& one,
                                const nlohmann::ordered_json& other);

// The rules that explain all of what differs in the step; empty if they do not.
std::set<std::string> explained(const nlohmann::ordered_json& step,
                                const std::set<std::string>& leaves);

}  // namespace rhumb::overlay::ebt
