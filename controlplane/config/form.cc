#include "controlplane/config/form.hh"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "controlplane/config/text.hh"

namespace rhumb::config {
namespace {

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

// How many characters must be added, removed, replaced or swapped with their neighbour to get from
// `a` to `b` (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before;  // the rows of a's prefixes, two, one and no character shorter
    std::vector<std::size_t> last;
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = std::exchange(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({row[j - 1] + 1, last[j] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row.back();
}

// The special-purpose labels that no list may hold: RFC 3032 2.1, RFC 6790 4, RFC 7274.
std::string_view special_purpose_name(std::int64_t label) {
    switch (label) {
        case mpls::router_alert: return " (router alert)";
        case mpls::entropy_label_indicator: return " (entropy label indicator)";
        case 13: return " (GAL)";
        case 14: return " (OAM alert)";
        case 15: return " (extension)";
        default: return "";
    }
}

bool is_explicit_null(std::int64_t label) {
    return label == mpls::ipv4_explicit_null || label == mpls::ipv6_explicit_null;
}

// Checks a label that is to be sent; `instead` says what to do for implicit null.
void check_sent_label(std::int64_t label, std::string_view instead, position where,
                      diagnostics& errors) {
    if (label < 0 || label >= mpls::label_count) {
        errors.fail(where, fmt::format("label {} is out of range: labels go from {} to {}", label,
                                       mpls::first_unreserved, mpls::label_count - 1));
    } else if (label == mpls::implicit_null) {
        errors.fail(where, fmt::format("label 3 (implicit null) is never sent; {}", instead));
    } else if (label < mpls::first_unreserved && !is_explicit_null(label)) {
        errors.fail(where, fmt::format("label {}{} is special-purpose and not for rules to send; "
                                       "use {} to {}, or 0 or 2 for explicit null",
                                       label, special_purpose_name(label), mpls::first_unreserved,
                                       mpls::label_count - 1));
    }
}

void forbid(const label_entry& entry, field f, std::string_view why, diagnostics& errors) {
    if (entry.has(f)) {
        errors.fail(entry.at(f), fmt::format("op \"{}\" takes no {}: {}", to_string(entry.rule.op),
                                             field_names[static_cast<std::size_t>(f)], why));
    }
}

void need(const label_entry& entry, field f, std::string_view why, diagnostics& errors) {
    if (!entry.has(f)) {
        errors.fail(entry.start, fmt::format("op \"{}\" needs {}: {}", to_string(entry.rule.op),
                                             field_names[static_cast<std::size_t>(f)], why));
    }
}

constexpr std::string_view where_to_send = "the next hops to send to";
constexpr std::string_view no_swap = "only \"continue\" swaps the label";
constexpr std::string_view no_list = "only \"push\" imposes a list";
constexpr std::string_view no_model = "one is taken off in either model; remove it";
constexpr std::string_view own_tc =
    "what it uncovers keeps its own; only \"continue\" and \"push\" set one";

}  // namespace

std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char c : text.substr(0, max_name_bytes)) {
        if (is_printable(c)) {
            result += c;
        } else {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return result + (text.size() > max_name_bytes ? "...\"" : "\"");
}

std::string listed(std::span<const std::string_view> names) {
    std::string result;
    for (std::size_t n = 0; n < names.size(); ++n) {
        result += n == 0 ? "" : n + 1 == names.size() ? " or " : ", ";
        result += fmt::format("\"{}\"", names[n]);
    }
    return result;
}

std::string advice(std::string_view word, std::span<const std::string_view> known) {
    std::string_view best;
    std::size_t best_distance = 3;  // more would be guessing
    for (const std::string_view name : known) {
        if (word.size() > max_name_bytes) {
            break;
        }
        const std::size_t distance = edit_distance(word, name);
        if (distance < best_distance && distance < name.size()) {
            best = name;
            best_distance = distance;
        }
    }
    return best.empty() ? fmt::format("it is one of {}", listed(known))
                        : fmt::format("did you mean \"{}\"?", best);
}

void check_range(std::string_view key, std::int64_t value, std::int64_t min, std::int64_t max,
                 position where, diagnostics& errors) {
    if (value < min || value > max) {
        errors.fail(where, fmt::format("{} {} is out of range: {} to {}", key, value, min, max));
    }
}

void check_name(std::string_view name, std::string_view what, position where, diagnostics& errors) {
    if (name.empty()) {
        errors.fail(where,
                    fmt::format("{} is empty; give 1 to {} characters", what, max_name_bytes));
    } else if (name.size() > max_name_bytes) {
        errors.fail(where, fmt::format("{} {} is {} bytes long; at most {} are allowed", what,
                                       in_quotes(name), name.size(), max_name_bytes));
    } else if (!std::ranges::all_of(name, [](char c) { return is_printable(c) && c != ' '; })) {
        errors.fail(where, fmt::format("{} {} has characters other than printable ASCII without "
                                       "blanks",
                                       what, in_quotes(name)));
    }
}

void check_incoming_label(std::int64_t label, position where, diagnostics& errors) {
    if (label >= 0 && label < mpls::first_unreserved) {
        errors.fail(where, fmt::format("label {} is special-purpose and has no rule; use {} to {}",
                                       label, mpls::first_unreserved, mpls::label_count - 1));
    }
    check_range("label", label, mpls::first_unreserved, mpls::label_count - 1, where, errors);
}

void check_index(std::int64_t index, position where, diagnostics& errors) {
    check_range("index", index, 0, mpls::label_count - 1, where, errors);
}

void check_out_label(std::int64_t label, position where, diagnostics& errors) {
    check_sent_label(label, "to send without the label, use op = \"pop\"", where, errors);
}

void check_path_out(std::int64_t label, position where, diagnostics& errors) {
    if (label != mpls::implicit_null) {
        check_out_label(label, where, errors);
    }
}

void check_segment(std::int64_t label, bool last, position where, diagnostics& errors) {
    check_sent_label(label, "leave it out of the list", where, errors);
    if (is_explicit_null(label) && !last) {
        errors.fail(where, fmt::format("label {} (explicit null) stands at the bottom of a stack "
                                       "only; make it the last of the list or leave it out",
                                       label));
    }
}

void check_weight(std::int64_t weight, position where, diagnostics& errors) {
    check_range("weight", weight, 1, max_weight, where, errors);
}

void check_tc(std::int64_t tc, position where, diagnostics& errors) {
    check_range("tc", tc, 0, 7, where, errors);
}

void check_path_count(std::size_t count, position where, diagnostics& errors) {
    if (count == 0 || count > max_paths) {
        errors.fail(where, fmt::format("via has {} paths; 1 to {} are allowed", count, max_paths));
    }
}

void check_segment_count(std::string_view key, std::size_t count, std::size_t min, position where,
                         diagnostics& errors) {
    if (count < min || count > max_segments) {
        errors.fail(where, fmt::format("{} has {} labels; {} to {} are allowed", key, count, min,
                                       max_segments));
    }
}

void check_new_path(const path_list& list, const path& added, position where, diagnostics& errors) {
    const bool known = std::ranges::any_of(list, [&](const path& p) {
        return p.nexthop == added.nexthop && p.out == added.out && p.list == added.list;
    });
    if (known) {
        errors.fail(where, fmt::format("via names {} twice; to send it more, give it a weight",
                                       in_quotes(added.nexthop)));
    }
}

path_outs path_outs_of(const path_list& list) {
    const auto count = std::ranges::count_if(list, [](const path& p) { return p.out.has_value(); });
    if (count == 0) {
        return path_outs::no_path;
    }
    return count == std::ssize(list) ? path_outs::every_path : path_outs::some_paths;
}

void check_label_entry(const label_entry& entry, diagnostics& errors) {
    if (entry.has(field::label) == entry.has(field::index)) {
        errors.fail(entry.at(field::index),
                    entry.has(field::label) ? "a rule has either a label or an index; remove one"
                                            : "a rule needs a label, or an index into the SRGB");
    }
    if (!entry.has(field::op)) {
        errors.fail(entry.start, "a rule needs an op: \"continue\", \"next\", \"pop\" or \"push\"");
        return;
    }
    const operation op = entry.rule.op;
    if (op == operation::next) {
        forbid(entry, field::via, "what follows the label decides", errors);
    } else {
        need(entry, field::via, where_to_send, errors);
    }
    if (op != operation::push) {
        forbid(entry, field::segment_list, no_list, errors);
        if (entry.lists_by_path) {
            errors.fail(entry.at(field::via), fmt::format("op \"{}\" takes no segments in its via: "
                                                          "{}",
                                                          to_string(op), no_list));
        }
    } else if (!entry.lists_by_path) {
        need(entry, field::segment_list, "the labels to push", errors);
    } else if (entry.has(field::segment_list)) {
        errors.fail(entry.at(field::segment_list), std::string(both_lists));
    }
    if (op != operation::continue_) {
        forbid(entry, field::out, no_swap, errors);
        if (entry.outs != path_outs::no_path) {
            errors.fail(entry.at(field::via), fmt::format("op \"{}\" takes no out in its via: {}",
                                                          to_string(op), no_swap));
        }
    } else if (entry.outs != path_outs::every_path) {
        need(entry, field::out, "the label to swap to (or one for every path of via)", errors);
    }
    if (op == operation::continue_) {
        forbid(entry, field::ttl, no_model, errors);
    }
    if (op == operation::next || op == operation::pop) {
        forbid(entry, field::tc, own_tc, errors);
    }
}

}  // namespace rhumb::config
