// What a SCION border router counts, as Prometheus reads it: names and labels are those of the
// reference implementation, so that its dashboards and benchmarks work here. Two steps: whoever has
// the counters fills a `metrics`, exposition() makes text of it (format 0.0.4). Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rhumb/table/scion_table.hh"

namespace rhumb::scion {

// Of an HTTP answer with exposition() as its body.
inline constexpr std::string_view exposition_content_type =
    "text/plain; version=0.0.4; charset=utf-8";

// "0_63", "64_127" .. "8192_16383"
[[nodiscard]] std::string size_class_name(std::size_t size_class);

[[nodiscard]] std::string_view to_string(traffic type) noexcept;

enum class dropped : std::uint8_t { invalid, busy_processor, busy_forwarder, busy_slow_path };
inline constexpr std::size_t dropped_reasons = 4;
[[nodiscard]] std::string_view to_string(dropped reason) noexcept;

// Bytes are SCION bytes, without underlay.
struct traffic_count {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

// The packets of one size class at one link. Inputs have no type yet when they are counted.
struct size_class_counts {
    traffic_count input;
    std::uint64_t processed = 0;
    std::array<traffic_count, traffic_types> output{};   // by `traffic`
    std::array<std::uint64_t, dropped_reasons> drops{};  // by `dropped`
};

struct bfd_counts {
    std::uint64_t state_changes = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
};

enum class link_kind : std::uint8_t { internal, external, sibling };

struct link_metrics {
    link_kind kind = link_kind::internal;
    std::uint16_t interface_id = 0;  // external
    std::string neighbor_isd_as;     // external, "1-ff00:0:111"
    std::string sibling;             // sibling: its name or internal address, "10.0.0.2:30042"
    bool up = true;                  // external and sibling
    std::optional<bfd_counts> bfd;   // nullopt: no session
    std::array<size_class_counts, size_classes> sizes{};
};

struct service_metrics {
    std::string name;  // "CS", "DS"
    std::uint64_t instances = 0;
    std::uint64_t changes = 0;  // instances added and removed since the start
};

struct metrics {
    std::string isd_as;  // of this router
    std::vector<link_metrics> links;
    std::vector<service_metrics> services;
    std::uint32_t worker_cores = 0;
};

// Every counter, those at zero, too: about 20 kB a link.
[[nodiscard]] std::string exposition(const metrics& values);

}  // namespace rhumb::scion
