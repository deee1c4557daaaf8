// How other threads have something run on the control loop. Threads: any.
#pragma once

#include <functional>

namespace rhumb::overlay {

using post_function = std::function<void(std::function<void()>)>;

}  // namespace rhumb::overlay
