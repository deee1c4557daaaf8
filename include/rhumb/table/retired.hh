// What a new table version has replaced, and how to give it back once no worker can see it.
//
// Versions follow each other in a line: what version n replaced is used by versions before n only.
// So no reference counts are needed, and an update touches just the pages that it changes.
// Threads: control.
#pragma once

#include <utility>
#include <vector>

namespace rhumb {

class retired_list {
public:
    using give_back = void (*)(void* owner, void* object) noexcept;

    retired_list() = default;
    retired_list(retired_list&&) = default;
    retired_list& operator=(retired_list&& other) noexcept {
        release();
        items_ = std::move(other.items_);
        other.items_.clear();
        return *this;
    }
    retired_list(const retired_list&) = delete;
    retired_list& operator=(const retired_list&) = delete;
    ~retired_list() { release(); }

    void add(give_back function, void* owner, void* object) {
        items_.push_back({function, owner, object});
    }
    // Gives everything back, now. The caller knows that no reader is left.
    void release() noexcept {
        for (const item& it : items_) {
            it.function(it.owner, it.object);
        }
        items_.clear();
    }
    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

private:
    struct item {
        give_back function;
        void* owner;
        void* object;
    };
    std::vector<item> items_;
};

}  // namespace rhumb
