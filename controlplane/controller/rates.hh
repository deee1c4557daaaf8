// From counters to rates: bytes that were counted, with time stamps, to bits a second, smoothed.
// Counters may wrap, start again, come late or twice; times are the sender's, never looked up.
// Counters of this node and those that others report come in the same way.
// Threads: one at a time.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/topology/map.hh"
#include "rhumb/table/prefix.hh"

namespace rhumb::controller {

using microseconds = std::uint64_t;
using bits_per_second = double;

struct counter_sample {
    std::uint64_t bytes = 0;
    microseconds at = 0;
};

struct meter_options {
    microseconds smoothing = 30'000'000;  // time constant of the average; 0: none
    unsigned counter_bits = 64;           // 32: it wraps (RFC 2863 ifInOctets)
    bits_per_second most = 0;             // more cannot be; 0: not known
};

class rate_meter {
public:
    void add(const counter_sample& sample, const meter_options& options);

    // nullopt before the second sample.
    [[nodiscard]] std::optional<bits_per_second> rate() const { return rate_; }
    // When the last sample was taken; nullopt: none yet.
    [[nodiscard]] std::optional<microseconds> at() const {
        return last_ ? std::optional(last_->at) : std::nullopt;
    }

private:
    std::optional<counter_sample> last_;
    std::optional<bits_per_second> rate_;
};

// What a counter counts: bytes that a node sends over a link of its, that enter there by a policy
// of its, or that enter there for a prefix.
struct counter_id {
    enum class kind : std::uint8_t { link, policy, prefix };
    kind of = kind::link;
    topology::node_number node = topology::nobody;
    std::string link;  // its name
    ip_prefix prefix;  // of a policy its endpoint
    std::uint32_t color = 0;
    friend auto operator<=>(const counter_id&, const counter_id&) = default;
};

[[nodiscard]] inline counter_id link_counter(topology::node_number node, std::string link) {
    return {counter_id::kind::link, node, std::move(link), {}, 0};
}
[[nodiscard]] inline counter_id prefix_counter(topology::node_number node,
                                               const ip_prefix& prefix) {
    return {counter_id::kind::prefix, node, {}, prefix, 0};
}
[[nodiscard]] inline counter_id policy_counter(topology::node_number headend, std::uint32_t color,
                                               const ip_prefix& endpoint) {
    return {counter_id::kind::policy, headend, {}, endpoint, color};
}

// What somebody has read of a counter.
struct counter_report {
    counter_id id;
    counter_sample sample;
    bits_per_second most = 0;  // that it can be, as of a link; 0: not known
};

class collector {
public:
    explicit collector(const meter_options& options = {}) : options_(options) {}
    // From now on.
    void use(const meter_options& options) { options_ = options; }

    // Takes what this node has read, or others say; in any order.
    void apply(std::span<const counter_report> reports);
    // Forgets counters of a node that have not been heard of since then, by its own time.
    void forget_before(topology::node_number node, microseconds at);

    // All that are known, in order.
    [[nodiscard]] const std::map<counter_id, rate_meter>& meters() const noexcept {
        return meters_;
    }
    // By link of the map; links that nobody counts have none.
    [[nodiscard]] std::vector<std::optional<bits_per_second>> link_rates(
        const topology::map& m) const;

private:
    meter_options options_;
    std::map<counter_id, rate_meter> meters_;
};

// One counter made of several that come and go and may start again, as those of all next hops of a
// link: what they have gained together.
class counter_sums {
public:
    // What a source of `id` counts now. A source that is new is heard of for the first time: what
    // it has counted before is nobody's.
    void add(const counter_id& id, const std::string& source, std::uint64_t bytes);
    // The sums of all that were added to since the last call. Sources that were not are forgotten.
    [[nodiscard]] std::vector<counter_report> take(microseconds at);

private:
    struct source_count {
        std::uint64_t bytes = 0;
        bool is_heard = false;
    };
    struct sum {
        std::uint64_t bytes = 0;
        bool is_heard = false;
    };
    std::map<std::string, source_count, std::less<>> sources_;
    std::map<counter_id, sum> sums_;
};

}  // namespace rhumb::controller
