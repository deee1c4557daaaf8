// What drivers find under the name of DPDK's function awaits bursts first.
#include "dataplane/io/disconnect.hh"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <rte_interrupts.h>
#include <rte_log.h>

#include <atomic>
#include <cerrno>
#include <thread>

namespace rhumb::io {
namespace {

// As a driver, a shared library, does.
int unregister() {
    ::rte_log_set_global_level(RTE_LOG_EMERG);  // of there being no handle
    using function = decltype(&rte_intr_callback_unregister);
    static const auto found =
        reinterpret_cast<function>(::dlsym(RTLD_DEFAULT, "rte_intr_callback_unregister"));
    return found(nullptr, nullptr, nullptr);
}

TEST(disconnect, what_drivers_call_awaits_bursts_and_then_is_dpdks) {
    int awaited = 0;
    await_bursts_with([&] { ++awaited; });
    EXPECT_EQ(unregister(), -EINVAL);  // DPDK's answer to no handle
    EXPECT_EQ(awaited, 1);
    await_bursts_with({});
    EXPECT_EQ(unregister(), -EINVAL);
    EXPECT_EQ(awaited, 1);
}

TEST(disconnect, what_awaited_is_not_called_once_it_is_replaced) {
    std::atomic<bool> ended{false};
    std::thread interrupts([&] {
        while (!ended) {
            unregister();
        }
    });
    for (int n = 0; n < 200; ++n) {
        int awaited = 0;  // gone after each round
        await_bursts_with([&awaited] { ++awaited; });
        std::this_thread::yield();
        await_bursts_with({});
    }
    ended = true;
    interrupts.join();
}

}  // namespace
}  // namespace rhumb::io
