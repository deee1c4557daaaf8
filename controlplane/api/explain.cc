#include "controlplane/api/explain.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "controlplane/config/text.hh"
#include "controlplane/scion/trace_words.hh"
#include "rhumb/wire/mpls.hh"

namespace rhumb::api {

namespace {

std::string hop_name(const publish::forwarding& tables, nexthop_id id) {
    const std::string_view name = tables.nexthop_name(id);
    return name.empty() ? fmt::format("next hop {}", id) : std::string(name);
}

std::string entry_text(mpls::lse entry) {
    return fmt::format("{} (TC {}, {}TTL {})", mpls::label_of(entry), mpls::tc_of(entry),
                       mpls::is_bottom(entry) ? "bottom, " : "", mpls::ttl_of(entry));
}

std::string_view op_text(std::uint32_t op) {
    switch (static_cast<label_op>(op)) {
        case label_op::none: return "no entry";
        case label_op::continue_: return "continue: the active segment goes on";
        case label_op::next: return "next: the active segment ends here";
        case label_op::pop: return "pop, and send without a lookup";
        case label_op::push: return "push: a binding SID, replaced by its segment list";
        case label_op::explicit_null_ipv4: return "IPv4 explicit null";
        case label_op::explicit_null_ipv6: return "IPv6 explicit null";
        case label_op::entropy_indicator: return "entropy label indicator";
        case label_op::router_alert: return "router alert";
        case label_op::implicit_null: return "implicit null, which is never on the wire";
        case label_op::reserved: return "special-purpose, not processed";
    }
    return "unknown";
}

std::string_view protocol_text(std::uint32_t kind) {
    switch (static_cast<protocol>(kind)) {
        case protocol::mpls: return "MPLS";
        case protocol::ipv4: return "IPv4";
        case protocol::ipv6: return "IPv6";
        case protocol::scion: return "for this router: SCION";
        case protocol::unknown: break;
    }
    return "an unknown protocol";
}

std::string hex(std::span<const byte> bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const byte b : bytes) {
        text += digits[b >> 4];
        text += digits[b & 0xf];
    }
    return text;
}

template <std::size_t N>
std::string hex(const std::array<byte, N>& bytes, std::size_t length) {
    return hex(std::span(bytes).first(std::min(length, N)));
}

std::string_view verdict_text(verdict fate) {
    switch (fate) {
        case verdict::forward: return "forward";
        case verdict::punt: return "punt";
        case verdict::slow: return "slow";
        default: return "drop";
    }
}

}  // namespace

std::string explain(const trace_event& event, const publish::forwarding& tables) {
    const auto [what, a, b] = event;
    switch (what) {
        case step::classified: return fmt::format("ethertype 0x{:04x}", a);
        case step::label_lookup: return fmt::format("label {} -> {}", entry_text(a), op_text(b));
        case step::label_popped: return fmt::format("popped label {}", a);
        case step::entropy_popped:
            return fmt::format("popped the entropy label {} and its indicator", a);
        case step::ttl_taken: return fmt::format("TTL {} becomes {}", a, b);
        case step::label_swapped:
            return fmt::format("swapped {} for {}", entry_text(a), entry_text(b));
        case step::labels_pushed:
            return fmt::format("pushed {} label{}, on top {}", a, a == 1 ? "" : "s", entry_text(b));
        case step::payload_ttl:
            return a == b ? fmt::format("the TTL below, {}, stays", a)
                          : fmt::format("the TTL below, {}, becomes {}", a, b);
        case step::to_protocol:
            return fmt::format("what was below is {}: looked up there", protocol_text(a));
        case step::route_found: {
            const ip_prefix* const prefix = tables.prefix_of(a);
            return fmt::format("matches prefix {}",
                               prefix != nullptr ? config::to_string(*prefix) : std::to_string(a));
        }
        case step::path_chosen:
            return fmt::format("of several paths, hash bucket {} leads via {}", a,
                               hop_name(tables, b));
        case step::sent_to: return fmt::format("via {}", hop_name(tables, a));
        case step::backup_taken:
            return fmt::format("{} is down: repaired via {}", hop_name(tables, a),
                               hop_name(tables, b));
        case step::layer2_written: return "layer 2 header written";
        default: break;
    }
    return scion::words_of(event, tables.scion());
}

nlohmann::json trace_json(const io::trace_record& record, const publish::forwarding& tables,
                          const std::vector<std::string>& port_names) {
    nlohmann::json steps = nlohmann::json::array();
    for (std::size_t n = 0; n < record.steps.count; ++n) {
        steps.push_back(explain(record.steps.list[n], tables));
    }
    if (auto asked = scion::words_of(record.asked, tables.scion()); !asked.empty()) {
        steps.push_back(std::move(asked));
    }
    nlohmann::json event{{"port", port_names.at(record.in_port)},
                         {"length", record.length_in},
                         {"frame", hex(record.in, record.length_in)},
                         {"generation", record.generation},
                         {"steps", std::move(steps)},
                         {"verdict", verdict_text(record.fate)}};
    if (record.fate == verdict::forward) {
        event["out_port"] = port_names.at(record.out_port);
        event["out_length"] = record.length_out;
        event["out_frame"] = hex(record.out, record.length_out);
    } else {
        event["reason"] = text_of(record.reason).name;
        event["sentence"] = text_of(record.reason).sentence;
    }
    return event;
}

nlohmann::json capture_json(const io::capture_record& record,
                            const std::vector<std::string>& port_names) {
    return {{"port", port_names.at(record.port)},
            {"direction", record.sent ? "out" : "in"},
            {"nanoseconds", record.nanoseconds},
            {"length", record.length},
            {"frame", hex(record.data, record.captured)}};
}

}  // namespace rhumb::api
