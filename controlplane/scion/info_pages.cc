#include "controlplane/scion/info_pages.hh"

#include <fmt/format.h>
#include <time.h>

#include <array>
#include <nlohmann/json.hpp>

namespace rhumb::scion::control {
namespace {

using nlohmann::json;

// "2026-03-01T12:00:00Z"
std::string utc_text(std::chrono::system_clock::time_point when) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm parts{};
    if (gmtime_r(&seconds, &parts) == nullptr) {
        return "unknown";
    }
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// What is no UTF-8 does not get out.
std::string dump(const json& value, int indent) {
    return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

// `value` of a unit that is a power of ten times smaller than the one it is written in: "1.5".
std::string decimal(std::uint64_t value, unsigned digits) {
    std::uint64_t unit = 1;
    for (unsigned n = 0; n < digits; ++n) {
        unit *= 10;
    }
    std::string text = std::to_string(value / unit);
    if (value % unit != 0) {
        text += fmt::format(".{:0{}}", value % unit, digits);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text;
}

// The reference implementation writes these in lower case, though its schema has them in upper.
json state_json(bool up) { return up ? "up" : "down"; }

json bfd_json(const bfd_settings& bfd) {
    return {{"enabled", !bfd.disable},
            {"detection_multiplier", bfd.detect_mult},
            {"desired_minimum_tx_interval", duration_text(bfd.desired_min_tx_interval)},
            {"required_minimum_receive", duration_text(bfd.required_min_rx_interval)}};
}

json own_json(const interface_facts& one, const underlay_endpoint& internal) {
    return {{"bfd", bfd_json(one.bfd)},
            {"interface_id", one.id},
            {"internal_interface", to_string(internal)},
            {"local_address", to_string(one.local)},
            {"neighbor",
             {{"address", to_string(one.remote)}, {"isd_as", scion::to_string(one.neighbour)}}},
            {"relationship", to_string(one.type)},
            {"scion_mtu", one.mtu},
            {"state", state_json(one.up)}};
}

json sibling_json(const sibling_interface_facts& one) {
    return {{"interface_id", one.id},
            {"internal_interface", to_string(one.router)},
            {"neighbor", {{"isd_as", scion::to_string(one.neighbour)}}},
            {"relationship", to_string(one.type)},
            {"scion_mtu", one.mtu},
            {"state", state_json(one.up)}};
}

}  // namespace

std::string process_text(const process_facts& facts) {
    std::string words;
    for (const std::string& word : facts.command_line) {
        words += (words.empty() ? "" : " ") + dump(word, -1);
    }
    return fmt::format(
        "  version:       {}\n"
        "  id:            {}\n"
        "  ISD-AS:        {}\n"
        "  started:       {}\n"
        "  pid:           {}\n"
        "  euid/egid:     {} {}\n"
        "  cmd line:      [{}]\n",
        facts.version, facts.id, scion::to_string(facts.ia), utc_text(facts.started), facts.pid,
        facts.euid, facts.egid, words);
}

std::string interfaces_json(const router_interfaces& facts) {
    json own = json::array();
    for (const interface_facts& one : facts.own) {
        own.push_back(own_json(one, facts.internal));
    }
    json siblings = json::array();
    for (const sibling_interface_facts& one : facts.siblings) {
        siblings.push_back(sibling_json(one));
    }
    return dump({{"interfaces", own}, {"sibling_interfaces", siblings}}, 4) + "\n";
}

std::string duration_text(std::chrono::nanoseconds duration) {
    const bool negative = duration.count() < 0;
    auto left = static_cast<std::uint64_t>(duration.count());
    left = negative ? 0 - left : left;
    std::string text = negative ? "-" : "";
    if (left == 0) {
        return "0s";
    }
    if (left < 1'000) {
        return text + fmt::format("{}ns", left);
    }
    if (left < 1'000'000) {
        return text + decimal(left, 3) + "\u00b5s";
    }
    if (left < 1'000'000'000) {
        return text + decimal(left, 6) + "ms";
    }
    constexpr std::uint64_t minute = 60'000'000'000;
    const std::uint64_t minutes = left / minute;
    if (minutes >= 60) {
        text += fmt::format("{}h", minutes / 60);
    }
    if (minutes != 0) {
        text += fmt::format("{}m", minutes % 60);
    }
    return text + decimal(left % minute, 9) + "s";
}

}  // namespace rhumb::scion::control
