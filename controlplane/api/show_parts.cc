#include "controlplane/api/show_parts.hh"

#include <algorithm>
#include <charconv>

#include "controlplane/config/text.hh"

namespace rhumb::api {

result<filters> read_filters(const json& params) {
    filters wanted;
    const auto limit = number_param(params, "limit", 1, 2000);
    if (!limit) return limit.why();
    wanted.limit = limit.value().value_or(1000);
    for (auto [key, into] : {std::pair{"from", &wanted.from},
                             {"op", &wanted.op},
                             {"nexthop", &wanted.nexthop},
                             {"port", &wanted.port}}) {
        auto text = text_param(params, key);
        if (!text) return text.why();
        *into = text.value().value_or("");
    }
    if (const auto it = params.find("label"); it != params.end()) {
        const std::string text = it->is_string() ? it->get<std::string>() : it->dump();
        wanted.labels = config::parse_label_range(text);
        if (!wanted.labels) {
            return error{"params.label must be a label, or a range like \"16000-16010\"", {}};
        }
    }
    const auto prefix = text_param(params, "prefix");
    if (!prefix) return prefix.why();
    if (prefix.value()) {
        wanted.prefix = config::parse_prefix(*prefix.value());
        if (!wanted.prefix) {
            return error{"params.prefix must be a prefix like \"10.2.0.0/16\"", {}};
        }
    }
    return wanted;
}

std::optional<std::uint64_t> number_cursor(std::string_view kind, std::string_view from) {
    std::uint64_t number = 0;
    const char* const end = from.data() + from.size();
    return from.starts_with(kind) &&
                   std::from_chars(from.data() + kind.size(), end, number).ptr == end
               ? std::optional(number)
               : std::nullopt;
}

std::size_t end_of_piece(std::string_view text, std::size_t at, std::size_t most) {
    std::size_t end = std::min(at + most, text.size());
    while (end < text.size() && end > at + most - 4 &&
           (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
        --end;
    }
    return end;
}

std::optional<std::uint64_t> label_cursor(std::string_view from) {
    return number_cursor("label ", from);
}

std::optional<ip_prefix> prefix_cursor(std::string_view from) {
    constexpr std::string_view kind = "prefix ";
    return from.starts_with(kind) ? config::parse_prefix(from.substr(kind.size())) : std::nullopt;
}

error bad_cursor() { return {"params.from is not what an earlier answer gave as next", {}}; }

void add_counter(json& row, const counter& count) {
    row["packets"] = count.packets;
    row["bytes"] = count.bytes;
}

}  // namespace rhumb::api
