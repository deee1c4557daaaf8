#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "controlplane/config/form.hh"
#include "controlplane/config/sections.hh"
#include "controlplane/config/text.hh"

namespace rhumb::config {
namespace {

path read_path(value from, rules& into, diagnostics& errors) {
    path result;
    if (from.kind() == value_kind::string) {
        result.nexthop = from.string();
        check_name(result.nexthop, "next hop", from.where(errors), errors);
        return result;
    }
    constexpr std::array<std::string_view, 4> known{"nexthop", "weight", "out", "segments"};
    const table_reader table(from, "a path of via", known, errors);
    (void)table.need("nexthop", R"({ nexthop = "r2", weight = 2 })");
    table.name("nexthop", result.nexthop);
    table.number("weight", 1, max_weight, result.weight);
    if (const value out = table.find("out")) {
        const std::int64_t label = read_integer(out, "out", errors).value_or(0);
        check_path_out(label, out.where(errors), errors);
        result.out = static_cast<mpls::label>(label);
    }
    if (const value list = table.find("segments")) {
        result.list = into.intern(read_segments(list, "segments", 1, errors));
    }
    return result;
}

path_list read_paths(value from, rules& into, diagnostics& errors) {
    path_list paths;
    const std::vector<value> elements = read_array_or_one(from);
    check_path_count(elements.size(), from.where(errors), errors);
    for (std::size_t n = 0; n < elements.size() && !errors.failed(); ++n) {
        path added = read_path(elements[n], into, errors);
        check_new_path(paths, added, elements[n].where(errors), errors);
        paths.push_back(std::move(added));
    }
    return paths;
}

bool pushes_by_path(const path_list& paths) {
    return std::ranges::any_of(paths, [](const path& p) { return p.list != none; });
}

constexpr std::string_view path_example = R"(via = ["r2"])";

// Settings that labels and prefixes share.
void read_treatment(const table_reader& table, ttl_model& ttl, std::int8_t& tc) {
    table.word("ttl", ttl_models, ttl);
    table.number("tc", 0, 7, tc);
}

}  // namespace

segments read_segments(value from, std::string_view key, std::size_t min, diagnostics& errors) {
    segments list;
    const std::vector<value> elements = read_array(from, key, errors);
    check_segment_count(key, elements.size(), min, from.where(errors), errors);
    for (std::size_t n = 0; n < elements.size() && !errors.failed(); ++n) {
        const std::int64_t label =
            read_integer(elements[n], fmt::format("a label of {}", key), errors).value_or(0);
        check_segment(label, n + 1 == elements.size(), elements[n].where(errors), errors);
        list.push_back(static_cast<mpls::label>(label));
    }
    return list;
}

ip_prefix read_ip_prefix(value from, std::string_view key, diagnostics& errors) {
    const auto text = read_text(from, key, errors);
    const auto prefix = parse_prefix(text.value_or(""));
    if (text && !prefix) {
        errors.fail(from.where(errors),
                    fmt::format("{} {} is no prefix, as in \"10.2.0.0/16\" or \"2001:db8::/32\"",
                                key, in_quotes(*text)));
    } else if (prefix && has_host_bits(*prefix)) {
        errors.fail(
            from.where(errors),
            fmt::format("{} {} has bits set beyond its length; the prefix is {}", key,
                        in_quotes(*text), in_quotes(to_string(prefix->shortened(prefix->length)))));
    }
    return prefix.value_or(ip_prefix{});
}

mpls::label read_incoming_label(value from, std::string_view key, diagnostics& errors) {
    const std::int64_t label = read_integer(from, key, errors).value_or(mpls::first_unreserved);
    check_incoming_label(label, from.where(errors), errors);
    return static_cast<mpls::label>(label);
}

void read_label(value from, rules& into, diagnostics& errors) {
    const table_reader table(from, "[[labels]]", field_names, errors);
    label_entry entry;
    entry.start = table.where();
    for (std::size_t n = 0; n < field_names.size(); ++n) {
        if (const value given = table.find(field_names[n])) {
            entry.set(static_cast<field>(n), given.where(errors));
        }
    }
    label_rule& rule = entry.rule;
    rule.by_index = entry.has(field::index);
    rule.where = entry.at(rule.by_index ? field::index : field::label);
    if (const value label = table.find("label")) {
        rule.label = read_incoming_label(label, "label", errors);
    }
    table.number("index", 0, mpls::label_count - 1, rule.label);
    table.word("op", operations, rule.op);
    if (const value out = table.find("out")) {
        const std::int64_t label = read_integer(out, "out", errors).value_or(0);
        check_out_label(label, out.where(errors), errors);
        rule.out = static_cast<mpls::label>(label);
    }
    if (const value via = table.find("via")) {
        path_list paths = read_paths(via, into, errors);
        entry.outs = path_outs_of(paths);
        entry.lists_by_path = pushes_by_path(paths);
        rule.paths = into.intern(std::move(paths));
    }
    if (const value list = table.find("segments")) {
        rule.list = into.intern(read_segments(list, "segments", 1, errors));
    }
    read_treatment(table, rule.ttl, rule.tc);
    check_label_entry(entry, errors);
    if (!errors.failed()) {
        into.labels.push_back(rule);
    }
}

// Explicit null tells what is below it (RFC 3032 section 2.1): 0 IPv4, 2 IPv6.
void check_bottom_for(family af, const segments& labels, position where, diagnostics& errors) {
    const mpls::label other =
        af == family::ipv4 ? mpls::ipv6_explicit_null : mpls::ipv4_explicit_null;
    if (!labels.empty() && labels.back() == other) {
        const bool is_ipv4 = af == family::ipv4;
        errors.fail(where,
                    fmt::format("label {} at the bottom says {}, but match is {}; use {}, or "
                                "leave it out",
                                other, is_ipv4 ? "IPv6" : "IPv4", is_ipv4 ? "IPv4" : "IPv6",
                                is_ipv4 ? mpls::ipv4_explicit_null : mpls::ipv6_explicit_null));
    }
}

void read_prefix(value from, rules& into, diagnostics& errors) {
    constexpr std::array<std::string_view, 6> known{"match", "segments", "via",
                                                    "ttl",   "tc",       "discard"};
    const table_reader table(from, "[[prefixes]]", known, errors);
    prefix_rule rule;
    if (const value match = table.need("match", R"(match = "10.2.0.0/16")")) {
        rule.where = match.where(errors);
        rule.match = read_ip_prefix(match, "match", errors);
    }
    table.flag("discard", rule.discard);
    if (rule.discard) {
        for (const std::string_view key : {"via", "segments", "ttl", "tc"}) {
            if (const value given = table.find(key)) {
                errors.fail(given.where(errors),
                            fmt::format("a prefix with discard takes no {}: nothing is sent", key));
            }
        }
        if (!errors.failed()) {
            into.prefixes.push_back(rule);
        }
        return;
    }
    bool by_path = false;
    if (const value via = table.need("via", path_example)) {
        path_list paths = read_paths(via, into, errors);
        by_path = pushes_by_path(paths);
        if (path_outs_of(paths) != path_outs::no_path) {
            errors.fail(
                via.where(errors),
                "a prefix takes no out in its via: there is no label to swap; use segments");
        }
        for (const path& p : paths) {
            if (p.list != none) {
                check_bottom_for(rule.match.af, into.segment_lists[p.list], via.where(errors),
                                 errors);
            }
        }
        rule.paths = into.intern(std::move(paths));
    }
    if (const value list = table.find("segments")) {
        if (by_path) {
            errors.fail(list.where(errors), std::string(both_lists));
        }
        segments labels = read_segments(list, "segments", 1, errors);
        check_bottom_for(rule.match.af, labels, list.where(errors), errors);
        rule.list = into.intern(std::move(labels));
    }
    read_treatment(table, rule.ttl, rule.tc);
    if (rule.list == none && !by_path) {
        for (const std::string_view key : {"ttl", "tc"}) {
            if (const value given = table.find(key)) {
                errors.fail(given.where(errors),
                            fmt::format("a prefix without segments takes no {}: it imposes no "
                                        "labels; remove it, or give segments",
                                        key));
            }
        }
    }
    if (!errors.failed()) {
        into.prefixes.push_back(rule);
    }
}

}  // namespace rhumb::config
