#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/diagnostics.hh"
#include "controlplane/config/form.hh"
#include "controlplane/config/load.hh"

namespace rhumb::config {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return text.substr(0, 0);
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes what stands before the first `separator` off the front of `text`, and the separator.
std::string_view take_until(std::string_view& text, char separator) {
    const std::string_view head = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(head.size() + 1, text.size()));
    return head;
}

// Lists by their text, so that a text that comes again is not parsed again. One slot a hash value:
// memory stays small whatever the file, and a text that lost its slot is merely parsed once more.
class known_texts {
public:
    // For a file of `bytes`: a single change does not pay for a large one.
    explicit known_texts(std::size_t bytes)
        : slots_(std::bit_ceil(std::clamp<std::size_t>(bytes / 16, 8, 16384))) {}

    struct slot {
        std::string_view text;
        std::uint32_t index = none;
        path_outs outs = path_outs::no_path;
    };
    // Precondition: `text` is not empty. The caller sees to it that the slot holds the text.
    slot& operator[](std::string_view text) {
        return slots_[std::hash<std::string_view>{}(text) % slots_.size()];
    }

private:
    std::vector<slot> slots_;
};

class csv_reader {
public:
    csv_reader(std::string_view text, diagnostics& errors, rules& into)
        : rest_(text),
          errors_(errors),
          into_(into),
          known_vias_(text.size()),
          known_lists_(text.size()) {}

    void read() {
        if (rest_.starts_with("\xef\xbb\xbf")) {  // byte order mark
            rest_.remove_prefix(3);
        }
        if (!next_line()) {
            errors_.fail(errors_.at(1, 1), "no header line, as in \"label,op,out,via\"");
        } else {
            read_header();
        }
        while (!errors_.failed() && next_line()) {
            read_row();
        }
    }

private:
    static constexpr std::size_t max_columns = field_names.size();

    // Goes on to the next line that is neither empty nor a comment.
    bool next_line() {
        while (!rest_.empty()) {
            line_ = take_until(rest_, '\n');
            ++line_number_;
            if (line_.ends_with('\r')) {
                line_.remove_suffix(1);
            }
            if (const std::string_view content = trimmed(line_);
                !content.empty() && content.front() != '#') {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] position at(std::string_view part) const {
        return errors_.at(line_number_, static_cast<std::size_t>(part.data() - line_.data()) + 1);
    }

    void read_header() {
        unsigned seen = 0;
        std::string_view rest = line_;
        for (bool more = true; more && !errors_.failed();) {
            more = rest.find(',') != std::string_view::npos;
            const std::string_view name = trimmed(take_until(rest, ','));
            const auto found = std::ranges::find(field_names, name);
            if (found == field_names.end()) {
                errors_.fail(at(name), fmt::format("unknown column {}; {}", in_quotes(name),
                                                   advice(name, field_names)));
                return;
            }
            const auto number = static_cast<unsigned>(found - field_names.begin());
            if ((seen >> number & 1) != 0) {
                errors_.fail(at(name), fmt::format("column {} stands here twice", in_quotes(name)));
                return;
            }
            seen |= 1U << number;
            columns_[column_count_++] = static_cast<field>(number);
        }
    }

    void read_row() {
        label_entry entry;
        entry.start = at(line_);
        std::string_view rest = line_;
        std::size_t count = 0;
        for (bool more = true; more; ++count) {
            const std::size_t comma = rest.find(',');
            more = comma != std::string_view::npos;
            const std::string_view text = trimmed(take_until(rest, ','));
            if (count < column_count_ && !text.empty()) {
                entry.set(columns_[count], at(text));
                read_field(columns_[count], text, entry);
            }
        }
        if (count != column_count_) {
            errors_.fail(entry.start, fmt::format("this line has {} fields, but the header names "
                                                  "{} columns",
                                                  count, column_count_));
        }
        check_label_entry(entry, errors_);
        entry.rule.by_index = entry.has(field::index);
        entry.rule.where = entry.at(entry.rule.by_index ? field::index : field::label);
        into_.labels.push_back(entry.rule);
    }

    void read_field(field f, std::string_view text, label_entry& entry) {
        label_rule& rule = entry.rule;
        switch (f) {
            case field::label: rule.label = read_label(text, "label", check_incoming_label); break;
            case field::index: rule.label = read_label(text, "index", check_index); break;
            case field::op:
                rule.op = choose("op", text, operations, at(text), errors_).value_or(rule.op);
                break;
            case field::out: rule.out = read_label(text, "out", check_out_label); break;
            case field::via: read_via(text, entry); break;
            case field::segment_list: rule.list = read_segments(text); break;
            case field::ttl:
                rule.ttl = choose("ttl", text, ttl_models, at(text), errors_).value_or(rule.ttl);
                break;
            case field::tc:
                rule.tc = static_cast<std::int8_t>(read_number(text, "tc", check_tc));
                break;
        }
    }

    // A number that `check` finds well; 0 if it does not.
    std::int64_t read_number(std::string_view text, std::string_view key,
                             void (*check)(std::int64_t, position, diagnostics&)) {
        std::int64_t number = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (code != std::errc{} || end != text.data() + text.size()) {
            errors_.fail(at(text), fmt::format("{} {} is no whole number", key, in_quotes(text)));
            return 0;
        }
        check(number, at(text), errors_);
        return number;
    }

    mpls::label read_label(std::string_view text, std::string_view key,
                           void (*check)(std::int64_t, position, diagnostics&)) {
        return static_cast<mpls::label>(read_number(text, key, check));
    }

    void read_via(std::string_view text, label_entry& entry) {
        known_texts::slot& known = known_vias_[text];
        if (known.text != text) {
            path_list paths = read_paths(text);
            const path_outs outs = path_outs_of(paths);
            known = {text, into_.intern(std::move(paths)), outs};
        }
        entry.rule.paths = known.index;
        entry.outs = known.outs;
    }

    // r2>17002*3|r3
    path_list read_paths(std::string_view text) {
        path_list paths;
        const auto count = static_cast<std::size_t>(std::ranges::count(text, '|')) + 1;
        check_path_count(count, at(text), errors_);
        for (std::size_t n = 0; n < count && !errors_.failed(); ++n) {
            const std::string_view part = take_until(text, '|');
            path added = read_path(part);
            check_new_path(paths, added, at(part), errors_);
            paths.push_back(std::move(added));
        }
        return paths;
    }

    path read_path(std::string_view text) {
        path result;
        if (const std::size_t star = text.find('*'); star != std::string_view::npos) {
            result.weight = static_cast<std::uint16_t>(
                read_number(text.substr(star + 1), "weight", check_weight));
            text = text.substr(0, star);
        }
        if (const std::size_t arrow = text.find('>'); arrow != std::string_view::npos) {
            result.out = read_label(text.substr(arrow + 1), "out", check_path_out);
            text = text.substr(0, arrow);
        }
        result.nexthop = text;
        check_name(result.nexthop, "next hop", at(text), errors_);
        return result;
    }

    // 16003/16002, top first
    std::uint32_t read_segments(std::string_view text) {
        known_texts::slot& known = known_lists_[text];
        if (known.text == text) {
            return known.index;
        }
        const std::string_view whole = text;
        const auto count = static_cast<std::size_t>(std::ranges::count(text, '/')) + 1;
        check_segment_count("segments", count, 1, at(text), errors_);
        segments list;
        for (std::size_t n = 1; n <= count && !errors_.failed(); ++n) {
            const std::string_view part = take_until(text, '/');
            const auto check = n == count ? check_last_segment : check_inner_segment;
            list.push_back(read_label(part, "segment", check));
        }
        known = {whole, into_.intern(std::move(list)), path_outs::no_path};
        return known.index;
    }

    static void check_last_segment(std::int64_t label, position where, diagnostics& errors) {
        check_segment(label, true, where, errors);
    }
    static void check_inner_segment(std::int64_t label, position where, diagnostics& errors) {
        check_segment(label, false, where, errors);
    }

    std::string_view rest_;
    std::string_view line_;
    std::uint32_t line_number_ = 0;
    diagnostics& errors_;
    rules& into_;
    std::array<field, max_columns> columns_{};
    std::size_t column_count_ = 0;
    known_texts known_vias_;
    known_texts known_lists_;
};

}  // namespace

result<void> parse_labels_csv(std::string_view text, const std::string& name,
                              std::uint16_t file_index, rules& into) {
    // A line makes at most one rule, and there are no more labels than label_count.
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    into.labels.reserve(into.labels.size() + std::min<std::size_t>(lines, mpls::label_count));
    diagnostics errors(name, file_index);
    csv_reader(text, errors, into).read();
    if (errors.failed()) {
        return errors.why();
    }
    return {};
}

}  // namespace rhumb::config
