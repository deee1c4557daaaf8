// Memory for the pages of a table, a chunk of huge pages at a time, so that a million labels lie in
// a few of them. Threads: control.
#pragma once

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include "rhumb/table/lazy_memory.hh"

namespace rhumb {

template <class Page>
class page_store {
public:
    page_store() = default;
    page_store(const page_store&) = delete;
    page_store& operator=(const page_store&) = delete;
    // Precondition: all pages have been released.
    ~page_store() {
        for (Page* const page : free_) {
            ASAN_UNPOISON_MEMORY_REGION(page, sizeof(Page));
        }
    }

    // A page with the content of `like`.
    [[nodiscard]] Page* make(const Page& like) {
        if (free_.empty()) {
            add_chunk();
        }
        Page* const page = free_.back();
        free_.pop_back();
        ASAN_UNPOISON_MEMORY_REGION(page, sizeof(Page));
        return new (page) Page(like);
    }
    void release(Page* page) noexcept {
        page->~Page();
        ASAN_POISON_MEMORY_REGION(page, sizeof(Page));  // AddressSanitizer sees who comes too late
        free_.push_back(page);
    }

private:
    static constexpr std::size_t first_chunk = std::size_t{1} << 16;
    static constexpr std::size_t largest_chunk = std::size_t{1} << 21;

    // Small tables get small chunks. free_ has room for every page, so release() never allocates.
    void add_chunk() {
        const std::size_t doublings = std::min<std::size_t>(chunks_.size(), 5);
        const std::size_t count = std::max<std::size_t>(
            std::min(first_chunk << doublings, largest_chunk) / sizeof(Page), 1);
        lazy_memory chunk(count * sizeof(Page));
        if (chunk.data() == nullptr) {
            throw std::bad_alloc();
        }
        pages_ += count;
        free_.reserve(pages_);
        for (std::size_t n = count; n-- > 0;) {
            Page* const page = static_cast<Page*>(chunk.data()) + n;
            ASAN_POISON_MEMORY_REGION(page, sizeof(Page));
            free_.push_back(page);
        }
        chunks_.push_back(std::move(chunk));
    }

    std::vector<lazy_memory> chunks_;
    std::vector<Page*> free_;
    std::size_t pages_ = 0;
};

}  // namespace rhumb
