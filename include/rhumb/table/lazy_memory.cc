#include "rhumb/table/lazy_memory.hh"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace rhumb {

namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;
#ifdef MADV_POPULATE_WRITE
constexpr int populate_write = MADV_POPULATE_WRITE;
#else
constexpr int populate_write = 23;  // Linux 5.14
#endif

}  // namespace

lazy_memory::lazy_memory(std::size_t bytes) noexcept {
    const bool large = bytes >= huge_page;
    mapped_bytes_ = bytes + (large ? huge_page : 0);  // so that a huge page's multiple lies within
    mapped_ = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped_ == MAP_FAILED) {
        mapped_ = nullptr;
        return;
    }
    data_ = mapped_;
    if (large) {
        const auto start = reinterpret_cast<std::uintptr_t>(mapped_);
        const std::uintptr_t aligned = (start + huge_page - 1) / huge_page * huge_page;
        data_ = static_cast<std::byte*>(mapped_) + (aligned - start);
        ::madvise(data_, bytes, MADV_HUGEPAGE);  // a kernel without them says no: nothing is lost
    }
}

lazy_memory::~lazy_memory() {
    if (mapped_ != nullptr) {
        ::munmap(mapped_, mapped_bytes_);
    }
}

void lazy_memory::populate(std::size_t offset, std::size_t bytes) const noexcept {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t first = offset / page * page;
    ::madvise(static_cast<std::byte*>(data_) + first, offset + bytes - first, populate_write);
}

}  // namespace rhumb
