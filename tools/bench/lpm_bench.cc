// The prefix trie beside DPDK's rte_fib (DIR24-8), both filled with the same random routes and
// asked for the same addresses, in TSC cycles per lookup: the measurement behind
// docs/decisions/002.
//
//   build/tools/bench/lpm_bench [routes...]
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_memory.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/table/lpm.hh"

namespace {

using namespace rhumb;

constexpr std::size_t lookups = 1 << 20;
constexpr std::size_t burst = 32;
constexpr int repetitions = 9;

struct random_route {
    std::uint32_t address;
    unsigned length;
};

// Lengths as in the Internet's table: most are /24, the rest from /8 to /32.
std::vector<random_route> random_routes(std::size_t count, std::mt19937& dice) {
    std::map<std::pair<std::uint32_t, unsigned>, bool> known;
    std::vector<random_route> routes;
    while (routes.size() < count) {
        const auto length = static_cast<unsigned>(dice() % 10 < 6 ? 24 : 8 + dice() % 25);
        const std::uint32_t address =
            static_cast<std::uint32_t>(dice()) & ~(length == 32 ? 0 : 0xffffffffU >> length);
        if (known.emplace(std::pair(address, length), true).second) {
            routes.push_back({address, length});
        }
    }
    return routes;
}

// Addresses that the routes cover, in random order.
std::vector<std::uint32_t> addresses_in(const std::vector<random_route>& routes,
                                        std::mt19937& dice) {
    std::vector<std::uint32_t> addresses(lookups);
    for (std::uint32_t& address : addresses) {
        const random_route& route = routes[dice() % routes.size()];
        const std::uint32_t host = route.length == 32 ? 0 : 0xffffffffU >> route.length;
        address = route.address | (static_cast<std::uint32_t>(dice()) & host);
    }
    return addresses;
}

template <class LookUp>
double median_cycles(LookUp&& look_up) {
    std::vector<double> runs;
    for (int n = 0; n < repetitions; ++n) {
        const std::uint64_t start = rte_rdtsc();
        look_up();
        runs.push_back(static_cast<double>(rte_rdtsc() - start) / lookups);
    }
    std::sort(runs.begin(), runs.end());
    return runs[runs.size() / 2];
}

bool compare(std::size_t count) {
    std::mt19937 dice(7);
    const auto routes = random_routes(count, dice);
    const auto addresses = addresses_in(routes, dice);

    lpm_pool pool;
    lpm_table table(pool, family::ipv4);
    rte_fib_conf conf{};
    conf.type = RTE_FIB_DIR24_8;
    conf.max_routes = static_cast<int>(2 * count);
    conf.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
    conf.dir24_8.num_tbl8 = 1U << 18;
    rte_fib* const fib = rte_fib_create("fib", SOCKET_ID_ANY, &conf);
    if (fib == nullptr) {
        std::printf("rte_fib: %s\n", rte_strerror(rte_errno));
        return false;
    }
    for (std::size_t n = 0; n < routes.size(); ++n) {
        ip_prefix prefix{family::ipv4, static_cast<std::uint8_t>(routes[n].length), {}};
        store_be32(prefix.address.data(), routes[n].address);
        if (!table.set(prefix, static_cast<std::uint32_t>(n + 1)) ||
            rte_fib_add(fib, routes[n].address, static_cast<std::uint8_t>(routes[n].length),
                        n + 1) != 0) {
            std::puts("no room for the routes");
            return false;
        }
    }
    retired_list none;
    const lpm_view view = table.commit(none);

    std::vector<std::uint32_t> ours(lookups);
    std::vector<std::uint32_t> ours_at_once(lookups);
    std::vector<std::uint64_t> theirs(lookups);
    std::vector<std::array<byte, 4>> wire(lookups);
    for (std::size_t n = 0; n < lookups; ++n) {
        store_be32(wire[n].data(), addresses[n]);
    }
    const double our_cycles = median_cycles([&] {
        for (std::size_t n = 0; n < lookups; ++n) {
            ours[n] = view.lookup(wire[n].data());
        }
    });
    const double our_cycles_at_once = median_cycles([&] {
        std::array<const byte*, burst> where;
        for (std::size_t n = 0; n < lookups; n += burst) {
            for (std::size_t i = 0; i < burst; ++i) {
                where[i] = wire[n + i].data();
            }
            view.lookup(where.data(), &ours_at_once[n], burst);
        }
    });
    const double their_cycles = median_cycles([&] {
        for (std::size_t n = 0; n < lookups; n += burst) {
            rte_fib_lookup_bulk(fib, const_cast<std::uint32_t*>(&addresses[n]), &theirs[n], burst);
        }
    });
    rte_fib_free(fib);
    std::printf("%10zu %12.1f %12.1f %12.1f %12zu\n", count, our_cycles, our_cycles_at_once,
                their_cycles, pool.in_use() * sizeof(lpm_node) >> 10);
    if (ours != ours_at_once || !std::equal(ours.begin(), ours.end(), theirs.begin())) {
        std::puts("THE ANSWERS DIFFER");
        return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    std::array<const char*, 8> words{"lpm_bench", "--no-huge", "--no-shconf",    "-m",
                                     "2048",      "--no-pci",  "--no-telemetry", "--lcores=0"};
    if (rte_eal_init(static_cast<int>(words.size()), const_cast<char**>(words.data())) < 0) {
        return 1;
    }
    std::vector<std::size_t> counts;
    for (int n = 1; n < argc; ++n) {
        counts.push_back(std::strtoul(argv[n], nullptr, 10));
    }
    if (counts.empty()) {
        counts = {10, 1000, 100000, 500000};
    }
    std::printf("%10s %12s %12s %12s %12s\n", "routes", "trie", "trie, 32s", "rte_fib, 32s",
                "trie KiB");
    bool done = true;
    for (const std::size_t count : counts) {
        done = compare(count) && done;
    }
    std::puts("TSC cycles per lookup, median of 9; the same answers from all");
    rte_eal_cleanup();
    return done ? 0 : 1;
}
