// Which of the processor's vector extensions the packet path uses, where it has code of its own for
// them. Every such code does the same as the portable one, which always stands beside it, and tests
// compare the two. RHUMB_ISA in the environment asks for less than the processor has. Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace rhumb {

// Each with all before it.
enum class isa : std::uint8_t {
    portable,  // what the compiler was told to assume
    aesni,     // AES-NI, SSE4.1: one AES block an instruction
    vaes,      // VAES, AVX2: two
    avx512,    // VAES, AVX-512 F, BW, DQ, VL: four
};
inline constexpr std::array<std::string_view, 4> isa_names{"portable", "aesni", "vaes", "avx512"};

[[nodiscard]] constexpr std::string_view name_of(isa which) noexcept {
    return isa_names[static_cast<std::size_t>(which)];
}
[[nodiscard]] constexpr std::optional<isa> isa_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < isa_names.size(); ++i) {
        if (isa_names[i] == name) {
            return static_cast<isa>(i);
        }
    }
    return std::nullopt;
}

// The most that this processor, and its operating system, can do.
[[nodiscard]] inline isa isa_of_processor() noexcept {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("aes") || !__builtin_cpu_supports("sse4.1")) {
        return isa::portable;
    }
    if (!__builtin_cpu_supports("vaes") || !__builtin_cpu_supports("avx2")) {
        return isa::aesni;
    }
    const bool has_avx512 =
        __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return has_avx512 ? isa::avx512 : isa::vaes;
#else
    return isa::portable;
#endif
}

// What is in use: all that the processor has, or no more than RHUMB_ISA names. A name that is not
// known changes nothing here; the daemon refuses to start with one.
[[nodiscard]] inline isa isa_in_use() noexcept {
    const char* const asked = std::getenv("RHUMB_ISA");
    const auto most = asked == nullptr ? std::nullopt : isa_named(asked);
    return std::min(isa_of_processor(), most.value_or(isa::avx512));
}

}  // namespace rhumb
