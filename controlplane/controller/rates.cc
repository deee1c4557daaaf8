#include "controlplane/controller/rates.hh"

#include <algorithm>
#include <cmath>

namespace rhumb::controller {

namespace {

// Bytes between two samples; nullopt where the counter has started again, or may have wrapped more
// than once.
std::optional<std::uint64_t> counted(const counter_sample& before, const counter_sample& now,
                                     const meter_options& options) {
    const double seconds = static_cast<double>(now.at - before.at) / 1e6;
    const double most = options.most * seconds / 8;
    if (options.counter_bits >= 64) {
        if (now.bytes < before.bytes) {
            return std::nullopt;
        }
    } else {
        const double span = std::ldexp(1.0, static_cast<int>(options.counter_bits));
        if (options.most > 0 && most >= span) {
            return std::nullopt;
        }
    }
    const std::uint64_t mask = options.counter_bits >= 64
                                   ? ~std::uint64_t{0}
                                   : (std::uint64_t{1} << options.counter_bits) - 1;
    const std::uint64_t bytes = (now.bytes - before.bytes) & mask;
    // A tenth more: time stamps are not exact.
    if (options.most > 0 && static_cast<double>(bytes) > 1.1 * most) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace

void rate_meter::add(const counter_sample& sample, const meter_options& options) {
    if (!last_) {
        last_ = sample;
        return;
    }
    if (sample.at <= last_->at) {
        return;  // late, or twice
    }
    const auto bytes = counted(*last_, sample, options);
    const double waited = static_cast<double>(sample.at - last_->at);
    last_ = sample;
    if (!bytes) {
        return;  // the rate so far is the best guess
    }
    const double now = static_cast<double>(*bytes) * 8e6 / waited;
    if (!rate_ || options.smoothing == 0) {
        rate_ = now;
        return;
    }
    const double keep = std::exp(-waited / static_cast<double>(options.smoothing));
    rate_ = keep * *rate_ + (1 - keep) * now;
}

void collector::add(const counter_id& id, const counter_sample& sample, bits_per_second most) {
    meter_options options = options_;
    options.most = most > 0 ? most : options.most;
    meters_[id].add(sample, options);
}

void collector::forget_before(microseconds at) {
    std::erase_if(meters_, [&](const auto& entry) { return entry.second.at() < at; });
}

std::optional<bits_per_second> collector::rate(const counter_id& id) const {
    const auto known = meters_.find(id);
    return known == meters_.end() ? std::nullopt : known->second.rate();
}

std::vector<std::optional<bits_per_second>> collector::link_rates(const topology::map& m) const {
    std::vector<std::optional<bits_per_second>> rates(m.graph().link_count());
    for (const auto& [id, meter] : meters_) {
        if (id.of != counter_id::kind::link || id.node >= m.graph().node_count()) {
            continue;
        }
        if (const auto l = m.find_link(id.node, id.name)) {
            rates[*l] = meter.rate();
        }
    }
    return rates;
}

}  // namespace rhumb::controller
