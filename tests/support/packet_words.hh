// The words of the packet notation (packet_text.hh), before they mean bytes. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/packet_text.hh"

namespace rhumb::test {

// Ends the parsing, wherever it is; parse_packet() makes a result of it.
struct complaint {
    std::size_t column;
    std::string message;
};

struct word {
    std::string text;
    std::size_t column;
    bool quoted = false;
};

// What a word says; throws a complaint where it says something else.
[[nodiscard]] std::uint64_t to_number(const word& w, std::uint64_t most, std::string_view what);
[[nodiscard]] packet_bytes to_bytes(const word& w);  // hex, two digits a byte
[[nodiscard]] packet_bytes to_mac(const word& w);
[[nodiscard]] packet_bytes to_address(const word& w, int family);  // AF_INET, AF_INET6

// One element, whose words are taken one after the other; what nobody takes is an error.
class element {
public:
    explicit element(std::vector<word> words) : words_(std::move(words)), used_(words_.size()) {
        used_[0] = true;
    }

    [[nodiscard]] const std::string& kind() const { return words_[0].text; }
    [[nodiscard]] std::size_t column() const { return words_[0].column; }
    [[nodiscard]] std::size_t size() const { return words_.size(); }

    // The word in place `n`, which must be there.
    const word& at(std::size_t n, std::string_view what) {
        if (n >= words_.size()) {
            throw complaint{words_.back().column, kind() + " wants " + std::string(what)};
        }
        used_[n] = true;
        return words_[n];
    }
    // `A > B` behind the kind.
    std::pair<word, word> ends(std::string_view what) {
        const std::string form = std::string(what) + " > " + std::string(what);
        if (at(2, form).text != ">") {
            throw complaint{words_[2].column, kind() + " wants " + form};
        }
        return {at(1, form), at(3, form)};
    }
    std::optional<word> option(std::string_view name) {
        std::optional<word> found;
        for (std::size_t n = 1; n + 1 < words_.size(); ++n) {
            if (!used_[n] && words_[n].text == name) {
                used_[n] = used_[n + 1] = true;
                found = words_[n + 1];  // the last one holds, so that `$name ttl 9` overrides
            }
        }
        return found;
    }
    std::optional<std::uint64_t> number(std::string_view name, std::uint64_t most) {
        const auto found = option(name);
        return found ? std::optional(to_number(*found, most, name)) : std::nullopt;
    }
    bool flag(std::string_view name) {
        bool found = false;
        for (std::size_t n = 1; n < words_.size(); ++n) {
            if (!used_[n] && words_[n].text == name) {
                found = used_[n] = true;
            }
        }
        return found;
    }
    void finish() const {
        for (std::size_t n = 0; n < words_.size(); ++n) {
            if (!used_[n]) {
                throw complaint{words_[n].column,
                                kind() + " does not know \"" + words_[n].text +
                                    "\", or knows it only with a value behind it"};
            }
        }
    }

private:
    std::vector<word> words_;
    std::vector<bool> used_;
};

// Splits `text` at its bars and puts in what `$name` stands for, which counts as standing there.
[[nodiscard]] std::vector<element> split_elements(std::string_view text, const packet_names& names);

}  // namespace rhumb::test
