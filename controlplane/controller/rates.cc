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

void collector::apply(std::span<const counter_report> reports) {
    for (const counter_report& one : reports) {
        meter_options options = options_;
        options.most = one.most > 0 ? one.most : options.most;
        meters_[one.id].add(one.sample, options);
    }
}

void collector::forget_before(topology::node_number node, microseconds at) {
    std::erase_if(meters_, [&](const auto& entry) {
        return entry.first.node == node && entry.second.at() < at;
    });
}

std::vector<std::optional<bits_per_second>> collector::link_rates(const topology::map& m) const {
    std::vector<std::optional<bits_per_second>> rates(m.graph().link_count());
    for (const auto& [id, meter] : meters_) {
        if (id.of != counter_id::kind::link || id.node >= m.graph().node_count()) {
            continue;
        }
        if (const auto l = m.find_link(id.node, id.link)) {
            rates[*l] = meter.rate();
        }
    }
    return rates;
}

void counter_sums::add(const counter_id& id, const std::string& source, std::uint64_t bytes) {
    const auto [known, is_new] = sources_.try_emplace(source);
    const std::uint64_t before = is_new ? bytes : known->second.bytes;
    known->second = {bytes, true};
    sum& total = sums_[id];
    total.bytes += bytes >= before ? bytes - before : bytes;  // it has started again
    total.is_heard = true;
}

std::vector<counter_report> counter_sums::take(microseconds at) {
    std::erase_if(sources_, [](const auto& one) { return !one.second.is_heard; });
    for (auto& [name, source] : sources_) {
        source.is_heard = false;
    }
    std::erase_if(sums_, [](const auto& one) { return !one.second.is_heard; });
    std::vector<counter_report> reports;
    reports.reserve(sums_.size());
    for (auto& [id, total] : sums_) {
        total.is_heard = false;
        reports.push_back({id, {total.bytes, at}, 0});
    }
    return reports;
}

}  // namespace rhumb::controller
