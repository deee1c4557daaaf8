// Ids in tables, hashed so that who does not know the key cannot choose some that fall together.
// Threads: any.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "rhumb/crypto/siphash.hh"

namespace rhumb::overlay::ebt {

using hash_key = crypto::siphash_key;

class keyed_hash {
public:
    using is_transparent = void;  // tables look up views without making strings

    explicit keyed_hash(hash_key key) : key_(key) {}

    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
        return crypto::siphash<1, 3>::of(key_,
                                         {reinterpret_cast<const byte*>(text.data()), text.size()});
    }

private:
    hash_key key_;
};

}  // namespace rhumb::overlay::ebt
