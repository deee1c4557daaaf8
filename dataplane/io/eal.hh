// DPDK's environment abstraction layer: started once, before everything else in io.
// Threads: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rhumb/result.hh"

namespace rhumb::io {

enum class page_policy : std::uint8_t { automatic, huge, ordinary };

struct eal_options {
    std::string name = "rhumb";  // file prefix: of the telemetry socket, and in DPDK's logs
    unsigned workers = 1;        // worker lcores
    std::string cores;           // DPDK core list or map; the lowest is control's; "" = choose
    bool pin = false;            // where cores are to be chosen: one CPU a worker
    page_policy pages = page_policy::automatic;
    std::size_t memory_bytes = 0;      // what packet buffers and devices will need
    std::vector<std::string> devices;  // devargs of all ports, to tell PCI ones apart
    std::vector<std::string> extra;    // arguments from the user, which win
};

struct eal_started {
    bool huge_pages = false;
    std::string pages_text;  // a sentence for the log: which pages, and why
};

// Bytes in free huge pages of the machine.
[[nodiscard]] std::size_t free_huge_bytes();

[[nodiscard]] result<eal_started> start_eal(const eal_options& options);
void stop_eal();

[[nodiscard]] const char* dpdk_version();

}  // namespace rhumb::io
