#include "dataplane/io/disconnect.hh"

#include <dlfcn.h>
#include <rte_interrupts.h>

#include <cerrno>
#include <mutex>
#include <utility>

namespace rhumb::io {
namespace {

struct awaiting {
    std::mutex lock;
    std::function<void()> bursts;
};

// Never destroyed: DPDK's interrupt thread outlives main().
awaiting& waits() {
    static auto* const made = new awaiting;
    return *made;
}

}  // namespace

void await_bursts_with(std::function<void()> await) {
    const std::lock_guard locked(waits().lock);
    waits().bursts = std::move(await);
}

}  // namespace rhumb::io

// In place of DPDK's function of this name, which goes on to be called: what the program defines is
// what drivers, which are shared libraries, find.
extern "C" int rte_intr_callback_unregister(const rte_intr_handle* handle,
                                            rte_intr_callback_fn callback, void* argument) {
    using function = int (*)(const rte_intr_handle*, rte_intr_callback_fn, void*);
    static const auto of_dpdk =
        reinterpret_cast<function>(::dlsym(RTLD_NEXT, "rte_intr_callback_unregister"));
    {
        auto& [lock, bursts] = rhumb::io::waits();
        const std::lock_guard locked(lock);
        if (bursts) {
            bursts();
        }
    }
    return of_dpdk != nullptr ? of_dpdk(handle, callback, argument) : -ENOSYS;
}
