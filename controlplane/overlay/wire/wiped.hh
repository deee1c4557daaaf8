// A value that is overwritten when it ends, for secrets that live for one call or one connection;
// what lives longer is in rhumb/crypto/secret.hh. Threads: one at a time.
#pragma once

#include <type_traits>

#include "rhumb/crypto/secret.hh"

namespace rhumb::overlay {

template <class T>
class wiped {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    wiped() = default;
    explicit wiped(const T& value) : value_(value) {}
    wiped(const wiped&) = default;
    wiped& operator=(const wiped&) = default;
    ~wiped() { crypto::secret_memory::wipe(&value_, sizeof value_); }

    [[nodiscard]] T& operator*() noexcept { return value_; }
    [[nodiscard]] const T& operator*() const noexcept { return value_; }
    [[nodiscard]] T* operator->() noexcept { return &value_; }
    [[nodiscard]] const T* operator->() const noexcept { return &value_; }

private:
    T value_{};
};

}  // namespace rhumb::overlay
