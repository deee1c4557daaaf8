// A driver may give back what bursts use while workers poll: DPDK's net_memif does as its peer goes
// away. It closes the device to new bursts, takes its callback from the interrupt thread, and
// unmaps the rings; a worker in the middle of a burst, or put aside in it by the kernel, would die
// of that (seen with 22.11). Between the two, bursts under way are awaited.
//
//   interrupt thread   peer is gone: closed to bursts │ unregister: await │ rings unmapped
//   worker             ────────────── burst ───────────────────┤ quiescent, sees a closed device
//
// Threads: control sets what awaits; DPDK's interrupt thread, or control, calls it.
#pragma once

#include <functional>

namespace rhumb::io {

// `await` returns when no worker is in a burst that began before it was called, or gives up; empty:
// there are no workers. Not to be changed from within. Once this returns, the one before is not
// called any more.
void await_bursts_with(std::function<void()> await);

}  // namespace rhumb::io
