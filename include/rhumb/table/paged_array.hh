// A persistent array in two levels: what workers read never changes, and a new version shares with
// the old one all pages that it does not edit.
//
//   version 1   root ─┬─> page 0        version 2   root' ─┬─> page 0   (shared)
//                     ├─> page 1                           ├─> page 1'  (copied, then edited)
//                     └─> the empty page                   └─> the empty page
//
// paged_view is the workers' side: two loads, no branch, any thread. paged_array is the control
// thread's side: edit() as often as needed, then commit() for the next version.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "rhumb/table/page_store.hh"
#include "rhumb/table/retired.hh"

namespace rhumb {

template <class T, unsigned PageBits>
struct page_of {
    alignas(alignof(T) > 64 ? alignof(T) : 64) std::array<T, std::size_t{1} << PageBits> slots{};
};

template <class T, unsigned PageBits>
class paged_view {
public:
    using page = page_of<T, PageBits>;

    paged_view() = default;
    explicit paged_view(const page* const* root) noexcept : root_(root) {}

    // `i` is below the capacity of the array that this is a view of.
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        return root_[i >> PageBits]->slots[i & ((std::size_t{1} << PageBits) - 1)];
    }

private:
    const page* const* root_ = nullptr;
};

template <class T, unsigned PageBits>
class paged_array {
public:
    using view = paged_view<T, PageBits>;
    using page = page_of<T, PageBits>;
    static constexpr std::size_t page_slots = std::size_t{1} << PageBits;

    // `capacity` slots, all T{}.
    explicit paged_array(std::size_t capacity)
        : pages_((capacity + page_slots - 1) / page_slots),
          root_(new page*[pages_]),
          fresh_(pages_, false) {
        std::fill_n(root_, pages_, empty());
    }
    paged_array(const paged_array&) = delete;
    paged_array& operator=(const paged_array&) = delete;
    ~paged_array() {
        for (std::size_t i = 0; i < pages_; ++i) {
            if (root_[i] != empty()) {
                store_.release(root_[i]);
            }
        }
        for (page* old : old_pages_) {  // edits that were never committed
            store_.release(old);
        }
        delete[] root_;
        delete[] old_root_;
    }

    [[nodiscard]] std::size_t capacity() const noexcept { return pages_ * page_slots; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        return root_[i >> PageBits]->slots[i & (page_slots - 1)];
    }
    // Whether the page that holds slot `i` was ever edited; if not, all its slots are T{}.
    [[nodiscard]] bool page_in_use(std::size_t i) const noexcept {
        return root_[i >> PageBits] != empty();
    }

    // The slot, to be changed before the next commit().
    [[nodiscard]] T& edit(std::size_t i) {
        const std::size_t p = i >> PageBits;
        if (!fresh_[p]) {
            make_fresh(p);
        }
        return root_[p]->slots[i & (page_slots - 1)];
    }

    // The next version. What it replaces goes to `replaced`, to be released when no worker can
    // hold an earlier version any more, and before this array goes.
    [[nodiscard]] view commit(retired_list& replaced) {
        for (const std::size_t p : fresh_pages_) {
            fresh_[p] = false;
        }
        fresh_pages_.clear();
        for (page* old : old_pages_) {
            replaced.add(free_page, &store_, old);
        }
        old_pages_.clear();
        if (old_root_ != nullptr) {
            replaced.add(free_root, nullptr, static_cast<void*>(old_root_));
            old_root_ = nullptr;
        }
        published_ = true;
        return view(root_);
    }

private:
    static page* empty() noexcept {
        static page none{};
        return &none;
    }
    static void free_page(void* store, void* object) noexcept {
        static_cast<page_store<page>*>(store)->release(static_cast<page*>(object));
    }
    static void free_root(void*, void* object) noexcept { delete[] static_cast<page**>(object); }

    void make_fresh(std::size_t p) {
        page* const copy = store_.make(*root_[p]);
        fresh_pages_.push_back(p);
        if (root_[p] != empty()) {
            old_pages_.push_back(root_[p]);
        }
        if (published_) {
            auto* root = new page*[pages_];
            std::copy_n(root_, pages_, root);
            old_root_ = root_;
            root_ = root;
            published_ = false;
        }
        root_[p] = copy;
        fresh_[p] = true;
    }

    page_store<page> store_;
    std::size_t pages_;
    page** root_;
    bool published_ = false;  // root_ is what a view reads: copy before the next edit
    std::vector<bool> fresh_;
    std::vector<std::size_t> fresh_pages_;
    std::vector<page*> old_pages_;
    page** old_root_ = nullptr;
};

}  // namespace rhumb
