// A router without DPDK: real configuration, real tables, real pipeline, frames in plain memory.
// Around every frame stands poison, and the rig sees to it that nobody writes there. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config.hh"
#include "controlplane/publish/forwarding.hh"
#include "rhumb/packet/burst.hh"
#include "rhumb/packet/trace.hh"
#include "rhumb/result.hh"
#include "rhumb/table/counters.hh"
#include "rhumb/table/liveness.hh"
#include "rhumb/table/table_set.hh"
#include "tests/support/case_file.hh"
#include "tests/support/packet_text.hh"

namespace rhumb::test {

// What became of one frame.
struct outcome {
    verdict fate = verdict::again;
    drop_reason reason = drop_reason::none;
    std::string port;    // forwarded, or answered by the slow path: where a frame left
    packet_bytes bytes;  // likewise: the frame
    std::string broken;  // what no packet may do, empty if it did not: in words

    friend bool operator==(const outcome&, const outcome&) = default;
};

// How frames lie in memory.
struct placement {
    std::size_t headroom = 128;
    byte poison = 0xa5;     // what stands around frames, and in their headroom
    std::size_t gap = 0;    // bytes between frames in one array; 0: each frame has a heap block of
                            // its own that ends with it, for AddressSanitizer to see
    std::size_t burst = 1;  // frames that go through the pipeline together, up to 256
    bool fetch_ahead = false;  // as with tables larger than the cache, whatever their size
};

// What makes a rig a SCION border router (scion_case.hh).
struct border_part {
    const scion::table* table = nullptr;
    std::shared_ptr<const void> owner;
    std::uint64_t now_ms = 0;
    // What the slow path sends for a packet, both from the IP header on.
    std::function<std::optional<packet_bytes>(const slow_request&, std::span<const byte>)> answer;
};

class rig {
public:
    [[nodiscard]] static result<std::unique_ptr<rig>> make(config::file file,
                                                           border_part border = {});
    // `toml` may start with empty lines, so that errors name the lines of `name`.
    [[nodiscard]] static result<std::unique_ptr<rig>> from_text(std::string_view toml,
                                                                const std::string& name);

    [[nodiscard]] std::optional<std::uint8_t> port_number(std::string_view name) const;
    [[nodiscard]] const publish::forwarding& forwarding() const { return *forwarding_; }
    [[nodiscard]] const worker_counters& counters() const { return *counters_; }

    void all_up();
    // False where there is no such port or next hop.
    [[nodiscard]] bool set(const state_change& change);

    // Frames that came in on one port; one outcome each.
    template <class Trace>
    [[nodiscard]] std::vector<outcome> run(std::uint8_t in_port,
                                           std::span<const packet_bytes> frames,
                                           const placement& how, Trace& trace);

private:
    rig(std::unique_ptr<publish::forwarding> forwarding, const config::file& file,
        const publish::port_map& ports, border_part border);
    void send_answer(const slow_request& what, std::span<const byte> packet, outcome& to);

    border_part border_;
    std::unique_ptr<publish::forwarding> forwarding_;
    retired_list retired_;
    table_set tables_;
    std::vector<std::string> port_names_;  // by number
    std::unique_ptr<liveness> live_ = std::make_unique<liveness>();
    std::unique_ptr<worker_counters> counters_ = std::make_unique<worker_counters>();
    std::unique_ptr<burst> burst_ = std::make_unique<burst>();
};

extern template std::vector<outcome> rig::run(std::uint8_t, std::span<const packet_bytes>,
                                              const placement&, no_trace&);
extern template std::vector<outcome> rig::run(std::uint8_t, std::span<const packet_bytes>,
                                              const placement&, trace_log&);

}  // namespace rhumb::test
