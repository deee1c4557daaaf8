// Key pairs for tests of the overlay, always the same. Threads: any.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "controlplane/overlay/wire/identity.hh"

namespace rhumb::test {

// Of the seed whose bytes all are `filler`.
inline overlay::identity identity_of(byte filler) {
    std::array<byte, overlay::seed_bytes> seed{};
    seed.fill(filler);
    auto made = overlay::identity::from_seed(seed);
    EXPECT_TRUE(made);
    return std::move(made).value();
}

}  // namespace rhumb::test
