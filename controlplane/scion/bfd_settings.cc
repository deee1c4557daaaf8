#include "controlplane/scion/bfd_settings.hh"

#include <fmt/format.h>

#include "controlplane/config/form.hh"
#include "controlplane/scion/text.hh"

namespace rhumb::scion::control {

bfd_settings with_overrides(const bfd_settings& of_router, const bfd_overrides& link) {
    return {link.disable.value_or(of_router.disable),
            link.detect_mult.value_or(of_router.detect_mult),
            link.desired_min_tx_interval.value_or(of_router.desired_min_tx_interval),
            link.required_min_rx_interval.value_or(of_router.required_min_rx_interval)};
}

std::optional<std::chrono::nanoseconds> read_bfd_interval(std::string_view text,
                                                          std::string_view key,
                                                          config::position where,
                                                          config::diagnostics& errors) {
    constexpr std::chrono::microseconds min{1};
    constexpr std::chrono::microseconds max{0xffffffff};  // RFC 5880 section 4.1
    const auto interval = parse_duration(text);
    if (!interval) {
        errors.fail(where, fmt::format("{} {} is no duration: one number and one unit of y, w, d, "
                                       "h, m, s, ms, us or ns, as in \"200ms\"",
                                       key, config::in_quotes(text)));
    } else if (interval->count() != 0 && (*interval < min || *interval > max)) {
        errors.fail(where, fmt::format("{} {} is out of range: 1us to {}us", key,
                                       config::in_quotes(text), max.count()));
    }
    return interval;
}

}  // namespace rhumb::scion::control
