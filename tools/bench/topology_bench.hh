// What the topology benchmark measures: cases that run in turns, each as often as the others, so
// that what else the machine does hits all of them. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace rhumb::bench {

struct timed_case {
    std::string what;
    std::size_t per_run = 1;             // how many of what is measured one run does
    std::function<void()> run;           // timed
    std::function<void()> prepare{};     // before each run, not timed
    std::vector<double> microseconds{};  // of one, by round
};

// Cases that are worth comparing. They hold on to what they need.
struct case_group {
    std::string title;
    std::vector<timed_case> cases;
};

// The network that all measure on, and how much: --quick makes both small.
struct bench_size {
    std::size_t nodes = 10'000;
    std::size_t links = 40'000;
    std::size_t hub_links = 10'000;
    int rounds = 15;
};

[[nodiscard]] case_group shortest_path_cases(const bench_size& size, unsigned max_cost);
[[nodiscard]] case_group map_cases(const bench_size& size);

// Prints a table of what a loaded map takes of memory.
void print_memory(const bench_size& size);

// Ends the program: results that are compared are not the same.
[[noreturn]] void differ(const char* what);

}  // namespace rhumb::bench
