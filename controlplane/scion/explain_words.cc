// Numbers in words. The names of SCMP types and codes are those of the reference's specification.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "controlplane/scion/explain_parts.hh"
#include "rhumb/wire/scmp.hh"

namespace rhumb::scion::explain {

std::string to_hex(std::span<const byte> bytes) {
    std::string text;
    for (const byte one : bytes) {
        text += fmt::format("{:02x}", one);
    }
    return text;
}

namespace {

// RFC 5952: the longest run of two zero groups or more is "::".
std::string ipv6_text(const byte* address) {
    unsigned from = 8;
    unsigned longest = 1;
    for (unsigned n = 0; n < 8; ++n) {
        unsigned end = n;
        while (end < 8 && load_be16(address + std::size_t{2} * end) == 0) {
            ++end;
        }
        if (end - n > longest) {
            longest = end - n;
            from = n;
        }
    }
    std::string text;
    for (unsigned n = 0; n < 8;) {
        if (n == from) {
            text += "::";
            n += longest;
            continue;
        }
        text += text.empty() || text.back() == ':' ? "" : ":";
        text += fmt::format("{:x}", load_be16(address + std::size_t{2} * n++));
    }
    return text;
}

struct civil_date {
    std::int64_t year = 0;
    std::int64_t month = 0;
    std::int64_t day = 0;
};

// Days since 1970 in the Gregorian calendar: whole eras of 400 years, whose years begin in March so
// that the leap day is their last.
civil_date date_of(std::int64_t days) {
    constexpr std::int64_t days_in_era = 146097;
    days += 719468;  // from the first of March of year 0
    const std::int64_t era = days / days_in_era;
    const std::int64_t in_era = days % days_in_era;
    const std::int64_t year =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / (days_in_era - 1)) / 365;
    const std::int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    const std::int64_t month = (5 * in_year + 2) / 153;  // 0 is March
    const bool is_next_year = month >= 10;
    return {era * 400 + year + (is_next_year ? 1 : 0), is_next_year ? month - 9 : month + 3,
            in_year - (153 * month + 2) / 5 + 1};
}

}  // namespace

std::string ip_text(const byte* address, std::size_t bytes) {
    return bytes == 4 ? fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3])
                      : ipv6_text(address);
}

std::string count_of(std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string date_text(std::uint64_t milliseconds) {
    const std::uint64_t seconds = milliseconds / 1000;
    const civil_date date = date_of(static_cast<std::int64_t>(seconds / 86400));
    std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", date.year, date.month,
                                   date.day, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    if (milliseconds % 1000 != 0) {
        text += fmt::format(".{:03}", milliseconds % 1000);
    }
    return text + " UTC";
}

std::string span_text(std::uint64_t milliseconds) {
    const std::uint64_t seconds = milliseconds / 1000;
    std::string text;
    for (const auto& [unit, size] : {std::pair{"d", 86400U}, {"h", 3600U}, {"min", 60U}}) {
        const std::uint64_t whole = seconds / size % (size == 86400 ? ~0U : size == 3600 ? 24 : 60);
        text += whole != 0 ? fmt::format("{} {} ", whole, unit) : "";
    }
    const auto rest = static_cast<double>(milliseconds % 60'000) / 1000;
    if (rest != 0 || text.empty()) {
        return text + fmt::format("{} s", rest);
    }
    text.pop_back();
    return text;
}

std::string protocol_text(unsigned next_header) {
    switch (next_header) {
        case next_tcp: return "TCP";
        case next_udp: return "UDP";
        case next_hop_by_hop: return "hop-by-hop options";
        case next_end_to_end: return "end-to-end options";
        case next_scmp: return "SCMP";
        case next_bfd: return "BFD";
        case next_experiment_1:
        case next_experiment_2: return "experiments";
        default: return "unknown";
    }
}

std::string host_type_text(unsigned type) {
    const std::string_view name = type == host_ipv4      ? "IPv4"
                                  : type == host_ipv6    ? "IPv6"
                                  : type == host_service ? "service"
                                                         : "unknown type";
    return fmt::format("{}, {} bytes", name, host_bytes(type));
}

std::string host_text(unsigned type, const byte* host) {
    if (type == host_ipv4 || type == host_ipv6) {
        return ip_text(host, host_bytes(type));
    }
    if (type != host_service) {
        return "0x" + to_hex({host, host_bytes(type)});
    }
    constexpr unsigned wildcard = 0x10;
    constexpr unsigned nothing = 0xffff;
    const unsigned number = load_be16(host);
    const unsigned base = number & ~service_multicast;
    std::string name = number == nothing           ? "none"
                       : base == service_discovery ? "discovery service (DS)"
                       : base == service_control   ? "control service (CS)"
                       : base == wildcard          ? "wildcard"
                                                   : fmt::format("unknown service 0x{:04x}", base);
    if (number != nothing && number != base) {
        name += ", all instances";
    }
    return name;
}

std::string scmp_type_text(unsigned type) {
    switch (type) {
        case scmp::destination_unreachable: return "error: destination unreachable";
        case scmp::packet_too_big: return "error: packet too big";
        case scmp::parameter_problem: return "error: parameter problem";
        case scmp::external_interface_down: return "error: external interface down";
        case scmp::internal_connectivity_down: return "error: internal connectivity down";
        case scmp::echo_request: return "echo request";
        case scmp::echo_reply: return "echo reply";
        case scmp::traceroute_request: return "traceroute request";
        case scmp::traceroute_reply: return "traceroute reply";
        default: return type < scmp::first_informational ? "error: unknown" : "unknown";
    }
}

std::string scmp_code_text(unsigned type, unsigned code) {
    using entry = std::pair<unsigned, const char*>;
    static constexpr entry unreachable[] = {{0, "no route to destination"},
                                            {1, "administratively denied"},
                                            {2, "beyond scope of source"},
                                            {3, "address unreachable"},
                                            {4, "port unreachable"},
                                            {5, "source address failed policy"},
                                            {6, "route to destination rejected"}};
    static constexpr entry problem[] = {{0, "erroneous header field"},
                                        {1, "unknown NextHdr"},
                                        {16, "invalid common header"},
                                        {17, "unknown SCION version"},
                                        {18, "FlowID required"},
                                        {19, "invalid packet size"},
                                        {20, "unknown path type"},
                                        {21, "unknown address format"},
                                        {32, "invalid address header"},
                                        {33, "invalid source address"},
                                        {34, "invalid destination address"},
                                        {35, "non-local delivery"},
                                        {48, "invalid path"},
                                        {49, "unknown hop field ingress interface"},
                                        {50, "unknown hop field egress interface"},
                                        {51, "invalid hop field MAC"},
                                        {52, "path expired"},
                                        {53, "invalid segment change"},
                                        {64, "invalid extension header"},
                                        {65, "unknown hop-by-hop option"},
                                        {66, "unknown end-to-end option"}};
    std::span<const entry> known;
    if (type == scmp::destination_unreachable) {
        known = unreachable;
    } else if (type == scmp::parameter_problem) {
        known = problem;
    } else {
        return code == 0 ? "" : "unknown";
    }
    const auto found =
        std::ranges::find_if(known, [code](const entry& one) { return one.first == code; });
    return found == known.end() ? "unknown" : found->second;
}

}  // namespace rhumb::scion::explain
