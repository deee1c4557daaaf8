// Random numbers that are the same in every run and on every machine. Threads: one each.
#pragma once

#include <cstdint>
#include <random>

namespace rhumb::test {

class dice {
public:
    explicit dice(std::uint32_t seed) : engine_(seed) {}
    std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

private:
    std::mt19937 engine_;
};

}  // namespace rhumb::test
