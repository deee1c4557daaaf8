// From counters to rates: bytes that were counted, with time stamps, to bits a second, smoothed.
// Counters may wrap, start again, come late or twice; times are the sender's, never looked up.
// Counters of this node and those that others report come in the same way.
// Threads: one at a time.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/topology/map.hh"

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

// What a counter counts: bytes sent over a link of a node, along a policy of its, or to a prefix.
struct counter_id {
    enum class kind : std::uint8_t { link, policy, prefix };
    kind of = kind::link;
    topology::node_number node = topology::nobody;
    std::string name;  // of the link; policy and prefix: whatever names them
    friend auto operator<=>(const counter_id&, const counter_id&) = default;
};

class collector {
public:
    explicit collector(meter_options options = {}) : options_(options) {}

    // `most`: what the counter's link can carry, 0: not known.
    void add(const counter_id& id, const counter_sample& sample, bits_per_second most = 0);
    void forget(const counter_id& id) { meters_.erase(id); }
    // Forgets counters that have not been heard of since then.
    void forget_before(microseconds at);

    [[nodiscard]] std::optional<bits_per_second> rate(const counter_id& id) const;
    // By link of the map; links that nobody counts have none.
    [[nodiscard]] std::vector<std::optional<bits_per_second>> link_rates(
        const topology::map& m) const;
    [[nodiscard]] std::size_t size() const noexcept { return meters_.size(); }

private:
    meter_options options_;
    std::map<counter_id, rate_meter> meters_;
};

}  // namespace rhumb::controller
