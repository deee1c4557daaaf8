// How often a test that compares with all possibilities does so: a quarter under sanitizers, which
// make such searches many times slower. Threads: a pure function.
#pragma once

namespace rhumb::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

// Also for what is expected to be counted in so many rounds.
constexpr int rounds(int in_full) { return sanitized ? in_full / 4 : in_full; }

}  // namespace rhumb::test
