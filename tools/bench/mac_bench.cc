// AES-CMAC over bursts of hop fields' blocks, on every level that the processor has, in TSC cycles
// per block.
//
//   build-bench/tools/bench/mac_bench
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "rhumb/crypto/cmac.hh"

namespace {

using namespace rhumb;

constexpr std::array<std::size_t, 3> bursts{16, 64, 128};
constexpr int repetitions = 9;

std::uint64_t cycles() noexcept {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    std::uint64_t value = 0;
    asm volatile("isb; mrs %0, cntvct_el0" : "=r"(value));
    return value;
#endif
}

// Each burst is made of the tags of the one before, so it waits for them as a router's next step
// does: the time until the last tag is there counts, not only how many tags are made in a second.
double median_cycles(crypto::cmac_function cmac, const crypto::cmac_key& key,
                     std::vector<crypto::block>& blocks, std::size_t total) {
    std::vector<double> runs;
    for (int n = 0; n < repetitions; ++n) {
        const std::uint64_t start = cycles();
        for (std::size_t done = 0; done < total; done += blocks.size()) {
            cmac(key, blocks.data(), blocks.data(), blocks.size());
        }
        runs.push_back(static_cast<double>(cycles() - start) / static_cast<double>(total));
    }
    std::sort(runs.begin(), runs.end());
    return runs[runs.size() / 2];
}

}  // namespace

int main() {
    crypto::cmac_key key;
    const std::array<byte, crypto::key_bytes> bytes{1, 2, 3};
    crypto::expand(key, bytes.data());
    std::printf("%-10s", "blocks");
    for (const std::size_t burst : bursts) {
        std::printf(" %8zu", burst);
    }
    std::puts("");
    std::array<std::vector<crypto::block>, bursts.size()> tags;
    bool same = true;
    for (std::size_t level = 0; level < isa_names.size(); ++level) {
        const auto which = static_cast<isa>(level);
        if (which > isa_of_processor()) {
            break;
        }
        std::printf("%-10s", std::string(name_of(which)).c_str());
        for (std::size_t n = 0; n < bursts.size(); ++n) {
            std::vector<crypto::block> blocks(bursts[n], crypto::block{});
            blocks[1].bytes[0] = 1;
            const std::size_t total = std::size_t{1} << (which == isa::portable ? 11 : 18);
            // Warm up, and compare.
            crypto::cmac_for(which)(key, blocks.data(), blocks.data(), blocks.size());
            if (which == isa::portable) {
                tags[n] = blocks;
            }
            same =
                same && std::equal(blocks.begin(), blocks.end(), tags[n].begin(),
                                   [](const auto& a, const auto& b) { return a.bytes == b.bytes; });
            std::printf(" %8.2f", median_cycles(crypto::cmac_for(which), key, blocks, total));
        }
        std::puts("");
    }
    std::puts(same ? "TSC cycles per block, median of 9; the same tags from all"
                   : "THE TAGS DIFFER");
    return same ? 0 : 1;
}
