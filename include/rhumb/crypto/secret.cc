#include "rhumb/crypto/secret.hh"

#include <sodium.h>

namespace rhumb::crypto::secret_memory {

allocation allocate(std::size_t size) noexcept {
    if (sodium_init() < 0) {  // may be called any number of times
        return {};
    }
    allocation got;
    got.address = sodium_malloc(size);
    // sodium_malloc has locked it already, but does not say whether it could.
    got.locked = got.address != nullptr && sodium_mlock(got.address, size) == 0;
    return got;
}

bool make_read_only(void* address) noexcept { return sodium_mprotect_readonly(address) == 0; }

void release(void* address) noexcept { sodium_free(address); }

void wipe(void* address, std::size_t size) noexcept { sodium_memzero(address, size); }

}  // namespace rhumb::crypto::secret_memory
