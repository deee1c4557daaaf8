// `overlay read`, `listen` and `show progress`: messages as they come, and how far a
// synchronisation is. Threads: one at a time.
#pragma once

#include <chrono>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tools/rhumbctl/client.hh"
#include "tools/rhumbctl/command.hh"

namespace rhumb::ctl {

// One message: "3  2026-11-26 08:00:00Z  link-state  {...}".
[[nodiscard]] std::string message_text(const nlohmann::json& event);

// One that was broadcast: "2026-11-26 08:00:00Z  @KEY.ed25519  text  the link is down".
[[nodiscard]] std::string broadcast_text(const nlohmann::json& event);
[[nodiscard]] std::string json_text(const nlohmann::json& event);
// What came of a message that was broadcast.
[[nodiscard]] std::string sent_text(const nlohmann::json& sent);

// Until there are no more, or `interrupt`, a descriptor, turns readable. The answer, null where it
// did not come to one.
nlohmann::json follow_events(client& node, const command& what,
                             std::string (*in_words)(const nlohmann::json&), int interrupt,
                             std::ostream& out);

// "[#########...........]  45 %  450 of 1,000 notes and messages; messages: ...".
[[nodiscard]] std::string progress_text(const nlohmann::json& row);

// Once, or with `interval` again and again until all is there; `live`: on a line of a terminal.
void show_progress(client& node, const command& what,
                   std::optional<std::chrono::milliseconds> interval, bool live, std::ostream& out);

}  // namespace rhumb::ctl
