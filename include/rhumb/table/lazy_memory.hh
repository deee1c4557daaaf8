// Zeroed memory for large tables: address space first, pages with the first touch, and huge ones
// where the kernel grants them (transparent huge pages, by madvise): packets with random labels
// would otherwise miss the TLB for each. Threads: as the table that it is for; populate() any.
#pragma once

#include <cstddef>
#include <utility>

namespace rhumb {

class lazy_memory {
public:
    lazy_memory() = default;
    // Reserves `bytes`; data() is null where the machine does not grant them.
    explicit lazy_memory(std::size_t bytes) noexcept;
    lazy_memory(lazy_memory&& other) noexcept { swap(other); }
    lazy_memory& operator=(lazy_memory&& other) noexcept {
        swap(other);
        return *this;
    }
    ~lazy_memory();

    [[nodiscard]] void* data() const noexcept { return data_; }

    // Has the kernel bring the pages of a range now, its content unchanged, so that no first touch
    // has to wait for them. Kernels before Linux 5.14 do not, and the first touch waits.
    void populate(std::size_t offset, std::size_t bytes) const noexcept;

private:
    void swap(lazy_memory& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(mapped_, other.mapped_);
        std::swap(mapped_bytes_, other.mapped_bytes_);
    }

    void* data_ = nullptr;
    void* mapped_ = nullptr;  // what munmap() wants: data_ is aligned within
    std::size_t mapped_bytes_ = 0;
};

}  // namespace rhumb
