#include "controlplane/labels/label_owner.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "controlplane/labels/sid_labels.hh"

namespace rhumb::labels {

namespace {

constexpr std::string_view srlb_owner = "SRLB";

// FNV-1a: the same everywhere and for good, which std::hash need not be.
std::uint64_t hash_of(std::string_view key) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : key) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    return hash ^ hash >> 32;
}

bool is_block(const topology::label_block& block) {
    return block.first >= mpls::first_unreserved && block.first < mpls::label_count &&
           block.count != 0 && block.count <= mpls::label_count - block.first;
}

}  // namespace

result<label_owner> label_owner::make(const label_blocks& blocks) {
    label_owner made;
    std::optional<std::string> wrong;
    const auto add = [&](const topology::label_block& block, std::string_view owner) {
        if (!is_block(block)) {
            wrong = fmt::format("a range of {} is empty, or not within 16 to 1048575", owner);
            return;
        }
        made.ranges_.push_back({block.first, block.first + block.count, std::string(owner)});
    };
    for (const auto& block : blocks.srgb) {
        add(block, "SRGB");
    }
    for (const auto& block : blocks.srlb) {
        add(block, srlb_owner);
    }
    for (const auto& reserved : blocks.reserved) {
        add(reserved.block, reserved.owner);
    }
    for (const auto& block : blocks.dynamic) {
        if (!is_block(block)) {
            wrong = "a dynamic block is empty, or not within 16 to 1048575";
        }
    }
    std::ranges::sort(made.ranges_, {}, &range::first);
    for (std::size_t n = 1; n < made.ranges_.size() && !wrong; ++n) {
        const range& before = made.ranges_[n - 1];
        if (before.end > made.ranges_[n].first) {
            wrong = fmt::format("label {} is claimed by {} and {}", made.ranges_[n].first,
                                before.owner, made.ranges_[n].owner);
        }
    }
    if (wrong) {
        return error{*wrong, {}};
    }
    made.srlb_ = blocks.srlb;
    made.dynamic_ = blocks.dynamic;
    return made;
}

const label_owner::range* label_owner::range_of(mpls::label label) const {
    const auto behind = std::ranges::upper_bound(ranges_, label, {}, &range::first);
    if (behind == ranges_.begin() || label >= std::prev(behind)->end) {
        return nullptr;
    }
    return &*std::prev(behind);
}

bool label_owner::is_free(mpls::label label, label_pool from) const {
    const range* const of = range_of(label);
    const bool in_pool = of == nullptr ? from == label_pool::dynamic
                                       : from == label_pool::srlb && of->owner == srlb_owner;
    return in_pool && !by_label_.contains(label);
}

std::optional<mpls::label> label_owner::allocate(const std::string& key, label_pool from) {
    if (const auto known = label_of(key)) {
        return known;
    }
    const auto& blocks = from == label_pool::srlb ? srlb_ : dynamic_;
    std::uint64_t count = 0;
    for (const topology::label_block& block : blocks) {
        count += block.count;
    }
    const std::uint64_t start = count == 0 ? 0 : hash_of(key) % count;
    for (std::uint64_t n = 0; n < count; ++n) {
        const auto label =
            label_for(blocks, static_cast<std::uint32_t>((start + n) % count)).value_or(0);
        if (is_free(label, from)) {
            by_key_.emplace(key, label);
            by_label_.emplace(label, key);
            return label;
        }
    }
    return std::nullopt;
}

result<void> label_owner::claim(const std::string& key, mpls::label label) {
    if (const auto known = label_of(key)) {
        return *known == label
                   ? result<void>()
                   : result<void>(error{fmt::format("{} has label {}", key, *known), {}});
    }
    if (label < mpls::first_unreserved || label >= mpls::label_count) {
        return error{fmt::format("label {} is not within 16 to 1048575", label), {}};
    }
    const std::string_view owner = owner_of(label);
    if (!owner.empty() && owner != srlb_owner) {
        return error{fmt::format("label {} belongs to {}", label, owner), {}};
    }
    by_key_.emplace(key, label);
    by_label_.emplace(label, key);
    return {};
}

void label_owner::release(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
        by_label_.erase(found->second);
        by_key_.erase(found);
    }
}

std::optional<mpls::label> label_owner::label_of(const std::string& key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? std::nullopt : std::optional(found->second);
}

std::string_view label_owner::owner_of(mpls::label label) const {
    if (const auto found = by_label_.find(label); found != by_label_.end()) {
        return found->second;
    }
    const range* const of = range_of(label);
    return of == nullptr ? std::string_view() : of->owner;
}

}  // namespace rhumb::labels
