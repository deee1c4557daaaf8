// Longest-prefix match: a persistent trie with a stride of one byte, leaf-pushed.
//
//   10.2.0.0/16 -> A      root        node 10       node 10.2     (only because of the /20)
//   10.2.16.0/20 -> B     [10] ─────> [2] ────────> [0..15] A  [16..31] B  [32..255] A
//
// A lookup takes a load per byte of the address until a slot is a leaf: two for a /16, three for a
// /24, and no backtracking, as leaves are pushed down. A node is 1 KiB: 256 slots of 32 bits.
//
//   slot: bit 31 = 1: the number of a child node
//         bit 31 = 0: depth 4 | value 27: the value (0: no route), and how many bits of the prefix
//                     lie in this node (0: inherited from above); only the control side reads it
//
// lpm_view is the workers' side, valid until its version is retired. lpm_table is the control
// side: every change copies the nodes on its way (path copying), so that versions share the rest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "rhumb/bytes.hh"
#include "rhumb/table/lazy_memory.hh"
#include "rhumb/table/prefix.hh"
#include "rhumb/table/retired.hh"

namespace rhumb {

struct alignas(64) lpm_node {
    std::array<std::uint32_t, 256> slot;
};

inline constexpr std::uint32_t lpm_child_bit = 1U << 31;
inline constexpr std::uint32_t lpm_value_mask = (1U << 27) - 1;

class lpm_view {
public:
    lpm_view() = default;
    lpm_view(const lpm_node* pool, std::uint32_t root) noexcept : pool_(pool), root_(root) {}

    // The value of the longest prefix that holds the address (network order: 4 or 16 bytes, as
    // the table's family asks), 0 where there is none. Ends at the address's last byte at the
    // latest: a node for that byte has only leaves.
    [[nodiscard]] std::uint32_t lookup(const byte* address) const noexcept {
        std::uint32_t slot = pool_[root_].slot[*address];
        while ((slot & lpm_child_bit) != 0) {
            slot = pool_[slot & ~lpm_child_bit].slot[*++address];
        }
        return slot & lpm_value_mask;
    }

    // The same for `count` addresses at once, level by level, so that their loads overlap.
    void lookup(const byte* const* addresses, std::uint32_t* values,
                std::size_t count) const noexcept {
        const lpm_node& root = pool_[root_];
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = root.slot[addresses[i][0]];
            prefetch(values[i], addresses[i][1]);
        }
        bool any = true;
        for (std::size_t level = 1; any; ++level) {
            any = false;
            for (std::size_t i = 0; i < count; ++i) {
                if ((values[i] & lpm_child_bit) != 0) {
                    values[i] = pool_[values[i] & ~lpm_child_bit].slot[addresses[i][level]];
                    if ((values[i] & lpm_child_bit) != 0) {
                        prefetch(values[i], addresses[i][level + 1]);
                        any = true;
                    }
                }
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            values[i] &= lpm_value_mask;
        }
    }

private:
    void prefetch(std::uint32_t slot, byte next) const noexcept {
        if ((slot & lpm_child_bit) != 0) {
            __builtin_prefetch(&pool_[slot & ~lpm_child_bit].slot[next]);
        }
    }

    const lpm_node* pool_ = nullptr;
    std::uint32_t root_ = 0;
};

// Nodes for any number of lpm_tables. Reserves address space for as many nodes as the machine
// grants, up to `most`; memory is used only for nodes that are. Threads: control.
class lpm_pool {
public:
    explicit lpm_pool(std::size_t most = std::size_t{1} << 20);
    lpm_pool(const lpm_pool&) = delete;
    lpm_pool& operator=(const lpm_pool&) = delete;

    [[nodiscard]] lpm_node& operator[](std::uint32_t n) noexcept { return nodes_[n]; }
    [[nodiscard]] const lpm_node* nodes() const noexcept { return nodes_; }
    [[nodiscard]] std::size_t in_use() const noexcept { return next_ - free_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    // How many more allocate() grants.
    [[nodiscard]] std::size_t available() const noexcept { return capacity_ - in_use(); }

    // Precondition: available() != 0. The node's slots are undefined.
    [[nodiscard]] std::uint32_t allocate();
    void release(std::uint32_t n) noexcept { free_.push_back(n); }

private:
    lazy_memory memory_;
    lpm_node* nodes_ = nullptr;
    std::size_t capacity_ = 0;
    std::uint32_t next_ = 0;
    std::vector<std::uint32_t> free_;
};

class lpm_table {
public:
    lpm_table(lpm_pool& pool, family af);
    lpm_table(const lpm_table&) = delete;
    lpm_table& operator=(const lpm_table&) = delete;

    // Sets the value (1 to 2^27 - 1) of a prefix. False, and nothing changed, where it is not of
    // this table's family or the pool has not the nodes for it. Undoing changes since the last
    // commit() needs no nodes, and so never fails.
    [[nodiscard]] bool set(const ip_prefix& prefix, std::uint32_t value);
    // Removes a prefix; false, and nothing changed, where it is not there, or as above.
    [[nodiscard]] bool erase(const ip_prefix& prefix);
    // The value set for exactly this prefix.
    [[nodiscard]] std::optional<std::uint32_t> find(const ip_prefix& prefix) const;
    [[nodiscard]] std::size_t size() const noexcept { return prefixes_.size(); }

    // The next version, as paged_array::commit.
    [[nodiscard]] lpm_view commit(retired_list& replaced);

private:
    struct node_state {
        std::uint32_t cover = 0;  // the leaf that stood in the parent's slot before this node did
        bool fresh = false;       // made since the last commit: no worker sees it
    };

    void assign(std::uint32_t node, unsigned level, const ip_prefix& prefix, std::uint32_t value,
                bool erasing);
    void inherit(std::uint32_t& slot, std::uint32_t leaf);
    [[nodiscard]] std::size_t nodes_needed(const ip_prefix& prefix) const;
    [[nodiscard]] std::size_t shared_heirs(std::uint32_t node) const;
    [[nodiscard]] std::uint32_t writable(std::uint32_t node);
    [[nodiscard]] std::uint32_t leaf_without(const ip_prefix& prefix, unsigned level,
                                             std::uint32_t cover) const;
    void collapse_way(std::uint32_t node, unsigned level, const ip_prefix& prefix);
    void drop(std::uint32_t node);
    [[nodiscard]] node_state& state(std::uint32_t node);

    lpm_pool& pool_;
    family family_;
    std::uint32_t root_;
    std::vector<node_state> states_;  // by node number; only this table's nodes mean something
    std::vector<std::uint32_t> fresh_;
    std::vector<std::uint32_t> old_;
    std::vector<ip_prefix> erased_;  // since the last commit
    std::unordered_map<ip_prefix, std::uint32_t, ip_prefix_hash> prefixes_;
};

}  // namespace rhumb
