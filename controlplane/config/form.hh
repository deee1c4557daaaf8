// The form of single values and rules, whatever notation they come in: which names, labels and
// lists are well made, and which settings an operation needs or forbids. TOML and CSV share it.
// Threads: control.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/config/config.hh"
#include "controlplane/config/diagnostics.hh"

namespace rhumb::config {

inline constexpr std::size_t max_name_bytes = 64;
inline constexpr std::size_t max_segments = 16;
inline constexpr std::size_t max_paths = 64;
inline constexpr std::int64_t max_weight = 256;

// For messages: in quotes, at most 64 characters, what cannot be printed as \xNN.
[[nodiscard]] std::string in_quotes(std::string_view text);

// `"a", "b" or "c"`
[[nodiscard]] std::string listed(std::span<const std::string_view> names);

// What to say after an unknown word: `did you mean "op"?`, or which words there are.
[[nodiscard]] std::string advice(std::string_view word, std::span<const std::string_view> known);

// A word of the configuration and what it stands for.
template <class Value>
struct choice {
    std::string_view name;
    Value value;
};
inline constexpr std::array<choice<operation>, 4> operations{{{"continue", operation::continue_},
                                                              {"next", operation::next},
                                                              {"pop", operation::pop},
                                                              {"push", operation::push}}};
inline constexpr std::array<choice<ttl_model>, 2> ttl_models{
    {{"uniform", ttl_model::uniform}, {"pipe", ttl_model::pipe}}};

inline constexpr std::array<choice<overlay_admission>, 2> admissions{
    {{"followed", overlay_admission::followed}, {"anyone", overlay_admission::anyone}}};

inline constexpr std::array<choice<overlay_broadcast>, 4> overlay_broadcasts{
    {{"off", overlay_broadcast::off},
     {"plumtree", overlay_broadcast::plumtree},
     {"flooding", overlay_broadcast::flooding},
     {"gossip", overlay_broadcast::gossip}}};

inline constexpr std::array<choice<protected_resource>, 5> protected_resources{
    {{"none", protected_resource::nothing},
     {"link", protected_resource::link},
     {"node", protected_resource::node},
     {"srlg", protected_resource::srlg},
     {"node+srlg", protected_resource::node_and_srlg}}};
inline constexpr std::array<choice<demand_source>, 2> demand_sources{
    {{"file", demand_source::file}, {"measured", demand_source::measured}}};

// The value that `word` names among `choices`; if none, an error in the words of `key`.
template <class Value, std::size_t Count>
[[nodiscard]] std::optional<Value> choose(std::string_view key, std::string_view word,
                                          const std::array<choice<Value>, Count>& choices,
                                          position where, diagnostics& errors) {
    std::array<std::string_view, Count> names;
    for (std::size_t n = 0; n < Count; ++n) {
        if (choices[n].name == word) {
            return choices[n].value;
        }
        names[n] = choices[n].name;
    }
    errors.fail(where, "unknown " + std::string(key) + " " + in_quotes(word) + "; it is one of " +
                           listed(names));
    return std::nullopt;
}

// `key 20 is out of range: 68 to 9600`
void check_range(std::string_view key, std::int64_t value, std::int64_t min, std::int64_t max,
                 position where, diagnostics& errors);

// Names of ports and next hops: 1 to 64 printable ASCII characters, no blanks.
void check_name(std::string_view name, std::string_view what, position where, diagnostics& errors);

// The label that a rule is for, and its place in the SRGB.
void check_incoming_label(std::int64_t label, position where, diagnostics& errors);
void check_index(std::int64_t index, position where, diagnostics& errors);
// A label that goes out in the top label's stead.
void check_out_label(std::int64_t label, position where, diagnostics& errors);
// The same of a path: implicit null (3) says to send without the label.
void check_path_out(std::int64_t label, position where, diagnostics& errors);
// A label of a list to push, `last` being the bottom one.
void check_segment(std::int64_t label, bool last, position where, diagnostics& errors);

void check_weight(std::int64_t weight, position where, diagnostics& errors);
void check_tc(std::int64_t tc, position where, diagnostics& errors);
void check_path_count(std::size_t count, position where, diagnostics& errors);
// `key` is segments or push.
void check_segment_count(std::string_view key, std::size_t count, std::size_t min, position where,
                         diagnostics& errors);

// No path may stand in a list twice.
void check_new_path(const path_list& list, const path& added, position where, diagnostics& errors);

// How many paths of a list have an out label of their own.
enum class path_outs : std::uint8_t { no_path, some_paths, every_path };
[[nodiscard]] path_outs path_outs_of(const path_list& list);

// The settings of a label rule, in the order of their names.
enum class field : std::uint8_t { label, index, op, out, via, segment_list, ttl, tc };
inline constexpr std::array<std::string_view, 8> field_names{"label", "index",    "op",  "out",
                                                             "via",   "segments", "ttl", "tc"};

// A label rule while it is read: what it says and where.
struct label_entry {
    label_rule rule;
    path_outs outs = path_outs::no_path;
    bool lists_by_path = false;
    position start;                                    // for what is missing
    std::array<position, field_names.size()> where{};  // of each field that is given
    std::uint8_t given = 0;                            // one bit a field

    void set(field f, position at) {
        where[static_cast<std::size_t>(f)] = at;
        given |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(f));
    }
    [[nodiscard]] bool has(field f) const { return (given >> static_cast<unsigned>(f) & 1) != 0; }
    [[nodiscard]] position at(field f) const {
        return has(f) ? where[static_cast<std::size_t>(f)] : start;
    }
};

// A rule has one list, or one for paths.
inline constexpr std::string_view both_lists =
    "the paths of via have segments of their own; remove these or those";

// That the fields of an entry go together: one of label and index, and what its op wants.
void check_label_entry(const label_entry& entry, diagnostics& errors);

}  // namespace rhumb::config
