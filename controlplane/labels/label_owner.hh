// Which labels of a node are whose. Other protocols (LDP, RSVP-TE, BGP, static rules) have ranges
// of their own, which nobody else touches; adjacency and binding SIDs get theirs from the SRLB, or
// from a dynamic block, and have them by a key that says what they are for ("adjacency to-r2
// protected").
//
// A key is looked for from a place that follows from it alone: after a restart it gets the label
// that it had, but where two keys want one place and come in another order. Who must not rely on
// that keeps assignments() and claims them again. Threads: one at a time.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/topology/advertisement.hh"
#include "rhumb/result.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::labels {

struct reserved_labels {
    topology::label_block block;
    std::string owner;  // "ldp"
    friend bool operator==(const reserved_labels&, const reserved_labels&) = default;
};

struct label_blocks {
    std::vector<topology::label_block> srgb;
    std::vector<topology::label_block> srlb;
    std::vector<topology::label_block> dynamic;  // may reach over the others, which are left out
    std::vector<reserved_labels> reserved;
};

enum class label_pool : std::uint8_t { srlb, dynamic };

class label_owner {
public:
    // An error names the ranges that overlap: a reserved one, the SRGB, the SRLB.
    [[nodiscard]] static result<label_owner> make(const label_blocks& blocks);

    // A label for the key; the one that it has, if it has one. nullopt: the pool is used up.
    [[nodiscard]] std::optional<mpls::label> allocate(const std::string& key, label_pool from);
    // This label and no other: one that somebody chose, or that the key had before. It may be of
    // no pool, but not the SRGB's or of a reserved range. An error says whose it is.
    [[nodiscard]] result<void> claim(const std::string& key, mpls::label label);
    void release(const std::string& key);

    [[nodiscard]] std::optional<mpls::label> label_of(const std::string& key) const;
    // A key, the owner of a reserved range, "SRGB", or nobody: "".
    [[nodiscard]] std::string_view owner_of(mpls::label label) const;
    [[nodiscard]] const std::map<std::string, mpls::label>& assignments() const { return by_key_; }

private:
    struct range {
        mpls::label first = 0;
        mpls::label end = 0;  // behind the last one
        std::string owner;
    };

    label_owner() = default;
    // The range that a label is in; null: none.
    [[nodiscard]] const range* range_of(mpls::label label) const;
    [[nodiscard]] bool is_free(mpls::label label, label_pool from) const;

    std::vector<range> ranges_;  // taken by others, and the SRLB; by first, none overlap
    std::vector<topology::label_block> srlb_;
    std::vector<topology::label_block> dynamic_;
    std::map<std::string, mpls::label> by_key_;
    std::unordered_map<mpls::label, std::string> by_label_;
};

}  // namespace rhumb::labels
