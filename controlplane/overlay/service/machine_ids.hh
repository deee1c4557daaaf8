// Keys as the EBT machine has them. Threads: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "controlplane/overlay/wire/ids.hh"

namespace rhumb::overlay {

// The machine knows feeds and peers by the bytes of their keys.
inline std::string_view id_of(const key32& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

inline key32 key_of(std::string_view id) {
    key32 key{};
    std::copy_n(id.begin(), std::min(id.size(), key.size()), key.begin());
    return key;
}

}  // namespace rhumb::overlay
