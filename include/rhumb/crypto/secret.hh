// Keys in memory that is theirs alone: between pages that nobody may touch, locked against being
// swapped out, left out of core dumps, read-only once it is filled, and wiped when it is given back
// (libsodium's sodium_malloc). Threads: control makes and ends them; any reads them.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "rhumb/bytes.hh"
#include "rhumb/crypto/aes128.hh"
#include "rhumb/result.hh"

namespace rhumb::crypto {

namespace secret_memory {

struct allocation {
    void* address = nullptr;  // null: there is no memory
    bool locked = false;      // else the limit on locked memory (RLIMIT_MEMLOCK) is too low
};
// The end is the end of a page, so memory for a T is as aligned as a T wants it.
[[nodiscard]] allocation allocate(std::size_t size) noexcept;
[[nodiscard]] bool make_read_only(void* address) noexcept;
void release(void* address) noexcept;  // wipes it first
// Zeroes that the compiler does not leave out.
void wipe(void* address, std::size_t size) noexcept;

struct releases {
    void operator()(void* address) const noexcept { release(address); }
};

}  // namespace secret_memory

// Owns one T. Pages are its unit: put all keys of a router into one T, not each into its own.
template <class T>
class secret {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    // `fill` gets a T of zeroes and writes it; afterwards it is read-only.
    template <class Fill>
    [[nodiscard]] static result<secret> make(Fill&& fill) {
        const secret_memory::allocation memory = secret_memory::allocate(sizeof(T));
        if (memory.address == nullptr) {
            return error{"no memory for keys: the limit on mappings or on memory is reached", {}};
        }
        secret made(new (memory.address) T{}, memory.locked);
        std::forward<Fill>(fill)(*made.value_);
        if (!secret_memory::make_read_only(memory.address)) {
            return error{"memory for keys cannot be made read-only", {}};
        }
        return made;
    }

    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_.get(); }
    // Whether it is kept from being swapped out.
    [[nodiscard]] bool is_locked() const noexcept { return is_locked_; }

private:
    secret(T* value, bool is_locked) noexcept : value_(value), is_locked_(is_locked) {}

    std::unique_ptr<T, secret_memory::releases> value_;
    bool is_locked_;
};

// A key of 16 bytes as it is given or derived, before its expansion.
using secret_key = secret<std::array<byte, key_bytes>>;

}  // namespace rhumb::crypto
