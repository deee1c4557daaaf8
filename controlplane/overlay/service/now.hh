// The time of day, as messages bear it. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>

namespace rhumb::overlay {

// Milliseconds since 1970.
inline std::int64_t system_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace rhumb::overlay
