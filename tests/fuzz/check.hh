// What must hold, whatever a fuzzer finds. Threads: any.
#pragma once

#include <cstdlib>

namespace rhumb::test {

inline void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace rhumb::test
