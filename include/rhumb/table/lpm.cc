#include "rhumb/table/lpm.hh"

#include <algorithm>
#include <new>

namespace rhumb {

namespace {

constexpr unsigned depth_shift = 27;
constexpr std::size_t smallest_pool = std::size_t{1} << 10;

constexpr std::uint32_t make_leaf(std::uint32_t value, unsigned depth) noexcept {
    return value | depth << depth_shift;
}
constexpr unsigned depth_of(std::uint32_t leaf) noexcept { return leaf >> depth_shift; }
constexpr bool is_child(std::uint32_t slot) noexcept { return (slot & lpm_child_bit) != 0; }
constexpr std::uint32_t child_of(std::uint32_t slot) noexcept { return slot & ~lpm_child_bit; }

}  // namespace

lpm_pool::lpm_pool(std::size_t most) {
    // A machine that does not overcommit that far gets a smaller pool.
    for (capacity_ = most; nodes_ == nullptr; capacity_ /= 2) {
        memory_ = lazy_memory(capacity_ * sizeof(lpm_node));
        nodes_ = static_cast<lpm_node*>(memory_.data());
        if (nodes_ != nullptr) {
            break;
        }
        if (capacity_ <= smallest_pool) {
            throw std::bad_alloc();
        }
    }
}

std::uint32_t lpm_pool::allocate() {
    if (!free_.empty()) {
        const std::uint32_t n = free_.back();
        free_.pop_back();
        return n;
    }
    new (&nodes_[next_]) lpm_node;
    return next_++;
}

lpm_table::lpm_table(lpm_pool& pool, family af) : pool_(pool), family_(af), root_(pool.allocate()) {
    pool_[root_].slot.fill(make_leaf(0, 0));
    state(root_) = {0, true};
    fresh_.push_back(root_);
}

lpm_table::node_state& lpm_table::state(std::uint32_t node) {
    if (node >= states_.size()) {
        states_.resize(std::max<std::size_t>(node + 1, states_.size() * 2));
    }
    return states_[node];
}

std::optional<std::uint32_t> lpm_table::find(const ip_prefix& prefix) const {
    const auto it = prefixes_.find(prefix);
    return it == prefixes_.end() ? std::nullopt : std::optional(it->second);
}

bool lpm_table::set(const ip_prefix& prefix, std::uint32_t value) {
    if (prefix.af != family_ || pool_.available() < nodes_needed(prefix)) {
        return false;
    }
    prefixes_[prefix] = value;
    root_ = writable(root_);
    assign(root_, 0, prefix, value, false);
    return true;
}

bool lpm_table::erase(const ip_prefix& prefix) {
    if (!prefixes_.contains(prefix) || pool_.available() < nodes_needed(prefix)) {
        return false;
    }
    prefixes_.erase(prefix);
    root_ = writable(root_);
    assign(root_, 0, prefix, 0, true);
    erased_.push_back(prefix);
    return true;
}

// How many nodes a change of `prefix` allocates: copies of those that workers see on its way and,
// where they inherit from it, below it; and new ones where its way is not there yet. Exactly, so
// that undoing a change finds all its nodes copied and needs none.
std::size_t lpm_table::nodes_needed(const ip_prefix& prefix) const {
    std::uint32_t node = root_;
    std::size_t needed = states_[node].fresh ? 0U : 1U;
    unsigned level = 0;
    for (; prefix.length > 8 * (level + 1); ++level) {
        const std::uint32_t slot = pool_.nodes()[node].slot[prefix.address[level]];
        if (!is_child(slot)) {
            return needed + (prefix.length - 1U) / 8 - level;
        }
        node = child_of(slot);
        needed += states_[node].fresh ? 0U : 1U;
    }
    const unsigned bits_here = prefix.length - 8 * level;
    const std::size_t first = prefix.address[level];
    const std::size_t width = std::size_t{1} << (8 - bits_here);
    for (std::size_t i = first; i < first + width; ++i) {
        const std::uint32_t slot = pool_.nodes()[node].slot[i];
        if (is_child(slot) && depth_of(states_[child_of(slot)].cover) <= bits_here) {
            needed += shared_heirs(child_of(slot));
        }
    }
    return needed;
}

// The nodes that workers see among `node` and those below that inherit from above it.
std::size_t lpm_table::shared_heirs(std::uint32_t node) const {
    std::size_t count = states_[node].fresh ? 0U : 1U;
    for (const std::uint32_t slot : pool_.nodes()[node].slot) {
        if (is_child(slot) && depth_of(states_[child_of(slot)].cover) == 0) {
            count += shared_heirs(child_of(slot));
        }
    }
    return count;
}

// Sets or erases `prefix` in the subtree of `node`, which is fresh and stands for byte `level` of
// the address.
void lpm_table::assign(std::uint32_t node, unsigned level, const ip_prefix& prefix,
                       std::uint32_t value, bool erasing) {
    const unsigned bits_here = prefix.length - 8 * level;
    const byte index = prefix.address[level];
    if (bits_here > 8) {
        std::uint32_t& slot = pool_[node].slot[index];
        if (is_child(slot)) {
            slot = writable(child_of(slot)) | lpm_child_bit;
        } else {
            const std::uint32_t child = pool_.allocate();
            pool_[child].slot.fill(make_leaf(slot & lpm_value_mask, 0));
            state(child) = {slot, true};
            fresh_.push_back(child);
            slot = child | lpm_child_bit;
        }
        return assign(child_of(slot), level + 1, prefix, value, erasing);
    }
    const std::uint32_t leaf =
        erasing ? leaf_without(prefix, level, state(node).cover) : make_leaf(value, bits_here);
    const std::size_t width = std::size_t{1} << (8 - bits_here);
    for (std::size_t i = index; i < index + width; ++i) {
        std::uint32_t& slot = pool_[node].slot[i];
        const unsigned depth = depth_of(is_child(slot) ? state(child_of(slot)).cover : slot);
        if (erasing ? depth == bits_here : depth <= bits_here) {
            inherit(slot, leaf);
        }
    }
}

// Makes `leaf` the leaf of `slot`: in the slot itself, or in whatever below it is inherited.
void lpm_table::inherit(std::uint32_t& slot, std::uint32_t leaf) {
    if (!is_child(slot)) {
        slot = leaf;
        return;
    }
    const std::uint32_t child = writable(child_of(slot));
    slot = child | lpm_child_bit;
    state(child).cover = leaf;
    for (std::uint32_t& below : pool_[child].slot) {
        if (depth_of(is_child(below) ? state(child_of(below)).cover : below) == 0) {
            inherit(below, make_leaf(leaf & lpm_value_mask, 0));
        }
    }
}

// What takes over where `prefix` is erased: the longest shorter prefix.
std::uint32_t lpm_table::leaf_without(const ip_prefix& prefix, unsigned level,
                                      std::uint32_t cover) const {
    for (unsigned bits = prefix.length; bits-- > 8 * level;) {
        // The byte border itself belongs to the node above, but for the root, which has none.
        if (bits == 8 * level && level != 0) {
            break;
        }
        if (const auto value = find(prefix.shortened(bits))) {
            return make_leaf(*value, bits - 8 * level);
        }
    }
    return make_leaf(level == 0 ? 0 : cover & lpm_value_mask, 0);
}

// Gives up the nodes on the way to a prefix that was erased, from the last one up, as long as
// nothing but the inherited value is left in them.
void lpm_table::collapse_way(std::uint32_t node, unsigned level, const ip_prefix& prefix) {
    if (prefix.length <= 8 * (level + 1)) {
        return;
    }
    std::uint32_t& slot = pool_[node].slot[prefix.address[level]];
    if (!is_child(slot) || !state(child_of(slot)).fresh) {
        return;
    }
    const std::uint32_t child = child_of(slot);
    collapse_way(child, level + 1, prefix);
    const auto& slots = pool_[child].slot;
    if (std::all_of(slots.begin(), slots.end(),
                    [](std::uint32_t s) { return !is_child(s) && depth_of(s) == 0; })) {
        slot = state(child).cover;
        drop(child);
    }
}

// The node itself if no worker can see it, else a copy.
std::uint32_t lpm_table::writable(std::uint32_t node) {
    if (state(node).fresh) {
        return node;
    }
    const std::uint32_t copy = pool_.allocate();
    pool_[copy] = pool_[node];
    state(copy) = {state(node).cover, true};
    fresh_.push_back(copy);
    old_.push_back(node);
    return copy;
}

// Gives up a fresh node at once: no version has seen it. (Its number may stand in fresh_ once more
// than needed; that does no harm.)
void lpm_table::drop(std::uint32_t node) {
    state(node).fresh = false;
    pool_.release(node);
}

lpm_view lpm_table::commit(retired_list& replaced) {
    // Not before: as long as the nodes are there, the changes can be undone.
    for (const ip_prefix& prefix : erased_) {
        collapse_way(root_, 0, prefix);
    }
    erased_.clear();
    for (const std::uint32_t node : fresh_) {
        state(node).fresh = false;
    }
    fresh_.clear();
    for (const std::uint32_t node : old_) {
        replaced.add(
            [](void* owner, void* object) noexcept {
                static_cast<lpm_pool*>(owner)->release(
                    static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(object)));
            },
            // NOLINTNEXTLINE(performance-no-int-to-ptr): a number on its way, never a pointer
            &pool_, reinterpret_cast<void*>(std::uintptr_t{node}));
    }
    old_.clear();
    return lpm_view(pool_.nodes(), root_);
}

}  // namespace rhumb
