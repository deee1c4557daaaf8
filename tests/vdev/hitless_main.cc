// The tests of a router under traffic have a DPDK of their own to send and collect with.
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    const std::string prefix = "rhumb-hitless-" + std::to_string(::getpid());
    std::array<std::string, 12> words{
        "hitless_test", "--no-huge",      "--no-shconf",   "-m",   "128",
        "--no-pci",     "--no-telemetry", "--file-prefix", prefix, "--log-level=lib.*:error",
        "--lcores",     "0@(0-127)"};
    std::string cpus = "0@(0";
    for (long cpu = 1; cpu < ::sysconf(_SC_NPROCESSORS_ONLN); ++cpu) {
        cpus += "," + std::to_string(cpu);
    }
    words.back() = cpus + ")";
    std::array<char*, 12> arguments{};
    for (std::size_t n = 0; n < words.size(); ++n) {
        arguments[n] = words[n].data();
    }
    if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
        std::puts("DPDK does not start here: skipped");
        return 77;
    }
    const int status = RUN_ALL_TESTS();
    rte_eal_cleanup();
    return status;
}
