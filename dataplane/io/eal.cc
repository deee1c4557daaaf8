// The interrupt handles that DPDK 22.11 does not call stable yet.
#define ALLOW_EXPERIMENTAL_API

#include "dataplane/io/eal.hh"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_interrupts.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_version.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

namespace rhumb::io {

namespace {

// "0000:01:00.0" or "01:00.0", possibly with arguments.
bool is_pci(std::string_view device) {
    device = device.substr(0, device.find(','));
    return device.find(':') != std::string_view::npos &&
           device.find('.') != std::string_view::npos &&
           device.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

std::vector<unsigned> usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cpus;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &set)) {
                cpus.push_back(cpu);
            }
        }
    }
    return cpus.empty() ? std::vector<unsigned>{0} : cpus;
}

// Logical core 0 is the control thread, the others are workers. Pinned workers get a CPU each, the
// control thread's last; workers that may sleep float over all CPUs, so that many routers can
// share a machine.
std::string choose_lcores(unsigned workers, bool pin) {
    const std::vector<unsigned> cpus = usable_cpus();
    std::string all = "(";
    for (const unsigned cpu : cpus) {
        all += (all.size() > 1 ? "," : "") + std::to_string(cpu);
    }
    all += ')';
    std::string lcores = "0@" + (pin ? std::to_string(cpus[0]) : all);
    for (unsigned w = 1; w <= workers; ++w) {
        lcores +=
            ',' + std::to_string(w) + '@' + (pin ? std::to_string(cpus[w % cpus.size()]) : all);
    }
    return lcores;
}

std::uint64_t number_in(const std::filesystem::path& file) {
    std::uint64_t number = 0;
    std::ifstream(file) >> number;
    return number;
}

// DPDK leaves it. It stays where another process has files in it.
void remove_runtime_folder() { ::rmdir(rte_eal_get_runtime_dir()); }

struct page_choice {
    bool huge;
    std::string why;
};

page_choice choose_pages(page_policy policy, std::size_t wanted) {
    const std::size_t free = free_huge_bytes();
    const auto mib = [](std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; };
    switch (policy) {
        case page_policy::huge: return {true, "huge pages, as configured"};
        case page_policy::ordinary: return {false, "ordinary pages, as configured"};
        case page_policy::automatic: break;
    }
    if (free >= wanted && free != 0) {
        return {true, "huge pages (" + mib(free) + " free)"};
    }
    return {false, "ordinary pages: " + mib(free) + " in free huge pages, " + mib(wanted) +
                       " wanted; forwarding works, with more TLB misses"};
}

}  // namespace

std::size_t free_huge_bytes() {
    std::size_t bytes = 0;
    std::error_code failed;
    for (const auto& entry :
         std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", failed)) {
        // hugepages-2048kB
        const std::string name = entry.path().filename().string();
        const std::size_t dash = name.find('-');
        if (dash != std::string::npos) {
            const std::size_t kib = std::strtoul(name.c_str() + dash + 1, nullptr, 10);
            bytes += number_in(entry.path() / "free_hugepages") * kib * 1024;
        }
    }
    return bytes;
}

result<eal_started> start_eal(const eal_options& options) {
    const page_choice pages = choose_pages(options.pages, options.memory_bytes);
    std::vector<std::string> arguments{"rhumbd", "--file-prefix", options.name};
    if (options.cores.empty()) {
        arguments.insert(arguments.end(),
                         {"--lcores", choose_lcores(options.workers, options.pin)});
    } else {
        const bool is_map = options.cores.find_first_of("@(") != std::string::npos;
        arguments.insert(arguments.end(), {is_map ? "--lcores" : "-l", options.cores});
    }
    // Nothing is shared with other processes, so nothing is left in files.
    if (pages.huge) {
        arguments.emplace_back("--in-memory");
    } else {
        const std::size_t mib = std::max<std::size_t>(options.memory_bytes >> 20, 64);
        arguments.insert(arguments.end(), {"--no-huge", "--no-shconf", "-m", std::to_string(mib)});
    }
    bool any_pci = false;
    for (const std::string& device : options.devices) {
        if (is_pci(device)) {
            any_pci = true;
            arguments.insert(arguments.end(), {"-a", device});
        }
    }
    if (!any_pci) {
        arguments.emplace_back("--no-pci");
    }
    arguments.insert(arguments.end(), options.extra.begin(), options.extra.end());

    // EAL keeps and reorders the pointers.
    static std::vector<std::string> kept;
    kept = arguments;
    static std::vector<char*> argv;
    argv.clear();
    for (std::string& argument : kept) {
        argv.push_back(argument.data());
    }
    // DPDK's libraries are too talkative otherwise. Not an argument for all names: to drivers that
    // are loaded later DPDK gives the first level that fits, so the user's would not hold.
    rte_log_set_level_pattern("*", RTE_LOG_NOTICE);
    // Registered before DPDK's own, which removes its telemetry socket, so that it runs after that.
    std::atexit(remove_runtime_folder);
    if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
        std::string line;
        for (const std::string& argument : arguments) {
            line += (line.empty() ? "" : " ") + argument;
        }
        return error{std::string("DPDK did not start: ") + rte_strerror(rte_errno) +
                         "; its arguments were: " + line,
                     {}};
    }
    if (rte_lcore_count() < options.workers + 1) {
        return error{"runtime.cores names " + std::to_string(rte_lcore_count()) + " cores; " +
                         std::to_string(options.workers) + " workers and the control thread want " +
                         std::to_string(options.workers + 1),
                     {}};
    }
    return eal_started{pages.huge, pages.why};
}

namespace {

// DPDK's interrupt thread lives on when its memory goes, and dies of it if a peer's last words come
// at that moment (seen with net_memif, 22.11). So it is called once more, and never let back. Not
// by an alarm: DPDK waits at its end for those.
void stop_interrupts() {
    static std::atomic<bool> stands{false};
    rte_intr_handle* const handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
    const int fd = ::eventfd(1, EFD_CLOEXEC);  // there is something to read at once
    const auto stand = [](void*) {
        stands.store(true);
        for (;;) {
            ::pause();
        }
    };
    if (handle == nullptr || fd < 0 || rte_intr_fd_set(handle, fd) != 0 ||
        rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT) != 0 ||
        rte_intr_callback_register(handle, stand, nullptr) != 0) {
        return;  // as it was
    }
    for (int n = 0; n < 1000 && !stands.load(); ++n) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

void stop_eal() {
    stop_interrupts();
    rte_eal_cleanup();
}

const char* dpdk_version() { return rte_version(); }

}  // namespace rhumb::io
