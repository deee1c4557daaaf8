#include "tests/support/packet_words.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace rhumb::test {

namespace {

// The byte that the first two characters of `digits` mean.
std::optional<byte> hex_byte(std::string_view digits) {
    unsigned value = 0;
    if (digits.size() < 2) {
        return std::nullopt;
    }
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + 2, value, 16);
    return code == std::errc{} && end == digits.data() + 2 ? std::optional(static_cast<byte>(value))
                                                           : std::nullopt;
}

std::vector<word> split_words(std::string_view text, std::size_t column) {
    std::vector<word> words;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ' || text[at] == '\t') {
            ++at;
        } else if (text[at] == '"') {
            const std::size_t end = text.find('"', at + 1);
            if (end == std::string_view::npos) {
                throw complaint{column + at, "the text has no closing quote"};
            }
            words.push_back({std::string(text.substr(at + 1, end - at - 1)), column + at, true});
            at = end + 1;
        } else if (text[at] == '|') {
            words.push_back({"|", column + at});
            ++at;
        } else {
            const std::size_t end = std::min(text.find_first_of(" \t|\"", at), text.size());
            words.push_back({std::string(text.substr(at, end - at)), column + at});
            at = end;
        }
    }
    return words;
}

void collect_elements(std::string_view text, const packet_names& names, unsigned depth,
                      std::vector<std::vector<word>>& into) {
    std::vector<word> current;
    std::size_t bar = 1;
    const auto close = [&](std::size_t column) {
        if (current.empty()) {
            throw complaint{column, "there is nothing between the bars"};
        }
        if (!current[0].quoted && current[0].text.starts_with('$')) {
            const std::size_t at = current[0].column;
            const auto named = names.find(std::string_view(current[0].text).substr(1));
            if (named == names.end() || depth > 8) {
                throw complaint{at, "\"" + current[0].text + "\" is not defined"};
            }
            const std::size_t first = into.size();
            try {
                collect_elements(named->second, names, depth + 1, into);
            } catch (const complaint& inner) {
                throw complaint{at, current[0].text + ": " + inner.message};
            }
            for (std::size_t n = first; n < into.size(); ++n) {
                for (word& w : into[n]) {
                    w.column = at;
                }
            }
            into[first].insert(into[first].end(), current.begin() + 1, current.end());
        } else {
            into.push_back(current);
        }
        current.clear();
    };
    for (word& w : split_words(text, 1)) {
        if (w.text == "|" && !w.quoted) {
            bar = w.column;
            close(bar);
        } else {
            current.push_back(std::move(w));
        }
    }
    close(bar);
}

}  // namespace

std::uint64_t to_number(const word& w, std::uint64_t most, std::string_view what) {
    std::string_view digits = w.text;
    const int base = digits.starts_with("0x") ? 16 : 10;
    digits.remove_prefix(base == 16 ? 2 : 0);
    std::uint64_t value = 0;
    const auto [end, code] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (digits.empty() || code != std::errc{} || end != digits.data() + digits.size() ||
        value > most) {
        throw complaint{w.column, std::string(what) + " wants a number up to " +
                                      std::to_string(most) + ", not \"" + w.text + "\""};
    }
    return value;
}

packet_bytes to_bytes(const word& w) {
    packet_bytes result;
    for (std::size_t at = 0; at < w.text.size(); at += 2) {
        const auto value = hex_byte(std::string_view(w.text).substr(at));
        if (!value) {
            throw complaint{w.column, "\"" + w.text + "\" is not bytes in hex, two digits each"};
        }
        result.push_back(*value);
    }
    return result;
}

packet_bytes to_mac(const word& w) {
    packet_bytes mac;
    for (std::size_t at = 0; at < w.text.size(); at += 3) {
        const auto value = hex_byte(std::string_view(w.text).substr(at));
        if (!value || (at + 2 < w.text.size() && w.text[at + 2] != ':')) {
            break;
        }
        mac.push_back(*value);
    }
    if (mac.size() != 6 || w.text.size() != 17) {
        throw complaint{w.column, "\"" + w.text + "\" is not a MAC address"};
    }
    return mac;
}

packet_bytes to_address(const word& w, int family) {
    packet_bytes address(family == AF_INET ? 4 : 16);
    if (inet_pton(family, w.text.c_str(), address.data()) != 1) {
        throw complaint{w.column, "\"" + w.text + "\" is not an " +
                                      (family == AF_INET ? "IPv4" : "IPv6") + " address"};
    }
    return address;
}

std::vector<element> split_elements(std::string_view text, const packet_names& names) {
    std::vector<std::vector<word>> lists;
    collect_elements(text, names, 0, lists);
    std::vector<element> elements;
    for (auto& words : lists) {
        elements.emplace_back(std::move(words));
    }
    return elements;
}

}  // namespace rhumb::test
