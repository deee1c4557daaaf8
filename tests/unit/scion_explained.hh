// Finds things in what was read of a packet. Threads: any.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/scion/explain.hh"
#include "tests/support/scion_maker.hh"

namespace rhumb::test {

namespace explain = scion::explain;
using explain::verdict;

// "SCION path/hop field 1/MAC is": names by their beginning, the first that fits. Null: none.
inline const explain::field* find_field(const std::vector<explain::field>& in,
                                        std::string_view path) {
    const std::size_t slash = path.find('/');
    for (const explain::field& one : in) {
        if (one.name.starts_with(path.substr(0, slash))) {
            return slash == std::string_view::npos ? &one
                                                   : find_field(one.inside, path.substr(slash + 1));
        }
    }
    return nullptr;
}

// An empty one, and a failure, where there is none.
inline explain::field field_of(const explain::listing& of, std::string_view path) {
    const explain::field* const found = find_field(of.layers, path);
    EXPECT_NE(found, nullptr) << path << " in:\n" << explain::to_text(of, false);
    return found == nullptr ? explain::field{} : *found;
}
inline std::uint64_t number_of(const explain::listing& of, std::string_view path) {
    const auto found = field_of(of, path).number;
    EXPECT_TRUE(found.has_value()) << path;
    return found.value_or(~std::uint64_t{0});
}
inline verdict mac_of(const explain::listing& of, unsigned hop) {
    return field_of(of, "SCION path/hop field " + std::to_string(hop) + "/MAC is").judged;
}

inline explain::as_key key_of(scion::isd_as as, const std::vector<byte>& key) {
    explain::as_key made{as, {}};
    crypto::expand(made.key, key.data());
    return made;
}

// What every listing is, whatever the bytes: fields inside of the packet and of what holds them.
inline void expect_sound(const explain::listing& of) {
    const auto check = [&of](const auto& again, const std::vector<explain::field>& in) -> void {
        for (const explain::field& one : in) {
            EXPECT_LE(one.offset, of.bytes) << one.name;
            EXPECT_LE(one.bytes, of.bytes - one.offset) << one.name;
            again(again, one.inside);
        }
    };
    check(check, of.layers);
    for (const explain::fault& one : of.faults) {
        EXPECT_LE(one.offset, of.bytes) << one.message;
    }
}

}  // namespace rhumb::test
