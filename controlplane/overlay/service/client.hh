// Whoever asks something of the service. Threads: control.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

#include "rhumb/result.hh"

namespace rhumb::overlay {

// What came of a request, once; and, before that, what it yields one by one, as JSON of one line.
// `event` says false when nobody listens any more.
struct request_client {
    std::function<void(result<nlohmann::json>)> answer;
    std::function<bool(std::string_view)> event;
    // Whether what was sent has been taken, more or less: else events wait. None: always.
    std::function<bool()> has_room{};
};

}  // namespace rhumb::overlay
